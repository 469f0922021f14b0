use std::error::Error;
use std::fmt;
use std::sync::Arc;

use identity_core::{Claim, Exhausted};

/// An error of somebody else's, kept whole: cloneable, and its `source()` chain is the original one.
#[derive(Clone)]
pub struct ForeignError(Arc<dyn Error + Send + Sync + 'static>);

impl ForeignError {
    /// Keeps an error, or a text.
    #[must_use]
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync + 'static>>) -> Self {
        Self(error.into().into())
    }
}

impl fmt::Debug for ForeignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ForeignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for ForeignError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// Why a store could not do what it was asked. Its texts name no address.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A row makes no sense: it was damaged, or written by something else.
    #[error("the row {key} of table {table} makes no sense: {reason}; restore it from a backup")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// Which row: ids alone.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The store was written by a later version of the program.
    #[error("the database has version {database}, this program knows versions up to {program}; use a later program")]
    Newer {
        /// The version of the store.
        database: u32,
        /// The latest version that the program knows.
        program: u32,
    },
    /// The store is not one of this library's.
    #[error("this is no database of this library: {0}")]
    NotOurs(String),
    /// There is no room left. Nothing was written; it goes on when there is.
    #[error("the disk or the database is full; nothing was written, make room and try again")]
    Full,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// Anything else: the disk, the network, the driver. Whether something was written is for `load` to say.
    #[error("the store failed: {0}")]
    Failed(#[source] ForeignError),
}

impl StoreError {
    /// Keeps a driver's error, or a text.
    #[must_use]
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync + 'static>>) -> Self {
        Self::Failed(ForeignError::new(error))
    }
}

/// Why nothing was committed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The user is not at the expected version any more, or exists where it was to be absent.
    #[error("the user changed in the meantime")]
    Conflict,
    /// Another user holds this claim.
    #[error("another user holds the claim {0:?}")]
    Taken(Claim),
    /// A budget that refuses has not enough left.
    #[error("{0}")]
    Exhausted(Exhausted),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
