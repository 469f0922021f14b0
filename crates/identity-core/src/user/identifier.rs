use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::{Address, Channel, ClaimKey, Label, Username};
use crate::base::{DAY, IdentifierId, Timestamp, named_enum};
use crate::policy::FreshnessPolicy;
use crate::user::{Challenge, Contest, Undeliverable, UndeliverableReason};

named_enum! {
    /// How an address was verified.
    pub enum Method {
        /// The holder entered a code.
        Code = "code",
        /// The holder opened a link.
        Link = "link",
        /// An administrator vouched for the address.
        Administrator = "administrator",
        /// By a code that an administrator was given and passed on. It shows what the administrator knew, not who reads the
        /// messages of the address.
        AdministratorCode = "administrator_code",
        /// The address was already verified in another system, from which the user was imported.
        Import = "import",
    }
}

/// The evidence that an address belongs to its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// When the address was verified.
    pub at: Timestamp,
    /// How the address was verified.
    pub by: Method,
    /// Who vouches for the address, in the host's words; at most 800 bytes.
    pub source: Option<Arc<str>>,
}

/// What shows that an address belongs to its user, as far as it is known: [`Identifier::evidence`]. Through which provider a
/// code went is with its message ([`Posted`](https://docs.rs/identity/latest/identity/delivery/struct.Posted.html)) as long as that
/// is kept, and not with the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// When it was shown for the last time.
    pub at: Timestamp,
    /// How it was shown.
    pub by: Method,
    /// How the code or the link went to the holder; `None` when none did: for an administrator's word, for a code that was given
    /// to an administrator, and for an import.
    pub channel: Option<Channel>,
    /// Who vouches for the address, in the host's words.
    pub source: Option<&'a str>,
    /// When a message was found not to reach the address, refused for good or bounced, as carriers say of a number that is
    /// assigned to nobody; `None` when none was found since, or one arrived.
    pub ended_at: Option<Timestamp>,
}

/// The verification status of an address. It is one value, so that no flag can contradict a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has shown that the address belongs to the user, and no challenge is open.
    Unverified,
    /// The address is not verified, and a challenge is open or has expired. It is boxed, because most addresses have none.
    Pending(Box<Challenge>),
    /// The address belongs to the user, by this evidence.
    Verified(Verified),
}

/// The wrong answers and the sends of one identifier. They are kept across challenges, and also when the identifier is
/// removed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attempts {
    /// The number of consecutive wrong answers.
    pub failed_in_a_row: u32,
    /// When wrong answers were given, oldest first. Entries older than 24 h are dropped when a new one is added.
    pub failed_at: Vec<Timestamp>,
    /// When messages were sent, oldest first. Entries older than 24 h are dropped when a new one is added.
    pub sent_at: Vec<Timestamp>,
}

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

    /// Whether no rule depends on these attempts any more.
    pub(crate) fn is_idle(&self, now: Timestamp) -> bool {
        self.failed_in_a_row == 0 && self.sent_at.iter().chain(&self.failed_at).all(|at| now.since(*at) >= DAY)
    }
}

fn remember(times: &mut Vec<Timestamp>, at: Timestamp) {
    times.retain(|time| at.since(*time) < DAY);
    // Most are sent one message, and room for four would stay empty.
    if times.is_empty() {
        times.reserve_exact(1);
    }
    times.push(at);
}

/// An e-mail address or phone number of a user, with its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// The id, which does not change with the status.
    pub id: IdentifierId,
    /// The address.
    pub address: Address,
    /// The verification status of the address.
    pub status: Status,
    /// Where the address was collected, in the host's words; at most 800 bytes.
    pub source: Option<Arc<str>>,
    /// Whether an administrator exempted the address from the restrictions.
    pub unrestricted: bool,
    /// When the address was added to the user.
    pub added_at: Timestamp,
    /// The identifier that is removed when this one becomes verified.
    pub replaces: Option<IdentifierId>,
    /// The wrong answers and the sends.
    pub attempts: Attempts,
    /// When and why messages were found not to reach the address; `None` when nothing of the kind is known.
    pub undeliverable: Option<Undeliverable>,
    /// The removal or replacement of the address that takes effect later; `None` when none is pending.
    pub scheduled: Option<Scheduled>,
    /// What the holder calls the address; `None` when it has no label.
    pub label: Option<Label>,
    /// This user's half of the contest over the address, while one is open. It is boxed, because hardly any address has one.
    pub contest: Option<Box<Contest>>,
    /// When another user last contested the address, if the present evidence is older.
    pub contested_at: Option<Timestamp>,
}

/// The removal or replacement of an address that its holder asked for and that takes effect later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheduled {
    /// The verified address that takes its place; `None` when the address is removed.
    pub by: Option<IdentifierId>,
    /// When it takes effect.
    pub due: Timestamp,
}

impl Identifier {
    /// Whether the address is verified.
    #[must_use]
    pub const fn is_verified(&self) -> bool {
        matches!(self.status, Status::Verified(_))
    }

    /// The evidence of the verification; `None` when the address is not verified.
    #[must_use]
    pub const fn verified(&self) -> Option<&Verified> {
        match &self.status {
            Status::Verified(verified) => Some(verified),
            Status::Unverified | Status::Pending(_) => None,
        }
    }

    /// What shows that the address belongs to its user; `None` when it is not verified.
    #[must_use]
    pub fn evidence(&self) -> Option<Evidence<'_>> {
        let Verified { at, by, source } = self.verified()?;
        let lost = self.undeliverable.filter(|found| found.why != UndeliverableReason::Complained);
        Some(Evidence {
            at: *at,
            by: *by,
            channel: matches!(by, Method::Code | Method::Link).then(|| self.address.channel()),
            source: source.as_deref(),
            ended_at: lost.map(|found| found.at).or(self.contested_at),
        })
    }

    /// Whether the evidence is fresh enough for a purpose of the host: it is not older than the policy says, and no message was
    /// found not to reach the address since. False for a purpose that the policy does not name and for an unverified address.
    #[must_use]
    pub fn is_fresh(&self, purpose: &str, policy: &FreshnessPolicy, now: Timestamp) -> bool {
        let (Some(evidence), Some(age)) = (self.evidence(), policy.age(purpose)) else { return false };
        evidence.ended_at.is_none() && now.since(evidence.at) <= age
    }

    /// The challenge of the address, expired or not; `None` when there is none.
    #[must_use]
    pub const fn challenge(&self) -> Option<&Challenge> {
        match &self.status {
            Status::Pending(challenge) => Some(challenge),
            Status::Unverified | Status::Verified(_) => None,
        }
    }
}

/// The name with which a user signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsernameEntry {
    /// The id, which does not change with the name.
    pub id: IdentifierId,
    /// The username.
    pub username: Username,
    /// Where the username was collected, in the host's words; at most 800 bytes.
    pub source: Option<Arc<str>>,
    /// When the username was set.
    pub added_at: Timestamp,
}

/// The wrong answers and sends of a removed address, which apply again when the address is added again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    /// The claim key of the address.
    pub key: ClaimKey,
    /// The wrong answers and the sends.
    pub attempts: Attempts,
}
