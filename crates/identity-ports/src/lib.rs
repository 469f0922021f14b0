//! The ports: traits that a host implements, or picks from the adapters, for storage, delivery, time and randomness.
//!
//! Every trait can be used as a trait object. None but [`Notifier::lane`] and [`UserRepository::clock`] has a default method,
//! so that the author of an adapter decides every case. The crate `identity-conformance` tests adapters against the laws of
//! these traits.
//!
//! The feature `mock` adds mocks of all traits, made with the crate `mockall`.

mod ambient;
mod budgets;
mod directory;
mod error;
mod feed;
#[cfg(feature = "mock")]
pub mod mock;
mod notifier;
mod outbox;
mod repository;

pub use ambient::{Clock, Entropy, EntropyError, SteadyClock, SystemClock};
pub use budgets::{Budgets, Draws, Window};
pub use directory::{Directory, DirectoryOrder, DirectoryPage, DirectoryQuery, Search, SortKey};
pub use error::{CommitError, ForeignError, StoreError};
pub use feed::{BadCursor, Changed, EventFeed, FeedCursor, FeedError, FeedEvent, FeedPage};
pub use identity_core::{Commit, Committed, Expected, Stored};
pub use notifier::{Accepted, Notice, Notifier, NotifyError};
pub use outbox::{Backlog, Lease, LeaseId, Leased, Outbox, PostState, Posted, Settled, Settlement};
pub use repository::{Cursor, Found, ListOrder, ListQuery, Page, Prefix, UserRepository, behind};
