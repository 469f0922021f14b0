use std::fmt;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use deadpool::unmanaged::{Object, Pool};
use identity_core::{ClaimKey, Recorded, TenantId, UserKey};
use identity_ports::{
    Changed, Clock, Commit, CommitError, Committed, EventFeed, FeedCursor, FeedError, FeedPage, Found, ListQuery, Page,
    StoreError, Stored, UserRepository,
};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::cells::Owner;
use crate::commit::{Encoded, apply};
use crate::connection::{Desk, readers};
use crate::error::{Result, store};
use crate::files::{backup, plain};
use crate::options::SqliteOptions;
use crate::verify::{Verification, verify};
use crate::writer::Writer;
use crate::{events, list, lookup};

/// Pages and histories longer than this are read on the blocking pool, not on the caller's thread.
const SHORT: usize = 50;

/// Users in a SQLite file; needs no tokio, and reads long lists on its blocking pool where there is one. Clones are handles of the
/// same store; the file is closed with the last one.
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

struct Inner {
    // Closed before the writer: the last connection that closes removes the log, which a read-only one cannot.
    readers: Pool<Connection>,
    writer: Writer,
    clock: Arc<dyn Clock>,
    /// Names the store in cursors of its feed.
    feed: u64,
    /// Tells of commits.
    commits: watch::Sender<()>,
}

impl SqliteStore {
    /// Opens the file with [`SqliteOptions::default`], creates it when it does not exist, and migrates its tables.
    ///
    /// # Errors
    /// As [`SqliteOptions::open`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        SqliteOptions::default().open(path).await
    }

    /// Options for opening a database in another way.
    #[must_use]
    pub fn options() -> SqliteOptions {
        SqliteOptions::default()
    }

    pub(crate) async fn open_with(options: SqliteOptions, path: &Path) -> Result<Self, StoreError> {
        let path = plain(path)?;
        let open = move || {
            let desk = Desk::open(&path, &options)?;
            let readers = readers(&path, &options)?;
            let (feed, commits) = (desk.feed, watch::Sender::new(()));
            let writer = Writer::start(desk, options.durability)?;
            Ok(Self(Arc::new(Inner { readers, writer, clock: options.clock, feed, commits })))
        };
        blocking(open).await?
    }

    /// Runs a transaction of the host on the connection that writes, with [`commit_in`](crate::commit_in) and statements of
    /// the host's own in it (see the [crate documentation](crate)). It is committed when the closure returns `Ok`, durably
    /// before this answers, and rolled back otherwise. All other writers wait meanwhile, so it should be short.
    ///
    /// # Errors
    /// The error of the closure, or a [`StoreError`] when the transaction cannot be begun or committed.
    ///
    /// # Panics
    /// When the closure panics; its transaction is rolled back.
    pub async fn transaction<T, E, F>(&self, run: F) -> Result<T, E>
    where
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let run = move |desk: &Desk| {
            let transaction = Transaction::new_unchecked(&desk.connection, TransactionBehavior::Immediate);
            let transaction = transaction.map_err(store)?;
            let outcome = run(&transaction)?;
            desk.places.check()?;
            transaction.commit().map_err(store)?;
            Ok(outcome)
        };
        let outcome = self.exclusively(run).await?;
        // It may have had commits in it.
        self.tell();
        outcome
    }

    /// Writes the whole file anew, without what deleted rows left in it (see "What is erased" in the [crate
    /// documentation](crate)), and cuts off the write-ahead log. Call it after erasures from a file that is larger than 32 MiB
    /// or has tables of the host's, and once for a file that an earlier version of this crate wrote. Commits wait meanwhile,
    /// readers do not; there must be room for a second copy.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there is no room, [`StoreError::Failed`] when another process writes for longer than the
    /// busy timeout, or for anything else.
    pub async fn compact(&self) -> Result<(), StoreError> {
        self.exclusively(|desk| desk.compact().map_err(store)).await?
    }

    /// Reads the whole database and says what is wrong with it: pages and indexes (`PRAGMA integrity_check`), rows that
    /// make no sense, rows of users who are not there, claims on addresses that their holder does not have, and users whose
    /// rows differ from what their events say. Commits and other reads go on meanwhile.
    ///
    /// `cargo run -p identity-sqlite --example verify -- identity.db` does it from the command line.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read at all; what is damaged is a problem of the answer.
    pub async fn verify(&self) -> Result<Verification, StoreError> {
        self.read_beside(usize::MAX, verify).await
    }

    /// Writes a copy of the database, as it is at one moment, to a new file that its owner alone may read. Commits and
    /// reads go on meanwhile. The copy is whole and synced when this answers; it opens like any other database, and holds
    /// nothing of what was deleted before. Copying the file itself is no backup: the last commits are in its write-ahead
    /// log.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is a file at that path already, or it cannot be written; [`StoreError::Full`] when
    /// there is no room. Nothing is left of a backup that failed.
    pub async fn backup_to(&self, path: impl AsRef<Path>) -> Result<(), StoreError> {
        let path = plain(path.as_ref())?;
        self.read_beside(usize::MAX, move |connection| backup(connection, &path)).await
    }

    /// Runs a short read on the writer's connection when it is idle, because its pages are in memory, and otherwise on a
    /// reader. Either takes microseconds, which is less than handing it to another thread would take.
    pub(crate) async fn read<T>(&self, run: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        if let Some(desk) = self.0.writer.idle() {
            return run(&desk.connection);
        }
        let reader = self.reader().await?;
        run(&reader)
    }

    async fn reader(&self) -> Result<Object<Connection>> {
        self.0.readers.get().await.map_err(|_| StoreError::Closed)
    }

    /// Runs a read of so many rows: on the blocking pool, unless they are few.
    pub(crate) async fn read_beside<T: Send + 'static>(
        &self,
        rows: usize,
        run: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reader, this) = (self.reader().await?, self.clone());
        let read = move || {
            let result = run(&reader);
            // Readers close before the store does.
            drop((reader, this));
            result
        };
        if rows <= SHORT { read() } else { blocking(read).await? }
    }

    /// Wakes the readers of the feed, if there are any.
    fn tell(&self) {
        let _ = self.0.commits.send(());
    }

    /// The clock by which leases are measured.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// Runs a closure with the connection that writes, on the blocking pool, while all other writers wait.
    async fn exclusively<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Desk) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (desk, this) = (self.0.writer.desk().await, self.clone());
        let run = move || {
            desk.ready(true);
            let result = run(&desk);
            this.0.writer.tidy(&desk);
            // The last handle of the store must not end while the connection is in use.
            drop(desk);
            drop(this);
            result
        };
        blocking(run).await
    }

    /// Writes, in a transaction of its own or in a shared one.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        run: impl Fn(&Desk) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.writer.submit(move |desk| run(desk).map_err(CommitError::Store)).await.map_err(|error| match error {
            CommitError::Store(error) => error,
            // Only a commit is refused.
            other => StoreError::failed(other),
        })
    }
}

