use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::Object;

/// A user to create. Everything is optional.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CreateUser {
    /// A name to sign in with.
    #[schema(min_length = 1, max_length = 200)]
    pub username: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
    /// Whether to record it as verified on the caller's word.
    pub email_verified: bool,
    /// A phone number, beginning with `+` and the country code.
    pub phone_number: Option<String>,
    /// Whether to record it as verified on the caller's word.
    pub phone_number_verified: bool,
    /// The claim `name`.
    pub name: Option<String>,
    /// The claim `given_name`.
    pub given_name: Option<String>,
    /// The claim `middle_name`.
    pub middle_name: Option<String>,
    /// The claim `family_name`.
    pub family_name: Option<String>,
    /// The claim `nickname`.
    pub nickname: Option<String>,
    /// The claim `picture`.
    pub picture: Option<String>,
    /// Whether to skip the tenant's allow and block lists.
    pub skip_identifier_restriction_checks: bool,
    /// Accepted and without effect: what is no address or username is refused all the same.
    pub skip_conformance_checks: bool,
}

/// An e-mail address to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddEmail {
    /// The address.
    pub email: String,
    /// Whether to record it as verified on the caller's word.
    #[serde(default)]
    pub is_verified: bool,
    /// Whether to skip the tenant's allow and block lists.
    #[serde(default)]
    pub skip_restriction_checks: bool,
}

/// A phone number to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPhone {
    /// The number, beginning with `+` and the country code.
    pub phone_number: String,
    /// Whether to record it as verified on the caller's word.
    #[serde(default)]
    pub is_verified: bool,
    /// Whether to skip the tenant's allow and block lists.
    #[serde(default)]
    pub skip_restriction_checks: bool,
}

/// A username to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUsername {
    /// The name.
    #[schema(min_length = 1, max_length = 200)]
    pub username: String,
}

/// The options of disabling a user.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Disable {
    /// Accepted and without effect: this host has no sessions that it could revoke.
    pub revoke_sessions: bool,
}

/// A verification link to send.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SendVerificationLink {
    /// The life of the link in seconds, from 1 to 604,800; 600 when absent or null.
    #[schema(minimum = 1, maximum = 604_800)]
    pub expiry: Option<u32>,
}

/// A verification link is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerificationLinkSent {
    /// Whether the message is on its way.
    pub email_sent: bool,
    /// The time at which the link expires, in seconds since 1970.
    pub expires_at: i64,
}

/// An identity at another provider to forget.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Disconnect {
    /// The provider.
    pub authenticator: Authenticator,
    /// The user's id at the provider.
    pub provider_user_id: String,
}

/// A provider of identities.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Authenticator {
    Google,
    Apple,
    Facebook,
    Microsoft,
    Github,
    Gitlab,
    Discord,
    Twitter,
    Linkedin,
    Xero,
}

impl Authenticator {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Apple => "apple",
            Self::Facebook => "facebook",
            Self::Microsoft => "microsoft",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Discord => "discord",
            Self::Twitter => "twitter",
            Self::Linkedin => "linkedin",
            Self::Xero => "xero",
        }
    }
}

/// The private data of a user; in a change, each member that is sent replaces the one of its name, and null removes it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrivateData {
    /// The data.
    #[schema(value_type = Object)]
    pub private_data: Object,
}

/// The public data of a user; in a change, each member that is sent replaces the one of its name, and null removes it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicData {
    /// The data.
    #[schema(value_type = Object)]
    pub public_data: Object,
}

/// A member of a change, which may be absent, null or a value.
type Change<T> = Option<Option<T>>;

fn sent<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Change<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Reads an object and refuses an array, from which serde reads a struct too.
fn sent_object<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Change<T>, D::Error> {
    let object = Option::<Object>::deserialize(deserializer)?;
    let read = |object| serde_json::from_value(serde_json::Value::Object(object)).map_err(serde::de::Error::custom);
    object.map(read).transpose().map(Some)
}

macro_rules! claims {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Claims to change (OpenID Connect Core 1.0, 5.1): what is sent replaces, null removes, what is absent stays.
        #[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct PatchClaims {
            $(
                $(#[$doc])*
                #[serde(deserialize_with = "sent", skip_serializing_if = "Option::is_none")]
                #[schema(value_type = Option<String>)]
                pub $name: Change<String>,
            )*
            /// The postal address; it replaces the one before as a whole.
            #[serde(deserialize_with = "sent_object", skip_serializing_if = "Option::is_none")]
            #[schema(value_type = Option<AddressClaim>)]
            pub address: Change<AddressClaim>,
        }
    };
}

claims! {
    /// The full name.
    name,
    /// The given name.
    given_name,
    /// The middle name.
    middle_name,
    /// The family name.
    family_name,
    /// The nickname.
    nickname,
    /// The name by which the person wants to be called.
    preferred_username,
    /// The URL of a page about the person.
    profile,
    /// The URL of a picture.
    picture,
    /// The URL of the person's web site.
    website,
    /// The gender.
    gender,
    /// The birthday, `YYYY-MM-DD`.
    birthdate,
    /// The time zone.
    zoneinfo,
    /// The language, a BCP 47 tag; messages are written in it.
    locale,
}

/// A postal address (OpenID Connect Core 1.0, 5.1.1).
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AddressClaim {
    /// The whole address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// Street and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// The town.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// The region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// The country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}
