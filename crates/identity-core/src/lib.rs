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
//!     Actor, Answer, CodeKeys, Confirmation, Context, Email, Funding, NewAddress, NewUser, Policy, Seed, TenantId, Timestamp,
//!     User, Verification, Version, messages,
//! };
//! let (tenant, policy) = (TenantId::default(), Policy::default());
//! let keys = CodeKeys::parse(&"5a".repeat(32))?;
//! let now = Timestamp::from_secs(1_640_975_400);
//! // A host fills each seed with 32 random bytes and uses it for one decision.
//! let seeds = [1, 2, 3, 4].map(|byte| Seed::new([byte; 32]));
//! let signup = Actor::Administrator("signup".into());
//! let by = |actor, seed| {
//!     let funding = Funding::Shared;
//!     Context { now, seed, tenant: &tenant, policy: &policy, keys: &keys, actor, funding, heeds_rest: true, rival: None }
//! };
//!
//! let created = User::create(&NewUser::default(), &by(&signup, &seeds[0]))?;
//! let ada = User::from_events(&created.events).expect("the first event creates the user");
//!
//! let holder = Actor::Holder;
//! let new = NewAddress::from(Email::parse("ada@example.com")?);
//! let added = ada.add(&new, &by(&holder, &seeds[1]))?;
//! let ada = ada.after(&added.events).expect("nobody erased her");
//!
//! let context = by(&holder, &seeds[2]);
//! let started = ada.start_verification(added.outcome, &Verification::default(), &context)?;
//! let (before, ada) = (ada.clone(), ada.after(&started.events).expect("nobody erased her"));
//! let outgoing = messages(Version(2), Some(&before), Some(&ada), &started.events, &context);
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
mod base;
mod change;
mod decide;
mod plan;
pub mod policy;
mod secret;
mod user;

pub use address::{
    Address, Channel, ClaimKey, ClaimKind, Email, EmailError, NumberType, Phone, PhoneError, Region, Username,
    UsernameError,
};
pub use base::{
    ContestId, IdError, IdentifierId, Inconsistent, MessageId, Nonce, Seed, TenantId, Timestamp, TimestampError,
    TimestampRangeError, UserId, UserKey, Version,
};
pub use change::{
    Actor, Change, Content, Event, EventFormat, Message, Outgoing, Recorded, Reported, UserRecord, record, stored,
};
pub use decide::{
    Added, Answer, Confirmation, ContestEnd, Context, Decision, Funding, Issued, MergeConflict, NewAddress, NewUser,
    ProfileChange, Removed, Rival, Standing, Started, Undone, Verification,
};
pub use plan::{
    Attempt, Claim, ClaimChanges, Commit, Committed, Details, Expected, LookupChanges, LookupEntry, Planned, Stored,
    Strength, Subject, asks_for, charges, disavowals, held_before, messages, plan, refunds, resting, shared_charges,
    withdrawn,
};
pub use policy::{
    BudgetKind, ChangePolicy, Charge, ClaimPolicy, ContestPolicy, DangerousPolicy, DisavowalPolicy, Exhausted,
    FreshnessPolicy, NoticeKind, NoticePolicy, Policy, PrimaryPolicy, Refund, RestPolicy, Restriction,
    RestrictionPolicy, SendPolicy, SignInPolicy, VerificationPolicy, WhenExhausted,
};
pub use secret::{
    Alphabet, Binding, Code, CodeError, CodeFormat, CodeKeys, DeliveryTicket, DisavowError, DisavowToken, KeyError,
    KeyId, LinkError, LinkToken, Purpose, SignInTicket, TicketError,
};
pub use user::{
    Attempts, Book, Challenge, Contest, ContestAnswer, ContestOutcome, DeliveryState, Evidence, Fate, Identifier,
    JsonError, JsonObject, MAX_EXTENSION_BYTES, MAX_EXTENSION_DEPTH, MAX_IDENTIFIERS, MAX_JSON_BYTES, MAX_JSON_DEPTH,
    Method, Profile, ProofBy, PublicRefusal, Refusal, RefusalKind, Report, Retired, Scheduled, SendLimit, Status,
    Undeliverable, UndeliverableReason, User, UserParts, UsernameEntry, Verified,
};
