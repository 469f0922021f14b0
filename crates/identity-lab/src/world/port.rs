//! The store that the processes of a world have: one in memory, whose calls fail, wait for each other and lie.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use identity::address::ClaimKey;
use identity::async_trait;
use identity::delivery::{Message, MessageId, Posted, Report};
use identity::directory::{DirectoryPage, DirectoryQuery, Found, ListQuery, Page, Stored};
use identity::history::{FeedCursor, FeedError, FeedPage, Recorded};
use identity::spend::{Charge, Refund};
use identity::store::{
    Backlog, Budgets, Changed, Commit, CommitError, Committed, Directory, EventFeed, Lease, LeaseId, Leased, Outbox,
    Settled, Settlement, UserKey, UserRepository,
};
use identity::{StoreError, TenantId, Timestamp};
use identity_memory::MemoryStore;

use super::bugs::Bug;
use super::script::Fault;

/// What a process has of the store. After the process has ended, its calls get no answer.
#[derive(Clone)]
pub(crate) struct Port {
    pub(crate) shared: Arc<Shared>,
    pub(crate) alive: Arc<AtomicBool>,
}

pub(crate) struct Shared {
    pub(crate) store: MemoryStore,
    pub(crate) bug: Option<Bug>,
    /// How often the bug had a chance.
    pub(crate) chances: AtomicU64,
    plan: Mutex<Plan>,
}

/// What the calls of the present step meet.
#[derive(Default)]
struct Plan {
    /// Whether a call lets others go first.
    waits: bool,
    fault: Fault,
    calls: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    Nothing,
    Before,
    After,
    Conflict,
}

impl Shared {
    pub(crate) fn new(store: MemoryStore, bug: Option<Bug>) -> Arc<Self> {
        Arc::new(Self { store, bug, chances: AtomicU64::new(0), plan: Mutex::default() })
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what the calls meet from here on.
    pub(crate) fn expect(&self, fault: Fault, waits: bool) {
        *self.plan() = Plan { waits, fault, calls: 0 };
    }

    pub(crate) fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Whether this is one of every so many chances of the bug.
    pub(crate) fn nth(&self, every: u64) -> bool {
        self.chances.fetch_add(1, Ordering::SeqCst) % every == every - 1
    }

    fn meets(&self) -> Met {
        let mut plan = self.plan();
        let call = plan.calls;
        plan.calls = plan.calls.saturating_add(1);
        match plan.fault {
            Fault::Before(at) if at == call => Met::Before,
            Fault::After(at) if at == call => Met::After,
            Fault::Conflict(at) if at == call => Met::Conflict,
            _ => Met::Nothing,
        }
    }
}

impl Port {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), alive: Arc::new(AtomicBool::new(true)) }
    }

    async fn turn(&self) {
        if !self.alive.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.shared.plan().waits {
            tokio::task::yield_now().await;
            if !self.alive.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
        }
    }

    async fn call<T, E: From<StoreError>>(&self, work: impl Future<Output = Result<T, E>> + Send) -> Result<T, E> {
        self.turn().await;
        match self.shared.meets() {
            Met::Before | Met::Conflict => Err(StoreError::unavailable("a planned fault").into()),
            Met::After => {
                let _ = work.await;
                Err(StoreError::failed("a planned fault").into())
            }
            Met::Nothing => {
                let answer = work.await;
                self.turn().await;
                answer
            }
        }
    }

    fn store(&self) -> &MemoryStore {
        &self.shared.store
    }
}

#[async_trait]
impl UserRepository for Port {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        self.call(self.shared.load(key)).await
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        self.call(self.shared.find(tenant, keys)).await
    }

    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        self.call(self.store().list(tenant, query)).await
    }

    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        self.call(self.shared.history(key, after, limit)).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.turn().await;
        match self.shared.meets() {
            Met::Before => Err(StoreError::unavailable("a planned fault").into()),
            Met::Conflict => Err(CommitError::Conflict),
            Met::After => {
                // A refusal is known whatever becomes of the answer.
                self.shared.commit(commit).await?;
                Err(StoreError::failed("a planned fault").into())
            }
            Met::Nothing => {
                let answer = self.shared.commit(commit).await;
                self.turn().await;
                answer
            }
        }
    }
}

#[async_trait]
impl Directory for Port {
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        self.call(self.store().browse(tenant, query)).await
    }
}

#[async_trait]
impl EventFeed for Port {
    async fn events_after(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError> {
        self.call(self.shared.events_after(cursor, limit)).await
    }

    fn changed(&self) -> Changed {
        self.store().changed()
    }
}

#[async_trait]
impl Outbox for Port {
    async fn enqueue(&self, message: Message) -> Result<(), StoreError> {
        self.call(self.store().enqueue(message)).await
    }

    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError> {
        self.call(self.shared.lease(lease)).await
    }

    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        self.call(self.shared.settle(lease, settled)).await
    }

    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        self.call(self.shared.report(message, report)).await
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError> {
        self.call(self.store().message(message)).await
    }

    async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError> {
        self.call(self.store().posted(key, after, limit)).await
    }

    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.call(self.store().prune(before, limit)).await
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Posted>, StoreError> {
        self.call(self.store().dead_letters(tenant, after, limit)).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.call(self.store().backlog()).await
    }
}

#[async_trait]
impl Budgets for Port {
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        self.call(self.shared.draw(tenant, refunds, charges)).await
    }
}

/// Settles all of these messages in another way.
pub(crate) fn settled_as(settled: Vec<Settled>, change: impl Fn(Settlement) -> Settlement) -> Vec<Settled> {
    settled.into_iter().map(|Settled { id, outcome }| Settled { id, outcome: change(outcome) }).collect()
}
