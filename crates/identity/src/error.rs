use identity_core::{PublicRefusal, Refusal};
use identity_ports::{EntropyError, StoreError};

/// The error of a use case.
///
/// `R` is the refusal: [`Refusal`] on the administrator's road, and [`PublicRefusal`] on the holder's
/// ([`HolderError`]), so that nothing about other users can be shown by mistake.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error<R = Refusal> {
    /// The rules do not allow the change. Nothing was written.
    #[error(transparent)]
    Refused(R),
    /// Other calls changed the same user in each of 64 attempts. Nothing was written; the call may be repeated.
    #[error("the user is being changed by too many calls at once and nothing was written; try again")]
    Contended,
    /// The store failed. After a call that changes something, load the user to learn whether the change was written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The source of randomness failed. Nothing was written.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// Delivery and imports need tokio, and the call was not made within a runtime of it. Nothing was done.
    #[error("there is no tokio runtime here; call this within one, such as a function under `#[tokio::main]`")]
    NoRuntime,
}

/// The error of a call on the holder's road. Its refusal is the public view; the private one is in the host's log, under
/// the target `identity::refused`.
pub type HolderError = Error<PublicRefusal>;

impl<R> Error<R> {
    /// The refusal, if the rules refused the call.
    #[must_use]
    pub const fn refusal(&self) -> Option<&R> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl Error {
    /// The error as the holder may see it, for a host that acts for a person through [`Admin`](crate::Admin).
    #[must_use]
    pub fn public(self) -> HolderError {
        match self {
            Self::Refused(refusal) => Error::Refused(refusal.public()),
            Self::Contended => Error::Contended,
            Self::Store(error) => Error::Store(error),
            Self::Entropy(error) => Error::Entropy(error),
            Self::NoRuntime => Error::NoRuntime,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// So that `?` works in a host's function that walks both roads.
impl From<Error> for HolderError {
    fn from(error: Error) -> Self {
        error.public()
    }
}

impl From<PublicRefusal> for HolderError {
    fn from(refusal: PublicRefusal) -> Self {
        Self::Refused(refusal)
    }
}
