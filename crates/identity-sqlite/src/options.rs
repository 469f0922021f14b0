use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use identity_ports::{Clock, SteadyClock, StoreError, SystemClock};

use crate::SqliteStore;

/// What an acknowledged commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Durability {
    /// A loss of power: the write-ahead log is synced before `commit` answers (`synchronous = FULL`). Commits that arrive
    /// together share the sync.
    #[default]
    Full,
    /// The sudden end of the process. After a loss of power the last commits may be missing; the file is consistent all the
    /// same, and a missing commit is missing from every table (`synchronous = NORMAL`).
    Normal,
}

/// Options for opening a database.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    pub(crate) durability: Durability,
    pub(crate) readers: usize,
    pub(crate) busy_timeout: Duration,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Default for SqliteOptions {
    /// [`Durability::Full`], 4 readers, a busy timeout of 5 s.
    fn default() -> Self {
        let clock = Arc::new(SteadyClock::new(Arc::new(SystemClock)));
        Self { durability: Durability::Full, readers: 4, busy_timeout: Duration::from_secs(5), clock }
    }
}

impl SqliteOptions {
    /// Sets what an acknowledged commit survives; [`Durability::Full`] by default.
    #[must_use]
    pub fn with_durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    /// Sets the number of connections for reading, which is the number of reads that can run beside the writer: 1 to 64, 4
    /// by default. Other values are clamped.
    #[must_use]
    pub fn with_readers(self, readers: usize) -> Self {
        Self { readers: readers.clamp(1, 64), ..self }
    }

    /// Sets how long a call waits for another process that writes to the same file before it fails; 5 s by default.
    #[must_use]
    pub fn with_busy_timeout(self, busy_timeout: Duration) -> Self {
        Self { busy_timeout, ..self }
    }

    /// With another clock to measure leases by, for tests that move time by hand. The default is the clock of the machine,
    /// which all processes that can open the file share.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Opens the file, creates it when it does not exist, and migrates its tables.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a database of a newer version, [`StoreError::NotOurs`] for the file of another program,
    /// [`StoreError::Full`] when there is no room, [`StoreError::Failed`] for a URL or a database in memory in place of a
    /// path, for a damaged file, and for anything else.
    pub async fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_with(self, path.as_ref()).await
    }
}
