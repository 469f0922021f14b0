//! `/users/{user_id}/private_data` and `/users/{user_id}/public_data`.

use identity::ProfileChange;

use crate::body::Body;
use crate::caller::Caller;
use crate::json::Json;
use crate::path::UserPath;
use crate::problem::Problem;
use crate::routes::Problems;
use crate::wire::{PrivateData, PublicData};

fn private(user: &identity::User) -> Json<PrivateData> {
    Json(PrivateData { private_data: user.profile().private_data.as_map().clone() })
}

fn public(user: &identity::User) -> Json<PublicData> {
    Json(PublicData { public_data: user.profile().public_data.as_map().clone() })
}

/// Get the private data
#[utoipa::path(get, path = "/api/users/{user_id}/private_data", tag = "data", operation_id = "get_private_data",
    params(("user_id" = String, Path, description = "Who it is")),
    responses((status = 200, description = "The data", body = PrivateData), Problems))]
pub async fn get_private(caller: Caller, UserPath(user): UserPath) -> Result<Json<PrivateData>, Problem> {
    Ok(private(&*caller.admin.get(&user).await?))
}

/// Change the private data
#[utoipa::path(patch, path = "/api/users/{user_id}/private_data", tag = "data", operation_id = "patch_private_data",
    params(("user_id" = String, Path, description = "Who it is")), request_body = PrivateData,
    responses((status = 200, description = "The data", body = PrivateData), Problems))]
pub async fn patch_private(
    caller: Caller,
    UserPath(user): UserPath,
    Body(body): Body<PrivateData>,
) -> Result<Json<PrivateData>, Problem> {
    let change = ProfileChange { private_data: body.private_data, ..ProfileChange::default() };
    Ok(private(&caller.admin.change_profile(&user, &change).await?.user))
}

/// Get the public data
#[utoipa::path(get, path = "/api/users/{user_id}/public_data", tag = "data", operation_id = "get_public_data",
    params(("user_id" = String, Path, description = "Who it is")),
    responses((status = 200, description = "The data", body = PublicData), Problems))]
pub async fn get_public(caller: Caller, UserPath(user): UserPath) -> Result<Json<PublicData>, Problem> {
    Ok(public(&*caller.admin.get(&user).await?))
}

/// Change the public data
#[utoipa::path(patch, path = "/api/users/{user_id}/public_data", tag = "data", operation_id = "patch_public_data",
    params(("user_id" = String, Path, description = "Who it is")), request_body = PublicData,
    responses((status = 200, description = "The data", body = PublicData), Problems))]
pub async fn patch_public(
    caller: Caller,
    UserPath(user): UserPath,
    Body(body): Body<PublicData>,
) -> Result<Json<PublicData>, Problem> {
    let change = ProfileChange { public_data: body.public_data, ..ProfileChange::default() };
    Ok(public(&caller.admin.change_profile(&user, &change).await?.user))
}
