use std::fmt;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use identity_core::{ClaimKey, MessageId, Recorded, Report, TenantId, Timestamp, UserKey};
use identity_ports::{
    Clock, Commit, CommitError, Committed, DeadLetter, Directory, DirectoryPage, DirectoryQuery, Found, Lease, LeaseId,
    Leased, ListQuery, Outbox, Page, Posted, Settled, StoreError, Stored, UserRepository,
};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::commit::{Encoded, apply};
use crate::connection::{Desk, open_reader};
use crate::error::store;
use crate::files::backup;
use crate::options::SqliteOptions;
use crate::readers::Readers;
use crate::rows::{events, list, lookup, outbox, users};
use crate::verify::{Verification, verify};
use crate::writer::Writer;

/// Pages and histories longer than this are read on the blocking pool, not on the caller's thread.
const SHORT: usize = 50;

/// Users in a SQLite file. Clones are handles of the same store; the file is closed with the last one.
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

struct Inner {
    // Closed before the writer: the last connection that closes removes the log, which a read-only one cannot.
    readers: Readers,
    writer: Writer,
    clock: Arc<dyn Clock>,
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
            let readers = (0..options.readers).map(|_| open_reader(&path, &options)).collect::<Result<_, _>>()?;
            let writer = Writer::start(desk, options.durability)?;
            Ok(Self(Arc::new(Inner { readers: Readers::new(readers), writer, clock: options.clock })))
        };
        tokio::task::spawn_blocking(open).await.map_err(StoreError::failed)?
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
            desk.check_places()?;
            transaction.commit().map_err(store)?;
            Ok(outcome)
        };
        self.0.writer.run(run).await?.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Writes the whole file anew, without what deleted rows left in it, and cuts off the write-ahead log. Deleted rows are
    /// overwritten in any case; but where SQLite had rearranged a page earlier, copies of its rows may be left in the
    /// unused part of it. After an erasure a file of at most 32 MiB with no tables of the host's is compacted without being
    /// asked, in the first second without a commit or when the store closes. Call this for larger files, and once for a
    /// file that an earlier version of this crate wrote. Commits wait meanwhile, readers do not; there must be room for a
    /// second copy.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there is no room, [`StoreError::Failed`] when another process writes for longer than the
    /// busy timeout, or for anything else.
    pub async fn compact(&self) -> Result<(), StoreError> {
        let run = |desk: &Desk| desk.compact().map_err(store);
        self.0.writer.run(run).await?.unwrap_or_else(|panic| resume_unwind(panic))
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
        self.read_beside(false, verify).await
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
        let (path, this) = (plain(path.as_ref())?, self.clone());
        let run = move || {
            let runtime = tokio::runtime::Handle::current();
            runtime.block_on(async { backup(this.0.readers.take().await?.connection()?, &path) })
        };
        tokio::task::spawn_blocking(run).await.map_err(StoreError::failed)?
    }

    /// Runs a short read on the writer's connection when it is idle, because its pages are in memory, and otherwise on a
    /// reader. Either takes microseconds, which is less than handing it to another thread would take.
    async fn read<T>(&self, run: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if let Some(held) = self.0.writer.hold()
            && let Some(desk) = held.desk()
        {
            return run(&desk.connection);
        }
        run(self.0.readers.take().await?.connection()?)
    }

    /// Runs a read that may take longer, on the blocking pool unless it is short.
    async fn read_beside<T: Send + 'static>(
        &self,
        short: bool,
        run: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let run = |connection: &Connection| {
            let moment = connection.unchecked_transaction().map_err(store)?;
            let result = run(&moment);
            // Nothing was written in it.
            drop(moment);
            result
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if !short => {
                let this = self.clone();
                let waiting = runtime.clone();
                let read = move || waiting.block_on(async { run(this.0.readers.take().await?.connection()?) });
                runtime.spawn_blocking(read).await.map_err(StoreError::failed)?
            }
            Ok(_) | Err(_) => run(self.0.readers.take().await?.connection()?),
        }
    }

    /// Writes, in a transaction of its own or in a shared one.
    async fn write<T: Send + 'static>(
        &self,
        run: impl Fn(&Desk) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.0.writer.submit(move |desk| run(desk).map_err(CommitError::Store)).await.map_err(|error| match error {
            CommitError::Store(error) => error,
            // Only a commit is refused.
            other => StoreError::failed(other),
        })
    }
}

/// Accepts a path that SQLite takes as the name of a file.
fn plain(path: &Path) -> Result<PathBuf, StoreError> {
    if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
        return Err(StoreError::failed(
            "a database in memory has a single connection, and the store needs several; name a file",
        ));
    }
    let text = path.to_string_lossy();
    let url = ["sqlite:", "file:"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(scheme)));
    match url {
        None => Ok(path.to_owned()),
        Some(scheme) => Err(StoreError::failed(format!(
            "the path of the database begins with `{scheme}`, as URLs do; give the path alone, as in `identity.db`, and \
             settings with `SqliteOptions`"
        ))),
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl UserRepository for SqliteStore {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        self.read(|connection| users::load(connection, key)).await
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        self.read(|connection| lookup::find(connection, tenant, keys)).await
    }

    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        let (tenant, query) = (tenant.clone(), query.clone());
        let short = query.limit <= SHORT && query.prefix.is_none();
        self.read_beside(short, move |connection| list::list(connection, &tenant, &query)).await
    }

    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let key = key.clone();
        self.read_beside(limit <= SHORT, move |connection| events::history(connection, &key, after, limit)).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let encoded = Encoded::new(&commit)?;
        self.0.writer.submit(move |desk| apply(&desk.connection, &commit, &encoded)).await
    }
}

#[async_trait]
impl Directory for SqliteStore {
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        let (tenant, query) = (tenant.clone(), query.clone());
        self.read_beside(false, move |connection| list::browse(connection, &tenant, &query)).await
    }
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError> {
        // An idle delivery loop polls every second, and must not write only to find nothing.
        let own = self.0.clock.now();
        if lease.limit == 0 {
            return Ok(Vec::new());
        }
        if !lease.again && !self.read(|connection| outbox::any_due(connection, &lease, own)).await? {
            return Ok(Vec::new());
        }
        let leased = self.write(move |desk| {
            let leased = outbox::lease(&desk.connection, &lease, desk.clock.now())?;
            let found = leased.as_deref().unwrap_or_default();
            desk.prune(found.iter().map(|leased| leased.message.created_at).max(), found.len())?;
            Ok(leased)
        });
        leased.await?
    }

    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        self.write(move |desk| outbox::settle(&desk.connection, lease, &settled)).await
    }

    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        let report = report.clone();
        self.write(move |desk| outbox::report(&desk.connection, message, &report)).await
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError> {
        self.read(|connection| outbox::read(connection, message)).await
    }

    async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError> {
        let key = key.clone();
        self.read_beside(limit <= SHORT, move |connection| outbox::list(connection, &key, after, limit)).await
    }

    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.write(move |desk| outbox::prune(&desk.connection, before, limit, desk.clock.now())).await
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let tenant = tenant.clone();
        self.read_beside(limit <= SHORT, move |connection| outbox::dead_letters(connection, &tenant, after, limit))
            .await
    }
}
