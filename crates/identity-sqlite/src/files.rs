//! The files of a database: their permissions, their identity, and copies of them.
//!
//! A file is never opened and closed here once SQLite has it open: on Unix a process loses all its locks on a file when it
//! closes any descriptor of it, those of other connections included.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use identity_ports::StoreError;
use rusqlite::Connection;

use crate::error::{Result, damaged, store};

/// The size of the smallest database in bytes: one page of the smallest page size.
const LEAST: u64 = 512;

/// Accepts a path that SQLite takes as the name of a file.
pub(crate) fn plain(path: &Path) -> Result<PathBuf> {
    if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
        return Err(StoreError::failed(
            "a database in memory has a single connection, and the store needs several; name a file",
        ));
    }
    let text = path.to_string_lossy().to_ascii_lowercase();
    match ["sqlite:", "file:"].into_iter().find(|scheme| text.starts_with(scheme)) {
        None => Ok(path.to_owned()),
        Some(scheme) => Err(StoreError::failed(format!(
            "the path of the database begins with `{scheme}`, as URLs do; give the path alone, as in `identity.db`, and \
             settings with `SqliteOptions`"
        ))),
    }
}

/// Creates an empty file that only its owner may read and write. On systems other than Unix it has the permissions that its
/// folder gives.
fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true).open(path)
}

/// Creates the database as such a file, unless it exists. SQLite gives the files beside it the same permissions. An error is
/// ignored: SQLite meets it again when it opens the file, and reports it.
pub(crate) fn create(path: &Path) {
    // No thread of this process may open the new file with SQLite before it is closed here.
    static CREATING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = create_new(path);
}

/// Restricts a database that every user of the machine may access, and the files beside it, to the owner (mode 0600). Group
/// permissions are kept where others have none, because somebody chose them. A file of another owner is left as it is.
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

/// On other systems permissions are not changed.
#[cfg(not(unix))]
pub(crate) fn tighten(_path: &Path) {}

/// Writes a consistent copy of the database to a new file.
pub(crate) fn backup(connection: &Connection, path: &Path) -> Result<()> {
    let file = create_new(path).map_err(|error| {
        let place = path.display();
        StoreError::failed(format!("the backup cannot be created at {place}; choose a path where no file is: {error}"))
    })?;
    let text = path.to_str().ok_or_else(|| StoreError::failed("the path of a backup has to be UTF-8"));
    let copied = text.and_then(|text| connection.execute("VACUUM INTO ?1", [text]).map_err(store));
    let synced = copied.and_then(|_| file.sync_all().map_err(StoreError::failed));
    if synced.is_err() {
        let _ = std::fs::remove_file(path);
    }
    synced
}

/// The path of the file with this ending beside the database.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut file = path.as_os_str().to_owned();
    file.push(end);
    file.into()
}

/// Refuses a file that is no database, and one that ends within a page and has no log that could complete it. SQLite itself
/// accepts some of these and writes to them.
pub(crate) fn recognise(path: &Path, connection: &Connection) -> Result<()> {
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

/// The identity of a file: device and inode.
type Identity = (u64, u64);

/// The identity of the file at a path. It changes when the file is removed, moved away, or replaced by another one; what is
/// written to the open file after that is lost.
#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).map(|file| (file.dev(), file.ino())).ok()
}

/// On other systems an open file cannot be removed.
#[cfg(not(unix))]
fn identity(_path: &Path) -> Option<Identity> {
    Some((0, 0))
}

/// The database and its write-ahead log, as they were when the database was opened.
pub(crate) struct Places([(PathBuf, Option<Identity>); 2]);

impl Places {
    /// Runs `open`, and records which file it opened.
    pub(crate) fn note<T>(path: &Path, open: impl FnOnce() -> Result<T>) -> Result<(T, Self)> {
        let before = identity(path);
        let opened = open()?;
        // A relative path leads elsewhere when the process changes its folder, and SQLite follows links.
        let path = std::fs::canonicalize(path).map_err(StoreError::failed)?;
        let file = before.or_else(|| identity(&path));
        Ok((opened, Self([(path.clone(), file), (beside(&path, "-wal"), None)])))
    }

    /// Records which file the log is. SQLite keeps it as long as the database is open.
    pub(crate) fn note_log(&mut self) {
        for (path, file) in &mut self.0 {
            *file = file.or_else(|| identity(path));
        }
    }

    /// Fails when one of the files is no longer where it was.
    pub(crate) fn check(&self) -> Result<()> {
        for (path, file) in &self.0 {
            let now = identity(path);
            if now != *file {
                let what = if now.is_some() { "was replaced by another file" } else { "was removed or moved away" };
                return Err(StoreError::failed(format!(
                    "the open database file {} {what}, and the change was not written; stop every process that uses it, put \
                     the right file back together with its -wal file, and start again",
                    path.display()
                )));
            }
        }
        Ok(())
    }
}
