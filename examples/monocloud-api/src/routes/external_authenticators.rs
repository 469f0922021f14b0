//! `/users/{user_id}/external_authenticator`.

use crate::body::Body;
use crate::caller::Caller;
use crate::json::Json;
use crate::path::UserPath;
use crate::problem::Problem;
use crate::routes::Problems;
use crate::wire::{Disconnect, User};

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
    let gone = caller.admin.disconnect(&user, body.authenticator.as_str(), &body.provider_user_id).await?;
    Ok(caller.show(&gone.user))
}
