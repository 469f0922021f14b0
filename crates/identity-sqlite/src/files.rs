//! The database as files: who may read them, and whether they are one at all.
//!
//! A file is never opened and closed here once SQLite has it open: on Unix a process loses all its locks on a file when it
//! closes any descriptor of it, those of other connections included.

use std::path::{Path, PathBuf};

use identity_ports::StoreError;
use rusqlite::Connection;

use crate::error::{damaged, store};

/// The smallest file that can be a database: one page of the smallest size.
const LEAST: u64 = 512;

/// Creates the database, empty and for its owner alone, unless it is there. The files that SQLite puts beside it get the
/// same permissions. What goes wrong here goes wrong again when SQLite opens the file, and is reported then.
#[cfg(unix)]
pub(crate) fn create(path: &Path) {
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::sync::{Mutex, PoisonError};

    // Nobody in this process has a file open with SQLite before its creator has closed it.
    static CREATING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}

/// Elsewhere a new file has the permissions of its folder.
#[cfg(not(unix))]
pub(crate) fn create(_path: &Path) {}

/// Takes a database that every user of the machine may read or write, and the files beside it, away from all but the owner.
/// Permissions of a group stay where others have none: somebody gave them on purpose. Nothing happens to files of somebody
/// else's.
#[cfg(unix)]
pub(crate) fn tighten(path: &Path) {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        if std::fs::metadata(&file).is_ok_and(|file| file.permissions().mode() & 0o007 != 0) {
            let _ = std::fs::set_permissions(&file, Permissions::from_mode(0o600));
        }
    }
}

/// Elsewhere permissions are not changed.
#[cfg(not(unix))]
pub(crate) fn tighten(_path: &Path) {}

/// The file of this ending beside the database.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut file = path.as_os_str().to_owned();
    file.push(end);
    file.into()
}

/// Refuses a file that does not begin like a database, or that ends within a page and has no log to mend it: SQLite itself
/// takes some of these for whole ones, and writes over them.
pub(crate) fn recognise(path: &Path, connection: &Connection) -> Result<(), StoreError> {
    let Ok(length) = std::fs::metadata(path).map(|file| file.len()) else { return Ok(()) };
    if length == 0 {
        return Ok(());
    }
    if length < LEAST {
        return Err(StoreError::NotOurs("the file is too short to be a SQLite database".to_owned()));
    }
    let pragma = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(store);
    // The first statement that reads the file; only then is the size of its pages known.
    pragma("PRAGMA schema_version")?;
    let page = u64::try_from(pragma("PRAGMA page_size")?).unwrap_or(0);
    let log = ["-wal", "-journal"].iter().any(|end| beside(path, end).metadata().is_ok_and(|log| log.len() > 0));
    if log || length.is_multiple_of(page) { Ok(()) } else { Err(damaged("it ends within a page")) }
}
