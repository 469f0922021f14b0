//! Opening connections and setting them up.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deadpool::unmanaged::Pool;
use identity_ports::{Clock, StoreError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Row};

use crate::commit::take_erased;
use crate::error::{Result, is_busy, store};
use crate::files::{self, Places};
use crate::migrate::{bring_up_to_date, check_schema, feed_id, is_marked};
use crate::options::{Durability, SqliteOptions};

/// Capacity of the cache of prepared statements: more than the adapter has.
const STATEMENTS: usize = 128;

/// The write-ahead log is written back once it has grown by this many pages (16 MiB).
const CHECKPOINT_PAGES: i64 = 4_096;

/// After this many changed rows the store looks how long the log is.
const LOOK: u64 = 256;

/// A log that is due to be truncated waits until nobody writes, but for no more batches than this.
const LATE: u32 = 64;

/// As many looks without a commit come before a file is compacted: a second.
const QUIET: u32 = 10;

/// A file of at most so many bytes is compacted after an erasure as soon as nothing is written for a second: 32 MiB, which
/// takes some tenths of a second.
const SMALL: i64 = 32 << 20;

/// The connection that writes.
pub(crate) struct Desk {
    pub(crate) connection: Connection,
    pub(crate) places: Places,
    /// The rows that this connection had changed when it last saw how long the write-ahead log is, and whether the log was due
    /// to be written back then.
    seen: Cell<u64>,
    due: Cell<bool>,
    busy_timeout: Duration,
    /// Whether a user was erased since the write-ahead log was last truncated.
    erased: Cell<bool>,
    /// Whether pages may hold copies of deleted rows.
    stale: Cell<bool>,
    /// Batches since the log was last truncated, and looks without a commit, with the rows changed until the last one.
    late: Cell<u32>,
    quiet: Cell<(u32, u64)>,
    /// Measures how long leases last.
    pub(crate) clock: Arc<dyn Clock>,
    /// Names the store in cursors of its feed.
    pub(crate) feed: u64,
}

