use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{JsonObject, Timestamp};

/// The most bytes, as JSON, that a user's reported credentials or sign-in activity may have.
pub const MAX_REPORT_BYTES: usize = 262_144;

/// What the host keeps to authenticate a person, as it reports it: recorded, never judged. No secret is among it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Credentials {
    /// Whether there is a password.
    pub has_password: bool,
    /// When the password was last set.
    pub password_updated_at: Option<Timestamp>,
    /// Whether the password has to be set anew at the next sign-in.
    pub force_password_reset: bool,
    /// Passkeys (Web Authentication Level 2).
    pub passkeys: Vec<Passkey>,
    /// Identities at other providers.
    pub providers: Vec<ExternalIdentity>,
    /// The connections through which the user came.
    pub connections: Vec<Connection>,
}

/// A passkey, as the host reports it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Passkey {
    /// What the person calls it.
    pub name: Option<String>,
    /// The credential id.
    pub passkey_id: String,
    /// The public key.
    pub public_key: String,
    /// The model of the authenticator.
    pub aa_guid: String,
    /// Whether the credential is backed up.
    pub backup_state: bool,
    /// Whether the credential can be backed up.
    pub backup_eligibility: bool,
    /// Whether somebody was there when it was made.
    pub user_present: bool,
    /// Whether the authenticator verified who was there.
    pub user_verified: bool,
    /// With what it was made.
    pub user_agent: String,
}

/// A user's identity at another provider.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ExternalIdentity {
    /// The provider, for example `google`.
    pub authenticator: String,
    /// Who the user is there.
    pub provider_user_id: String,
    /// What the provider says of the user. Nothing here verifies an address.
    pub claims: JsonObject,
}

/// The provider alone: who somebody is there may be an e-mail address.
impl fmt::Debug for ExternalIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalIdentity").field("authenticator", &self.authenticator).finish_non_exhaustive()
    }
}

/// A connection through which a user came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Connection {
    /// The identity provider.
    pub idp: String,
    /// The user's id at the connection.
    pub connection_id: String,
}

/// Sign-in activity, as the host reports it: recorded, never judged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SignIns {
    /// Failures in a row.
    pub failure_count: u64,
    /// Attempts in all.
    pub attempts_count: u64,
    /// Successes in all.
    pub success_count: u64,
    /// Until when sign-in is blocked.
    pub block_until: Option<Timestamp>,
    /// The last attempt.
    pub last_attempt: Option<Timestamp>,
    /// From which IP address.
    pub last_attempt_ip: Option<String>,
    /// The last success.
    pub last_success: Option<Timestamp>,
    /// From which IP address.
    pub last_success_ip: Option<String>,
    /// When the user was last seen.
    pub last_activity: Option<Timestamp>,
    /// In which city.
    pub last_known_city: Option<String>,
    /// In which country.
    pub last_known_country: Option<String>,
    /// In which region.
    pub last_known_region: Option<String>,
}
