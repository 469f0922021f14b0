use identity_core::Refusal;
use identity_ports::{EntropyError, StoreError};

/// Why a use case did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The rules say no; nothing was written.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Others changed the user faster than this could; nothing was written, and it may be tried again.
    #[error("the user is being changed by too many at once; try again")]
    Contended,
    /// The store failed. After a change that failed so, reading the user tells whether it was written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness; nothing was written.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl Error {
    /// The refusal, if it is one.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}
