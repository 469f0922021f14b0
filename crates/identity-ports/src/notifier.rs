use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use identity_core::{Code, LinkToken, Message};

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
}

/// A provider has taken a message on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// What the provider calls it.
    pub reference: Option<String>,
}

/// Why a message was not taken on. Reasons name no address and no code: they are kept and shown to administrators.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum NotifyError {
    /// Later it may work.
    #[error("not now: {reason}")]
    Transient {
        /// Why.
        reason: ForeignError,
        /// How long the provider asks to wait.
        retry_after: Option<Duration>,
    },
    /// It will never work.
    #[error("never: {reason}")]
    Permanent {
        /// Why.
        reason: ForeignError,
    },
}

impl NotifyError {
    /// Later it may work.
    #[must_use]
    pub fn transient(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Transient { reason: ForeignError::new(reason), retry_after: None }
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
    /// [`NotifyError::Transient`] when it is to be tried again, [`NotifyError::Permanent`] when that is no use.
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError>;
}
