use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base::{codes, text_value};

/// The maximum number of e-mail addresses of a user, and the maximum number of phone numbers: 50 each.
pub const MAX_IDENTIFIERS: usize = 50;

/// The reason why a text is not a valid [`UserId`] or [`TenantId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The text is empty.
    #[error("the id is empty; an id has 1 to 200 characters")]
    Empty,
    /// The text is longer than 200 characters.
    #[error("the id is longer than 200 characters; shorten it")]
    TooLong,
    /// The text contains a control character.
    #[error("the id contains a control character; remove it")]
    Control,
}

codes!(IdError { Self::Empty => "id_empty", Self::TooLong => "id_too_long", Self::Control => "id_control" });

fn check(text: &str) -> Result<(), IdError> {
    // Bytes first: the characters of a very long text are never counted.
    if text.is_empty() {
        Err(IdError::Empty)
    } else if text.len() > 800 || text.chars().count() > 200 {
        Err(IdError::TooLong)
    } else if text.chars().any(char::is_control) {
        Err(IdError::Control)
    } else {
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads an id of 1 to 200 characters.
            ///
            /// # Errors
            /// * [`IdError::Empty`] for an empty text.
            /// * [`IdError::TooLong`] above 200 characters.
            /// * [`IdError::Control`] when it contains a control character.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                check(text)?;
                Ok(Self(text.into()))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        text_value!($name, IdError, "a string", quoted);
    };
}

text_id! {
    /// The id of a user: an opaque text of 1 to 200 characters. It is unique within a tenant and never used again, not
    /// even after the user was erased.
    ///
    /// ```
    /// use identity_core::UserId;
    /// assert_eq!(UserId::parse("UOtBaOybB6dTpIJNrnkRw")?.as_str(), "UOtBaOybB6dTpIJNrnkRw");
    /// assert!(UserId::parse("").is_err());
    /// # Ok::<(), identity_core::IdError>(())
    /// ```
    UserId
}

text_id! {
    /// The id of a tenant, for example of a customer of a service: an opaque text of 1 to 200 characters. Tenants share
    /// no users, claims or budgets.
    TenantId
}

impl TenantId {
    /// The name `-shared-`, under which a store keeps the budgets that all tenants share. Their kinds are their own, so that a
    /// tenant of the same name has nothing in common with them.
    #[must_use]
    pub fn shared() -> Self {
        Self("-shared-".into())
    }
}

impl Default for TenantId {
    /// The id `default`, for a service with a single tenant.
    fn default() -> Self {
        Self("default".into())
    }
}

impl From<Uuid> for UserId {
    fn from(id: Uuid) -> Self {
        let mut buffer = Uuid::encode_buffer();
        Self((&*id.hyphenated().encode_lower(&mut buffer)).into())
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id with this value.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The value of the id.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id! {
    /// The id of an e-mail address, a phone number or a username of a user: a UUID, of version 7 (RFC 9562) when this
    /// library made it.
    IdentifierId
}

uuid_id! {
    /// The id of a contest over an address: a UUID of version 7 (RFC 9562).
    ContestId
}

uuid_id! {
    /// The id of a message: a UUID of version 7 (RFC 9562), so that a store can keep messages in the order of their
    /// creation.
    MessageId
}

/// The key of a user in every table of a store. The tenant comes first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UserKey {
    /// The tenant.
    pub tenant: TenantId,
    /// The user within the tenant.
    pub user: UserId,
}

/// The version of a user: the number of its last event. Every commit names the version that it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);
