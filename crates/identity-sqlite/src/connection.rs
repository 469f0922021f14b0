//! Connections as this adapter wants them.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use identity_ports::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{damaged, is_busy, store};
use crate::migrate::migrate_file;
use crate::options::{Durability, SqliteOptions};
use crate::rows::quotas::Place;

/// Every statement of the adapter stays prepared.
const STATEMENTS: usize = 128;

/// Pages in the write-ahead log from which on it is written back: 16 MiB.
const CHECKPOINT_PAGES: i32 = 4_096;

/// The one connection that writes.
pub(crate) struct Desk {
    pub(crate) connection: Connection,
    log_pages: Arc<AtomicI32>,
    /// How many of them were written back last time, as long as the log has not begun anew.
    written_back: AtomicI32,
    busy_timeout: Duration,
    /// Where the sweep of ended windows stopped.
    pub(crate) pruned: RefCell<Option<Place>>,
}

impl Desk {
    pub(crate) fn open(path: &Path, options: &SqliteOptions) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        recognise(path)?;
        let mut connection = Connection::open_with_flags(path, flags).map_err(store)?;
        connection.busy_timeout(options.busy_timeout).map_err(store)?;
        prepare(&connection)?;
        migrate_file(&mut connection)?;
        to_wal(&connection, options.busy_timeout)?;
        let synchronous = match options.durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous).map_err(store)?;
        // Left alone from here on: a large page cache keeps the inner pages of every index at hand.
        connection.pragma_update(None, "cache_size", -8_192).map_err(store)?;
        let log_pages = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&log_pages);
        // In place of SQLite's own checkpoints, which would run within somebody's commit.
        let hook = move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        };
        connection.wal_hook(Some(hook)).map_err(store)?;
        connection.busy_timeout(Duration::ZERO).map_err(store)?;
        Ok(Self {
            connection,
            log_pages,
            written_back: AtomicI32::new(0),
            busy_timeout: options.busy_timeout,
            pruned: RefCell::new(None),
        })
    }

    /// Whether the write-ahead log is due to be written back.
    pub(crate) fn wants_checkpoint(&self) -> bool {
        let pages = self.log_pages.load(Ordering::Relaxed);
        let written_back = self.written_back.load(Ordering::Relaxed);
        // Fewer pages than last time: the log has begun anew.
        if pages < written_back {
            self.written_back.store(0, Ordering::Relaxed);
            return pages >= CHECKPOINT_PAGES;
        }
        pages - written_back >= CHECKPOINT_PAGES
    }

    /// Writes back what readers allow. What goes wrong here goes wrong again, or not, at the next one: no commit hangs on it.
    pub(crate) fn checkpoint(&self) {
        self.written_back.store(self.log_pages.load(Ordering::Relaxed), Ordering::Relaxed);
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }

    /// Waits for other processes, or not.
    pub(crate) fn set_patient(&self, patient: bool) {
        let _ = self.connection.busy_timeout(if patient { self.busy_timeout } else { Duration::ZERO });
    }

    /// Ends a transaction that somebody left open.
    pub(crate) fn tidy(&self) {
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

/// Refuses a file that does not begin like a database, or that ends within a page and has no log to mend it: SQLite itself
/// takes some of these for whole ones, and writes over them.
fn recognise(path: &Path) -> Result<(), StoreError> {
    const BEGINNING: &[u8] = b"SQLite format 3\0";
    let mut header = Vec::with_capacity(18);
    let read = std::fs::File::open(path).and_then(|file| {
        use std::io::Read as _;
        let length = file.metadata()?.len();
        file.take(18).read_to_end(&mut header).map(|_| length)
    });
    // No file yet, or one that SQLite will say something about.
    let Ok(length) = read else { return Ok(()) };
    match header.split_at_checked(BEGINNING.len()) {
        _ if length == 0 => Ok(()),
        Some((BEGINNING, &[high, low])) => {
            let page = match u16::from_be_bytes([high, low]) {
                1 => 65_536,
                page => u64::from(page.max(1)),
            };
            let log = ["-wal", "-journal"].iter().any(|end| {
                let mut log = path.as_os_str().to_owned();
                log.push(end);
                Path::new(&log).exists()
            });
            if log || length.is_multiple_of(page) { Ok(()) } else { Err(damaged("it ends within a page")) }
        }
        _ => Err(StoreError::NotOurs("the file is not a SQLite database, or its beginning is damaged".to_owned())),
    }
}

/// A connection that only reads.
pub(crate) fn open_reader(path: &Path, options: &SqliteOptions) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(store)?;
    connection.busy_timeout(options.busy_timeout).map_err(store)?;
    prepare(&connection)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true).map_err(store)?;
    // Without it a statement is parsed anew whenever a key that is bound to it changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(store)?;
    // Names in a damaged or malicious schema run no code.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).map_err(store)?;
    Ok(())
}

/// SQLite answers at once that it is busy when another connection changes the journal too.
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
