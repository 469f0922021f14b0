//! A user and everything that belongs to it, and the reasons for which a request is refused.

mod book;
mod challenge;
mod contest;
mod delivery;
mod identifier;
mod profile;
mod refusal;
mod value;

pub use crate::base::MAX_IDENTIFIERS;
pub use book::Book;
pub use challenge::{Challenge, ProofBy};
pub use contest::{Contest, ContestAnswer, ContestOutcome};
pub use delivery::{DeliveryState, Fate, Report, Undeliverable, UndeliverableReason};
pub use identifier::{Attempts, Evidence, Identifier, Method, Retired, Scheduled, Status, UsernameEntry, Verified};
pub use profile::{
    JsonError, JsonObject, MAX_EXTENSION_BYTES, MAX_EXTENSION_DEPTH, MAX_JSON_BYTES, MAX_JSON_DEPTH, Profile,
};
pub(crate) use refusal::bounded;
pub use refusal::{ImportProblem, PublicRefusal, Refusal, RefusalKind, SendLimit};
pub use value::{User, UserParts};
