use identity_core::{DeliveryTicket, Report};

/// What a provider reported.
#[derive(Debug, Clone)]
pub struct Callback {
    /// The message that it is about, to be checked with the host's keys.
    pub ticket: DeliveryTicket,
    /// What became of it.
    pub report: Report,
}

/// Why a callback reports on nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// It is not signed, or not by the provider. Answer 403.
    #[error("this callback is not signed by the provider")]
    Forged,
    /// It was signed more than five minutes ago, or will be. Answer 403.
    #[error("this callback was signed too long ago; the clocks of provider and host have to agree")]
    Stale,
    /// It is signed, and names no message or no state that is known. Answer 400.
    #[error("this callback names no ticket and status that are known")]
    Unreadable,
}

impl CallbackError {
    /// The status to answer with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Forged | Self::Stale => 403,
            Self::Unreadable => 400,
        }
    }
}
