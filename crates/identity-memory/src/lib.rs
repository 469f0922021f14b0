//! Users kept in memory: the model that every other adapter is held against, and a store for the tests of a host.
//!
//! A [`MemoryStore`] is a handle: clones share what is kept. Every call answers at once, under one lock; a commit judges
//! everything first and writes afterwards, so that a refused one leaves no trace. Users are shared, not copied.
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
//!     messages: Vec::new(),
//!     refunds: Vec::new(),
//! };
//! store.commit(create.clone()).await?;
//! assert_eq!(store.load(&key).await?.map(|stored| stored.version.0), Some(1));
//! // To create is not to update.
//! assert!(matches!(store.commit(create).await, Err(CommitError::Conflict)));
//! # Ok(())
//! # }
//! ```
//!
//! # What this crate does not do
//! It keeps nothing beyond the process, and forgets nothing within it: events and ended budget windows stay. It is for tests,
//! trials and small tools; a service that must not lose its users takes the crate `identity-sqlite` or `identity-postgres`.

mod dump;
mod map;
mod people;
mod post;
mod quotas;
mod store;

pub use store::MemoryStore;
