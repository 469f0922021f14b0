use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::address::{Address, Channel, Label, Username, stored, stored_username};
use crate::base::{ContestId, IdentifierId, Timestamp, UserId};
use crate::change::record::Typed;
use crate::change::{Actor, UserRecord, stored::lifted};
use crate::user::{Challenge, ContestOutcome, JsonObject, UndeliverableReason, Verified};

/// A change of a user that was decided. Users change only by events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The version of the event format.
    pub v: EventFormat,
    /// When the event was decided.
    pub at: Timestamp,
    /// Who caused the event.
    pub actor: Actor,
    /// The change that was decided.
    pub change: Change,
}

/// The version of the event format, which is always 1. An event of another version is refused when it is read.
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
        // Read as a wider integer than it is written, so that the error can name any other version.
        match u64::deserialize(deserializer)? {
            version if version == u64::from(Self::VERSION) => Ok(Self),
            other => Err(serde::de::Error::custom(fmt::from_fn(move |f| {
                write!(
                    f,
                    "the event has format {other}, but this program reads only format {}; use a program that knows it",
                    Self::VERSION
                )
            }))),
        }
    }
}

/// A change of a user, the content of an [`Event`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// The user was created, without any identifiers.
    Created {
        /// The id of the user.
        user: UserId,
    },
    /// The user was imported as a whole from another system.
    Imported {
        /// The user as the other system had it, with absent ids filled in.
        record: Box<UserRecord>,
        /// The canonical forms of the record's addresses, the e-mail addresses first and then the phone numbers, each
        /// in the order of the record. They are read again without the rules of the day.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        canonical: Vec<Typed>,
    },
    /// The username was set, in place of an earlier one.
    UsernameSet {
        /// The id of the username.
        id: IdentifierId,
        /// The new username.
        #[serde(deserialize_with = "stored_username")]
        username: Username,
        /// Where the username was collected, in the host's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Arc<str>>,
    },
    /// The username was removed.
    UsernameRemoved {
        /// The id of the username.
        id: IdentifierId,
    },
    /// An address was added.
    Added {
        /// The id of the new identifier.
        id: IdentifierId,
        /// The address that was added.
        #[serde(with = "stored")]
        address: Address,
        /// Where the address was collected, in the host's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Arc<str>>,
        /// Whether an administrator exempted the address from the restrictions.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unrestricted: bool,
        /// The identifier that is removed when this one becomes verified.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<IdentifierId>,
    },
    /// A challenge was opened and its message requested. An earlier challenge of the address is void.
    VerificationStarted {
        /// The id of the address.
        id: IdentifierId,
        /// The challenge that was opened.
        challenge: Challenge,
    },
    /// The message of the open challenge was requested again.
    CodeResent {
        /// The id of the address.
        id: IdentifierId,
    },
    /// A challenge was opened and its code given to an administrator. An earlier challenge of the address is void.
    CodeIssued {
        /// The id of the address.
        id: IdentifierId,
        /// The challenge that was opened.
        challenge: Challenge,
    },
    /// A wrong code was entered.
    AnswerRejected {
        /// The id of the address.
        id: IdentifierId,
    },
    /// An address became verified, or the evidence of a verified one was renewed.
    Verified {
        /// The id of the address.
        id: IdentifierId,
        /// The evidence of the verification.
        verified: Verified,
    },
    /// An address lost its verification or its open challenge.
    Unverified {
        /// The id of the address.
        id: IdentifierId,
    },
    /// Another address became primary, or none is primary any more.
    PrimaryChanged {
        /// The kind of address.
        channel: Channel,
        /// The new primary address; `None` when there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<IdentifierId>,
    },
    /// An address was removed.
    Removed {
        /// The id of the address.
        id: IdentifierId,
    },
    /// The address was removed, because another one that was verified took its place.
    Replaced {
        /// The id of the removed identifier.
        id: IdentifierId,
        /// The id of the identifier that took its place.
        by: IdentifierId,
    },
    /// The holder removed or replaced an address, which takes effect later. An earlier change of the address that was to take
    /// effect is void.
    ChangeScheduled {
        /// The id of the address that goes.
        id: IdentifierId,
        /// The id of the address that takes its place; `None` when it is removed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<IdentifierId>,
        /// When the change takes effect.
        due: Timestamp,
    },
    /// The change of an address that was to take effect later was stopped.
    ChangeStopped {
        /// The id of the address, which stays.
        id: IdentifierId,
    },
    /// An administrator reset the count of wrong answers of an address.
    AttemptsCleared {
        /// The id of the address.
        id: IdentifierId,
    },
    /// A message did not reach an address.
    DeliveryFailed {
        /// The id of the address.
        id: IdentifierId,
        /// The time of the send that does not count any more; `None` when the send counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sent_at: Option<Timestamp>,
        /// The reason why the address is marked as undeliverable; `None` when it is not marked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<UndeliverableReason>,
    },
    /// An address is no longer marked as undeliverable.
    DeliveryRestored {
        /// The id of the address.
        id: IdentifierId,
    },
    /// An address was given another label, or has none any more.
    Labelled {
        /// The id of the address.
        id: IdentifierId,
        /// The new label; `None` when there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<Label>,
    },
    /// The profile changed. An absent object stayed as it was.
    ProfileChanged {
        /// All claims after the change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claims: Option<Arc<JsonObject>>,
        /// The whole public data after the change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public_data: Option<Arc<JsonObject>>,
        /// The whole private data after the change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        private_data: Option<Arc<JsonObject>>,
    },
    /// The host changed members of the extension. The events of earlier versions about credentials and sign-ins are read as
    /// such a change too.
    #[serde(alias = "credentials_reported", alias = "sign_ins_reported", alias = "sign_in_use_reported")]
    ExtensionReported(Reported),
    /// A change was undone by whoever read a notice of it. The events that undo it follow.
    Disavowed {
        /// The number of the event that was undone.
        number: u64,
        /// The identifier that came back, or else the one that went or changed.
        id: IdentifierId,
    },
    /// Somebody proved an address that is verified with another user: a contest is open, of which this is one user's half.
    ContestOpened {
        /// The id of the address of this user.
        id: IdentifierId,
        /// The id of the contest.
        contest: ContestId,
        /// The other user.
        with: UserId,
        /// The evidence of the user who contests the address; absent for its owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<Verified>,
        /// When the silence of the owner transfers the address; absent when it never does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// A contest ended. What it changed are the events that follow.
    ContestEnded {
        /// The id of the address of this user.
        id: IdentifierId,
        /// The id of the contest.
        contest: ContestId,
        /// How it ended.
        outcome: ContestOutcome,
    },
    /// The user's claims were brought in line with the policy and with the rules of claim keys, after one of these changed.
    ClaimsUpdated,
    /// An administrator disabled the user: the holder may change nothing.
    Disabled,
    /// An administrator enabled the user again.
    Enabled,
    /// Another user became a part of this one. What this user got of it are the events that follow.
    Merged {
        /// The id of the other user.
        user: UserId,
    },
    /// The user became a part of another one, and everything else of it was erased.
    MergedInto {
        /// The id of the other user.
        user: UserId,
    },
    /// The user was erased.
    Erased,
    /// An event of a user who was erased since, without its personal content.
    Stripped {
        /// The type of the original event, as [`Change::kind`] names it.
        was: String,
        /// The identifier that the original event was about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<IdentifierId>,
    },
}

