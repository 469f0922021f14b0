//! A store of users in memory: the model with which every other adapter is compared, and a store for the tests of a
//! host.
//!
//! A [`MemoryStore`] is a handle, and its clones share their content. Every call answers at once, under one lock. A
//! commit is checked completely before anything is written, so that a refused one leaves no trace. Users are shared,
//! not copied.
//!
//! ```
//! # use identity::{Accepted, CodeKeys, Notice, Notifier, NotifyError};
//! # struct Silent;
//! # #[identity::async_trait]
//! # impl Notifier for Silent {
//! #     async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> { Ok(Accepted::default()) }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (notifier, keys) = (Silent, CodeKeys::parse(&"5a".repeat(32))?);
//! use identity::{Email, Identity, NewUser};
//! use identity_memory::MemoryStore;
//!
//! let store = MemoryStore::new();
//! let identity = Identity::new(store.clone(), notifier, keys);
//! let addresses = vec![Email::parse("ada@example.com")?.into()];
//! identity.admin("signup").create(NewUser { addresses, ..NewUser::default() }).await?;
//! assert!(String::from_utf8(store.dump()?)?.contains("ada@example.com"));
//! # Ok(())
//! # }
//! ```
//!
//! # What this crate does not do
//! The content is lost when the process ends. Within the process nothing is forgotten: events and ended budget windows
//! are kept. There is no order of users to read from: every page of a list looks at all users of the tenant. The crate is for tests, trials and small tools; a service that must not lose its users needs the crate
//! `identity-sqlite` or `identity-postgres`.

mod dump;
mod feed;
mod lists;
mod people;
mod post;
mod quotas;
mod store;

pub use store::MemoryStore;
