//! The use cases on a store under test. Time is moved by hand, the messages can be read, and any call of a port can be
//! made to fail.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use identity::Identity;
use identity::store::Store;
use identity_core::{
    Charge, ClaimKey, Code, CodeKeys, LinkToken, Message, MessageId, Policy, Recorded, Refund, Report, Seed, TenantId,
    Timestamp, UserKey,
};
use identity_ports::{
    Accepted, Backlog, Budgets, Changed, Clock, Commit, CommitError, Committed, Directory, DirectoryPage,
    DirectoryQuery, Entropy, EntropyError, EventFeed, FeedCursor, FeedError, FeedPage, ForeignError, Found, Lease,
    LeaseId, Leased, ListQuery, Notice, Notifier, NotifyError, Outbox, Page, Posted, Settled, StoreError, Stored,
    UserRepository,
};

use super::NOW;

/// The keys of the host in every test.
///
/// # Panics
/// Never: the key is a constant.
#[must_use]
pub fn code_keys() -> CodeKeys {
    CodeKeys::parse(&format!("2026a:{}", "5a".repeat(32))).expect("a key of 32 bytes")
}

/// The point at which a call of a port fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// Before it does anything.
    Before,
    /// After it has done its work, so that only the answer is lost.
    After,
}

/// The use cases on a store under test.
pub struct Bench {
    /// The use cases, in the tenant `acme`.
    pub identity: Identity,
    /// The store under test.
    pub store: Arc<dyn Store>,
    gate: Arc<Gate>,
    clock: Arc<AtomicI64>,
    letters: Arc<Mutex<Vec<Notice>>>,
}

impl Bench {
    /// The use cases on this store, with this policy, at the time [`NOW`].
    #[must_use]
    pub fn new(store: Arc<dyn Store>, policy: Policy) -> Self {
        let gate = Arc::new(Gate::default());
        let clock = Arc::new(AtomicI64::new(NOW.as_micros()));
        let letters = Arc::new(Mutex::new(Vec::new()));
        let gated = Gated { store: Arc::clone(&store), gate: Arc::clone(&gate) };
        let mailbox = Mailbox { letters: Arc::clone(&letters), gate: Arc::clone(&gate) };
        let identity = Identity::new(gated, mailbox, code_keys())
            .with_policy(policy)
            .with_clock(HandClock(Arc::clone(&clock)))
            .with_entropy(Counted(Arc::clone(&gate)))
            .for_tenant(TenantId::parse("acme").expect("a tenant's name"));
        Self { identity, store, gate, clock, letters }
    }

    /// Moves the time forward by this number of seconds.
    pub fn wait(&self, secs: u64) {
        let now = Timestamp::from_micros(self.clock.load(Ordering::SeqCst));
        self.clock.store((now + Duration::from_secs(secs)).as_micros(), Ordering::SeqCst);
    }

    /// Delivers all due messages and returns the code and the link of the latest message that carries one.
    ///
    /// # Panics
    /// When no message has carried a code or a link yet.
    pub async fn read_mail(&self) -> (Option<Code>, Option<LinkToken>) {
        self.identity.deliver_due().await.expect("due messages are delivered");
        let letters = self.letters.lock().expect("no test thread panicked");
        let last = letters.iter().rev().find(|notice| notice.code.is_some() || notice.link.is_some());
        last.map(|notice| (notice.code.clone(), notice.link.clone()))
            .expect("a message with a code or a link was delivered")
    }

    /// Every letter that came, oldest first.
    ///
    /// # Panics
    /// When a thread panicked while it wrote a letter.
    #[must_use]
    pub fn letters(&self) -> Vec<Notice> {
        self.letters.lock().expect("nobody panicked").clone()
    }

    /// Makes one call of a port fail: the call with this number, counted from 1 and from now on.
    pub fn fail(&self, number: usize, how: Failing) {
        self.fail_all(&[(number, how)]);
    }

    /// Makes several calls of ports fail, as [`fail`](Self::fail) does with one.
    pub fn fail_all(&self, calls: &[(usize, Failing)]) {
        self.gate.called.store(0, Ordering::SeqCst);
        *self.gate.failing.lock().expect("no test thread panicked") = calls.to_vec();
    }

