//! What an embedding host has to bring, or picks from the adapters: where users are kept, how messages are sent, what time
//! it is and where randomness comes from.
//!
//! Every trait can be used as a trait object, and none has a default method: who writes an adapter decides everything
//! knowingly. The crate `identity-conformance` has the laws of these traits as tests.
//!
//! Feature `mock` has mocks of all of them (crate mockall).

mod ambient;
mod directory;
mod error;
mod notifier;
mod outbox;
mod repository;

pub use ambient::{Clock, Entropy, EntropyError};
pub use directory::{Directory, DirectoryOrder, DirectoryPage, DirectoryQuery, Search};
pub use error::{CommitError, ForeignError, StoreError};
pub use notifier::{Accepted, Notice, Notifier, NotifyError};
pub use outbox::{DeadLetter, Lease, LeaseId, Leased, Outbox, PostState, Posted, Settled, Settlement};
pub use repository::{
    Commit, Committed, Cursor, Expected, Found, ListOrder, ListQuery, Page, Prefix, Stored, UserRepository,
};

/// Mocks of the traits.
#[cfg(feature = "mock")]
pub mod mock {
    pub use crate::ambient::{MockClock, MockEntropy};
    pub use crate::directory::MockDirectory;
    pub use crate::notifier::MockNotifier;
    pub use crate::outbox::MockOutbox;
    pub use crate::repository::MockUserRepository;
}
