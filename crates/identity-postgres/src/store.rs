use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use deadpool_postgres::Pool;
use identity_ports::{Commit, CommitError, Committed, StoreError};
use tokio::time::Instant;
use tokio_postgres::Transaction;
use uuid::Uuid;

use crate::error::{failure, in_tokio};
use crate::feed::Bell;
use crate::link::Link;
use crate::mail;
use crate::migrate::House;
use crate::options::PostgresOptions;
use crate::patience::dice;
use crate::write::{Committer, Job, perform_in};

/// A store of users in PostgreSQL; needs tokio, with time and IO enabled: every call without it fails. Clones are handles of the
/// same store.
#[derive(Clone)]
pub struct PostgresStore(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) link: Link,
    pub(crate) committer: Committer,
    /// Distinguishes the commits of this store from those of others.
    name: u64,
    commits: AtomicU64,
    /// Names the store in cursors of its feed.
    pub(crate) feed: u64,
    pub(crate) bell: Bell,
}

impl PostgresStore {
    /// Connects with [`PostgresOptions::default`], and migrates the tables to the version of this program.
    ///
    /// # Errors
    /// As [`PostgresOptions::connect`].
    pub async fn connect(connection: &str) -> Result<Self, StoreError> {
        PostgresOptions::default().connect(connection).await
    }

    /// The default settings, to be changed before connecting.
    #[must_use]
    pub fn options() -> PostgresOptions {
        PostgresOptions::default()
    }

    pub(crate) async fn connect_with(options: PostgresOptions, connection: &str) -> Result<Self, StoreError> {
        in_tokio()?;
        let link = Link::open(&options, connection).await?;
        // Beside the pools, without time limits.
        let connected = link.config.connect(link.tls.clone()).await;
        let (mut client, connection) = connected.map_err(|error| failure(error).into_error())?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the database ended");
            }
        });
        let house = &mut House { client: &mut client, schema: options.schema.as_deref(), tables: &link.tables };
        if options.migrate {
            house.migrate().await?
        } else {
            house.check().await?
        }
        let feed = house.store().await?;
        let (committer, bell) = (Committer::new(link.clone(), &options), Bell::new(options.notify));
        Ok(Self(Arc::new(Inner { link, committer, name: dice(), commits: AtomicU64::new(0), feed, bell })))
    }

    /// A pool for the host's own statements, and for its transactions with [`commit_in`](Self::commit_in). Its connections are
    /// not those of the store: they have none of the store's time limits, and none is opened before the host asks for one. It
    /// holds at most as many as [`PostgresOptions::with_pool_size`] says.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.0.link.host_pool
    }

    /// Whether statements are prepared on each connection; see [`Statements`](crate::Statements).
    #[must_use]
    pub fn is_prepared(&self) -> bool {
        self.0.link.prepared
    }

    /// Writes a commit inside a transaction of the host, so that rows of the host are written together with it or not at all.
    /// A commit that is refused leaves nothing behind, and the transaction can go on.
    ///
    /// It locks the user's row and the rows of its claims and budgets until the transaction ends; the transaction should end
    /// soon.
    ///
    /// # Errors
    /// As [`UserRepository::commit`](identity_ports::UserRepository::commit). After a [`StoreError`] the transaction must be rolled back.
    pub async fn commit_in(
        &self,
        transaction: &mut Transaction<'_>,
        commit: &Commit,
    ) -> Result<Committed, CommitError> {
        let link = self.0.link.now();
        let job = self.job(link.deadline(), commit.clone())?;
        perform_in(transaction, &link, &job).await
    }

    /// Calls `wake` whenever a process has enqueued messages in this database, and whenever the listening connection was lost
    /// and is there again. A host spawns it beside its delivery loop, which then learns of a message at once. Notifications may
    /// be lost, so that the loop still has to look from time to time. It returns when the store is closed.
    ///
    /// # Errors
    /// [`StoreError::Failed`], at once, where a proxy shares sessions between clients: listening is impossible there.
    pub async fn listen(&self, wake: impl FnMut() + Send) -> Result<(), StoreError> {
        mail::listen(&self.0.link, mail::MESSAGES, wake).await
    }

    /// Notifies every process that [listens](Self::listen) of new messages, and every reader of the feed of new events. Commits
    /// through the port do so by themselves; after a transaction with [`commit_in`](Self::commit_in) the host may call this.
    pub fn tell_of_messages(&self) {
        self.0.bell.ring(&self.0.link, true);
    }

    /// Closes both pools. Statements that are running finish; every later call fails with [`StoreError::Closed`].
    pub fn close(&self) {
        self.0.link.own_pool.close();
        self.0.link.host_pool.close();
    }

    /// The way to the database until the deadline of a call that begins now.
    pub(crate) fn link(&self) -> Link {
        self.0.link.now()
    }

    pub(crate) fn job(&self, until: Instant, commit: Commit) -> Result<Job, StoreError> {
        let number = self.0.commits.fetch_add(1, Ordering::Relaxed);
        Job::new(Uuid::from_u64_pair(self.0.name, number), until, &self.0.link.tables, commit)
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("prepared", &self.0.link.prepared).finish_non_exhaustive()
    }
}
