use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::{Nonce, Timestamp, named_enum};
use crate::secret::{CodeFormat, KeyId, Purpose};

named_enum! {
    /// The answers that a challenge accepts.
    #[derive(Default)]
    pub enum ProofBy {
        /// The code.
        #[default]
        Code = "code",
        /// The link.
        Link = "link",
        /// The code or the link; the first right answer closes the challenge for both.
        Either = "either",
        /// By the code that an administrator was given. Only [`User::issue_code`](crate::user::User::issue_code) opens such a
        /// challenge, and its code is never sent.
        Issued = "issued",
    }
}

impl ProofBy {
    /// Whether the challenge accepts a code.
    #[must_use]
    pub const fn by_code(self) -> bool {
        matches!(self, Self::Code | Self::Either | Self::Issued)
    }

    /// Whether the challenge accepts a link.
    #[must_use]
    pub const fn by_link(self) -> bool {
        matches!(self, Self::Link | Self::Either)
    }
}

/// A challenge to show that one can read the messages of an address. It holds neither code nor link: both are derived
/// from the nonce and the host's key when they are needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// The nonce that makes the code different from every other.
    pub nonce: Nonce,
    /// The name of the key from which the code and the link are derived.
    pub key: KeyId,
    /// The purpose of the challenge.
    pub purpose: Purpose,
    /// The answers that the challenge accepts.
    pub proof: ProofBy,
    /// The format of the code.
    pub format: CodeFormat,
    /// When the challenge was opened.
    pub issued_at: Timestamp,
    /// When the challenge expires; answers are refused at and after this time.
    pub expires_at: Timestamp,
    /// The number of wrong answers after which the challenge is locked.
    pub tries: u8,
    /// The number of wrong answers given, including those to earlier challenges that this one replaced while they were
    /// open.
    pub failed: u8,
    /// A hint from the host for its notifier, for example a link template; at most 2,048 bytes.
    pub hint: Option<Arc<str>>,
}

impl Challenge {
    /// Whether the challenge can be answered at `now`: it has not expired. A clock more than 60 s before the time of
    /// issue is considered wrong, and nothing is accepted then. A clock that steps back within the lifetime of the
    /// challenge is not noticed here; the crate `identity` keeps to the latest time that it has seen.
    #[must_use]
    pub fn lives(&self, now: Timestamp) -> bool {
        now < self.expires_at && self.issued_at.since(now) <= CLOCK_SKEW
    }

    /// Whether it is a decoy: a budget withheld its message, and no answer is right. It is answered as every other.
    #[must_use]
    pub fn is_decoy(&self) -> bool {
        self.key.is_withheld()
    }

    /// The number of wrong answers that are left.
    #[must_use]
    pub const fn tries_left(&self) -> u8 {
        self.tries.saturating_sub(self.failed)
    }
}

/// The permitted difference between the clocks of two processes.
const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(60);
