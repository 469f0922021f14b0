use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use identity_core::policy::SharedPolicy;
use identity_core::{Actor, CodeKeys, Commit, Committed, Policy, TenantId, Timestamp, UserId, UserKey};
use identity_ports::{
    Budgets, Clock, CommitError, Directory, Entropy, EventFeed, Notifier, Outbox, SteadyClock, StoreError,
    UserRepository,
};
use tokio::sync::Notify;

use crate::delivery::{Delivery, Lanes, Left, Unheard};
use crate::policies::Policies;
use crate::system::OsEntropy;
use crate::{Account, Admin};

/// A store of users, events, messages and budgets, so that one commit can write them all. Every type that implements the five
/// ports is one.
pub trait Store: UserRepository + Directory + EventFeed + Outbox + Budgets {}

impl<S: UserRepository + Directory + EventFeed + Outbox + Budgets> Store for S {}

/// Writes a commit in the place of the store.
type Write = dyn Fn(Commit) -> Pin<Box<dyn Future<Output = Result<Committed, CommitError>> + Send>> + Send + Sync;

/// The use cases of one tenant. A clone is cheap and shares everything with its original.
///
/// ```
/// use identity::{CodeKeys, Identity, NewUser, Phone};
/// # use identity::{Accepted, Notice, Notifier, NotifyError};
/// # struct Terminal;
/// # #[identity::async_trait]
/// # impl Notifier for Terminal {
/// #     async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> { Ok(Accepted::default()) }
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let keys = CodeKeys::parse(&"5a".repeat(32))?;
/// let identity = Identity::new(identity_memory::MemoryStore::new(), Terminal, keys);
///
/// let ada = identity.admin("signup").create(NewUser::default()).await?.outcome;
/// let phone = identity.account(&ada).add(Phone::parse("+44 1514 960453")?).await?.outcome;
/// assert!(!identity.account(&ada).get().await?.identifier(phone).unwrap().is_verified());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Identity {
    pub(crate) parts: Arc<Parts>,
    pub(crate) tenant: TenantId,
    /// Whether `for_tenant` chose the tenant.
    chosen: bool,
    /// How commits are written; `None` when the store does it by itself.
    write: Option<Arc<Write>>,
}

#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) notifier: Arc<dyn Notifier>,
    pub(crate) clock: Arc<SteadyClock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) keys: CodeKeys,
    pub(crate) policies: Arc<Policies>,
    /// The budgets that all tenants share, and where they are kept; `None` when there are none.
    pub(crate) shared: Option<(Arc<dyn Budgets>, SharedPolicy)>,
    pub(crate) delivery: Delivery,
    /// Which providers answer.
    pub(crate) lanes: Arc<Lanes>,
    /// What delivery workers left undone.
    pub(crate) left: Arc<Left>,
    /// Whether anything in this process delivers.
    pub(crate) unheard: Arc<Unheard>,
    /// Wakes the delivery workers of this process when a message was enqueued.
    pub(crate) mail: Arc<Notify>,
}

impl Identity {
    /// The use cases of the tenant `default`, with the clock of the store (the machine's, or that of a database server),
    /// the operating system's randomness and the default policy.
    #[must_use]
    pub fn new(store: impl Store, notifier: impl Notifier, keys: CodeKeys) -> Self {
        #[cfg(feature = "metrics")]
        crate::metrics::describe();
        let clock = Arc::new(SteadyClock::new(store.clock()));
        let parts = Parts {
            store: Arc::new(store),
            notifier: Arc::new(notifier),
            clock,
            entropy: Arc::new(OsEntropy),
            keys,
            policies: Arc::new(Policies::new()),
            shared: None,
            delivery: Delivery::default(),
            lanes: Arc::default(),
            left: Arc::default(),
            unheard: Arc::default(),
            mail: Arc::new(Notify::new()),
        };
        Self { parts: Arc::new(parts), tenant: TenantId::default(), chosen: false, write: None }
    }

