use identity::user::Method;
use identity::{Identifier, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Credentials, Member as _, Object, SOURCE, SignIns, text};

/// A user. Times are seconds since 1970; what is not known is null.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CurrentUser {
    /// The user's id.
    pub user_id: String,
    /// Whether the user is disabled.
    pub disabled: bool,
    /// The connections that the user signed up or signs in through.
    pub connections: Vec<Connection>,
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
    pub emails: Vec<CurrentEmail>,
    /// The phone numbers.
    pub phone_numbers: Vec<CurrentPhone>,
    /// The passkeys.
    pub passkeys: Vec<Passkey>,
    /// Whether the user has to set a new password.
    pub force_password_reset: bool,
    /// Identities at other providers.
    pub external_providers: Vec<ExternalProvider>,
    /// The time of creation.
    pub creation_time: i64,
    /// The time of the last change.
    pub last_updated: i64,
    /// Whether there is a password.
    pub has_password: bool,
    /// The number of failed sign-ins in a row.
    pub failure_count: u64,
    /// The number of attempts to sign in.
    pub sign_in_attempts_count: u64,
    /// The number of successful sign-ins.
    pub sign_in_success_count: u64,
    /// The name to sign in with.
    pub username: Option<CurrentUsername>,
    /// The time at which the password was set.
    pub password_updated_at: Option<i64>,
    /// The time until which sign-in is blocked.
    pub block_until: Option<i64>,
    /// The time of the last attempt to sign in.
    pub last_sign_in_attempt: Option<i64>,
    /// The IP address of that sign-in or attempt.
    pub last_sign_in_attempt_ip: Option<String>,
    /// The time of the last successful sign-in.
    pub last_sign_in_success: Option<i64>,
    /// The IP address of that sign-in or attempt.
    pub last_sign_in_success_ip: Option<String>,
    /// The time of the user's last activity.
    pub last_activity: Option<i64>,
    /// The city of the last activity.
    pub last_known_city: Option<String>,
    /// The country of the last activity.
    pub last_known_country: Option<String>,
    /// The region of the last activity.
    pub last_known_region: Option<String>,
}

/// A user in a list: without data, and without what providers claim.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CurrentSummary {
    /// The user's id.
    pub user_id: String,
    /// Whether the user is disabled.
    pub disabled: bool,
    /// The connections that the user signed up or signs in through.
    pub connections: Vec<Connection>,
    /// Claims of OpenID Connect.
    #[schema(value_type = Object)]
    pub claims: Object,
    /// The e-mail addresses.
    pub emails: Vec<CurrentEmail>,
    /// The phone numbers.
    pub phone_numbers: Vec<CurrentPhone>,
    /// The passkeys.
    pub passkeys: Vec<Passkey>,
    /// Whether the user has to set a new password.
    pub force_password_reset: bool,
    /// Identities at other providers.
    pub external_providers: Vec<ProviderSummary>,
    /// The time of creation.
    pub creation_time: i64,
    /// The time of the last change.
    pub last_updated: i64,
    /// Whether there is a password.
    pub has_password: bool,
    /// The number of failed sign-ins in a row.
    pub failure_count: u64,
    /// The number of attempts to sign in.
    pub sign_in_attempts_count: u64,
    /// The number of successful sign-ins.
    pub sign_in_success_count: u64,
    /// The name to sign in with.
    pub username: Option<CurrentUsername>,
    /// The time at which the password was set.
    pub password_updated_at: Option<i64>,
    /// The time until which sign-in is blocked.
    pub block_until: Option<i64>,
    /// The time of the last attempt to sign in.
    pub last_sign_in_attempt: Option<i64>,
    /// The IP address of that sign-in or attempt.
    pub last_sign_in_attempt_ip: Option<String>,
    /// The time of the last successful sign-in.
    pub last_sign_in_success: Option<i64>,
    /// The IP address of that sign-in or attempt.
    pub last_sign_in_success_ip: Option<String>,
    /// The time of the user's last activity.
    pub last_activity: Option<i64>,
    /// The city of the last activity.
    pub last_known_city: Option<String>,
    /// The country of the last activity.
    pub last_known_country: Option<String>,
    /// The region of the last activity.
    pub last_known_region: Option<String>,
}

/// An e-mail address.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CurrentEmail {
    /// The id.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// The address.
    pub email: String,
    /// Whether it is the primary one.
    pub primary: bool,
    /// Whether it is verified.
    pub verified: bool,
    /// The system that collected it.
    pub source: Option<String>,
    /// The system that verified it.
    pub verification_source: Option<String>,
}

/// A phone number.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CurrentPhone {
    /// The id.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// The number (E.164).
    pub phone: String,
    /// Whether it is the primary one.
    pub primary: bool,
    /// Whether it is verified.
    pub verified: bool,
    /// The system that collected it.
    pub source: Option<String>,
    /// The system that verified it.
    pub verification_source: Option<String>,
}

/// The name to sign in with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CurrentUsername {
    /// The id.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// The name.
    pub username: String,
    /// The system that collected it.
    pub source: Option<String>,
}

/// A connection through which a user came.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// The identity provider.
    pub idp: String,
    /// The user's id there.
    pub connection_id: String,
}

/// A user's identity at another provider.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalProvider {
    /// The provider.
    pub authenticator: String,
    /// The user's id at the provider.
    pub provider_user_id: String,
    /// The claims that the provider makes about the user.
    #[schema(value_type = Object)]
    pub claims: Object,
}

