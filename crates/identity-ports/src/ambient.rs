use identity_core::{Seed, Timestamp};

/// The source of the time.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Clock: Send + Sync + 'static {
    /// The present time. It may step back, as clocks do. A call must never block.
    fn now(&self) -> Timestamp;
}

/// The reason why randomness is not available.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the source of randomness failed: {0}")]
pub struct EntropyError(#[source] pub crate::ForeignError);

/// The source of randomness.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Entropy: Send + Sync + 'static {
    /// 32 unpredictable bytes. An implementation must never return the same bytes twice, also not after a fork of the
    /// process.
    ///
    /// # Errors
    /// [`EntropyError`] when the source fails; then nothing is decided.
    fn seed(&self) -> Result<Seed, EntropyError>;
}
