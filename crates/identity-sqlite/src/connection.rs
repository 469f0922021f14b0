//! Opening connections and setting them up.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use identity_ports::{Clock, StoreError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::commit::take_erased;
use crate::error::{is_busy, store};
use crate::files::{self, Places};
use crate::migrate::{check_schema, is_marked, migrate_file};
use crate::options::{Durability, SqliteOptions};
use crate::rows::budgets::Place;

/// Capacity of the cache of prepared statements: more than the adapter has.
const STATEMENTS: usize = 128;

/// The write-ahead log is written back once it has grown by this many pages (16 MiB).
const CHECKPOINT_PAGES: i32 = 4_096;

/// A file of at most so many bytes is compacted after an erasure as soon as nothing is written for a second: 32 MiB, which
/// takes some tenths of a second.
const SMALL: i64 = 32 << 20;

/// The connection that writes.
pub(crate) struct Desk {
    pub(crate) connection: Connection,
    places: Places,
    log_pages: Arc<AtomicI32>,
    /// Pages in the log at the last checkpoint; 0 after the log was restarted.
    written_back: AtomicI32,
    busy_timeout: Duration,
    /// Whether a user was erased since the write-ahead log was last truncated.
    erased: Cell<bool>,
    /// Whether pages may hold copies of deleted rows.
    stale: Cell<bool>,
    /// Where the last sweep of ended budget windows stopped.
    pub(crate) pruned: RefCell<Option<Place>>,
    /// Measures how long leases last.
    pub(crate) clock: Arc<dyn Clock>,
}

impl Desk {
    pub(crate) fn open(path: &Path, options: &SqliteOptions) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        files::create(path);
        let open = || Connection::open_with_flags(path, flags).map_err(store);
        let (mut connection, mut places) = Places::note(path, open)?;
        connection.busy_timeout(options.busy_timeout).map_err(store)?;
        prepare(&connection)?;
        files::recognise(path, &connection)?;
        migrate_file(&mut connection)?;
        check_schema(&connection)?;
        to_wal(&connection, options.busy_timeout)?;
        let synchronous = match options.durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous).map_err(store)?;
        let full = options.durability == Durability::Full;
        connection.pragma_update(None, "fullfsync", full).map_err(store)?;
        // A page cache of 8 MiB keeps the inner pages of every index in memory.
        connection.pragma_update(None, "cache_size", -8_192).map_err(store)?;
        let log_pages = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&log_pages);
        // Replaces SQLite's automatic checkpoints, which would run inside a commit.
        let hook = move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        };
        connection.wal_hook(Some(hook)).map_err(store)?;
        if is_marked(&connection)? {
            files::tighten(path);
        }
        // The first read in this mode creates the log.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(store)?;
        places.note_log();
        places.check()?;
        connection.busy_timeout(Duration::ZERO).map_err(store)?;
        Ok(Self {
            connection,
            places,
            log_pages,
            written_back: AtomicI32::new(0),
            busy_timeout: options.busy_timeout,
            erased: Cell::new(false),
            stale: Cell::new(false),
            pruned: RefCell::new(None),
            clock: Arc::clone(&options.clock),
        })
    }

    /// Pages in the write-ahead log after the last commit.
    pub(crate) fn log_pages(&self) -> i32 {
        self.log_pages.load(Ordering::Relaxed)
    }

    /// Whether the write-ahead log is due to be written back.
    pub(crate) fn wants_checkpoint(&self) -> bool {
        let pages = self.log_pages.load(Ordering::Relaxed);
        let written_back = self.written_back.load(Ordering::Relaxed);
        // Fewer pages than at the last checkpoint: the log was restarted.
        if pages < written_back {
            self.written_back.store(0, Ordering::Relaxed);
            return pages >= CHECKPOINT_PAGES;
        }
        pages - written_back >= CHECKPOINT_PAGES
    }

    /// Writes back as much of the log as readers allow. A failure is ignored: no commit depends on it, and the next
    /// checkpoint tries again.
    pub(crate) fn checkpoint(&self) {
        self.written_back.store(self.log_pages.load(Ordering::Relaxed), Ordering::Relaxed);
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }

    /// Fails when the files are no longer where they were.
    pub(crate) fn check_places(&self) -> Result<(), StoreError> {
        self.places.check()
    }

    /// Whether the write-ahead log still holds pages from before an erasure.
    pub(crate) fn wants_cut(&self) -> bool {
        self.erased.get()
    }

    /// Writes the whole log back and truncates it. It does not wait: if a reader or another process still uses the log, the
    /// log stays, and a later attempt may succeed.
    pub(crate) fn cut(&self) {
        let busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        if busy.is_ok_and(|busy| !busy) {
            self.erased.set(false);
            self.log_pages.store(0, Ordering::Relaxed);
            self.written_back.store(0, Ordering::Relaxed);
        }
    }

    /// Whether an erasure left something to do.
    pub(crate) fn wants_cleaning(&self) -> bool {
        self.wants_cut() || self.wants_compaction()
    }

    /// Whether the file is due to be compacted.
    pub(crate) fn wants_compaction(&self) -> bool {
        self.stale.get()
    }

    /// Compacts a small file that holds no tables of the host's. SQLite overwrites what it deletes, and leaves copies in
    /// the unused part of a page that it had rearranged before; only new pages are free of them.
    pub(crate) fn compact_small(&self) {
        const SIZE: &str = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        const FOREIGN: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE tbl_name NOT GLOB 'identity_*')";
        let small = self.connection.query_row(SIZE, [], |row| row.get::<_, i64>(0)).is_ok_and(|size| size <= SMALL);
        let foreign = self.connection.query_row(FOREIGN, [], |row| row.get::<_, bool>(0)).unwrap_or(true);
        let busy = small && !foreign && self.compact().is_err_and(|error| is_busy(&error));
        self.stale.set(busy);
    }

    /// Writes every page anew.
    pub(crate) fn compact(&self) -> Result<(), rusqlite::Error> {
        self.connection.execute_batch("VACUUM")?;
        self.stale.set(false);
        self.erased.set(true);
        self.cut();
        Ok(())
    }

    /// Sets whether statements wait for other processes, up to the busy timeout.
    pub(crate) fn set_patient(&self, patient: bool) {
        let _ = self.connection.busy_timeout(if patient { self.busy_timeout } else { Duration::ZERO });
    }

    /// Rolls back a transaction that was left open, and records whether this thread erased a user.
    pub(crate) fn tidy(&self) {
        if take_erased() {
            self.erased.set(true);
            self.stale.set(true);
        }
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

/// Opens a read-only connection.
pub(crate) fn open_reader(path: &Path, options: &SqliteOptions) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(store)?;
    connection.busy_timeout(options.busy_timeout).map_err(store)?;
    prepare(&connection)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Deleted content is overwritten with zeros, free pages included. The pragma returns its new value.
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(())).map_err(store)?;
    // The query planner stability guarantee: without it a statement is prepared again whenever a bound key changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(store)?;
    // The cells of a page are checked when the page is read.
    connection.pragma_update(None, "cell_size_check", true).map_err(store)?;
    // On macOS a plain sync leaves the data in the memory of the disk.
    connection.pragma_update(None, "checkpoint_fullfsync", true).map_err(store)?;
    // Functions that a damaged or malicious schema names are not run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).map_err(store)?;
    Ok(())
}

/// Switches to write-ahead logging. SQLite does not apply its busy timeout here, so this retries while another connection
/// changes the journal mode.
fn to_wal(connection: &Connection, patience: Duration) -> Result<(), StoreError> {
    const PAUSE: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)) {
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
