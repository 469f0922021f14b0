//! What stands in a path. What cannot be an id names nobody: it is not found, and not an error of its own.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use identity::{IdentifierId, UserId};
use uuid::Uuid;

use crate::problem::Problem;

/// `/users/{user_id}`.
#[derive(Debug)]
pub struct UserPath(pub UserId);

/// `/users/{user_id}/emails/{identifier_id}`, and the same for phones.
#[derive(Debug)]
pub struct IdentifierPath {
    /// The user.
    pub user: UserId,
    /// The address.
    pub identifier: IdentifierId,
}

/// `/users/{user_id}/passkeys/{passkey_id}`.
#[derive(Debug)]
pub struct PasskeyPath {
    /// The user.
    pub user: UserId,
    /// The passkey.
    pub passkey: String,
}

fn user_id(text: &str) -> Result<UserId, Problem> {
    UserId::parse(text).map_err(|_| Problem::not_found("there is no such user"))
}

async fn segments<T, S>(parts: &mut Parts, state: &S) -> Result<T, Problem>
where
    T: serde::de::DeserializeOwned + Send,
    S: Send + Sync,
{
    let path = Path::<T>::from_request_parts(parts, state).await;
    path.map(|Path(segments)| segments).map_err(|_| Problem::not_found("there is nothing under this path"))
}

impl<S: Send + Sync> FromRequestParts<S> for UserPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let user: String = segments(parts, state).await?;
        Ok(Self(user_id(&user)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdentifierPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (user, identifier): (String, String) = segments(parts, state).await?;
        let identifier =
            Uuid::parse_str(&identifier).map_err(|_| Problem::not_found("the user has no such identifier"))?;
        Ok(Self { user: user_id(&user)?, identifier: identifier.into() })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PasskeyPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (user, passkey): (String, String) = segments(parts, state).await?;
        Ok(Self { user: user_id(&user)?, passkey })
    }
}
