use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::address::{Address, Channel, Username, stored};
use crate::record::UserRecord;
use crate::{
    Challenge, Credentials, IdentifierId, JsonObject, SignInUse, SignIns, Timestamp, UndeliverableReason, UserId,
    Verified,
};

/// On whose word something happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The user.
    Holder,
    /// Staff, or the host itself, under this name.
    Administrator(Arc<str>),
}

/// Something that happened to a user. Events are the only way in which a user changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The version of this format.
    pub v: EventFormat,
    /// When it happened.
    pub at: Timestamp,
    /// On whose word.
    pub actor: Actor,
    /// What happened.
    pub change: Change,
}

/// The version of the event format: 1. Another one is not read, never guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventFormat;

impl EventFormat {
    /// The version that this program writes and reads.
    pub const VERSION: u8 = 1;
}

impl Serialize for EventFormat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(Self::VERSION)
    }
}

impl<'de> Deserialize<'de> for EventFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Wider than it is written, so that a version of the far future is named too.
        match u64::deserialize(deserializer)? {
            version if version == u64::from(Self::VERSION) => Ok(Self),
            other => Err(serde::de::Error::custom(fmt::from_fn(move |f| {
                write!(f, "the event has format {other}, this program reads format {}", Self::VERSION)
            }))),
        }
    }
}

/// What happened to a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// The user began to exist, with nothing yet.
    Created {
        /// Who it is.
        user: UserId,
    },
    /// The whole user came from another system.
    Imported {
        /// As the other system had it, ids filled in.
        record: Box<UserRecord>,
    },
    /// A username was set, in place of the one before.
    UsernameSet {
        /// The username's id.
        id: IdentifierId,
        /// The username.
        #[serde(deserialize_with = "stored_username")]
        username: Username,
        /// Where it was collected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Arc<str>>,
    },
    /// The username was removed.
    UsernameRemoved {
        /// The username's id.
        id: IdentifierId,
    },
    /// An address was added.
    Added {
        /// The new identifier.
        id: IdentifierId,
        /// The address.
        #[serde(with = "stored")]
        address: Address,
        /// Where it was collected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Arc<str>>,
        /// Whether the restrictions were set aside for it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unrestricted: bool,
        /// Which one it replaces once it is verified.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<IdentifierId>,
    },
    /// A challenge was made and sent. One that was out before is void.
    VerificationStarted {
        /// Of which address.
        id: IdentifierId,
        /// The challenge.
        challenge: Challenge,
    },
    /// The code of the challenge that is out was sent once more.
    CodeResent {
        /// Of which address.
        id: IdentifierId,
    },
    /// A challenge was made and its code given to an administrator. One that was out before is void.
    CodeIssued {
        /// Of which address.
        id: IdentifierId,
        /// The challenge.
        challenge: Challenge,
    },
    /// A wrong answer was given.
    AnswerRejected {
        /// Of which address.
        id: IdentifierId,
    },
    /// An address is verified from now on.
    Verified {
        /// Which one.
        id: IdentifierId,
        /// Since when, how and by whom.
        verified: Verified,
    },
    /// An address is not verified any more, and its challenge is void.
    Unverified {
        /// Which one.
        id: IdentifierId,
    },
    /// Another address, or none, is primary.
    PrimaryChanged {
        /// Among which kind of addresses.
        channel: Channel,
        /// Which one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<IdentifierId>,
    },
    /// An address was removed.
    Removed {
        /// Which one.
        id: IdentifierId,
    },
    /// An administrator forgave the wrong answers.
    AttemptsCleared {
        /// Of which address.
        id: IdentifierId,
    },
    /// A message did not arrive. Its send does not count any more, and the address may be known to be undeliverable now.
    DeliveryFailed {
        /// To which address.
        id: IdentifierId,
        /// When the message was sent whose send is given back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sent_at: Option<Timestamp>,
        /// Why no message will arrive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<UndeliverableReason>,
    },
    /// An address is not known to be undeliverable any more.
    DeliveryRestored {
        /// Which one.
        id: IdentifierId,
    },
    /// The profile changed. What is absent stayed as it was.
    ProfileChanged {
        /// The new claims.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claims: Option<Arc<JsonObject>>,
        /// The new public data.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public_data: Option<Arc<JsonObject>>,
        /// The new private data.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        private_data: Option<Arc<JsonObject>>,
    },
    /// The host reported the credentials that it keeps.
    CredentialsReported {
        /// All of them.
        credentials: Arc<Credentials>,
    },
    /// The host reported sign-in activity.
    SignInsReported {
        /// All of it.
        sign_ins: Arc<SignIns>,
    },
    /// The host reported how sign-in uses an identifier.
    SignInUseReported {
        /// Which identifier or username.
        id: IdentifierId,
        /// How it is used.
        sign_in: Arc<SignInUse>,
    },
    /// The user was disabled.
    Disabled,
    /// The user was enabled.
    Enabled,
    /// The user was erased.
    Erased,
    /// Something happened to a user who was erased since; what was personal about it is gone.
    Stripped {
        /// The type of the event that it was.
        was: String,
        /// The identifier that it was about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<IdentifierId>,
    },
}

