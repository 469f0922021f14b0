use identity_core::UserKey;
use identity_ports::StoreError;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;
use rusqlite::{Error, ErrorCode};

/// Converts an error of the driver into one of the port.
pub(crate) fn store(error: Error) -> StoreError {
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
pub(crate) fn is_busy(error: &Error) -> bool {
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

/// An error for a row that makes no sense.
pub(crate) fn corrupt(table: &'static str, key: impl Into<String>, reason: impl ToString) -> StoreError {
    StoreError::Corrupt { table, key: key.into(), reason: reason.to_string() }
}

/// Converts an error of reading the cells of a row. It never says what is in them.
pub(crate) fn unread(error: Error, table: &'static str, key: impl FnOnce() -> String) -> StoreError {
    match error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => corrupt(table, key(), "a cell does not hold what it should"),
        other => store(other),
    }
}

/// The name of a user's rows in errors: `tenant/user`.
pub(crate) fn name(key: &UserKey) -> String {
    format!("{}/{}", key.tenant, key.user)
}
