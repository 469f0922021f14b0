use identity::{Identifier, Status, Timestamp, User};
use serde::Serialize;
use serde_json::{Map, Value};

/// A user as the holder may see it, for a host's API. It has no private field: nothing of the profile's private data,
/// of what the host keeps with the user, of attempts, nonces, sources or restrictions is in it, whatever the [`User`]
/// holds.
///
/// Times are written as RFC 3339 says, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct UserView {
    /// The id of the user.
    pub id: String,
    /// When the user was created.
    #[cfg_attr(feature = "utoipa", schema(format = DateTime))]
    pub created_at: String,
    /// When the user last changed.
    #[cfg_attr(feature = "utoipa", schema(format = DateTime))]
    pub updated_at: String,
    /// Whether the user is disabled, and may change nothing.
    pub disabled: bool,
    /// The name with which the user signs in.
    pub username: Option<String>,
    /// The e-mail addresses, in the order in which they were added.
    pub emails: Vec<IdentifierView>,
    /// The phone numbers, in the order in which they were added.
    pub phones: Vec<IdentifierView>,
    /// The claims of the profile, a JSON object.
    #[cfg_attr(feature = "utoipa", schema(value_type = Object))]
    pub claims: Map<String, Value>,
    /// The public data of the profile, a JSON object.
    #[cfg_attr(feature = "utoipa", schema(value_type = Object))]
    pub public_data: Map<String, Value>,
}

/// An e-mail address or a phone number as the holder may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct IdentifierView {
    /// The id of the address.
    #[cfg_attr(feature = "utoipa", schema(format = Uuid))]
    pub id: String,
    /// The address in its canonical form.
    pub address: String,
    /// `email` or `phone`.
    pub channel: &'static str,
    /// `unverified`, `pending` while a challenge was opened for it, or `verified`.
    pub status: &'static str,
    /// Whether it is the primary address of its channel.
    pub primary: bool,
    /// Whether messages are known not to reach it.
    pub undeliverable: bool,
    /// When it was added.
    #[cfg_attr(feature = "utoipa", schema(format = DateTime))]
    pub added_at: String,
    /// When it was verified.
    #[cfg_attr(feature = "utoipa", schema(format = DateTime))]
    pub verified_at: Option<String>,
    /// What the holder calls it.
    pub label: Option<String>,
    /// The id of the address that it replaces once it is verified.
    #[cfg_attr(feature = "utoipa", schema(format = Uuid))]
    pub replaces: Option<String>,
}

impl IdentifierView {
    /// The view of an address of this user.
    #[must_use]
    pub fn of(user: &User, entry: &Identifier) -> Self {
        let channel = entry.address.channel();
        Self {
            id: entry.id.to_string(),
            address: entry.address.as_str().to_owned(),
            channel: channel.as_str(),
            status: match entry.status {
                Status::Unverified => "unverified",
                Status::Pending(_) => "pending",
                Status::Verified(_) => "verified",
            },
            primary: user.book(channel).is_primary(entry.id),
            undeliverable: entry.undeliverable.is_some(),
            added_at: entry.added_at.to_string(),
            verified_at: entry.verified().map(|verified| verified.at.to_string()),
            label: entry.label.as_ref().map(|label| label.as_str().to_owned()),
            replaces: entry.replaces.map(|old| old.to_string()),
        }
    }
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        let of = |entries: &[Identifier]| entries.iter().map(|entry| IdentifierView::of(user, entry)).collect();
        Self {
            id: user.id().as_str().to_owned(),
            created_at: Timestamp::to_string(&user.created_at()),
            updated_at: Timestamp::to_string(&user.updated_at()),
            disabled: user.is_disabled(),
            username: user.username().map(|name| name.username.as_str().to_owned()),
            emails: of(user.emails().entries()),
            phones: of(user.phones().entries()),
            claims: user.profile().claims.as_map().clone(),
            public_data: user.profile().public_data.as_map().clone(),
        }
    }
}
