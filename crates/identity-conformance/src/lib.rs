//! The laws of the ports as tests, for the adapters of this library and for all others.
//!
//! An adapter implements [`Harness`], which says how its store is opened. Its test file is then one line:
//!
//! ```
//! use std::sync::Arc;
//!
//! use async_trait::async_trait;
//! use identity_conformance::{Harness, Store, laws};
//! use identity_memory::MemoryStore;
//!
//! struct InMemory(MemoryStore);
//!
//! #[async_trait]
//! impl Harness for InMemory {
//!     async fn open(&self) -> Arc<dyn Store> {
//!         Arc::new(self.0.clone())
//!     }
//!
//!     async fn restart(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
//!         store
//!     }
//!
//!     async fn bytes_at_rest(&self) -> Vec<u8> {
//!         self.0.dump().expect("nobody panicked while writing")
//!     }
//! }
//!
//! // One test per law, with the name of the law.
//! identity_conformance::suite!(InMemory(MemoryStore::new()));
//!
//! // A law can also be called as a function.
//! identity_conformance::block_on(laws::create_is_not_update(&InMemory(MemoryStore::new())));
//! assert!(laws::NAMES.contains(&"create_is_not_update"));
//! ```
//!
//! A broken law panics with a sentence that says which expectation failed, and its test prints what the law requires of a store
//! ([`laws::contract`]). The module [`kit`] has the building blocks
//! of the laws, for an adapter's own tests.
//!
//! # What this crate does not do
//! It measures no speed and makes no store fail: only an adapter's own tests can show how it handles a full disk or a
//! lost connection. The crate is a library for tests and belongs among the dev-dependencies.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a library of tests: a broken law is a panic"
)]

mod harness;
mod heard;
pub mod kit;
pub mod laws;

pub use harness::{Harness, block_on, hold};
pub use identity::store::Store;