impl Change {
    /// The stable name of the type of change, which is the value of `type` in JSON.
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
            Self::Replaced { .. } => "replaced",
            Self::ChangeScheduled { .. } => "change_scheduled",
            Self::ChangeStopped { .. } => "change_stopped",
            Self::AttemptsCleared { .. } => "attempts_cleared",
            Self::DeliveryFailed { .. } => "delivery_failed",
            Self::DeliveryRestored { .. } => "delivery_restored",
            Self::Labelled { .. } => "labelled",
            Self::ProfileChanged { .. } => "profile_changed",
            Self::ExtensionReported(_) => "extension_reported",
            Self::Disavowed { .. } => "disavowed",
            Self::ContestOpened { .. } => "contest_opened",
            Self::ContestEnded { .. } => "contest_ended",
            Self::ClaimsUpdated => "claims_updated",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::Merged { .. } => "merged",
            Self::MergedInto { .. } => "merged_into",
            Self::Erased => "erased",
            Self::Stripped { .. } => "stripped",
        }
    }

    /// The identifier that the change is about; `None` when it concerns the whole user.
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
            | Self::Replaced { id, .. }
            | Self::ChangeScheduled { id, .. }
            | Self::ChangeStopped { id }
            | Self::AttemptsCleared { id }
            | Self::DeliveryFailed { id, .. }
            | Self::DeliveryRestored { id }
            | Self::Labelled { id, .. }
            | Self::Disavowed { id, .. }
            | Self::ContestOpened { id, .. }
            | Self::ContestEnded { id, .. } => Some(*id),
            Self::PrimaryChanged { id, .. } | Self::Stripped { id, .. } => *id,
            Self::Created { .. }
            | Self::Imported { .. }
            | Self::ProfileChanged { .. }
            | Self::ExtensionReported(_)
            | Self::ClaimsUpdated
            | Self::Disabled
            | Self::Enabled
            | Self::Merged { .. }
            | Self::MergedInto { .. }
            | Self::Erased => None,
        }
    }
}

/// The members of the extension that a report changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "AnyReport")]
pub struct Reported {
    /// The members that changed, each with its value after the change; null removed it.
    pub members: Arc<JsonObject>,
}

/// What reports are stored as: the form that this program writes, and those of earlier versions.
#[derive(Deserialize)]
#[serde(untagged)]
enum AnyReport {
    Members { members: Map<String, Value> },
    Credentials { credentials: Value },
    SignIns { sign_ins: Value },
    SignInUse { id: IdentifierId, sign_in: Value },
}

impl From<AnyReport> for Reported {
    fn from(report: AnyReport) -> Self {
        let members = match report {
            AnyReport::Members { members } => JsonObject::from_store(members),
            AnyReport::Credentials { credentials } => lifted(Some(credentials), None, []),
            AnyReport::SignIns { sign_ins } => lifted(None, Some(sign_ins), []),
            AnyReport::SignInUse { id, sign_in } => lifted(None, None, [(id, sign_in)]),
        };
        Self { members: Arc::new(members) }
    }
}

impl Event {
    /// The event without its personal content: the time, who caused it, the type and the identifier's id remain.
    /// Erasing a user leaves its events in this form. That a user was erased, or became a part of another one, remains whole.
    #[must_use]
    pub fn stripped(self) -> Self {
        let change = match self.change {
            change @ (Change::Erased | Change::MergedInto { .. } | Change::Stripped { .. }) => change,
            change => Change::Stripped { was: change.kind().to_owned(), id: change.identifier() },
        };
        Self { change, ..self }
    }
}

/// An event with its number among the events of its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The number of the event, counted from 1 without gaps.
    pub number: u64,
    /// The event without its number.
    #[serde(flatten)]
    pub event: Event,
}
