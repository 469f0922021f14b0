//! The portable form of a user, for import from another system and for export.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::address::{Address, Channel, Email, Label, Phone, Username};
use crate::base::{IdentifierId, Timestamp, UserId};
use crate::change::stored::{is_default, lifted};
pub use crate::user::ImportProblem;
use crate::user::{
    Attempts, Book, Identifier, JsonObject, Method, Profile, Status, Undeliverable, User, UserParts, UsernameEntry,
    Verified,
};

/// A whole user for import and export; as JSON it is one line of a file. Times are in microseconds since the Unix
/// epoch.
///
/// Open challenges, wrong answers, sends and changes that are to take effect later are not part of it: a code that was sent
/// before the export is not valid after the import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct UserRecord {
    /// The id of the user.
    pub id: UserId,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When the user last changed.
    pub updated_at: Timestamp,
    /// Whether the user is disabled; false when absent.
    #[serde(default)]
    pub disabled: bool,
    /// The name with which the user signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<UsernameRecord>,
    /// The e-mail addresses; none when absent.
    #[serde(default)]
    pub emails: Vec<IdentifierRecord>,
    /// The phone numbers; none when absent.
    #[serde(default)]
    pub phones: Vec<IdentifierRecord>,
    /// The profile; empty when absent.
    #[serde(default)]
    pub profile: Profile,
    /// What the host reports, see [`User::extension`]; empty when absent.
    #[serde(default, deserialize_with = "JsonObject::read", skip_serializing_if = "is_default")]
    pub extension: Arc<JsonObject>,
}

/// An e-mail address or phone number of a [`UserRecord`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentifierRecord {
    /// The id of the identifier; a new one is made when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<IdentifierId>,
    /// The address as it was typed.
    pub address: Typed,
    /// Whether the address is primary; false when absent.
    #[serde(default)]
    pub primary: bool,
    /// When and how the address was verified; absent when it is not verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<VerifiedRecord>,
    /// Where the address was collected, in the host's words; at most 800 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Arc<str>>,
    /// Whether an administrator exempted the address from the restrictions; false when absent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unrestricted: bool,
    /// When the address was added to the user; the time of the user's creation when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_at: Option<Timestamp>,
    /// When and why messages were found not to reach the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undeliverable: Option<Undeliverable>,
    /// What the holder calls the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
}

/// The evidence of the verification of an address of a [`UserRecord`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifiedRecord {
    /// When the address was verified; the time when it was added if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// How the address was verified; [`Method::Import`] when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Method>,
    /// Who vouches for the address, in the host's words; at most 800 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Arc<str>>,
}

/// The username of a [`UserRecord`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsernameRecord {
    /// The id of the username; a new one is made when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<IdentifierId>,
    /// The username as it was typed. Reading a record does not judge it, [`User::import`] does.
    #[serde(deserialize_with = "crate::address::stored_username")]
    pub username: Username,
    /// Where the username was collected, in the host's words; at most 800 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Arc<str>>,
    /// When the username was set; the time of the user's creation when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_at: Option<Timestamp>,
}

/// An address as it was typed, not parsed yet. Printed masked by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Typed(pub String);

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::address::masked(&self.0))
    }
}

impl Serialize for UserRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// Reads the lines of earlier versions as well. What they say about credentials and sign-ins becomes members of the
/// extension, named as [`stored::lifted`](crate::stored::lifted) does; what they say about an identifier without an id is
/// refused, because nothing could name it.
impl<'de> Deserialize<'de> for UserRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut line = Map::deserialize(deserializer)?;
        let (credentials, sign_ins) = (line.remove("credentials"), line.remove("sign_ins"));
        let mut used = Vec::new();
        for place in ["emails", "phones", "username"] {
            let entries = match line.get_mut(place) {
                Some(Value::Array(entries)) => entries,
                Some(entry) => std::slice::from_mut(entry),
                None => continue,
            };
            for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
                let id = entry.get("id").and_then(|id| IdentifierId::deserialize(id).ok());
                used.extend(id.and_then(|id| Some((id, entry.remove("sign_in")?))));
            }
        }
        let lifted = lifted(credentials, sign_ins, used);
        let mut record = Self::deserialize(Value::Object(line)).map_err(serde::de::Error::custom)?;
        if !lifted.is_empty() {
            record.extension = Arc::new(JsonObject::from_store(record.extension.with(lifted.as_map())));
        }
        Ok(record)
    }
}

impl IdentifierRecord {
    /// An address that is neither verified nor primary, as it was typed.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            id: None,
            address: Typed(address.into()),
            primary: false,
            verified: None,
            source: None,
            unrestricted: false,
            added_at: None,
            undeliverable: None,
            label: None,
        }
    }
}

impl UsernameRecord {
    /// A username that was set when the user was created.
    #[must_use]
    pub const fn new(username: Username) -> Self {
        Self { id: None, username, source: None, added_at: None }
    }
}

impl UserRecord {
    /// A user who was created at this time, has not changed since, and has nothing yet.
    #[must_use]
    pub fn new(id: UserId, created_at: Timestamp) -> Self {
        Self {
            id,
            created_at,
            updated_at: created_at,
            disabled: false,
            username: None,
            emails: Vec::new(),
            phones: Vec::new(),
            profile: Profile::default(),
            extension: Arc::default(),
        }
    }

