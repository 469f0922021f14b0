//! A store of users in memory: the model with which every other adapter is compared, and a store for the tests of a
//! host.
//!
//! A [`MemoryStore`] is a handle, and its clones share their content. Every call answers at once, under one lock. A
//! commit is checked completely before anything is written, so that a refused one leaves no trace. Users are shared,
//! not copied.
//!
//! ```
//! use std::sync::Arc;
//!
//! use identity_core::{Change, ClaimChanges, Event, EventFormat, Recorded, TenantId, Timestamp, User, UserId, UserKey};
//! use identity_memory::MemoryStore;
//! use identity_ports::{Commit, CommitError, Expected, UserRepository};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
//! let key = UserKey { tenant: TenantId::default(), user: UserId::parse("ada")? };
//! assert_eq!(store.load(&key).await?, None);
//!
//! let event = Event {
//!     v: EventFormat,
//!     at: Timestamp::from_secs(1_640_975_400),
//!     actor: identity_core::Actor::Holder,
//!     change: Change::Created { user: key.user.clone() },
//! };
//! let create = Commit {
//!     key: key.clone(),
//!     expected: Expected::Absent,
//!     before: None,
//!     after: User::from_events(&[event.clone()]).map(Arc::new),
//!     claims: ClaimChanges::default(),
//!     events: vec![Recorded { number: 1, event }],
//!     withdraw: Vec::new(),
//!     charges: Vec::new(),
//!     messages: Vec::new(),
//!     refunds: Vec::new(),
//! };
//! store.commit(create.clone()).await?;
//! assert_eq!(store.load(&key).await?.map(|stored| stored.version.0), Some(1));
//! // A commit that creates a user does not update one.
//! assert!(matches!(store.commit(create).await, Err(CommitError::Conflict)));
//! # Ok(())
//! # }
//! ```
//!
//! # What this crate does not do
//! The content is lost when the process ends. Within the process nothing is forgotten: events and ended budget windows
//! are kept. The crate is for tests, trials and small tools; a service that must not lose its users needs the crate
//! `identity-sqlite` or `identity-postgres`.

mod budgets;
mod dump;
mod map;
mod people;
mod post;
mod quotas;
mod store;

pub use store::MemoryStore;
