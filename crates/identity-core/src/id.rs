use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is no [`UserId`] or [`TenantId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The text is empty.
    #[error("an id is empty; give it 1 to 200 characters")]
    Empty,
    /// The text is longer than 200 characters.
    #[error("an id is longer than 200 characters; shorten it")]
    TooLong,
    /// The text has a control character in it.
    #[error("an id has a control character in it; take it out")]
    Control,
}

fn check(text: &str) -> Result<(), IdError> {
    // Bytes first: a character has at least one, so the count below never walks a huge text.
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

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads an id of 1 to 200 characters.
            ///
            /// # Errors
            /// [`IdError`] when it is empty, longer, or has a control character in it.
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

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

text_id! {
    /// Who a user is: an opaque text, unique within a tenant and never used again, not even after the user was erased.
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
    /// Which of a service's customers a user belongs to. Nothing crosses from one tenant into another.
    TenantId
}

impl Default for TenantId {
    /// The tenant of a service that has one only: `default`.
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
    /// One e-mail address, phone number or username of a user: a UUID, version 7 (RFC 9562) when this library made it.
    IdentifierId
}

uuid_id! {
    /// One outgoing message: a UUID, version 7, so that a store can keep messages in the order in which they came.
    MessageId
}

/// The key of a user in every table: tenant first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UserKey {
    /// The tenant.
    pub tenant: TenantId,
    /// The user within the tenant.
    pub user: UserId,
}

/// How many events a user has had: the number of the last one. Every commit names the version that it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);
