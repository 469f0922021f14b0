use identity_ports::StoreError;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;
use rusqlite::{Error, ErrorCode};

use crate::cells::Spot;

/// What a call of the store gives.
pub(crate) type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Converts an error of the driver into one of the port.
pub(crate) fn store(error: Error) -> StoreError {
    match error.sqlite_error() {
        Some(code) if code.code == ErrorCode::DiskFull || code.extended_code == SQLITE_IOERR_SHMSIZE => {
            StoreError::Full
        }
        Some(code) if code.code == ErrorCode::NotADatabase => StoreError::NotOurs(
            "the file is not a SQLite database, or its header is damaged; choose another file, or restore it from a backup"
                .to_owned(),
        ),
        Some(code) if code.code == ErrorCode::DatabaseCorrupt => damaged(error),
        Some(code) if code.code == ErrorCode::DatabaseBusy => StoreError::failed(
            "another process was using the database for longer than the busy timeout; nothing was written, try again",
        ),
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

#[derive(Debug, thiserror::Error)]
#[error("the database file is damaged or cut short; restore it from a backup")]
struct Damaged(#[source] Box<dyn std::error::Error + Send + Sync>);

/// An error for a row that makes no sense.
pub(crate) fn corrupt((table, key): Spot<'_>, reason: impl ToString) -> StoreError {
    StoreError::Corrupt { table, key: key.to_owned(), reason: reason.to_string() }
}

/// Converts an error of reading the cells of a row. It never says what is in them.
pub(crate) fn unread(error: Error, spot: Spot<'_>) -> StoreError {
    match error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => corrupt(spot, "a cell does not hold what it should"),
        other => store(other),
    }
}
