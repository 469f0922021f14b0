use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use identity_core::{Code, DeliveryTicket, DisavowToken, LinkToken, Message};

use crate::{ForeignError, Leased};

/// A message to send, with the secrets that only its recipient may see. `Debug` prints neither code nor link.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The message: recipient, content and language.
    pub message: Arc<Message>,
    /// The code; `None` when the message carries none.
    pub code: Option<Code>,
    /// The link token; `None` when the message carries none.
    pub link: Option<LinkToken>,
    /// The token of the link with which the recipient may undo the change that a notice reports; `None` when it cannot be undone.
    pub disavowal: Option<DisavowToken>,
    /// The name of the provider to use, in a [`Notifier`] with several; `None` for the first one.
    pub provider: Option<Arc<str>>,
    /// The number of attempts to send the message, including this one.
    pub attempts: u32,
    /// The number of earlier attempts after which it is unknown whether a provider accepted the message. When it is not
    /// 0, the message must not go to another provider, because the first one may have sent it.
    pub uncertain: u32,
    /// The ticket under which callbacks and bounced mails report on the message.
    pub ticket: DeliveryTicket,
}

/// The answer that a provider accepted a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's reference for the message. With a reference, the message stays as a record that reports can find;
    /// without one, it is removed.
    pub reference: Option<String>,
    /// The name of the provider, where there are several.
    pub provider: Option<String>,
}

/// The reason why a message was not accepted, or may not have been. The texts must name neither an address nor a code:
/// they are stored and shown to administrators.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum NotifyError {
    /// The message was certainly not accepted. A later attempt, or another provider, may succeed.
    #[error("temporarily refused: {reason}")]
    Transient {
        /// The reason for the temporary refusal.
        reason: ForeignError,
        /// How long the provider asks to wait. The delivery waits at least for its own back-off, except that
        /// [`Duration::ZERO`] together with `next` asks for an attempt at once.
        retry_after: Option<Duration>,
        /// The provider for the next attempt; `None` for the same one.
        next: Option<String>,
    },
    /// The message may have been accepted, because no answer came. It is tried again with the same provider.
    #[error("the delivery outcome is unknown: {reason}")]
    Unknown {
        /// The reason why the outcome is unknown.
        reason: ForeignError,
        /// The provider that may have the message, where there are several.
        provider: Option<String>,
    },
    /// The message will never be accepted, by any provider.
    #[error("permanently refused: {reason}")]
    Permanent {
        /// The reason for the permanent refusal.
        reason: ForeignError,
    },
}

impl NotifyError {
    /// A [`NotifyError::Transient`] with this reason, without a wait and without another provider.
    #[must_use]
    pub fn transient(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Transient { reason: ForeignError::new(reason), retry_after: None, next: None }
    }

    /// A [`NotifyError::Unknown`] with this reason.
    #[must_use]
    pub fn unknown(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unknown { reason: ForeignError::new(reason), provider: None }
    }

    /// A [`NotifyError::Permanent`] with this reason.
    #[must_use]
    pub fn permanent(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Permanent { reason: ForeignError::new(reason) }
    }
}

/// A sender of messages, for example by e-mail, by text message, or as lines on a terminal.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Notifier: Send + Sync + 'static {
    /// Hands a message to a provider.
    ///
    /// An implementation must never send to an address other than `message.to`, never write the code or the link
    /// anywhere else, and never take longer than the lease of its caller, after which the message may be sent again. It
    /// may be called more than once for a message; pass `message.id` to a provider that recognises repetitions.
    ///
    /// # Errors
    /// * [`NotifyError::Transient`] when the message was not accepted and should be tried again.
    /// * [`NotifyError::Unknown`] when it is unknown whether the message was accepted.
    /// * [`NotifyError::Permanent`] when the message will never be accepted.
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError>;

    /// The provider that a leased message would go to, by its name, where there are several. Each provider of a channel has
    /// its own hands and its own circuit breaker, so that one that does not answer holds up no message to another. The
    /// default, `None`, stands for one provider for each channel.
    fn lane(&self, leased: &Leased) -> Option<Arc<str>> {
        let _ = leased;
        None
    }
}
