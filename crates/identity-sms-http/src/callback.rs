use identity_core::{DeliveryTicket, Report};

/// A report of a provider on a message.
#[derive(Debug, Clone)]
pub struct Callback {
    /// The ticket of the message. `report_delivery` checks it with the host's keys.
    pub ticket: DeliveryTicket,
    /// What became of the message.
    pub report: Report,
}

/// The error for a callback that is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// The signature is missing, or is not the provider's. Answer 403.
    #[error("the callback is not signed by the provider; check the token or secret, and the public URL")]
    Forged,
    /// The callback was signed more than 300 s before or after the host's time. Answer 403.
    #[error("the callback was signed more than 300 s before or after this host's time; check both clocks")]
    Stale,
    /// The callback is signed, but names no ticket or no known status. Answer 400.
    #[error("the callback names no ticket, or no known status")]
    Unreadable,
}

impl CallbackError {
    /// The HTTP status to answer with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Forged | Self::Stale => 403,
            Self::Unreadable => 400,
        }
    }
}
