//! `/users/{user_id}/username`.

use identity::Username;

use crate::body::Body;
use crate::caller::Caller;
use crate::json::Json;
use crate::path::UserPath;
use crate::problem::Problem;
use crate::routes::Problems;
use crate::wire::{SOURCE, SetUsername, User};

/// Reads a username.
pub(crate) fn parse(name: &str) -> Result<Username, Problem> {
    Username::parse(name).map_err(|error| Problem::refused("InvalidUserName", error.to_string()))
}

/// Set the username
#[utoipa::path(put, path = "/api/users/{user_id}/username", tag = "username", operation_id = "set_username",
    params(("user_id" = String, Path, description = "Who it is")), request_body = SetUsername,
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn set(
    caller: Caller,
    UserPath(user): UserPath,
    Body(body): Body<SetUsername>,
) -> Result<Json<User>, Problem> {
    let set = caller.admin.set_username(&user, &parse(&body.username)?, Some(SOURCE)).await?;
    Ok(caller.show(&set.user))
}

/// Remove the username
#[utoipa::path(delete, path = "/api/users/{user_id}/username", tag = "username", operation_id = "remove_username",
    params(("user_id" = String, Path, description = "Who it is")),
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn remove(caller: Caller, UserPath(user): UserPath) -> Result<Json<User>, Problem> {
    Ok(caller.show(&caller.admin.remove_username(&user).await?.user))
}
