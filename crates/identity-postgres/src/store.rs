use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use deadpool_postgres::Pool;
use identity_core::{ClaimKey, MessageId, Recorded, Report, TenantId, Timestamp, UserKey};
use identity_ports::{
    Commit, CommitError, Committed, DeadLetter, Directory, DirectoryPage, DirectoryQuery, Found, Lease, LeaseId,
    Leased, ListQuery, Outbox, Page, Posted, Settled, StoreError, Stored, UserRepository,
};
use tokio_postgres::Transaction;
use uuid::Uuid;

use crate::error::failure;
use crate::link::{Link, dice};
use crate::mail::{self, Herald};
use crate::migrate::{House, STEPS};
use crate::options::PostgresOptions;
use crate::rows::{directory, events, find, list, load, outbox, sweep};
use crate::write::{Committer, Job, perform_in};

/// Users in PostgreSQL. Clones are handles of the same store.
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    link: Arc<Link>,
    committer: Committer,
    /// Who sends word of new messages, unless nobody is to.
    herald: Option<Herald>,
    /// By which commits of this store are told from everybody else's.
    name: u64,
    commits: AtomicU64,
    /// Where the sweep of ended windows stopped.
    swept: Mutex<Option<sweep::Place>>,
}

impl PostgresStore {
    /// Connects as [`PostgresOptions::default`] says, and brings the tables up to date.
    ///
    /// # Errors
    /// As [`PostgresOptions::connect`].
    pub async fn connect(connection: &str) -> Result<Self, StoreError> {
        PostgresOptions::default().connect(connection).await
    }

    /// How to connect otherwise.
    #[must_use]
    pub fn options() -> PostgresOptions {
        PostgresOptions::default()
    }

    pub(crate) async fn connect_with(options: PostgresOptions, connection: &str) -> Result<Self, StoreError> {
        let link = Arc::new(Link::open(&options, connection).await?);
        let mut client = link.session().await?;
        let house = &mut House { client: &mut client, schema: options.schema.as_deref(), tables: &link.tables };
        if options.migrate {
            house.migrate(STEPS).await?
        } else {
            house.check(STEPS).await?
        }
        let committer = Committer::new(Arc::clone(&link));
        let herald = options.notify.then(Herald::default);
        let (commits, swept) = (AtomicU64::new(0), Mutex::new(None));
        Ok(Self(Arc::new(Inner { link, committer, herald, name: dice(), commits, swept })))
    }

    /// The pool, for transactions of the host's own with [`commit_in`](Self::commit_in) in them.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.0.link.pool
    }

    /// Whether statements are prepared; [`Statements`](crate::Statements) says when they are not.
    #[must_use]
    pub fn is_prepared(&self) -> bool {
        self.0.link.prepared
    }

    /// Writes a commit within a transaction of the host's, so that rows of the host's own come about with it or not at all.
    /// A commit that is refused leaves nothing behind, and the transaction can go on.
    ///
    /// It locks the user's row and the rows of its claims and budgets until the transaction ends, so that should be soon.
    ///
    /// # Errors
    /// As [`UserRepository::commit`]. After [`StoreError`] the transaction must be rolled back.
    pub async fn commit_in(
        &self,
        transaction: &mut Transaction<'_>,
        commit: &Commit,
    ) -> Result<Committed, CommitError> {
        let job = self.job(commit.clone())?;
        perform_in(transaction, &self.0.link.tables, &job).await
    }

    /// Calls `wake` whenever a process has enqueued messages in this database, and whenever the connection on which it listens
    /// was lost and is there again. A host spawns it beside its delivery loop, which then need not wait until it looks next.
    /// Word may be lost, so that loop still has to look from time to time. It ends when the store is closed.
    ///
    /// # Errors
    /// [`StoreError::Failed`], at once, where a proxy hands sessions round: there is no listening then, only looking.
    pub async fn listen(&self, wake: impl FnMut() + Send) -> Result<(), StoreError> {
        mail::listen(&self.0.link, wake).await
    }

    /// Sends word to every process that [listens](Self::listen). Commits through the port do so by themselves; after a
    /// transaction with [`commit_in`](Self::commit_in) in it the host may.
    pub fn tell_of_messages(&self) {
        if let Some(herald) = &self.0.herald {
            herald.tell(&self.0.link);
        }
    }

    /// Closes the connections once what is on its way has arrived; every call from now on fails.
    pub fn close(&self) {
        self.0.link.pool.close();
    }

    fn job(&self, commit: Commit) -> Result<Job, StoreError> {
        let number = self.0.commits.fetch_add(1, Ordering::Relaxed);
        Job::new(Uuid::from_u64_pair(self.0.name, number), commit)
    }

    /// Every message leaves a few windows of budgets behind it: so does the sweep keep up with them.
    async fn sweep(&self, leased: &[Leased]) -> Result<(), StoreError> {
        // The time at which budgets were last drawn, not the worker's: its clock may be ahead by years.
        let Some(now) = leased.iter().map(|leased| leased.message.created_at).max() else { return Ok(()) };
        let rows = i64::try_from(16 + 8 * leased.len().min(256)).unwrap_or(16);
        let after = self.0.swept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let place = sweep::sweep(&self.0.link, after.as_ref(), rows, now).await?;
        *self.0.swept.lock().unwrap_or_else(PoisonError::into_inner) = place;
        Ok(())
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("prepared", &self.0.link.prepared).finish_non_exhaustive()
    }
}

impl Link {
    /// A connection beside the pool.
    async fn session(&self) -> Result<tokio_postgres::Client, StoreError> {
        let connected = self.config.connect(self.tls.clone()).await;
        let (client, connection) = connected.map_err(|error| failure(error).into_error())?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
        Ok(client)
    }
}

#[async_trait]
impl UserRepository for PostgresStore {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        let loaded = load::load(&self.0.link, std::slice::from_ref(key)).await?;
        Ok(loaded.into_iter().next().flatten())
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        find::find(&self.0.link, tenant, keys).await
    }

    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        list::list(&self.0.link, tenant, query).await
    }

    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        events::history(&self.0.link, key, after, limit).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let mail = !commit.messages.is_empty();
        let job = self.job(commit)?;
        let answer = self.0.committer.submit(job).await;
        if mail && answer.is_ok() {
            self.tell_of_messages();
        }
        answer
    }
}

#[async_trait]
impl Directory for PostgresStore {
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        directory::browse(&self.0.link, tenant, query).await
    }
}

#[async_trait]
impl Outbox for PostgresStore {
    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError> {
        if lease.limit == 0 {
            return Ok(Vec::new());
        }
        let leased = outbox::lease(&self.0.link, &lease).await?;
        self.sweep(&leased).await?;
        Ok(leased)
    }

    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        outbox::settle(&self.0.link, lease, &settled).await
    }

    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        outbox::report(&self.0.link, message, report).await
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError> {
        outbox::message(&self.0.link, message).await
    }

    async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError> {
        outbox::posted(&self.0.link, key, after, limit).await
    }

    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        outbox::prune(&self.0.link, before, limit).await
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        outbox::dead_letters(&self.0.link, tenant, after, limit).await
    }
}
