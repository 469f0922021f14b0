//! From a decision to a commit: everything that follows from events, as pure functions.

mod charges;
mod claim;
mod commit;
mod lookup;
mod messages;
mod reserve;
mod rest;
mod shared;
mod sign_in;

pub(crate) use charges::{Loss, code_charges, notice_charges, pseudonym};
pub use charges::{charges, refunds};
pub use claim::{Claim, ClaimChanges, Strength};
pub use commit::{Commit, Committed, Details, Expected, Planned, Stored, plan};
pub use lookup::{LookupChanges, LookupEntry};
pub use messages::{disavowals, messages, withdrawn};
pub use reserve::asks_for;
pub(crate) use reserve::{Reserved, fund};
pub use rest::{held_before, resting};
pub(crate) use rest::{rests, unrested};
pub use shared::shared_charges;
pub use sign_in::{Attempt, Subject};
