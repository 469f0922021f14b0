//! `/users/{user_id}/external_authenticator`.

use crate::body::Body;
use crate::caller::Caller;
use crate::json::Json;
use crate::path::UserPath;
use crate::problem::Problem;
use crate::routes::Problems;
use crate::wire::{Credentials, Disconnect, ExternalProvider, User};

/// Disconnect an external authenticator
#[utoipa::path(post, path = "/api/users/{user_id}/external_authenticator/disconnect", tag = "external authenticators",
    operation_id = "disconnect_external_authenticator",
    params(("user_id" = String, Path, description = "Who it is")), request_body = Disconnect,
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn disconnect(
    caller: Caller,
    UserPath(user): UserPath,
    Body(body): Body<Disconnect>,
) -> Result<Json<User>, Problem> {
    let meant = |known: &ExternalProvider| {
        known.authenticator == body.authenticator.as_str() && known.provider_user_id == body.provider_user_id
    };
    let remove = |known: &mut Credentials| known.providers.retain(|provider| !meant(provider));
    Ok(caller.show(&caller.remove(&user, remove).await?.user))
}
