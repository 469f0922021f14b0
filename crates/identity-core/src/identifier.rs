use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::address::{Address, ClaimKey, Username};
use crate::{Challenge, IdentifierId, Timestamp, Undeliverable};

/// Who or what made an address verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The holder, by a code.
    Code,
    /// The holder, by a link.
    Link,
    /// An administrator's word.
    Administrator,
    /// Another system, from which the user was imported.
    Import,
}

impl Method {
    /// The stable name that adapters store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Link => "link",
            Self::Administrator => "administrator",
            Self::Import => "import",
        }
    }

    /// Reads the name that [`as_str`](Self::as_str) writes; `None` for any other text.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "code" => Some(Self::Code),
            "link" => Some(Self::Link),
            "administrator" => Some(Self::Administrator),
            "import" => Some(Self::Import),
            _ => None,
        }
    }
}

/// Since when, how and by whom an address is verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Since when.
    pub at: Timestamp,
    /// How.
    pub by: Method,
    /// Who vouches for it, in the host's words; at most 800 bytes.
    pub source: Option<Arc<str>>,
}

/// How far an address is on its way to being trusted. One of three: no flag can contradict a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has shown anything.
    Unverified,
    /// A challenge is out.
    Pending(Challenge),
    /// Shown, or vouched for.
    Verified(Verified),
}

/// Wrong answers and sends of one identifier. They outlive every code, and the removal of the identifier too.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attempts {
    /// Wrong answers since the last right one.
    pub failed_in_a_row: u32,
    /// When the latest wrong answers came, oldest first; none older than a day at the time of the last one.
    pub failed_at: Vec<Timestamp>,
    /// When the latest messages were sent, oldest first; none older than a day at the time of the last one.
    pub sent_at: Vec<Timestamp>,
}

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

impl Attempts {
    pub(crate) fn fail(&mut self, at: Timestamp) {
        self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
        remember(&mut self.failed_at, at);
    }

    pub(crate) fn send(&mut self, at: Timestamp) {
        remember(&mut self.sent_at, at);
    }

    pub(crate) fn succeed(&mut self) {
        self.failed_in_a_row = 0;
        self.failed_at.clear();
    }

    /// Whether they say nothing any more that a rule could ask for.
    pub(crate) fn is_idle(&self, now: Timestamp) -> bool {
        self.failed_in_a_row == 0 && self.sent_at.iter().chain(&self.failed_at).all(|at| now.since(*at) >= DAY)
    }
}

fn remember(times: &mut Vec<Timestamp>, at: Timestamp) {
    times.retain(|time| at.since(*time) < DAY);
    times.push(at);
}

/// How a host's sign-in uses an identifier, as the host reports it: recorded, never judged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SignInUse {
    /// With what a person signs in by it, for example `password`.
    #[serde(default)]
    pub authenticators: Vec<String>,
    /// Through which identity providers it is known.
    #[serde(default)]
    pub idps: Vec<String>,
}

/// An address of a user, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// Its id, which survives every change of status.
    pub id: IdentifierId,
    /// The address.
    pub address: Address,
    /// Where it stands.
    pub status: Status,
    /// Where it was collected, in the host's words; at most 800 bytes.
    pub source: Option<Arc<str>>,
    /// Whether an administrator exempted it from the restrictions.
    pub unrestricted: bool,
    /// Since when the user has it.
    pub added_at: Timestamp,
    /// Which identifier goes as soon as this one is verified.
    pub replaces: Option<IdentifierId>,
    /// Its wrong answers and sends.
    pub attempts: Attempts,
    /// Since when and why messages are known not to reach it; `None` when nothing of the kind is known.
    pub undeliverable: Option<Undeliverable>,
    /// How sign-in uses it.
    pub sign_in: Option<Arc<SignInUse>>,
}

impl Identifier {
    /// Whether it is verified.
    #[must_use]
    pub const fn is_verified(&self) -> bool {
        matches!(self.status, Status::Verified(_))
    }

    /// Since when, how and by whom it is verified; `None` when it is not.
    #[must_use]
    pub const fn verified(&self) -> Option<&Verified> {
        match &self.status {
            Status::Verified(verified) => Some(verified),
            Status::Unverified | Status::Pending(_) => None,
        }
    }

    /// The challenge that is out, expired or not.
    #[must_use]
    pub const fn challenge(&self) -> Option<&Challenge> {
        match &self.status {
            Status::Pending(challenge) => Some(challenge),
            Status::Unverified | Status::Verified(_) => None,
        }
    }
}

/// A user's name to sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsernameEntry {
    /// Its id.
    pub id: IdentifierId,
    /// The name.
    pub username: Username,
    /// Where it was collected, in the host's words; at most 800 bytes.
    pub source: Option<Arc<str>>,
    /// Since when the user has it.
    pub added_at: Timestamp,
    /// How sign-in uses it.
    pub sign_in: Option<Arc<SignInUse>>,
}

/// What is left of an identifier that was removed: its wrong answers and sends, so that adding it again is no fresh start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    /// Of which address.
    pub key: ClaimKey,
    /// Its wrong answers and sends.
    pub attempts: Attempts,
}
