use std::fmt;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use identity_core::{ClaimKey, MessageId, Recorded, Report, TenantId, Timestamp, UserKey, Version, WhenExhausted};
use identity_ports::{
    Clock, Commit, CommitError, Committed, DeadLetter, Directory, DirectoryPage, DirectoryQuery, Expected, Found,
    Lease, LeaseId, Leased, ListQuery, Outbox, Page, Posted, Settled, SteadyClock, StoreError, Stored, SystemClock,
    UserRepository,
};

use crate::map::Map;
use crate::people::People;
use crate::post::Post;
use crate::quotas::Quotas;

/// A store of users in memory. Clones share their content, which lasts as long as the process.
#[derive(Clone)]
pub struct MemoryStore {
    tables: Arc<RwLock<Tables>>,
    /// Measures how long leases last.
    clock: Arc<dyn Clock>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self { tables: Arc::default(), clock: Arc::new(SteadyClock::new(Arc::new(SystemClock))) }
    }
}

/// The content of a store.
#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) tenants: Map<TenantId, Tenant>,
    pub(crate) post: Post,
}

#[derive(Default)]
pub(crate) struct Tenant {
    pub(crate) people: People,
    pub(crate) quotas: Quotas,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With another clock to measure leases by, for tests that move time by hand. The default is the clock of the machine.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    // A writer that panicked may have left half a commit, which must not be read.
    pub(crate) fn read(&self) -> Result<RwLockReadGuard<'_, Tables>, StoreError> {
        self.tables.read().map_err(|_| poisoned())
    }

    pub(crate) fn write(&self) -> Result<RwLockWriteGuard<'_, Tables>, StoreError> {
        self.tables.write().map_err(|_| poisoned())
    }
}

fn poisoned() -> StoreError {
    StoreError::failed("a thread panicked while it wrote to the store in memory; the store cannot be used any more")
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl Tables {
    fn commit(&mut self, commit: Commit) -> Result<Committed, CommitError> {
        let Commit { key, expected, before: _, after, claims, events, withdraw, charges, messages, refunds } = commit;
        follow(expected, &events)?;
        if charges.iter().any(|charge| charge.when_exhausted == WhenExhausted::Withhold) {
            return Err(StoreError::failed("a charge of a commit itself has no message to withhold").into());
        }
        if after.as_ref().is_some_and(|user| *user.id() != key.user) {
            return Err(StoreError::failed("the user of the commit differs from the commit's key").into());
        }
        let tenant = self.tenants.entry(key.tenant.clone()).or_default();

        if !tenant.people.is_as(&key.user, expected) {
            return Err(CommitError::Conflict);
        }
        if let Some(claim) = tenant.people.taken(&key.user, &claims) {
            return Err(CommitError::Taken(claim.clone()));
        }
        let mut drawn = tenant.quotas.judge(&refunds, &charges, &messages)?;
        if messages.iter().any(|outgoing| self.post.knows(&outgoing.message)) {
            return Err(StoreError::failed("a message with this id was enqueued before").into());
        }

        // From here on nothing can refuse the commit.
        let erased = after.is_none();
        let exhausted = std::mem::take(&mut drawn.exhausted);
        if !withdraw.is_empty() {
            self.post.withdraw(&key, &withdraw);
        }
        for (outgoing, withheld) in messages.into_iter().zip(&drawn.withheld) {
            if !withheld {
                self.post.enqueue(outgoing.message);
            }
        }
        tenant.quotas.write(drawn);
        tenant.people.write(&key.user, after, claims, events);
        if erased {
            self.post.forget(&key);
        }
        Ok(Committed { exhausted })
    }
}

/// Whether the events are numbered from the expected version on.
fn follow(expected: Expected, events: &[Recorded]) -> Result<(), StoreError> {
    let from = match expected {
        Expected::Absent => 0,
        Expected::At(Version(version)) => version,
    };
    let on = (from.saturating_add(1)..).zip(events).all(|(number, recorded)| number == recorded.number);
    if on && !events.is_empty() {
        Ok(())
    } else {
        Err(StoreError::failed("the events of the commit are not numbered from the expected version on"))
    }
}

#[async_trait]
impl UserRepository for MemoryStore {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        let tables = self.read()?;
        Ok(tables.tenants.get(&key.tenant).and_then(|tenant| tenant.people.load(&key.user)))
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        let tables = self.read()?;
        Ok(tables.tenants.get(tenant).map(|tenant| tenant.people.find(keys)).unwrap_or_default())
    }

    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        let tables = self.read()?;
        let page = tables.tenants.get(tenant).map(|tenant| tenant.people.list(query));
        Ok(page.unwrap_or(Page { users: Vec::new(), next: None }))
    }

    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let tables = self.read()?;
        let tenant = tables.tenants.get(&key.tenant);
        Ok(tenant.map(|tenant| tenant.people.history(&key.user, after, limit)).unwrap_or_default())
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.write()?.commit(commit)
    }
}

#[async_trait]
impl Directory for MemoryStore {
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        let tables = self.read()?;
        let page = tables.tenants.get(tenant).map(|tenant| tenant.people.browse(query));
        Ok(page.unwrap_or(DirectoryPage { users: Vec::new(), total: 0 }))
    }
}

#[async_trait]
impl Outbox for MemoryStore {
    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError> {
        Ok(self.write()?.post.lease(lease, self.clock.now()))
    }

    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        let mut tables = self.write()?;
        Ok(settled.into_iter().map(|settled| tables.post.settle(lease, settled)).filter(|held| *held).count())
    }

    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        Ok(self.write()?.post.report(message, report))
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError> {
        Ok(self.read()?.post.message(message))
    }

    async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError> {
        Ok(self.read()?.post.posted(key, after, limit))
    }

    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        Ok(self.write()?.post.prune(before, limit))
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        Ok(self.read()?.post.dead_letters(tenant, after, limit))
    }
}
