use std::error::Error;
use std::fmt;
use std::sync::Arc;

use identity_core::{Claim, Exhausted};

/// An error from outside this library. It can be cloned.
///
/// Its text is that of the original error and of each of its sources that says something more, so whoever prints it has all of
/// it, once. It therefore has no `source()` itself; [`original`](Self::original) has the chain.
#[derive(Clone)]
pub struct ForeignError(Arc<dyn Error + Send + Sync + 'static>);

impl ForeignError {
    /// Wraps an error or a text.
    #[must_use]
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync + 'static>>) -> Self {
        Self(error.into().into())
    }

    /// The error that was wrapped, for a host that looks for one of a certain type.
    #[must_use]
    pub fn original(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }
}

impl fmt::Debug for ForeignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ForeignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        let mut source = self.0.source();
        while let Some(error) = source {
            let text = error.to_string();
            // Some drivers quote their sources.
            if !said.contains(&text) {
                said = format!("{said}: {text}");
            }
            source = error.source();
        }
        f.write_str(&said)
    }
}

impl Error for ForeignError {}

/// The reason why a store failed. The texts name no address.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A row cannot be read, because it was damaged or written by another program.
    #[error("row {key} of table {table} cannot be read: {reason}; restore it from a backup")]
    Corrupt {
        /// The table of the row.
        table: &'static str,
        /// The key of the row, which names ids only.
        key: String,
        /// What is wrong with the row.
        reason: String,
    },
    /// The store was written by a newer version of the program.
    #[error(
        "the database has schema version {database}, but this program knows only versions up to {program}; use a newer program"
    )]
    Newer {
        /// The schema version of the store.
        database: u32,
        /// The newest schema version that this program knows.
        program: u32,
    },
    /// The store was not created by this library.
    #[error("this is not a database of this library: {0}")]
    NotOurs(String),
    /// The disk or the database is full. Nothing was written; the store works again when there is room.
    #[error("the disk or the database is full; nothing was written; make room and try again")]
    Full,
    /// The store was closed.
    #[error("the store is closed; open it again")]
    Closed,
    /// The store could not be reached, was overloaded, or did not finish before the deadline of the call. Nothing was
    /// written.
    #[error("the store is unavailable: {0}; nothing was written; try again later")]
    Unavailable(ForeignError),
    /// Any other failure, of the disk, the network or the driver. It is unknown whether something was written;
    /// [`UserRepository::load`](crate::UserRepository::load) tells.
    #[error("the store failed: {0}")]
    Failed(ForeignError),
}

impl StoreError {
    /// Wraps the error of a driver, or a text.
    #[must_use]
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync + 'static>>) -> Self {
        Self::Failed(ForeignError::new(error))
    }

    /// Wraps the reason why the store is unavailable: the error of a driver, or a text. Only for a call that wrote nothing.
    #[must_use]
    pub fn unavailable(error: impl Into<Box<dyn Error + Send + Sync + 'static>>) -> Self {
        Self::Unavailable(ForeignError::new(error))
    }
}

/// The reason why a commit was not written.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The user is not in the expected state: it changed meanwhile, or it exists where it was to be absent.
    #[error("the user is not at the expected version; load it and decide again")]
    Conflict,
    /// Another user holds this claim.
    #[error("another user holds the claim {0:?}")]
    Taken(Claim),
    /// A budget does not cover a charge, and the charge refuses the commit.
    #[error("{0}")]
    Exhausted(Exhausted),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