/// A user's identity at another provider, in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProviderSummary {
    /// The provider.
    pub authenticator: String,
    /// The user's id at the provider.
    pub provider_user_id: String,
}

/// A passkey.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Passkey {
    /// The name that the person gave it.
    pub name: Option<String>,
    /// The credential id.
    pub passkey_id: String,
    /// The public key.
    pub public_key: String,
    /// The model of the authenticator.
    pub aa_guid: String,
    /// Whether it is backed up.
    pub backup_state: bool,
    /// Whether it can be backed up.
    pub backup_eligibility: bool,
    /// Whether a person was present when it was created.
    pub user_present: bool,
    /// Whether the authenticator verified the person.
    pub user_verified: bool,
    /// The user agent that created it.
    pub user_agent: String,
}

impl From<&identity::User> for CurrentUser {
    fn from(user: &identity::User) -> Self {
        let (profile, credentials, sign_ins) = (user.profile(), Credentials::of(user), SignIns::of(user));
        let secs = |at: Option<Timestamp>| at.map(Timestamp::as_secs);
        Self {
            user_id: user.id().as_str().to_owned(),
            disabled: user.is_disabled(),
            connections: credentials.connections,
            claims: profile.claims.as_map().clone(),
            public_data: profile.public_data.as_map().clone(),
            private_data: profile.private_data.as_map().clone(),
            emails: user.emails().entries().iter().map(|entry| email(user, entry)).collect(),
            phone_numbers: user.phones().entries().iter().map(|entry| phone(user, entry)).collect(),
            passkeys: credentials.passkeys,
            force_password_reset: credentials.force_password_reset,
            external_providers: credentials.providers,
            creation_time: user.created_at().as_secs(),
            last_updated: user.updated_at().as_secs(),
            has_password: credentials.has_password,
            failure_count: sign_ins.failure_count,
            sign_in_attempts_count: sign_ins.attempts_count,
            sign_in_success_count: sign_ins.success_count,
            username: user.username().map(|entry| CurrentUsername {
                id: entry.id.to_string(),
                username: entry.username.as_str().to_owned(),
                source: text(entry.source.as_ref()),
            }),
            password_updated_at: secs(credentials.password_updated_at),
            block_until: secs(sign_ins.block_until),
            last_sign_in_attempt: secs(sign_ins.last_attempt),
            last_sign_in_attempt_ip: sign_ins.last_attempt_ip,
            last_sign_in_success: secs(sign_ins.last_success),
            last_sign_in_success_ip: sign_ins.last_success_ip,
            last_activity: secs(sign_ins.last_activity),
            last_known_city: sign_ins.last_known_city,
            last_known_country: sign_ins.last_known_country,
            last_known_region: sign_ins.last_known_region,
        }
    }
}

fn email(user: &identity::User, entry: &Identifier) -> CurrentEmail {
    CurrentEmail {
        id: entry.id.to_string(),
        email: entry.address.as_str().to_owned(),
        primary: user.emails().is_primary(entry.id),
        verified: entry.is_verified(),
        source: text(entry.source.as_ref()),
        verification_source: verification_source(entry),
    }
}

fn phone(user: &identity::User, entry: &Identifier) -> CurrentPhone {
    CurrentPhone {
        id: entry.id.to_string(),
        phone: entry.address.as_str().to_owned(),
        primary: user.phones().is_primary(entry.id),
        verified: entry.is_verified(),
        source: text(entry.source.as_ref()),
        verification_source: verification_source(entry),
    }
}

/// Who verified it: what was recorded, or this host when the holder answered its message.
fn verification_source(entry: &Identifier) -> Option<String> {
    let verified = entry.verified()?;
    let here =
        matches!(verified.by, Method::Code | Method::Link | Method::AdministratorCode).then(|| SOURCE.to_owned());
    text(verified.source.as_ref()).or(here)
}

impl From<ExternalProvider> for ProviderSummary {
    fn from(known: ExternalProvider) -> Self {
        Self { authenticator: known.authenticator, provider_user_id: known.provider_user_id }
    }
}

impl From<CurrentUser> for CurrentSummary {
    fn from(user: CurrentUser) -> Self {
        Self {
            user_id: user.user_id,
            disabled: user.disabled,
            connections: user.connections,
            claims: user.claims,
            emails: user.emails,
            phone_numbers: user.phone_numbers,
            passkeys: user.passkeys,
            force_password_reset: user.force_password_reset,
            external_providers: user.external_providers.into_iter().map(ProviderSummary::from).collect(),
            creation_time: user.creation_time,
            last_updated: user.last_updated,
            has_password: user.has_password,
            failure_count: user.failure_count,
            sign_in_attempts_count: user.sign_in_attempts_count,
            sign_in_success_count: user.sign_in_success_count,
            username: user.username,
            password_updated_at: user.password_updated_at,
            block_until: user.block_until,
            last_sign_in_attempt: user.last_sign_in_attempt,
            last_sign_in_attempt_ip: user.last_sign_in_attempt_ip,
            last_sign_in_success: user.last_sign_in_success,
            last_sign_in_success_ip: user.last_sign_in_success_ip,
            last_activity: user.last_activity,
            last_known_city: user.last_known_city,
            last_known_country: user.last_known_country,
            last_known_region: user.last_known_region,
        }
    }
}
