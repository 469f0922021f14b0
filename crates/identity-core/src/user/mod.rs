//! A user and everything that belongs to it, and the reasons for which a request is refused.

mod book;
mod challenge;
mod credentials;
mod delivery;
mod identifier;
mod profile;
mod refusal;
mod value;

pub use book::{Book, MAX_IDENTIFIERS};
pub use challenge::{Challenge, ProofBy};
pub use credentials::{Connection, Credentials, ExternalIdentity, MAX_REPORT_BYTES, Passkey, SignIns};
pub use delivery::{DeliveryState, Fate, Report, Undeliverable, UndeliverableReason};
pub use identifier::{Attempts, Identifier, Method, Retired, SignInUse, Status, UsernameEntry, Verified};
pub(crate) use profile::has_nul;
pub use profile::{JsonError, JsonObject, MAX_JSON_BYTES, MAX_JSON_DEPTH, Profile};
pub use refusal::{ImportProblem, PublicRefusal, Refusal, RefusalKind, SendLimit};
pub(crate) use refusal::{bounded, bounded_report};
pub use value::{User, UserParts};
