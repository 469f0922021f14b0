use identity_core::{Seed, Timestamp};

/// Where the time comes from.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Clock: Send + Sync + 'static {
    /// The time. It may step back, as clocks do; it must never block.
    fn now(&self) -> Timestamp;
}

/// Why there is no randomness.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the source of randomness failed: {0}")]
pub struct EntropyError(#[source] pub crate::ForeignError);

/// Where randomness comes from.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Entropy: Send + Sync + 'static {
    /// 32 bytes that nobody can guess. It must never give the same bytes twice, not after a fork of the process either.
    ///
    /// # Errors
    /// [`EntropyError`] when there is none; then nothing is decided.
    fn seed(&self) -> Result<Seed, EntropyError>;
}
