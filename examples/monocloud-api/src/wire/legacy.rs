use identity::{Identifier, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::reported::read;
use super::{Credentials, ExternalProvider, Member as _, Object, Passkey, ProviderSummary, SignInUse};

/// A user as the API answered before. Times are seconds since 1970; what is not known is null.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LegacyUser {
    /// The user's id.
    pub user_id: String,
    /// Whether the user is disabled.
    pub disabled: bool,
    /// Claims of OpenID Connect.
    #[schema(value_type = Object)]
    pub claims: Object,
    /// The public data.
    #[schema(value_type = Object)]
    pub public_data: Object,
    /// The private data.
    #[schema(value_type = Object)]
    pub private_data: Object,
    /// The e-mail addresses.
    pub emails: Vec<LegacyEmail>,
    /// The phone numbers.
    pub phone_numbers: Vec<LegacyPhone>,
    /// The passkeys.
    pub passkeys: Vec<Passkey>,
    /// Identities at other providers.
    pub idps: Vec<ExternalProvider>,
    /// The time of creation.
    pub creation_time: i64,
    /// The time of the last change.
    pub last_updated: i64,
    /// The name to sign in with.
    pub username: Option<LegacyUsername>,
    /// Whether there is a password.
    pub has_password: bool,
    /// The time at which the password was set.
    pub password_updated_at: Option<i64>,
}

/// A user in a list: without data, and without what providers claim.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LegacySummary {
    /// The user's id.
    pub user_id: String,
    /// Whether the user is disabled.
    pub disabled: bool,
    /// Claims of OpenID Connect.
    #[schema(value_type = Object)]
    pub claims: Object,
    /// The e-mail addresses.
    pub emails: Vec<LegacyEmail>,
    /// The phone numbers.
    pub phone_numbers: Vec<LegacyPhone>,
    /// The passkeys.
    pub passkeys: Vec<Passkey>,
    /// Identities at other providers.
    pub idps: Vec<ProviderSummary>,
    /// The time of creation.
    pub creation_time: i64,
    /// The time of the last change.
    pub last_updated: i64,
    /// The name to sign in with.
    pub username: Option<LegacyUsername>,
    /// Whether there is a password.
    pub has_password: bool,
    /// The time at which the password was set.
    pub password_updated_at: Option<i64>,
}

/// An e-mail address.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LegacyEmail {
    /// The id.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// The address.
    pub email: String,
    /// Whether it is the primary one.
    pub primary: bool,
    /// Whether it is verified.
    pub verified: bool,
    /// The authenticators that can be used with it.
    pub authenticators: Vec<String>,
    /// The identity providers that know it.
    pub idps: Vec<String>,
}

/// A phone number.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LegacyPhone {
    /// The id.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// The number (E.164).
    pub phone: String,
    /// Whether it is the primary one.
    pub primary: bool,
    /// Whether it is verified.
    pub verified: bool,
    /// The authenticators that can be used with it.
    pub authenticators: Vec<String>,
    /// The identity providers that know it.
    pub idps: Vec<String>,
}

/// The name to sign in with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LegacyUsername {
    /// The id.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// The name.
    pub username: String,
    /// The authenticators that can be used with it.
    pub authenticators: Vec<String>,
    /// The identity providers that know it.
    pub idps: Vec<String>,
}

impl From<&identity::User> for LegacyUser {
    fn from(user: &identity::User) -> Self {
        let (profile, credentials) = (user.profile(), Credentials::of(user));
        Self {
            user_id: user.id().as_str().to_owned(),
            disabled: user.is_disabled(),
            claims: profile.claims.as_map().clone(),
            public_data: profile.public_data.as_map().clone(),
            private_data: profile.private_data.as_map().clone(),
            emails: user.emails().entries().iter().map(|entry| email(user, entry)).collect(),
            phone_numbers: user.phones().entries().iter().map(|entry| phone(user, entry)).collect(),
            passkeys: credentials.passkeys,
            idps: credentials.providers,
            creation_time: user.created_at().as_secs(),
            last_updated: user.updated_at().as_secs(),
            username: user.username().map(|entry| {
                let SignInUse { authenticators, idps } = read(user, &entry.id.to_string());
                LegacyUsername {
                    id: entry.id.to_string(),
                    username: entry.username.as_str().to_owned(),
                    authenticators,
                    idps,
                }
            }),
            has_password: credentials.has_password,
            password_updated_at: credentials.password_updated_at.map(Timestamp::as_secs),
        }
    }
}

fn email(user: &identity::User, entry: &Identifier) -> LegacyEmail {
    let SignInUse { authenticators, idps } = read(user, &entry.id.to_string());
    LegacyEmail {
        id: entry.id.to_string(),
        email: entry.address.as_str().to_owned(),
        primary: user.emails().is_primary(entry.id),
        verified: entry.is_verified(),
        authenticators,
        idps,
    }
}

fn phone(user: &identity::User, entry: &Identifier) -> LegacyPhone {
    let SignInUse { authenticators, idps } = read(user, &entry.id.to_string());
    LegacyPhone {
        id: entry.id.to_string(),
        phone: entry.address.as_str().to_owned(),
        primary: user.phones().is_primary(entry.id),
        verified: entry.is_verified(),
        authenticators,
        idps,
    }
}

impl From<LegacyUser> for LegacySummary {
    fn from(user: LegacyUser) -> Self {
        Self {
            user_id: user.user_id,
            disabled: user.disabled,
            claims: user.claims,
            emails: user.emails,
            phone_numbers: user.phone_numbers,
            passkeys: user.passkeys,
            idps: user.idps.into_iter().map(ProviderSummary::from).collect(),
            creation_time: user.creation_time,
            last_updated: user.last_updated,
            username: user.username,
            has_password: user.has_password,
            password_updated_at: user.password_updated_at,
        }
    }
}
