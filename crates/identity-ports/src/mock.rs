//! Mocks of the traits.

use async_trait::async_trait;
use identity_core::{
    Charge, ClaimKey, Commit, Committed, Message, MessageId, Recorded, Refund, Report, Stored, TenantId, Timestamp,
    UserKey,
};
use mockall::mock;

pub use crate::ambient::{MockClock, MockEntropy};
pub use crate::budgets::MockBudgets;
pub use crate::directory::MockDirectory;
pub use crate::feed::MockEventFeed;
pub use crate::notifier::MockNotifier;
pub use crate::outbox::MockOutbox;
pub use crate::repository::MockUserRepository;
use crate::{
    Backlog, Budgets, Changed, CommitError, Directory, DirectoryPage, DirectoryQuery, EventFeed, FeedCursor, FeedError,
    FeedPage, Found, Lease, LeaseId, Leased, ListQuery, Outbox, Page, Posted, Settled, StoreError, UserRepository,
};

mock! {
    /// A mock of a whole store: all the traits that a store has, in one type. Its clock is the machine's.
    #[derive(Debug)]
    pub Store {}

    #[async_trait]
    impl UserRepository for Store {
        async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError>;
        async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError>;
        async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError>;
        async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError>;
        async fn commit(&self, commit: Commit) -> Result<Committed, CommitError>;
    }

    #[async_trait]
    impl Directory for Store {
        async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError>;
    }

    #[async_trait]
    impl Outbox for Store {
        async fn enqueue(&self, message: Message) -> Result<(), StoreError>;
        async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError>;
        async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError>;
        async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError>;
        async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError>;
        async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError>;
        async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError>;
        async fn dead_letters(
            &self,
            tenant: &TenantId,
            after: Option<MessageId>,
            limit: usize,
        ) -> Result<Vec<Posted>, StoreError>;
        async fn backlog(&self) -> Result<Backlog, StoreError>;
    }

    #[async_trait]
    impl EventFeed for Store {
        async fn events_after(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError>;
        fn changed(&self) -> Changed;
    }

    #[async_trait]
    impl Budgets for Store {
        async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError>;
    }
}
