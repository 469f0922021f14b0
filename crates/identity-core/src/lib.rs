//! What a user's contact identifiers are and what may happen to them: usernames, e-mail addresses and phone numbers, added,
//! restricted, verified, made primary, replaced, contested, removed, erased.
//!
//! Everything here is a value or a pure function. Every intent is a method of [`User`] that takes a request and a
//! [`Context`] and gives a [`Decision`] or a [`Refusal`]; a user changes only when a decision's events are folded by
//! [`User::after`]. Time, randomness, policy and keys come in through the context.
//!
//! # What this crate does not do
//! No IO, no clock, no randomness, no async, no storage, no sending. Hosts depend on the crate `identity`, which adds those
//! through ports.

pub mod address;
mod book;
mod challenge;
mod claim;
mod credentials;
mod decide;
mod decision;
mod delivery;
mod event;
mod fold;
mod id;
mod identifier;
mod message;
pub mod policy;
mod profile;
pub mod record;
mod refusal;
mod secret;
mod seed;
mod spend;
mod time;
mod user;

pub use address::{
    Address, Channel, ClaimKey, ClaimKind, Email, EmailError, NumberType, Phone, PhoneError, Region, Username,
    UsernameError,
};
pub use book::Book;
pub use challenge::{Challenge, Proof, Purpose};
pub use claim::{Claim, ClaimChanges, Strength};
pub use credentials::{Connection, Credentials, ExternalIdentity, MAX_REPORT_BYTES, Passkey, SignIns};
pub use decide::{
    Added, Answer, Confirmation, Issued, MAX_IDENTIFIERS, NewAddress, NewUser, ProfileChange, Removed, Started,
    Verification,
};
pub use decision::{Authority, Context, Decision};
pub use delivery::{DeliveryState, Fate, Report, Undeliverable, UndeliverableReason};
pub use event::{Actor, Change, Event, EventFormat, Recorded};
pub use id::{IdError, IdentifierId, MessageId, TenantId, UserId, UserKey, Version};
pub use identifier::{Attempts, Identifier, Method, Retired, SignInUse, Status, UsernameEntry, Verified};
pub use message::{Content, Message, NoticeKind, Outgoing, messages, withdrawn};
pub use policy::{
    ClaimPolicy, DangerousPolicy, NoticePolicy, Policy, PrimaryPolicy, Restriction, RestrictionPolicy, SendPolicy,
    VerificationPolicy,
};
pub use profile::{JsonError, JsonObject, MAX_JSON_BYTES, MAX_JSON_DEPTH, Profile};
pub use record::UserRecord;
pub use refusal::{PublicRefusal, Refusal, RefusalKind, SendLimit, TakenWhat};
pub use secret::{
    Alphabet, Binding, Code, CodeError, CodeFormat, CodeKeys, DeliveryTicket, KeyError, KeyId, LinkError, LinkToken,
    TicketError,
};
pub use seed::{Nonce, Seed};
pub use spend::{BudgetKind, Charge, Effect, Exhausted, Refund, WhenExhausted, refunds};
pub use time::Timestamp;
pub use user::{Inconsistent, User, UserParts};