/// Runs a closure on the blocking pool or, where there is none, on this thread. Its panic is the caller's.
async fn blocking<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    let Ok(runtime) = Handle::try_current() else { return Ok(run()) };
    runtime.spawn_blocking(run).await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(error) => StoreError::failed(error),
    })
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl UserRepository for SqliteStore {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        self.read(|connection| Owner { connection, key }.load()).await
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        self.read(|connection| lookup::find(connection, tenant, keys)).await
    }

    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        let (tenant, query) = (tenant.clone(), query.clone());
        let most = if query.prefix.is_none() { query.limit } else { usize::MAX };
        self.read_beside(most, move |connection| list::list(connection, &tenant, &query)).await
    }

    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let key = key.clone();
        self.read_beside(limit, move |connection| Owner { connection, key: &key }.history(after, limit)).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let encoded = Encoded::new(&commit)?;
        let committed = self.0.writer.submit(move |desk| apply(&desk.connection, &commit, &encoded)).await;
        committed.inspect(|_| self.tell())
    }
}

#[async_trait]
impl EventFeed for SqliteStore {
    async fn events_after(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError> {
        let store = self.0.feed;
        self.read_beside(limit, move |connection| Ok(events::feed(connection, store, cursor, limit))).await?
    }

    fn changed(&self) -> Changed {
        let mut commits = self.0.commits.subscribe();
        Box::pin(async move { drop(commits.changed().await) })
    }
}
