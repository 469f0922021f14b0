use std::path::PathBuf;

use identity_ports::StoreError;

/// The reason a move did not finish. No message contains a password or an address of a user.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// The file does not exist.
    #[error("there is no file {0}; give the path of the SQLite file that holds the users")]
    NoFile(PathBuf),
    /// The file cannot be opened: another program or a newer version wrote it, or it cannot be read.
    #[error("the file {path} cannot be moved: {reason}")]
    Source {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: StoreError,
    },
    /// Another program, or another part of this one, has the file open.
    #[error("the file {0} is open in another program; stop every program that uses it, and run this again")]
    Busy(PathBuf),
    /// The target cannot be opened: the URL or the password is wrong, or a newer version wrote its tables.
    #[error("the target cannot be opened: {0}")]
    Target(StoreError),
    /// The target already holds rows.
    #[error(
        "the target is not empty: table {table} has rows; choose an empty database or schema, or use --compare if the file \
         has been moved already"
    )]
    NotEmpty {
        /// A table that has rows.
        table: &'static str,
    },
    /// The target holds an unfinished move of another file, or the file has changed since that move began.
    #[error(
        "the target holds an unfinished move of another file, or the file has changed: {table} had {then} rows when the move \
         began, and has {now} now; drop the tables identity_* of the target and start over"
    )]
    AnotherMove {
        /// The table.
        table: &'static str,
        /// The number of its rows when the move began.
        then: u64,
        /// The number of its rows in the file now.
        now: u64,
    },
    /// Another move into the same target is running.
    #[error("another process is moving a file into this target; wait for it, or stop it and run this again")]
    Together,
    /// The two sides have different tables.
    #[error("{table} differs in its columns: {reason}; use programs of one version for both sides")]
    Tables {
        /// The table.
        table: &'static str,
        /// The difference.
        reason: String,
    },
    /// The target cannot hold a row.
    #[error("row {row} of {table}, in the order of its key, cannot be moved: {column} {reason}")]
    Row {
        /// The table.
        table: &'static str,
        /// The number of the row in the order of the key, from 1.
        row: u64,
        /// The column.
        column: String,
        /// What is wrong with its value.
        reason: &'static str,
    },
    /// The two sides do not hold the same.
    #[error(
        "the two sides differ in {table}, in group {number} of its rows in the order of the key: {how}; something wrote to one \
         of them. Drop the tables identity_* of the target and start over"
    )]
    Different {
        /// The table.
        table: &'static str,
        /// The number of the user, claim or budget whose rows differ, from 1.
        number: u64,
        /// The kind of difference.
        how: &'static str,
    },
    /// The connection to the target failed.
    #[error("the connection to the target failed; run this again to go on")]
    Failed(#[source] identity_postgres::tokio_postgres::Error),
    /// No connection to the target could be made.
    #[error("the target cannot be reached: {0}; run this again to go on")]
    Unreachable(String),
    /// The file could not be read.
    #[error("the file cannot be read; check it with the example `verify` of identity-sqlite")]
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
