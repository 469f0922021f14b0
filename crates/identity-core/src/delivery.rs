//! What becomes of a message after it was handed over, and what that means for the address that it went to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::decide::bounded;
use crate::{Refusal, Timestamp};

/// What a provider says of a message that it took on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// The provider took it on.
    Accepted,
    /// It arrived.
    Delivered,
    /// It did not arrive, for a reason that may pass: a phone that is off, a full mailbox.
    Failed,
    /// It did not arrive and never will: there is no such mailbox or line (a permanent failure of RFC 3464, section 2.3.3).
    Bounced,
    /// It arrived, and the person called it spam or asked for no more.
    Complained,
}

impl DeliveryState {
    /// How much a state says: one that says less, or as much, never takes the place of another, in whatever order they are
    /// reported.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::Delivered => 1,
            Self::Failed | Self::Bounced => 2,
            Self::Complained => 3,
        }
    }

    /// The stable name that adapters store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }

    /// Reads the name that [`as_str`](Self::as_str) writes; `None` for any other text.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Accepted, Self::Delivered, Self::Failed, Self::Bounced, Self::Complained]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// What a provider reported of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What became of it.
    pub state: DeliveryState,
    /// When, as whoever reports it knows.
    pub at: Timestamp,
    /// The provider's own words or number, for administrators; at most 800 bytes. It must name no address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Arc<str>>,
}

impl Report {
    /// That a message reached this state then.
    #[must_use]
    pub const fn new(state: DeliveryState, at: Timestamp) -> Self {
        Self { state, at, detail: None }
    }

    /// With the provider's own words.
    #[must_use]
    pub fn with_detail(self, detail: &str) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Whether it can be kept.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`] for a detail above 800 bytes, [`Refusal::Nul`] for one with U+0000 in it.
    pub fn check(&self) -> Result<(), Refusal> {
        bounded("the detail", self.detail.as_deref()).map(drop)
    }

    /// Whether this says more than what was reported before.
    #[must_use]
    pub const fn goes_before(&self, known: Option<&Self>) -> bool {
        match known {
            Some(known) => self.state.rank() > known.state.rank(),
            None => true,
        }
    }
}

/// That messages do not reach an address, or are not wanted there, as far as is known. It forbids nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Undeliverable {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub why: UndeliverableReason,
    /// How many messages in a row ended so.
    pub times: u32,
}

/// Why an address is undeliverable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndeliverableReason {
    /// The provider refused for good to take on a message to it.
    Refused,
    /// A message to it bounced.
    Bounced,
    /// The person called a message spam, or asked for no more.
    Complained,
}

/// What became of a message, as far as it matters to its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It arrived.
    Arrived,
    /// Surely nobody took it on: it expired unsent, or was given up.
    NotTaken,
    /// None will arrive, or is wanted.
    Undeliverable(UndeliverableReason),
}

impl Fate {
    /// What a report means for the address; `None` when it means nothing.
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
