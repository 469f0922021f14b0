use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;
use crate::user::JsonObject;

/// The maximum length of the reported credentials of a user, and of the reported sign-in activity, in bytes of JSON.
pub const MAX_REPORT_BYTES: usize = 262_144;

/// The credentials that the host keeps to authenticate a person, as reported by the host. They contain no secrets. The
/// library records them and draws no conclusions from them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Credentials {
    /// Whether the user has a password.
    pub has_password: bool,
    /// When the password was last set.
    pub password_updated_at: Option<Timestamp>,
    /// Whether the user must set a new password at the next sign-in.
    pub force_password_reset: bool,
    /// The user's passkeys (Web Authentication Level 2).
    pub passkeys: Vec<Passkey>,
    /// The user's identities at external providers.
    pub providers: Vec<ExternalIdentity>,
    /// The connections through which the user came.
    pub connections: Vec<Connection>,
}

/// A passkey, as reported by the host. The fields are those of Web Authentication Level 2.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Passkey {
    /// The name that the person gave the passkey.
    pub name: Option<String>,
    /// The id of the credential.
    pub passkey_id: String,
    /// The public key of the credential.
    pub public_key: String,
    /// The AAGUID, which names the model of the authenticator.
    pub aa_guid: String,
    /// Whether the credential is backed up.
    pub backup_state: bool,
    /// Whether the credential can be backed up.
    pub backup_eligibility: bool,
    /// Whether a person was present when the passkey was created.
    pub user_present: bool,
    /// Whether the authenticator verified the person when the passkey was created.
    pub user_verified: bool,
    /// The user agent with which the passkey was created.
    pub user_agent: String,
}

/// A user's identity at an external provider.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ExternalIdentity {
    /// The name of the provider, for example `google`.
    pub authenticator: String,
    /// The id of the user at the provider.
    pub provider_user_id: String,
    /// The claims of the provider about the user. They do not verify an address.
    pub claims: JsonObject,
}

/// Prints only the provider, because the user's id there may be an e-mail address.
impl fmt::Debug for ExternalIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalIdentity").field("authenticator", &self.authenticator).finish_non_exhaustive()
    }
}

/// A connection through which a user came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Connection {
    /// The identity provider of the connection.
    pub idp: String,
    /// The id of the user at the connection.
    pub connection_id: String,
}

/// The sign-in activity of a user, as reported by the host. The library records it and draws no conclusions from it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SignIns {
    /// The number of consecutive failed sign-ins.
    pub failure_count: u64,
    /// The number of attempts to sign in, successful or not.
    pub attempts_count: u64,
    /// The number of successful sign-ins.
    pub success_count: u64,
    /// When the block of sign-in ends; `None` when sign-in is not blocked.
    pub block_until: Option<Timestamp>,
    /// When the user last tried to sign in.
    pub last_attempt: Option<Timestamp>,
    /// The IP address of the last attempt.
    pub last_attempt_ip: Option<String>,
    /// When the user last signed in.
    pub last_success: Option<Timestamp>,
    /// The IP address of the last successful sign-in.
    pub last_success_ip: Option<String>,
    /// When the user was last active.
    pub last_activity: Option<Timestamp>,
    /// The last known city of the user.
    pub last_known_city: Option<String>,
    /// The last known country of the user.
    pub last_known_country: Option<String>,
    /// The last known region of the user.
    pub last_known_region: Option<String>,
}
