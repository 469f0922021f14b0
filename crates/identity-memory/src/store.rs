use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use identity_core::TenantId;
use identity_ports::{Clock, Commit, CommitError, Committed, Draws, SteadyClock, StoreError, SystemClock};
use tokio::sync::watch;

use crate::feed::Entry;
use crate::lists::Map;
use crate::people::People;
use crate::post::Post;
use crate::quotas::Quotas;

/// A store of users in memory; needs no tokio. Clones share their content, which lasts as long as the process.
#[derive(Clone)]
pub struct MemoryStore {
    tables: Arc<RwLock<Tables>>,
    /// Measures how long leases last.
    pub(crate) clock: Arc<dyn Clock>,
    /// Names the store in cursors of its feed.
    pub(crate) id: u64,
    /// Tells of commits.
    pub(crate) commits: Arc<watch::Sender<()>>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        let clock = Arc::new(SteadyClock::new(Arc::new(SystemClock)));
        let commits = Arc::new(watch::Sender::new(()));
        Self { tables: Arc::default(), clock, id: RandomState::new().hash_one(0), commits }
    }
}

/// The content of a store.
#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) tenants: Map<TenantId, Tenant>,
    pub(crate) post: Post,
    pub(crate) feed: Vec<Entry>,
    /// The users of a tenant without any.
    nobody: People,
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
    pub(crate) fn people(&self, tenant: &TenantId) -> &People {
        self.tenants.get(tenant).map_or(&self.nobody, |tenant| &tenant.people)
    }

    pub(crate) fn commit(&mut self, mut commit: Commit) -> Result<Committed, CommitError> {
        commit.check().map_err(StoreError::failed)?;
        let tenant = self.tenants.entry(commit.key.tenant.clone()).or_default();
        let is_stale = |part: &Commit| tenant.people.state(&part.key.user) != Some(part.expected);
        if commit.parts().any(is_stale) {
            return Err(CommitError::Conflict);
        }
        let mut judged: Vec<Draws<'_>> = Vec::new();
        for part in commit.parts() {
            if let Some(claim) = tenant.people.taken(part, &commit) {
                return Err(CommitError::Taken(claim.clone()));
            }
            // What the other user's part draws is drawn before.
            let read = |kind, quota: &str| {
                let earlier = judged.iter().rev().find_map(|draws| draws.window(kind, quota));
                Ok(earlier.or_else(|| tenant.quotas.read(kind, quota)))
            };
            let draws = Draws::judge(&part.refunds, &part.charges, &part.messages, read)?;
            judged.push(draws);
            if part.messages.iter().any(|outgoing| self.post.messages.contains_key(&outgoing.message.id)) {
                return Err(StoreError::failed("a message with this id was enqueued before").into());
            }
        }

        // From here on nothing can refuse the commit. Both users release what they lose before either takes anything.
        judged.iter().for_each(|draws| tenant.quotas.write(&draws.windows));
        let told: Vec<_> = judged.into_iter().map(|draws| (draws.withheld, draws.exhausted)).collect();
        commit.parts().for_each(|part| tenant.people.release(part));
        let mut committed = Committed::default();
        let also = commit.also.take().map(|also| *also);
        for (part, (withheld, exhausted)) in [Some(commit), also].into_iter().flatten().zip(told) {
            let Commit { key, after, claims, events, withdraw, messages, .. } = part;
            committed.exhausted.extend(exhausted);
            if !withdraw.is_empty() {
                self.post.withdraw(&key, &withdraw);
            }
            for (outgoing, _) in messages.into_iter().zip(withheld).filter(|(_, withheld)| !withheld) {
                self.post.enqueue(outgoing.message);
            }
            if after.is_none() {
                self.post.forget(&key);
            }
            // A list that doubles would be half empty.
            if self.feed.len() == self.feed.capacity() {
                self.feed.reserve_exact(64 + self.feed.len() / 8);
            }
            self.feed.push(tenant.people.write(key, after, claims.take, events));
        }
        Ok(committed)
    }
}