/// A username as it was written: what was once accepted stays readable when a rule changes later.
fn stored_username<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Username, D::Error> {
    let name = String::deserialize(deserializer)?;
    Username::restore(&name, &name).map_err(serde::de::Error::custom)
}

impl Change {
    /// The stable name of the type, as it stands in `type`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::Imported { .. } => "imported",
            Self::UsernameSet { .. } => "username_set",
            Self::UsernameRemoved { .. } => "username_removed",
            Self::Added { .. } => "added",
            Self::VerificationStarted { .. } => "verification_started",
            Self::CodeResent { .. } => "code_resent",
            Self::CodeIssued { .. } => "code_issued",
            Self::AnswerRejected { .. } => "answer_rejected",
            Self::Verified { .. } => "verified",
            Self::Unverified { .. } => "unverified",
            Self::PrimaryChanged { .. } => "primary_changed",
            Self::Removed { .. } => "removed",
            Self::AttemptsCleared { .. } => "attempts_cleared",
            Self::DeliveryFailed { .. } => "delivery_failed",
            Self::DeliveryRestored { .. } => "delivery_restored",
            Self::ProfileChanged { .. } => "profile_changed",
            Self::CredentialsReported { .. } => "credentials_reported",
            Self::SignInsReported { .. } => "sign_ins_reported",
            Self::SignInUseReported { .. } => "sign_in_use_reported",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::Erased => "erased",
            Self::Stripped { .. } => "stripped",
        }
    }

    /// The identifier that it is about.
    #[must_use]
    pub const fn identifier(&self) -> Option<IdentifierId> {
        match self {
            Self::UsernameSet { id, .. }
            | Self::UsernameRemoved { id }
            | Self::Added { id, .. }
            | Self::VerificationStarted { id, .. }
            | Self::CodeResent { id }
            | Self::CodeIssued { id, .. }
            | Self::AnswerRejected { id }
            | Self::Verified { id, .. }
            | Self::Unverified { id }
            | Self::Removed { id }
            | Self::AttemptsCleared { id }
            | Self::DeliveryFailed { id, .. }
            | Self::DeliveryRestored { id }
            | Self::SignInUseReported { id, .. } => Some(*id),
            Self::PrimaryChanged { id, .. } | Self::Stripped { id, .. } => *id,
            Self::Created { .. }
            | Self::Imported { .. }
            | Self::ProfileChanged { .. }
            | Self::CredentialsReported { .. }
            | Self::SignInsReported { .. }
            | Self::Disabled
            | Self::Enabled
            | Self::Erased => None,
        }
    }
}

impl Event {
    /// The event without anything personal: when, on whose word, of which type, about which identifier's id. Erasing a user
    /// leaves this of each of its events.
    #[must_use]
    pub fn stripped(self) -> Self {
        let change = match self.change {
            change @ (Change::Erased | Change::Stripped { .. }) => change,
            change => Change::Stripped { was: change.kind().to_owned(), id: change.identifier() },
        };
        Self { change, ..self }
    }
}

/// An event under its number among the user's events, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its number.
    pub number: u64,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
}
