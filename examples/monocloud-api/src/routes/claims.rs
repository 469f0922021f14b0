//! `/users/{user_id}/claims`.

use identity::ProfileChange;
use serde_json::Value;

use crate::body::Body;
use crate::caller::Caller;
use crate::json::Json;
use crate::path::UserPath;
use crate::problem::Problem;
use crate::routes::Problems;
use crate::wire::{PatchClaims, User};

/// Change claims
#[utoipa::path(patch, path = "/api/users/{user_id}/claims", tag = "claims", operation_id = "patch_claims",
    params(("user_id" = String, Path, description = "Who it is")), request_body = PatchClaims,
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn patch(
    caller: Caller,
    UserPath(user): UserPath,
    Body(body): Body<PatchClaims>,
) -> Result<Json<User>, Problem> {
    // What was sent, nulls too, under the names of the wire.
    let claims = match serde_json::to_value(&body) {
        Ok(Value::Object(claims)) => claims,
        _ => return Err(Problem::bad_request("the claims cannot be read; send a JSON object")),
    };
    let change = ProfileChange { claims, ..ProfileChange::default() };
    Ok(caller.show(&caller.admin.change_profile(&user, &change).await?.user))
}
