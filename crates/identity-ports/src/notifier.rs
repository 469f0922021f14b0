use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use identity_core::{Code, DeliveryTicket, LinkToken, Message};

use crate::ForeignError;

/// A message with what only its reader may know. It does not print code or link.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The message: to whom, about what, in which language.
    pub message: Arc<Message>,
    /// The code, when it carries one.
    pub code: Option<Code>,
    /// The link token, when it carries one.
    pub link: Option<LinkToken>,
    /// The provider that the message is to go to, by its name in a [`Notifier`] that has several; `None`: the first one.
    pub provider: Option<Arc<str>>,
    /// How often it was tried to hand it over, this time included.
    pub attempts: u32,
    /// After how many of these it is not known whether a provider took it on. When there was one, the message must not go to
    /// another provider: the first may have sent it.
    pub uncertain: u32,
    /// The name under which callbacks and bounced mails report on the message.
    pub ticket: DeliveryTicket,
}

/// A provider has taken a message on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// What the provider calls it. With a reference the message stays as a record that reports find; without one it goes.
    pub reference: Option<String>,
    /// The provider's name, where there are several.
    pub provider: Option<String>,
}

/// Why a message was not taken on. Reasons name no address and no code: they are kept and shown to administrators.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum NotifyError {
    /// It was surely not taken on. Later it may be, or by another provider.
    #[error("temporarily refused: {reason}")]
    Transient {
        /// Why.
        reason: ForeignError,
        /// How long the provider asks to wait. [`Duration::ZERO`] together with `next`: not at all.
        retry_after: Option<Duration>,
        /// The provider that the next attempt goes to; `None`: the same one.
        next: Option<String>,
    },
    /// It may have been taken on: the answer did not come. It is tried again, with the same provider.
    #[error("the delivery outcome is unknown: {reason}")]
    Unknown {
        /// Why.
        reason: ForeignError,
        /// The provider that may have it, where there are several.
        provider: Option<String>,
    },
    /// It will never work.
    #[error("permanently refused: {reason}")]
    Permanent {
        /// Why.
        reason: ForeignError,
    },
}

impl NotifyError {
    /// Later it may work.
    #[must_use]
    pub fn transient(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Transient { reason: ForeignError::new(reason), retry_after: None, next: None }
    }

    /// It may have been taken on.
    #[must_use]
    pub fn unknown(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unknown { reason: ForeignError::new(reason), provider: None }
    }

    /// It will never work.
    #[must_use]
    pub fn permanent(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Permanent { reason: ForeignError::new(reason) }
    }
}

/// Sends messages: mail, text messages, or lines on a terminal.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Notifier: Send + Sync + 'static {
    /// Hands a message to whoever delivers it.
    ///
    /// It must never send to another address than `message.to`, never write code or link anywhere else, and never wait
    /// longer than the lease of its caller: a message may come again after that. It may be called twice for one message, so a
    /// provider that recognises repetitions should be given `message.id`.
    ///
    /// # Errors
    /// [`NotifyError::Transient`] when it was not taken on and is to be tried again, [`NotifyError::Unknown`] when nobody knows
    /// whether it was, [`NotifyError::Permanent`] when it never will be.
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError>;
}
