use identity_core::UserKey;
use identity_ports::StoreError;
use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

/// Converts an error of the driver into one of the port.
pub(crate) fn store(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error() {
        Some(code) if code.code == ErrorCode::DiskFull || code.extended_code == SQLITE_IOERR_SHMSIZE => {
            StoreError::Full
        }
        Some(code) if code.code == ErrorCode::NotADatabase => {
            StoreError::NotOurs("the file is not a SQLite database, or its header is damaged; choose another file, or restore it from a backup".to_owned())
        }
        Some(code) if code.code == ErrorCode::DatabaseCorrupt => damaged(error),
        _ => StoreError::failed(error),
    }
}

/// Whether the error is `SQLITE_BUSY`: another connection holds a lock.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// An error for a file that is damaged as a whole.
pub(crate) fn damaged(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::failed(Damaged(error.into()))
}

#[derive(Debug)]
struct Damaged(Box<dyn std::error::Error + Send + Sync>);

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the database file is damaged or cut short; restore it from a backup")
    }
}

impl std::error::Error for Damaged {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

/// The name of a user's rows in errors: `tenant/user`.
pub(crate) fn name(key: &UserKey) -> String {
    format!("{}/{}", key.tenant, key.user)
}
