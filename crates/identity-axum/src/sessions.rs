use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Redirect;
use identity::{HolderError, Identity, Timestamp, User, UserId};
use serde::{Deserialize, Serialize};
use tower_sessions_core::Session;
use tower_sessions_core::session::Error;

use crate::{Entered, Problem};

/// What a session knows of who is signed in.
const KEY: &str = "identity";

#[derive(Serialize, Deserialize)]
struct Known {
    user: UserId,
    /// In microseconds since 1970.
    at: i64,
}

/// Extracts who is signed in by the session: a user who is there and not disabled, read again for each request. For
/// everybody else the answer is 401 with the code `not_signed_in`, which [`for_browsers`](crate::for_browsers) turns
/// into the page that signs in.
///
/// The state of the router has the use cases: it implements `FromRef` for [`Identity`].
#[derive(Debug, Clone)]
pub struct CurrentUser {
    /// The user.
    pub user: Arc<User>,
    /// When they signed in. Ask for a [step-up](identity::manual::sign_in) before something dangerous where this is
    /// long ago.
    pub at: Timestamp,
}

impl<S> FromRequestParts<S> for CurrentUser
where
    Identity: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let session = Session::from_request_parts(parts, state).await.map_err(|(_, error)| Problem::internal(error))?;
        let nobody = || Problem::new(StatusCode::UNAUTHORIZED, "not_signed_in", "nobody is signed in; sign in first");
        let known: Known = session.get(KEY).await?.ok_or_else(nobody)?;
        match Identity::from_ref(state).account(&known.user).get().await {
            Ok(user) if !user.is_disabled() => Ok(Self { user, at: Timestamp::from_micros(known.at) }),
            Ok(_) | Err(HolderError::Refused(_)) => Err(nobody()),
            Err(error) => Err(error.into()),
        }
    }
}

/// For the [account page](crate::account_page).
impl From<CurrentUser> for UserId {
    fn from(current: CurrentUser) -> Self {
        current.user.id().clone()
    }
}

/// A handler for the [page that signs in](crate::sign_in_page): begins the session of whoever has just signed in, and
/// leads to `/`. The session has a new id, which nobody knew before, and nothing of the one before it.
///
/// # Errors
/// 500 when the store of sessions fails.
pub async fn begin_session(entered: Entered, session: Session) -> Result<Redirect, Problem> {
    session.clear().await;
    session.cycle_id().await?;
    session.insert(KEY, Known { user: entered.user, at: entered.proof.at().as_micros() }).await?;
    Ok(Redirect::to("/"))
}

/// A handler that ends the session, and leads to `/`: `.route("/sign-out", post(end_session))`.
///
/// # Errors
/// 500 when the store of sessions fails.
pub async fn end_session(session: Session) -> Result<Redirect, Problem> {
    session.flush().await?;
    Ok(Redirect::to("/"))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::internal(error)
    }
}
