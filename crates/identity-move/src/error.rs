use std::path::PathBuf;

use identity_ports::StoreError;

/// Why a move did not come to its end. Nothing of it names a password or an address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// There is no such file.
    #[error("there is no file {0}; name the SQLite file that the users are in")]
    NoFile(PathBuf),
    /// The file cannot be opened: it is not one of this library's, a later program wrote it, or somebody writes to it.
    #[error("the file {path} cannot be moved: {reason}")]
    Source {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        reason: StoreError,
    },
    /// Somebody writes to the file.
    #[error("somebody else writes to the file {0}; stop the hosts that use it, and run this again")]
    Busy(PathBuf),
    /// The target cannot be opened: a wrong address, a wrong password, a later program's tables.
    #[error("the target cannot be opened: {0}")]
    Target(#[source] StoreError),
    /// Something is in the target already.
    #[error(
        "the target is not empty: there are rows in {table}; name an empty database or schema, or compare instead if this \
         has been moved already"
    )]
    NotEmpty {
        /// A table with rows.
        table: &'static str,
    },
    /// The target holds an unfinished move of something else, or the file has changed since.
    #[error(
        "the target holds the beginning of another move: of {table} there were {then} rows to move, now there are {now}; \
         drop the tables identity_* there and start over"
    )]
    AnotherMove {
        /// The table.
        table: &'static str,
        /// Its rows when the move began.
        then: u64,
        /// Its rows in the file now.
        now: u64,
    },
    /// Two moves go on into one target.
    #[error("another process moves into this target at this moment; leave it alone, or stop it and run this again")]
    Together,
    /// The two sides have different tables.
    #[error("{table} differs in its columns: {reason}; use programs of one version for both sides")]
    Tables {
        /// The table.
        table: &'static str,
        /// How.
        reason: String,
    },
    /// A row that the target cannot hold.
    #[error("row {row} of {table}, in the order of its key, cannot be moved: {column} {reason}")]
    Row {
        /// The table.
        table: &'static str,
        /// Which row, from 1.
        row: u64,
        /// The column.
        column: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The two sides do not hold the same.
    #[error(
        "the two sides differ in {table}, at the {number}th of those that its rows belong to, in the order of its key: {how}; \
         somebody wrote to one of them. Drop the tables identity_* of the target and start over"
    )]
    Different {
        /// The table.
        table: &'static str,
        /// Which user, claim or budget, from 1.
        number: u64,
        /// In which way.
        how: &'static str,
    },
    /// The connection to the target failed.
    #[error("the target failed: {0}; run this again to go on")]
    Failed(#[source] identity_postgres::tokio_postgres::Error),
    /// No connection to the target was to be had.
    #[error("the target is not there: {0}; run this again to go on")]
    Unreachable(String),
    /// The file could not be read.
    #[error("the file cannot be read: {0}")]
    Read(#[source] identity_sqlite::rusqlite::Error),
    /// The thread that reads the file has ended.
    #[error("the thread that reads the file has ended; run this again to go on")]
    Reader,
}

impl From<identity_postgres::tokio_postgres::Error> for MoveError {
    fn from(error: identity_postgres::tokio_postgres::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<identity_sqlite::rusqlite::Error> for MoveError {
    fn from(error: identity_sqlite::rusqlite::Error) -> Self {
        Self::Read(error)
    }
}