impl Desk {
    pub(crate) fn open(path: &Path, options: &SqliteOptions) -> Result<Self> {
        files::create(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let (mut connection, mut places) = Places::note(path, || open(path, flags, options))?;
        files::recognise(path, &connection)?;
        bring_up_to_date(&mut connection, true)?;
        check_schema(&connection)?;
        to_wal(&connection, options.busy_timeout)?;
        let full = options.durability == Durability::Full;
        connection.pragma_update(None, "synchronous", if full { "FULL" } else { "NORMAL" }).map_err(store)?;
        connection.pragma_update(None, "fullfsync", full).map_err(store)?;
        // A page cache of 8 MiB keeps the inner pages of every index in memory.
        connection.pragma_update(None, "cache_size", -8_192).map_err(store)?;
        if is_marked(&connection)? {
            files::tighten(path);
        }
        // The first read in this mode creates the log.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(store)?;
        places.note_log();
        places.check()?;
        Ok(Self {
            feed: feed_id(&connection)?,
            connection,
            places,
            seen: Cell::new(0),
            due: Cell::new(false),
            busy_timeout: options.busy_timeout,
            erased: Cell::new(false),
            stale: Cell::new(false),
            late: Cell::new(0),
            quiet: Cell::new((0, 0)),
            clock: Arc::clone(&options.clock),
        })
    }

    /// Prepares for another user: sets whether statements wait for other processes, up to the busy timeout, and rolls back a
    /// transaction that a panic left open.
    pub(crate) fn ready(&self, patient: bool) {
        let _ = self.connection.busy_timeout(if patient { self.busy_timeout } else { Duration::ZERO });
        self.roll_back();
    }

    /// Rolls back the transaction that is open, if one is.
    pub(crate) fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    /// Notes whether this thread erased a user, and says whether the user of the connection left something new to do.
    pub(crate) fn tidy(&self) -> bool {
        let erased = take_erased();
        if erased {
            self.erased.set(true);
            self.stale.set(true);
        }
        erased || self.wants_checkpoint()
    }

    /// Whether the write-ahead log is due to be written back.
    fn wants_checkpoint(&self) -> bool {
        let changes = self.connection.total_changes();
        if changes >= self.seen.get() + LOOK {
            self.seen.set(changes);
            // A checkpoint that does nothing says how many pages are in the log, and how many of them were written back.
            let pages = |row: &Row<'_>| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?);
            let pages = self.connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], pages);
            self.due.set(pages.is_ok_and(|pages| pages >= CHECKPOINT_PAGES));
        }
        self.due.get()
    }

    /// Whether an erasure left something to do.
    pub(crate) fn wants_tending(&self) -> bool {
        self.erased.get() || self.stale.get()
    }

    /// Does what is left to do: after a batch; when nobody came for a while (`idle`); and before the connection closes (`last`).
    pub(crate) fn tend(&self, idle: bool, last: bool) {
        self.ready(false);
        let (changes, (quiet, before)) = (self.connection.total_changes(), self.quiet.get());
        let quiet = if idle && changes == before { quiet + 1 } else { 0 };
        if self.erased.get() && (idle || self.late.get() >= LATE) {
            self.cut();
            self.late.set(0);
        } else if self.wants_checkpoint() {
            // As much of the log as readers allow. No commit depends on it, and the next one tries again.
            self.due.set(false);
            let _ = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        }
        if self.stale.get() && (last || quiet >= QUIET) {
            self.compact_small();
        }
        self.late.set(self.late.get() + 1);
        self.quiet.set((quiet, changes));
    }

    /// Writes the whole log back and truncates it. It does not wait: if a reader or another process still uses the log, the
    /// log stays, and a later attempt may succeed.
    fn cut(&self) {
        let busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        if busy.is_ok_and(|busy| !busy) {
            self.erased.set(false);
        }
    }

    /// Compacts a small file that holds no tables of the host's. SQLite overwrites what it deletes, and leaves copies in
    /// the unused part of a page that it had rearranged before; only new pages are free of them.
    fn compact_small(&self) {
        let may = self.connection.query_row(sql!("may_compact"), [SMALL], |row| row.get(0)).unwrap_or(false);
        let busy = may && self.compact().is_err_and(|error| is_busy(&error));
        self.stale.set(busy);
    }

    /// Writes every page anew.
    pub(crate) fn compact(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("VACUUM")?;
        self.stale.set(false);
        self.erased.set(true);
        self.cut();
        Ok(())
    }
}

/// The pool of read-only connections. Readers and the writer do not wait for each other.
pub(crate) fn readers(path: &Path, options: &SqliteOptions) -> Result<Pool<Connection>> {
    let open = |_| open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, options);
    Ok(Pool::from((0..options.readers).map(open).collect::<Result<Vec<_>>>()?))
}

fn open(path: &Path, flags: OpenFlags, options: &SqliteOptions) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(store)?;
    connection.busy_timeout(options.busy_timeout).map_err(store)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // The query planner stability guarantee: without it a statement is prepared again whenever a bound key changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(store)?;
    connection.execute_batch(sql!("open")).map_err(store)?;
    Ok(connection)
}

/// Switches to write-ahead logging. SQLite does not apply its busy timeout here, so this retries while another connection
/// changes the journal mode. The statement is run to its end: it names the new mode before it writes it, and an error of that
/// write leaves the old mode.
fn to_wal(connection: &Connection, patience: Duration) -> Result<()> {
    const PAUSE: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        let switched = connection.prepare("PRAGMA journal_mode = WAL").and_then(|mut switch| {
            let modes = switch.query_map([], |row| row.get::<_, String>(0))?;
            modes.last().unwrap_or(Err(rusqlite::Error::QueryReturnedNoRows))
        });
        match switched {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                let reason = format!(
                    "the database stays in journal mode {mode} where WAL is needed; use a file on a local disk"
                );
                return Err(StoreError::failed(reason));
            }
            Err(error) if is_busy(&error) && waited < patience => {
                #[expect(clippy::disallowed_methods, reason = "another process opens the file; this thread may block")]
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            Err(error) => return Err(store(error)),
        }
    }
}
