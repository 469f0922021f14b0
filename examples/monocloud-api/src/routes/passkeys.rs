//! `/users/{user_id}/passkeys`.

use axum::http::StatusCode;

use crate::caller::Caller;
use crate::path::PasskeyPath;
use crate::problem::Problem;
use crate::routes::Problems;
use crate::wire::Credentials;

/// Remove a passkey
#[utoipa::path(delete, path = "/api/users/{user_id}/passkeys/{passkey_id}", tag = "passkeys", operation_id = "remove_passkey",
    params(("user_id" = String, Path, description = "Who it is"), ("passkey_id" = String, Path, description = "Which passkey")),
    responses((status = 204, description = "It is gone"), Problems))]
pub async fn remove(caller: Caller, path: PasskeyPath) -> Result<StatusCode, Problem> {
    let remove = |known: &mut Credentials| known.passkeys.retain(|passkey| passkey.passkey_id != path.passkey);
    caller.remove(&path.user, remove).await?;
    Ok(StatusCode::NO_CONTENT)
}
