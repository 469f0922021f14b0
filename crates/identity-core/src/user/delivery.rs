//! The delivery of a message after a provider accepted it, and what it means for the recipient's address.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::{Timestamp, named_enum};
use crate::user::{Refusal, bounded};

named_enum! {
    /// The state of delivery that a provider reports for a message.
    pub enum DeliveryState {
        /// The provider accepted the message.
        Accepted = "accepted",
        /// The message arrived.
        Delivered = "delivered",
        /// The message did not arrive for a reason that may pass, for example a phone that is switched off or a full
        /// mailbox.
        Failed = "failed",
        /// The message did not arrive, and another one will not either: the mailbox or line does not exist (a permanent
        /// failure in RFC 3464, section 2.3.3).
        Bounced = "bounced",
        /// The message arrived, and the recipient reported it as spam or asked not to be sent any more.
        Complained = "complained",
    }
}

impl DeliveryState {
    /// The rank of the state, from 0. A report replaces a known one only if its state has a higher rank, in whatever
    /// order they arrive.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::Delivered => 1,
            Self::Failed | Self::Bounced => 2,
            Self::Complained => 3,
        }
    }
}

/// A provider's report on the delivery of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The state of the message.
    pub state: DeliveryState,
    /// When the message reached this state, by the reporter's clock.
    pub at: Timestamp,
    /// The provider's own words or error code, for administrators; at most 800 bytes. It must not name an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Arc<str>>,
}

impl Report {
    /// A report without details.
    #[must_use]
    pub const fn new(state: DeliveryState, at: Timestamp) -> Self {
        Self { state, at, detail: None }
    }

    /// Adds the provider's own words or error code.
    #[must_use]
    pub fn with_detail(self, detail: &str) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Checks that the report can be stored.
    ///
    /// # Errors
    /// * [`Refusal::TooLarge`] when the detail is longer than 800 bytes.
    /// * [`Refusal::Nul`] when it contains U+0000.
    pub fn check(&self) -> Result<(), Refusal> {
        bounded("the detail", self.detail.as_deref()).map(drop)
    }

    /// Whether this report replaces `known`, because its state has a higher rank.
    #[must_use]
    pub const fn goes_before(&self, known: Option<&Self>) -> bool {
        match known {
            Some(known) => self.state.rank() > known.state.rank(),
            None => true,
        }
    }
}

/// The finding that messages do not reach an address, or are not wanted there. It is information for the host and
/// forbids nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Undeliverable {
    /// When this was last found.
    pub at: Timestamp,
    /// The reason of the last finding.
    pub why: UndeliverableReason,
    /// The number of consecutive messages that ended this way.
    pub times: u32,
}

/// The reason why an address is undeliverable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndeliverableReason {
    /// The provider permanently refused a message to the address.
    Refused,
    /// A message to the address bounced.
    Bounced,
    /// The recipient reported a message as spam, or asked not to be sent any more.
    Complained,
}

/// The outcome of a message, as far as it matters to its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// The message arrived.
    Arrived,
    /// No provider accepted the message: it expired, or it became a dead letter.
    NotTaken,
    /// A provider refused the message for good after an attempt of which nobody knows whether it was accepted: the address is
    /// undeliverable, and what the message cost may have been spent.
    RefusedInDoubt,
    /// No message will arrive at the address, or none is wanted there.
    Undeliverable(UndeliverableReason),
}

impl Fate {
    /// What a reported state means for the address; `None` when it means nothing.
    #[must_use]
    pub const fn of(state: DeliveryState) -> Option<Self> {
        match state {
            DeliveryState::Accepted | DeliveryState::Failed => None,
            DeliveryState::Delivered => Some(Self::Arrived),
            DeliveryState::Bounced => Some(Self::Undeliverable(UndeliverableReason::Bounced)),
            DeliveryState::Complained => Some(Self::Undeliverable(UndeliverableReason::Complained)),
        }
    }
}