    /// The user of this record, with every address judged by the rules of the day.
    pub(crate) fn to_user(&self, at: Timestamp) -> Result<User, ImportProblem> {
        let emails = self.emails.iter().enumerate().map(|(index, record)| {
            Email::parse(&record.address.0).map(Address::from).map_err(|error| ImportProblem::Email { index, error })
        });
        let phones = self.phones.iter().enumerate().map(|(index, record)| {
            Phone::parse(&record.address.0).map(Address::from).map_err(|error| ImportProblem::Phone { index, error })
        });
        let addresses = emails.chain(phones).collect::<Result<Vec<_>, _>>()?;
        self.with_addresses(addresses, at).ok_or(ImportProblem::Twice)
    }

    /// The user as it was imported, whatever the rules and the numbering plans have become since. `canonical` holds the
    /// canonical forms that were read then; `None` when they do not belong to this record.
    pub(crate) fn restore(&self, canonical: &[Typed], at: Timestamp) -> Option<User> {
        if canonical.len() != self.emails.len() + self.phones.len() {
            // An event that was written before the canonical forms were part of it.
            return self.to_user(at).ok();
        }
        let emails = self.emails.iter().map(|record| (Channel::Email, &record.address));
        let phones = self.phones.iter().map(|record| (Channel::Phone, &record.address));
        let restored = emails.chain(phones).zip(canonical);
        let addresses = restored.map(|((channel, typed), form)| Address::restore(channel, &form.0, &typed.0).ok());
        self.with_addresses(addresses.collect::<Option<Vec<_>>>()?, at)
    }

    /// The user with these addresses, the e-mail addresses first; `None` when two of them are the same or have the same
    /// id.
    fn with_addresses(&self, addresses: Vec<Address>, at: Timestamp) -> Option<User> {
        let mut addresses = addresses.into_iter();
        let mut book = |channel, records: &[IdentifierRecord]| {
            let entries =
                records.iter().zip(&mut addresses).map(|(record, address)| self.to_identifier(record, address));
            let primary = records.iter().find(|record| record.primary).and_then(|record| record.id);
            Book::restore(channel, entries.collect(), primary).ok()
        };
        let (emails, phones) = (book(Channel::Email, &self.emails)?, book(Channel::Phone, &self.phones)?);
        let parts = UserParts {
            created_at: self.created_at,
            updated_at: self.updated_at,
            disabled: self.disabled,
            username: self.username.as_ref().map(|record| {
                Box::new(UsernameEntry {
                    id: record.id.unwrap_or(NO_ID),
                    username: record.username.clone(),
                    source: record.source.clone(),
                    added_at: record.added_at.unwrap_or(self.created_at),
                })
            }),
            emails,
            phones,
            profile: self.profile.clone(),
            extension: Arc::clone(&self.extension),
            ..UserParts::new(self.id.clone(), at)
        };
        Some(User { parts })
    }

    fn to_identifier(&self, record: &IdentifierRecord, address: Address) -> Identifier {
        let added_at = record.added_at.unwrap_or(self.created_at);
        let verified = record.verified.as_ref().map(|verified| Verified {
            at: verified.at.unwrap_or(added_at),
            by: verified.by.unwrap_or(Method::Import),
            source: verified.source.clone(),
        });
        Identifier {
            id: record.id.unwrap_or(NO_ID),
            address,
            status: verified.map_or(Status::Unverified, Status::Verified),
            source: record.source.clone(),
            unrestricted: record.unrestricted,
            added_at,
            replaces: None,
            attempts: Attempts::default(),
            undeliverable: record.undeliverable,
            scheduled: None,
            label: record.label.clone(),
            contest: None,
            contested_at: None,
        }
    }
}

/// Stands for an absent id. [`UserRecord::with_ids`] fills in every id before anything is stored.
const NO_ID: IdentifierId = IdentifierId::from_uuid(uuid::Uuid::nil());

impl From<&User> for UserRecord {
    fn from(user: &User) -> Self {
        let records = |book: &Book| {
            let record = |entry: &Identifier| IdentifierRecord {
                id: Some(entry.id),
                address: Typed(readable(&entry.address).to_owned()),
                primary: book.is_primary(entry.id),
                verified: entry.verified().map(|verified| VerifiedRecord {
                    at: Some(verified.at),
                    by: Some(verified.by),
                    source: verified.source.clone(),
                }),
                source: entry.source.clone(),
                unrestricted: entry.unrestricted,
                added_at: Some(entry.added_at),
                undeliverable: entry.undeliverable,
                label: entry.label.clone(),
            };
            book.entries().iter().map(record).collect()
        };
        Self {
            id: user.id().clone(),
            created_at: user.created_at(),
            updated_at: user.updated_at(),
            disabled: user.is_disabled(),
            username: user.username().map(|entry| UsernameRecord {
                id: Some(entry.id),
                username: entry.username.clone(),
                source: entry.source.clone(),
                added_at: Some(entry.added_at),
            }),
            emails: records(user.emails()),
            phones: records(user.phones()),
            profile: user.profile().clone(),
            extension: Arc::clone(&user.parts.extension),
        }
    }
}

/// The typed form, if it still parses to this address; otherwise the canonical form. A number typed in national form is
/// readable in one country only.
fn readable(address: &Address) -> &str {
    let typed = address.typed();
    let again = match address {
        Address::Email(_) => Email::parse(typed).map(Address::from).ok(),
        Address::Phone(_) => Phone::parse(typed).map(Address::from).ok(),
    };
    if again.as_ref() == Some(address) { typed } else { address.as_str() }
}
