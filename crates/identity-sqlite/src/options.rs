use std::path::Path;
use std::time::Duration;

use identity_ports::StoreError;

use crate::SqliteStore;

/// What an acknowledged commit has survived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Durability {
    /// A loss of power: the write-ahead log is synced before `commit` answers (`synchronous = FULL`). Commits that arrive
    /// together share the sync.
    #[default]
    Full,
    /// The end of the process, however sudden. After a loss of power the last commits may be gone; the file is whole all the
    /// same, and what is gone is gone from every table (`synchronous = NORMAL`).
    Normal,
}

/// How a database is opened.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("identity.db");
/// use identity_sqlite::{Durability, SqliteStore};
///
/// let store = SqliteStore::options().with_durability(Durability::Normal).with_readers(2).open(&path).await?;
/// assert!(path.exists());
/// # drop(store);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    pub(crate) durability: Durability,
    pub(crate) readers: usize,
    pub(crate) busy_timeout: Duration,
}

impl Default for SqliteOptions {
    /// [`Durability::Full`], 4 readers, 5 s of patience.
    fn default() -> Self {
        Self { durability: Durability::Full, readers: 4, busy_timeout: Duration::from_secs(5) }
    }
}

impl SqliteOptions {
    /// With this durability.
    #[must_use]
    pub fn with_durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    /// With so many connections for reading, 1 to 64: as many reads go on beside the writer at once.
    #[must_use]
    pub fn with_readers(self, readers: usize) -> Self {
        Self { readers: readers.clamp(1, 64), ..self }
    }

    /// With so much patience for another process that writes to the same file; then the call fails.
    #[must_use]
    pub fn with_busy_timeout(self, busy_timeout: Duration) -> Self {
        Self { busy_timeout, ..self }
    }

    /// Opens the file, creates it when there is none, and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a database of a later program, [`StoreError::NotOurs`] for a file of somebody else's,
    /// [`StoreError::Full`] when there is no room, [`StoreError::Failed`] for a URL or a database in memory in place of a path,
    /// for a damaged file, and for anything else.
    pub async fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_with(self, path.as_ref()).await
    }
}