    /// Makes every call succeed again. Returns whether the last call that was to fail was reached.
    pub fn mend(&self) -> bool {
        let failing = std::mem::take(&mut *self.gate.failing.lock().expect("no test thread panicked"));
        failing.last().is_some_and(|(number, _)| self.gate.called.load(Ordering::SeqCst) >= *number)
    }
}

/// The gate through which every call of a port passes.
#[derive(Default)]
struct Gate {
    called: AtomicUsize,
    failing: Mutex<Vec<(usize, Failing)>>,
}

impl Gate {
    fn call(&self) -> Option<Failing> {
        let number = self.called.fetch_add(1, Ordering::SeqCst) + 1;
        let failing = self.failing.lock().expect("no test thread panicked");
        failing.iter().find(|(failing, _)| *failing == number).map(|(_, how)| *how)
    }

    async fn pass<T, E>(&self, call: impl Future<Output = Result<T, E>>, error: impl FnOnce() -> E) -> Result<T, E> {
        match self.call() {
            None => call.await,
            Some(Failing::Before) => Err(error()),
            Some(Failing::After) => {
                call.await?;
                Err(error())
            }
        }
    }
}

fn broken() -> StoreError {
    StoreError::failed("the connection was lost")
}

struct Gated {
    store: Arc<dyn Store>,
    gate: Arc<Gate>,
}

#[async_trait]
impl UserRepository for Gated {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        self.gate.pass(self.store.load(key), broken).await
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        self.gate.pass(self.store.find(tenant, keys), broken).await
    }

    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        self.gate.pass(self.store.list(tenant, query), broken).await
    }

    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        self.gate.pass(self.store.history(key, after, limit), broken).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.gate.pass(self.store.commit(commit), || broken().into()).await
    }
}

#[async_trait]
impl Directory for Gated {
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        self.gate.pass(self.store.browse(tenant, query), broken).await
    }
}

#[async_trait]
impl EventFeed for Gated {
    async fn events_after(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError> {
        self.gate.pass(self.store.events_after(cursor, limit), || broken().into()).await
    }

    fn changed(&self) -> Changed {
        self.store.changed()
    }
}

#[async_trait]
impl Budgets for Gated {
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        self.gate.pass(self.store.draw(tenant, refunds, charges), || broken().into()).await
    }
}

#[async_trait]
impl Outbox for Gated {
    async fn enqueue(&self, message: Message) -> Result<(), StoreError> {
        self.gate.pass(self.store.enqueue(message), broken).await
    }

    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError> {
        self.gate.pass(self.store.lease(lease), broken).await
    }

    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        self.gate.pass(self.store.settle(lease, settled), broken).await
    }

    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        self.gate.pass(self.store.report(message, report), broken).await
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError> {
        self.gate.pass(self.store.message(message), broken).await
    }

    async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError> {
        self.gate.pass(self.store.posted(key, after, limit), broken).await
    }

    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.gate.pass(self.store.prune(before, limit), broken).await
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Posted>, StoreError> {
        self.gate.pass(self.store.dead_letters(tenant, after, limit), broken).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.gate.pass(self.store.backlog(), broken).await
    }
}

struct Mailbox {
    letters: Arc<Mutex<Vec<Notice>>>,
    gate: Arc<Gate>,
}

#[async_trait]
impl Notifier for Mailbox {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let (code, link) = (notice.code.as_ref().map(|code| code.reveal().to_owned()), notice.link.as_ref());
        code.into_iter().chain(link.map(LinkToken::reveal)).for_each(|secret| crate::heard::keep_secret(&secret));
        let keep = async {
            self.letters.lock().expect("no test thread panicked").push(notice.clone());
            Ok(Accepted::default())
        };
        self.gate.pass(keep, || NotifyError::transient("the connection was lost")).await
    }
}

struct HandClock(Arc<AtomicI64>);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// Seeds that anybody can guess, each given once in this process.
struct Counted(Arc<Gate>);

impl Entropy for Counted {
    fn seed(&self) -> Result<Seed, EntropyError> {
        static GIVEN: AtomicU64 = AtomicU64::new(1);
        if self.0.call().is_some() {
            return Err(EntropyError(ForeignError::new("the source ran dry")));
        }
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&GIVEN.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        Ok(Seed::new(bytes))
    }
}
