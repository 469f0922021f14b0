//! The contact identifiers of users (usernames, e-mail addresses and phone numbers), for services to embed.
//!
//! [`Identity`] has the use cases. It needs a store (crate `identity-sqlite`, `identity-postgres` or `identity-memory`), a
//! [`Notifier`] that sends messages, and [`CodeKeys`]. The use cases are on two roads: [`Account`] is what a person may do with
//! their own identifiers, [`Admin`] is what staff and the host itself may do.
//!
//! The root of the crate has the names that a host needs first; the modules have the rest. [`manual`] is the manual, with a
//! [glossary](manual::glossary).
//!
//! ```
//! use identity::{CodeKeys, Email, Identity, NewUser};
//! # use identity::{Accepted, Notice, Notifier, NotifyError};
//! # struct Terminal;
//! # #[identity::async_trait]
//! # impl Notifier for Terminal {
//! #     async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> { Ok(Accepted::default()) }
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! # let store = identity_memory::MemoryStore::new();
//! # let keys = CodeKeys::parse(&"5a".repeat(32))?;
//! let identity = Identity::new(store, Terminal, keys);
//! let ada = identity.admin("signup").create(NewUser::default()).await?.outcome;
//! let account = identity.account(&ada);
//! let email = account.add(Email::parse("ada@example.com")?).await?.outcome;
//! account.start_verification(email).await?;
//! assert_eq!(identity.deliver_due().await?.sent, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Types that are defined in the crates below this one, such as [`Timestamp`] and [`User`], have examples that import from
//! `identity_core` and `identity_ports`. A host depends on `identity` alone, and imports the same names from here.
//!
//! # What this crate does not do
//! It has no sessions, no passwords and no HTTP, and it sends no mail and no text messages itself: the host does, through the
//! ports.

mod account;
mod admin;
mod claims;
pub mod delivery;
mod disavow;
mod error;
mod feed;
mod identity;
mod keys;
#[cfg(doctest)]
mod laws;
pub mod manual;
#[cfg(feature = "metrics")]
mod metrics;
mod policies;
mod receipt;
mod reports;
mod resolve;
mod router;
mod run;
mod signin;
pub mod system;
#[cfg(feature = "testing")]
pub mod testing;
mod transfer;

pub use account::Account;
pub use admin::Admin;
pub use async_trait::async_trait;
pub use error::{Error, HolderError};
pub use identity::Identity;
pub use identity_core::{
    Added, Address, Channel, Code, CodeError, CodeKeys, Confirmation, Content, Email, IdError, Identifier,
    IdentifierId, Issued, KeyError, LinkError, LinkToken, NewAddress, NewUser, NoticeKind, Phone, Policy, Profile,
    ProfileChange, ProofBy, PublicRefusal, Refusal, RefusalKind, Removed, Started, Status, TenantId, Timestamp, User,
    UserId, Username, Verification, Version,
};
pub use identity_ports::{Accepted, Notice, Notifier, NotifyError, StoreError};
pub use keys::{FromEnv, KeysFromEnvError};
pub use receipt::Receipt;

/// Errors, claim keys, number types and regions of addresses and usernames.
pub mod address {
    pub use identity_core::address::{
        AddressError, CharacterError, ClaimKey, ClaimKind, EmailError, Label, LabelError, MailboxKey, NumberType,
        PhoneError, Region, ScriptFlags, UnknownRegion, UsernameError, masked, skeleton,
    };
}

/// Contested ownership of an address: [`policy::ContestPolicy`].
pub mod contest {
    pub use identity_core::{Contest, ContestAnswer, ContestId, ContestOutcome};
}

/// Undoing a change with the link of its notice: [`Identity::disavow`].
pub mod disavowal {
    pub use identity_core::{DisavowError, DisavowToken, Undone};
}

/// Lists of users and searches among them.
pub mod directory {
    pub use identity_ports::{
        Cursor, DirectoryOrder, DirectoryPage, DirectoryQuery, Found, ListOrder, ListQuery, Page, Prefix, Search,
        SortKey, Stored,
    };
}

/// The events of a user, as a store keeps them, and the feed of the events of all users.
pub mod history {
    pub use crate::feed::Feed;
    pub use identity_core::{Actor, Change, Event, EventFormat, Recorded, Reported};
    pub use identity_ports::{BadCursor, FeedCursor, FeedError, FeedEvent, FeedPage};
}

/// Records of users, for import from another system and export to one.
pub mod import {
    pub use identity_core::record::{
        IdentifierRecord, ImportProblem, Typed, UserRecord, UsernameRecord, VerifiedRecord,
    };

    pub use crate::transfer::{Exported, Imported};
}

/// The fourteen policies of a [`Policy`], and their builders.
pub mod policy {
    pub use crate::claims::{ClaimConflict, ClaimsPass};
    pub use identity_core::policy::{
        Budget, By, ChangePolicy, ClaimPolicy, ContestPolicy, Conversion, DangerousPolicy, DisavowalPolicy,
        DisposableDomains, Election, FreshnessPolicy, LimitPolicy, Listed, MailboxLimit, Mailboxes, Mode, NoticePolicy,
        NoticePolicyBuilder, Prices, PrimaryPolicy, PrimaryPolicyBuilder, Resend, RestPolicy, Restriction,
        RestrictionPolicy, RestrictionPolicyBuilder, SendPolicy, SendPolicyBuilder, SharedPolicy, SharedPolicyBuilder,
        SignInPolicy, Succession, Unknown, VerificationPolicy, VerificationPolicyBuilder,
    };
    pub use identity_core::{Alphabet, CodeFormat};
}

/// The pure rules behind the use cases, for hosts that decide without a store.
pub mod rules {
    pub use identity_core::{
        Answer, Attempt, Binding, ContestEnd, Context, Decision, Funding, KeyId, Nonce, Outgoing, Planned, Rival, Seed,
        Standing, Subject, asks_for, charges, disavowals, held_before, messages, plan, refunds, resting,
        shared_charges, withdrawn,
    };
}

/// Signing in by code or link.
pub mod sign_in {
    pub use crate::signin::{Login, Proof, SignIn, SignInRequest, SignInStarted, SignedIn};
    pub use identity_core::SignInTicket;
}

/// Budgets for sends and money, and what messages draw from them.
pub mod spend {
    pub use identity_core::{BudgetKind, Charge, Exhausted, Refund, SendLimit, WhenExhausted};
}

/// The ports of a store, for authors of adapters.
pub mod store {
    pub use identity_core::{
        Claim, ClaimChanges, Commit, Committed, Details, Expected, LookupChanges, LookupEntry, Strength, UserKey,
    };
    pub use identity_ports::{
        Backlog, Budgets, Changed, CommitError, Directory, Draws, EventFeed, ForeignError, Lease, LeaseId, Leased,
        Outbox, Settled, Settlement, UserRepository, Window, behind,
    };

    pub use crate::identity::Store;
}

/// The stored form of a user, for authors of adapters.
pub mod stored {
    pub use identity_core::stored::{
        BadRecord, MESSAGE_FORMAT, RECORD_VERSION, details, events, read, read_events, record, same_details,
    };
}

/// The parts of a [`User`].
pub mod user {
    pub use identity_core::{
        Attempts, Book, Challenge, Evidence, Inconsistent, JsonError, JsonObject, MAX_EXTENSION_BYTES,
        MAX_EXTENSION_DEPTH, MAX_IDENTIFIERS, MAX_JSON_BYTES, MAX_JSON_DEPTH, MergeConflict, Method, Purpose, Retired,
        Scheduled, UserParts, UsernameEntry, Verified,
    };
}

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