    fn with(self, change: impl FnOnce(&mut Parts)) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.parts);
        change(&mut parts);
        Self { parts: Arc::new(parts), ..self }
    }

    /// Sets the policy of every tenant that has none of its own. On an `Identity` that [`for_tenant`](Self::for_tenant)
    /// returned, it sets the policy of that tenant alone, as [`with_tenant_policy`](Self::with_tenant_policy) does.
    ///
    /// All clones of an `Identity`, made earlier or later and of any tenant, share the policies: whichever of them serves a
    /// request, delivers a message or takes a report applies the policy of the user's tenant.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        if self.chosen {
            let tenant = self.tenant.clone();
            return self.with_tenant_policy(tenant, policy);
        }
        let policy = Arc::new(policy);
        self.with_policies(move |_| Arc::clone(&policy))
    }

    /// Sets the policy of one tenant, in this `Identity` and all its clones.
    #[must_use]
    pub fn with_tenant_policy(self, tenant: TenantId, policy: Policy) -> Self {
        self.parts.policies.set(tenant, Arc::new(policy));
        self
    }

    /// Sets a function from tenant to policy, for every tenant that has no policy by
    /// [`with_tenant_policy`](Self::with_tenant_policy), in this `Identity` and all its clones. The function is called for
    /// every change of a user and must not block: a host that keeps policies in a database keeps a copy in memory.
    #[must_use]
    pub fn with_policies(self, source: impl Fn(&TenantId) -> Arc<Policy> + Send + Sync + 'static) -> Self {
        self.parts.policies.set_others(Arc::new(source));
        self
    }

    /// Limits codes and links across all tenants, besides the budgets of each tenant: whatever the number of tenants that send
    /// to an address or to the numbers beside it, these budgets are not exceeded. There is no such limit by default.
    ///
    /// The budgets are kept by the store, of which the host passes another handle, or by one that several stores have in
    /// common. A message draws from them before the commit that enqueues it, which costs one more call of the store, and a
    /// commit that is refused gives back what it drew. What cannot be given back, because a process or a connection ended in
    /// between, stays drawn until the end of its window.
    ///
    /// The clones that are made from the result have it; those that were made before do not.
    ///
    /// ```
    /// use identity::policy::SharedPolicy;
    /// use identity::{CodeKeys, Identity};
    /// use identity_memory::MemoryStore;
    /// # use identity::{Accepted, Notice, Notifier, NotifyError};
    /// # struct Terminal;
    /// # #[identity::async_trait]
    /// # impl Notifier for Terminal {
    /// #     async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> { Ok(Accepted::default()) }
    /// # }
    /// let store = MemoryStore::new();
    /// let keys = CodeKeys::parse(&"5a".repeat(32))?;
    /// let identity = Identity::new(store.clone(), Terminal, keys).with_shared_budgets(store, SharedPolicy::default());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_shared_budgets(self, budgets: impl Budgets, policy: SharedPolicy) -> Self {
        self.with(|parts| parts.shared = Some((Arc::new(budgets), policy)))
    }

    /// Sets the clock by which everything is judged; the default is the store's.
    ///
    /// Processes that share a store must have clocks that agree: those of several machines differ.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        self.with(|parts| parts.clock = Arc::new(SteadyClock::new(Arc::new(clock))))
    }

    /// Sets the source of randomness; the default is [`OsEntropy`].
    #[must_use]
    pub fn with_entropy(self, entropy: impl Entropy) -> Self {
        self.with(|parts| parts.entropy = Arc::new(entropy))
    }

    /// Sets how messages are delivered.
    #[must_use]
    pub fn with_delivery(self, delivery: Delivery) -> Self {
        self.with(|parts| parts.delivery = delivery)
    }

    /// The same use cases for another tenant, under that tenant's policy.
    #[must_use]
    pub fn for_tenant(&self, tenant: TenantId) -> Self {
        Self { tenant, chosen: true, ..self.clone() }
    }

    /// The same use cases, whose commits the host writes itself: within a transaction of its own, in which it writes rows of
    /// its own as well. The store's adapter has the function for it, `commit_in`. The rows and the change are then written
    /// together or not at all, whichever use case it is.
    ///
    /// `write` is called for every commit, once for each try: when somebody else changed the user in between, the transaction
    /// is rolled back, the decision is made once more and `write` is called with another commit. So it begins its transaction
    /// anew each time. It must answer `Ok` only after that transaction was committed; delivery is woken then, and not before.
    /// A use case that has nothing to change does not call it. A commit of two users names the second one in
    /// [`also`](crate::store::Commit::also). An error of the host's own becomes
    /// [`CommitError::Store`](crate::store::CommitError::Store) by [`StoreError::failed`](crate::StoreError::failed).
    ///
    /// ```
    /// use identity::store::{Commit, CommitError};
    /// use identity::{CodeKeys, Identity, NewUser, StoreError};
    /// use identity_sqlite::{SqliteStore, commit_in};
    /// # use identity::{Accepted, Notice, Notifier, NotifyError};
    /// # struct Terminal;
    /// # #[identity::async_trait]
    /// # impl Notifier for Terminal {
    /// #     async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> { Ok(Accepted::default()) }
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("app.db");
    /// let store = SqliteStore::open(path).await?;
    /// let table = "CREATE TABLE orders (user TEXT PRIMARY KEY, what TEXT)";
    /// store.transaction(move |tx| tx.execute_batch(table).map_err(StoreError::failed)).await?;
    ///
    /// let identity = Identity::new(store.clone(), Terminal, CodeKeys::parse(&"5a".repeat(32))?);
    /// let ordering = identity.with_commit(move |commit: Commit| {
    ///     let store = store.clone();
    ///     async move {
    ///         let rows = move |tx: &identity_sqlite::rusqlite::Transaction<'_>| {
    ///             let user = commit.key.user.as_str();
    ///             tx.execute("INSERT INTO orders VALUES (?1, 'tea')", [user]).map_err(StoreError::failed)?;
    ///             commit_in(tx, &commit)
    ///         };
    ///         store.transaction::<_, CommitError, _>(rows).await
    ///     }
    /// });
    /// ordering.admin("signup").create(NewUser::default()).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_commit<F, W>(&self, write: F) -> Self
    where
        F: Fn(Commit) -> W + Send + Sync + 'static,
        W: Future<Output = Result<Committed, CommitError>> + Send + 'static,
    {
        Self { write: Some(Arc::new(move |commit| Box::pin(write(commit)))), ..self.clone() }
    }

    pub(crate) async fn write(&self, commit: Commit) -> Result<Committed, CommitError> {
        match &self.write {
            Some(write) => write(commit).await,
            None => self.parts.store.commit(commit).await,
        }
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The present policy of the tenant.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.parts.policies.of(&self.tenant)
    }

    /// The holder's road of a user: what a person may do with their own identifiers. The host has authenticated the person.
    #[must_use]
    pub fn account(&self, user: &UserId) -> Account {
        Account { identity: self.clone(), key: self.key(user) }
    }

    /// The administrator's road: what staff and the host itself may do. Every event keeps `actor` as the name of who did it.
    #[must_use]
    pub fn admin(&self, actor: impl Into<Arc<str>>) -> Admin {
        Admin { identity: self.clone(), actor: Actor::Administrator(actor.into()) }
    }

    /// Asks the store for a user who is not there, which shows that it answers: for a page such as `/readyz`. It waits as long as
    /// the store does.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer as it should.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.parts.store.load(&self.key(&UserId::from(uuid::Uuid::nil()))).await.map(drop)
    }

    /// Wakes the delivery workers of this process, as every commit with a message does. A host that learns of messages which
    /// another process enqueued can call it; otherwise the workers find them within a second.
    pub fn wake_delivery(&self) {
        self.parts.mail.notify_waiters();
    }

    pub(crate) fn key(&self, user: &UserId) -> UserKey {
        UserKey { tenant: self.tenant.clone(), user: user.clone() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }
}

/// Shows the tenant alone.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}
