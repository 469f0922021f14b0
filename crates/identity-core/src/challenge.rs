use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{CodeFormat, KeyId, Nonce, Timestamp};

/// What a code is for. A code for one purpose is no code for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To verify an address that was added.
    Verification,
    /// To verify an address that takes another one's place.
    Replacement,
}

impl Purpose {
    /// The stable name that adapters store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Replacement => "replacement",
        }
    }

    /// Reads the name that [`as_str`](Self::as_str) writes; `None` for any other text.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "verification" => Some(Self::Verification),
            "replacement" => Some(Self::Replacement),
            _ => None,
        }
    }
}

/// How a challenge may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// By the code.
    #[default]
    Code,
    /// By the link.
    Link,
    /// By either; one ends the other.
    Either,
}

impl Proof {
    /// Whether the code answers it.
    #[must_use]
    pub const fn by_code(self) -> bool {
        matches!(self, Self::Code | Self::Either)
    }

    /// Whether the link answers it.
    #[must_use]
    pub const fn by_link(self) -> bool {
        matches!(self, Self::Link | Self::Either)
    }

    /// The stable name that adapters store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Link => "link",
            Self::Either => "either",
        }
    }

    /// Reads the name that [`as_str`](Self::as_str) writes; `None` for any other text.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "code" => Some(Self::Code),
            "link" => Some(Self::Link),
            "either" => Some(Self::Either),
            _ => None,
        }
    }
}

/// A question that only the one who reads the address's messages can answer. It holds no code: code and link are derived
/// from the nonce and the host's key whenever they are needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// What makes its code different from every other.
    pub nonce: Nonce,
    /// The name of the key that its code is derived from.
    pub key: KeyId,
    /// What the code is for.
    pub purpose: Purpose,
    /// What answers it.
    pub proof: Proof,
    /// How its code looks.
    pub format: CodeFormat,
    /// When it was made.
    pub issued_at: Timestamp,
    /// From when on it is void.
    pub expires_at: Timestamp,
    /// How many wrong answers it takes before it is locked.
    pub tries: u8,
    /// How many wrong answers it has taken, those of challenges that it replaced while they lived included.
    pub failed: u8,
    /// What the host wants its notifier to know, a link template for example; at most 2,048 bytes.
    pub hint: Option<Arc<str>>,
}

impl Challenge {
    /// Whether it can still be answered in time. A clock that stands more than 60 s before the moment of issue is wrong, and then
    /// nothing is in time. One that steps back into the life of a challenge is for the caller to notice: `identity` keeps to
    /// the latest time that it saw.
    #[must_use]
    pub fn lives(&self, now: Timestamp) -> bool {
        now < self.expires_at && self.issued_at.since(now) <= CLOCK_SKEW
    }

    /// Wrong answers left.
    #[must_use]
    pub const fn tries_left(&self) -> u8 {
        self.tries.saturating_sub(self.failed)
    }
}

/// How far the clocks of two processes may stand apart.
const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(60);
