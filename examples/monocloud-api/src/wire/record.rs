use std::sync::Arc;

use identity::address::UsernameError;
use identity::import::UserRecord;
use identity::import::{IdentifierRecord, Typed, UsernameRecord, VerifiedRecord};
use identity::user::{JsonError, JsonObject};
use identity::{IdError, IdentifierId, Profile, Timestamp, UserId, Username};
use uuid::Uuid;

use super::{Credentials, CurrentUser, Member as _, Object, SignIns};

/// The reason that a user of the wire cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The user id is malformed.
    #[error("user_id: {0}")]
    UserId(#[from] IdError),
    /// The id of an identifier is not a UUID.
    #[error("{0}: the id is no UUID")]
    IdentifierId(&'static str),
    /// The username is malformed.
    #[error("username: {0}")]
    Username(#[from] UsernameError),
    /// A JSON object is too large or too deep.
    #[error("{0}: {1}")]
    Json(&'static str, #[source] JsonError),
}

fn id(place: &'static str, text: &str) -> Result<IdentifierId, RecordError> {
    Uuid::parse_str(text).map(IdentifierId::from_uuid).map_err(|_| RecordError::IdentifierId(place))
}

fn object(place: &'static str, object: Object) -> Result<JsonObject, RecordError> {
    JsonObject::new(object).map_err(|error| RecordError::Json(place, error))
}

fn address(
    id: IdentifierId,
    address: String,
    primary: bool,
    source: Option<String>,
    verified: Option<Option<String>>,
) -> IdentifierRecord {
    IdentifierRecord {
        id: Some(id),
        address: Typed(address),
        primary,
        verified: verified.map(|source| VerifiedRecord { at: None, by: None, source: source.map(Into::into) }),
        source: source.map(Into::into),
        unrestricted: false,
        added_at: None,
        undeliverable: None,
        label: None,
    }
}

impl TryFrom<CurrentUser> for UserRecord {
    type Error = RecordError;

    fn try_from(user: CurrentUser) -> Result<Self, RecordError> {
        let secs = |at: Option<i64>| at.map(Timestamp::from_secs);
        let emails = user.emails.into_iter().map(|entry| {
            let verified = entry.verified.then_some(entry.verification_source);
            Ok(address(id("emails", &entry.id)?, entry.email, entry.primary, entry.source, verified))
        });
        let phones = user.phone_numbers.into_iter().map(|entry| {
            let verified = entry.verified.then_some(entry.verification_source);
            Ok(address(id("phone_numbers", &entry.id)?, entry.phone, entry.primary, entry.source, verified))
        });
        let username = user.username.map(|entry| {
            Ok::<_, RecordError>(UsernameRecord {
                id: Some(id("username", &entry.id)?),
                username: Username::parse(&entry.username)?,
                source: entry.source.map(Into::into),
                added_at: None,
            })
        });
        let credentials = Credentials {
            has_password: user.has_password,
            password_updated_at: secs(user.password_updated_at),
            force_password_reset: user.force_password_reset,
            passkeys: user.passkeys,
            providers: user.external_providers,
            connections: user.connections,
        };
        let sign_ins = SignIns {
            failure_count: user.failure_count,
            attempts_count: user.sign_in_attempts_count,
            success_count: user.sign_in_success_count,
            block_until: secs(user.block_until),
            last_attempt: secs(user.last_sign_in_attempt),
            last_attempt_ip: user.last_sign_in_attempt_ip,
            last_success: secs(user.last_sign_in_success),
            last_success_ip: user.last_sign_in_success_ip,
            last_activity: secs(user.last_activity),
            last_known_city: user.last_known_city,
            last_known_country: user.last_known_country,
            last_known_region: user.last_known_region,
        };
        let extension = JsonObject::extension([credentials.named(), sign_ins.named()].into_iter().collect());
        Ok(Self {
            id: UserId::parse(&user.user_id)?,
            created_at: Timestamp::from_secs(user.creation_time),
            updated_at: Timestamp::from_secs(user.last_updated),
            disabled: user.disabled,
            username: username.transpose()?,
            emails: emails.collect::<Result<_, RecordError>>()?,
            phones: phones.collect::<Result<_, RecordError>>()?,
            profile: Profile {
                claims: Arc::new(object("claims", user.claims)?),
                public_data: Arc::new(object("public_data", user.public_data)?),
                private_data: Arc::new(object("private_data", user.private_data)?),
            },
            extension: Arc::new(extension.map_err(|error| RecordError::Json("sign-in", error))?),
        })
    }
}
