//! `/users/{user_id}/phones`.

use identity::{Channel, NewAddress, Phone};

use crate::body::Body;
use crate::caller::Caller;
use crate::json::Json;
use crate::path::{IdentifierPath, UserPath};
use crate::problem::Problem;
use crate::routes::Problems;
use crate::wire::{AddPhone, SOURCE, User};

/// Reads a phone number in international form.
pub(crate) fn parse(number: &str) -> Result<Phone, Problem> {
    Phone::parse(number).map_err(|error| Problem::refused("InvalidPhoneNumber", error.to_string()))
}

/// Add a phone number
#[utoipa::path(post, path = "/api/users/{user_id}/phones", tag = "phones", operation_id = "add_phone",
    params(("user_id" = String, Path, description = "Who it is")), request_body = AddPhone,
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn add(caller: Caller, UserPath(user): UserPath, Body(body): Body<AddPhone>) -> Result<Json<User>, Problem> {
    let new = NewAddress {
        verified: body.is_verified,
        verified_source: body.is_verified.then(|| SOURCE.into()),
        unrestricted: body.skip_restriction_checks,
        ..NewAddress::from(parse(&body.phone_number)?).with_source(SOURCE)
    };
    let added = caller.admin.add(&user, new).await.map_err(|error| Problem::about(Channel::Phone, error))?;
    Ok(caller.show(&added.user))
}

/// Remove a phone number
#[utoipa::path(delete, path = "/api/users/{user_id}/phones/{identifier_id}", tag = "phones", operation_id = "remove_phone",
    params(("user_id" = String, Path, description = "Who it is"), ("identifier_id" = uuid::Uuid, Path, description = "Which number")),
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn remove(caller: Caller, path: IdentifierPath) -> Result<Json<User>, Problem> {
    let (user, id) = caller.identifier(Channel::Phone, &path).await?;
    Ok(caller.show(&caller.admin.remove(&user, id).await?.user))
}

/// Set a phone number as primary
#[utoipa::path(post, path = "/api/users/{user_id}/phones/{identifier_id}/primary", tag = "phones", operation_id = "set_primary_phone",
    params(("user_id" = String, Path, description = "Who it is"), ("identifier_id" = uuid::Uuid, Path, description = "Which number")),
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn set_primary(caller: Caller, path: IdentifierPath) -> Result<Json<User>, Problem> {
    let (user, id) = caller.identifier(Channel::Phone, &path).await?;
    Ok(caller.show(&caller.admin.set_primary(&user, id).await?.user))
}

/// Mark a phone number as verified
#[utoipa::path(post, path = "/api/users/{user_id}/phones/{identifier_id}/verify", tag = "phones", operation_id = "verify_phone",
    params(("user_id" = String, Path, description = "Who it is"), ("identifier_id" = uuid::Uuid, Path, description = "Which number")),
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn verify(caller: Caller, path: IdentifierPath) -> Result<Json<User>, Problem> {
    let (user, id) = caller.identifier(Channel::Phone, &path).await?;
    Ok(caller.show(&caller.admin.mark_verified_by(&user, id, Some(SOURCE)).await?.user))
}

/// Mark a phone number as unverified
#[utoipa::path(post, path = "/api/users/{user_id}/phones/{identifier_id}/unverify", tag = "phones", operation_id = "unverify_phone",
    params(("user_id" = String, Path, description = "Who it is"), ("identifier_id" = uuid::Uuid, Path, description = "Which number")),
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn unverify(caller: Caller, path: IdentifierPath) -> Result<Json<User>, Problem> {
    let (user, id) = caller.identifier(Channel::Phone, &path).await?;
    Ok(caller.show(&caller.admin.mark_unverified(&user, id).await?.user))
}
