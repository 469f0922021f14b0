//! `/users/{user_id}/emails`.

use std::time::Duration;

use identity::{Channel, Email, NewAddress, ProofBy, Verification};

use crate::body::{Body, OptionalBody};
use crate::caller::Caller;
use crate::json::Json;
use crate::path::{IdentifierPath, UserPath};
use crate::problem::Problem;
use crate::routes::Problems;
use crate::wire::{AddEmail, SOURCE, SendVerificationLink, User, VerificationLinkSent};

/// Reads an e-mail address.
pub(crate) fn parse(address: &str) -> Result<Email, Problem> {
    Email::parse(address).map_err(|error| Problem::refused("InvalidEmail", error.to_string()))
}

/// Add an e-mail address
#[utoipa::path(post, path = "/api/users/{user_id}/emails", tag = "emails", operation_id = "add_email",
    params(("user_id" = String, Path, description = "Who it is")), request_body = AddEmail,
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn add(caller: Caller, UserPath(user): UserPath, Body(body): Body<AddEmail>) -> Result<Json<User>, Problem> {
    let new = NewAddress {
        verified: body.is_verified,
        verified_source: body.is_verified.then(|| SOURCE.into()),
        unrestricted: body.skip_restriction_checks,
        ..NewAddress::from(parse(&body.email)?).with_source(SOURCE)
    };
    let added = caller.admin.add(&user, new).await.map_err(|error| Problem::about(Channel::Email, error))?;
    Ok(caller.show(&added.user))
}

/// Remove an e-mail address
#[utoipa::path(delete, path = "/api/users/{user_id}/emails/{identifier_id}", tag = "emails", operation_id = "remove_email",
    params(("user_id" = String, Path, description = "Who it is"), ("identifier_id" = uuid::Uuid, Path, description = "Which address")),
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn remove(caller: Caller, path: IdentifierPath) -> Result<Json<User>, Problem> {
    let (user, id) = caller.identifier(Channel::Email, &path).await?;
    Ok(caller.show(&caller.admin.remove(&user, id).await?.user))
}

/// Set an e-mail address as primary
#[utoipa::path(post, path = "/api/users/{user_id}/emails/{identifier_id}/primary", tag = "emails", operation_id = "set_primary_email",
    params(("user_id" = String, Path, description = "Who it is"), ("identifier_id" = uuid::Uuid, Path, description = "Which address")),
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn set_primary(caller: Caller, path: IdentifierPath) -> Result<Json<User>, Problem> {
    let (user, id) = caller.identifier(Channel::Email, &path).await?;
    Ok(caller.show(&caller.admin.set_primary(&user, id).await?.user))
}

/// Mark an e-mail address as verified
#[utoipa::path(post, path = "/api/users/{user_id}/emails/{identifier_id}/verify", tag = "emails", operation_id = "verify_email",
    params(("user_id" = String, Path, description = "Who it is"), ("identifier_id" = uuid::Uuid, Path, description = "Which address")),
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn verify(caller: Caller, path: IdentifierPath) -> Result<Json<User>, Problem> {
    let (user, id) = caller.identifier(Channel::Email, &path).await?;
    Ok(caller.show(&caller.admin.mark_verified_by(&user, id, Some(SOURCE)).await?.user))
}

/// Mark an e-mail address as unverified
#[utoipa::path(post, path = "/api/users/{user_id}/emails/{identifier_id}/unverify", tag = "emails", operation_id = "unverify_email",
    params(("user_id" = String, Path, description = "Who it is"), ("identifier_id" = uuid::Uuid, Path, description = "Which address")),
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn unverify(caller: Caller, path: IdentifierPath) -> Result<Json<User>, Problem> {
    let (user, id) = caller.identifier(Channel::Email, &path).await?;
    Ok(caller.show(&caller.admin.mark_unverified(&user, id).await?.user))
}

/// Send a verification link to an e-mail address
#[utoipa::path(post, path = "/api/users/{user_id}/emails/{identifier_id}/verify/link", tag = "emails", operation_id = "send_verification_link",
    params(("user_id" = String, Path, description = "Who it is"), ("identifier_id" = uuid::Uuid, Path, description = "Which address")),
    request_body = Option<SendVerificationLink>,
    responses((status = 200, description = "The link is on its way", body = VerificationLinkSent), Problems))]
pub async fn send_link(
    caller: Caller,
    path: IdentifierPath,
    OptionalBody(body): OptionalBody<SendVerificationLink>,
) -> Result<Json<VerificationLinkSent>, Problem> {
    let (user, id) = caller.identifier(Channel::Email, &path).await?;
    let life = body.expiry.map(|seconds| Duration::from_secs(seconds.into()));
    let request = Verification { proof: ProofBy::Link, life, hint: None };
    let started = caller.admin.start_verification(&user, id, &request).await?.outcome;
    // The message and its quota are in the outbox by now, in the same transaction as the challenge.
    Ok(Json(VerificationLinkSent { email_sent: true, expires_at: started.expires_at.as_secs() }))
}
