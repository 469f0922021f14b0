//! Contact identifiers of users: usernames, e-mail addresses and phone numbers, and the rules for what may happen to them.
//!
//! The crate has the value types (addresses, codes, policies, events), the decisions (create, add, verify by code or by link,
//! make primary, replace, remove, disable, erase), and what follows from a decision: the messages to send, the budgets that
//! pay for them, and the claims that make an address unique within a tenant.
//!
//! Everything is a value or a pure function. A request is a method of [`User`] that takes a [`Context`] and returns a
//! [`Decision`] or a [`Refusal`]. A user changes only when the events of a decision are folded by [`User::after`]. Time,
//! randomness, policy and keys are arguments, so every rule can be tested without a clock or a database.
//!
//! ```
//! use identity_core::{
//!     Answer, Authority, CodeKeys, Confirmation, Context, Email, Funding, NewAddress, NewUser, Policy, Seed, TenantId, Timestamp,
//!     User, Verification, messages,
//! };
//! let (tenant, policy) = (TenantId::default(), Policy::default());
//! let keys = CodeKeys::parse(&"5a".repeat(32))?;
//! let now = Timestamp::from_secs(1_640_975_400);
//! // A host fills each seed with 32 random bytes and uses it for one decision.
//! let seeds = [1, 2, 3, 4].map(|byte| Seed::new([byte; 32]));
//! let signup = Authority::Administrator("signup".into());
//! let by = |authority, seed| {
//!     Context { now, seed, tenant: &tenant, policy: &policy, keys: &keys, authority, funding: Funding::Shared }
//! };
//!
//! let created = User::create(&NewUser::default(), &by(&signup, &seeds[0]))?;
//! let ada = User::from_events(&created.events).expect("the first event creates the user");
//!
//! let holder = Authority::Holder;
//! let new = NewAddress::from(Email::parse("ada@example.com")?);
//! let added = ada.add(&new, &by(&holder, &seeds[1]))?;
//! let ada = ada.after(&added.events).expect("nobody erased her");
//!
//! let context = by(&holder, &seeds[2]);
//! let started = ada.start_verification(added.outcome, &Verification::default(), &context)?;
//! let (before, ada) = (ada.clone(), ada.after(&started.events).expect("nobody erased her"));
//! let outgoing = messages(Some(&before), Some(&ada), &started.events, &context);
//! // The message holds no code. Whoever delivers it derives the code with the host's key.
//! let code = outgoing[0].message.code(&keys).expect("it carries a code");
//!
//! let confirmed = ada.confirm(added.outcome, Answer::Code(&code), &by(&holder, &seeds[3]))?;
//! assert_eq!(confirmed.outcome, Confirmation::Verified);
//! let ada = ada.after(&confirmed.events).expect("nobody erased her");
//! let primary = ada.primary_email().expect("the first verified address is primary");
//! assert_eq!(primary.address.as_str(), "ada@example.com");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What this crate does not do
//! It has no IO, no clock, no source of randomness and no async code. It neither stores users nor sends messages, and it
//! knows nothing of sessions or passwords. Hosts use the crate `identity`, which adds storage, delivery, time and randomness
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
mod lookup;
mod message;
mod plan;
pub mod policy;
mod profile;
pub mod record;
mod refusal;
mod reserve;
mod secret;
mod seed;
mod spend;
pub mod stored;
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
pub use lookup::{LookupChanges, LookupEntry};
pub use message::{Content, Message, NoticeKind, Outgoing, messages, withdrawn};
pub use plan::{Commit, Committed, Expected, Planned, Stored, plan};
pub use policy::{
    ClaimPolicy, DangerousPolicy, NoticePolicy, Policy, PrimaryPolicy, Restriction, RestrictionPolicy, SendPolicy,
    VerificationPolicy,
};
pub use profile::{JsonError, JsonObject, MAX_JSON_BYTES, MAX_JSON_DEPTH, Profile};
pub use record::UserRecord;
pub use refusal::{PublicRefusal, Refusal, RefusalKind, SendLimit, TakenWhat};
pub use reserve::{Funding, Standing, asks_for};
pub use secret::{
    Alphabet, Binding, Code, CodeError, CodeFormat, CodeKeys, DeliveryTicket, KeyError, KeyId, LinkError, LinkToken,
    TicketError,
};
pub use seed::{Nonce, Seed};
pub use spend::{BudgetKind, Charge, Effect, Exhausted, Refund, WhenExhausted, charges, refunds};
pub use time::Timestamp;
pub use user::{Inconsistent, User, UserParts};
