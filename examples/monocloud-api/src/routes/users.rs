//! `/users`.

use axum::http::{HeaderName, StatusCode};
use axum::response::IntoResponse;
use identity::user::JsonObject;
use identity::{NewAddress, NewUser, Profile};

use crate::body::OptionalBody;
use crate::caller::Caller;
use crate::directory::{ListParams, Pagination};
use crate::json::Json;
use crate::path::UserPath;
use crate::problem::Problem;
use crate::routes::{Problems, emails, phones, username};
use crate::wire::{CreateUser, Disable, Member as _, Object, SOURCE, SignIns, User, UserSummary};

/// List users
#[utoipa::path(get, path = "/api/users", tag = "users", operation_id = "list_users", params(ListParams),
    responses((status = 200, description = "A page of users", body = Vec<UserSummary>,
        headers(("X-Pagination" = String, description = "JSON: page_size, current_page, total_count, has_previous, has_next"))), Problems))]
pub async fn list(caller: Caller, params: ListParams) -> Result<impl IntoResponse, Problem> {
    let page = caller.admin.browse(&params.query()).await?;
    let users: Vec<UserSummary> = page.users.iter().map(|stored| caller.wire.summary(&stored.user)).collect();
    let pagination = Pagination::of(&params, page.total).to_string();
    Ok(([(HeaderName::from_static("x-pagination"), pagination)], Json(users)))
}

/// Create a user
#[utoipa::path(post, path = "/api/users", tag = "users", operation_id = "create_user", request_body = Option<CreateUser>,
    responses((status = 201, description = "The user", body = User), Problems))]
pub async fn create(
    caller: Caller,
    OptionalBody(body): OptionalBody<CreateUser>,
) -> Result<(StatusCode, Json<User>), Problem> {
    let created = caller.admin.create(new_user(body)?).await?;
    Ok((StatusCode::CREATED, caller.show(&created.user)))
}

fn new_user(body: CreateUser) -> Result<NewUser, Problem> {
    let address = |address: identity::Address, verified| NewAddress {
        verified,
        verified_source: verified.then(|| SOURCE.into()),
        unrestricted: body.skip_identifier_restriction_checks,
        ..NewAddress::from(address)
    };
    let mut addresses = Vec::new();
    if let Some(text) = &body.email {
        addresses.push(address(emails::parse(text)?.into(), body.email_verified));
    }
    if let Some(text) = &body.phone_number {
        addresses.push(address(phones::parse(text)?.into(), body.phone_number_verified));
    }
    let claims = [
        ("name", body.name),
        ("given_name", body.given_name),
        ("middle_name", body.middle_name),
        ("family_name", body.family_name),
        ("nickname", body.nickname),
        ("picture", body.picture),
    ];
    let claims: Object =
        claims.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect();
    let claims = JsonObject::new(claims).map_err(identity::Refusal::from)?;
    Ok(NewUser {
        id: None,
        username: body.username.as_deref().map(username::parse).transpose()?,
        addresses,
        profile: Profile { claims: claims.into(), ..Profile::default() },
        source: Some(SOURCE.into()),
    })
}

/// Get a user
#[utoipa::path(get, path = "/api/users/{user_id}", tag = "users", operation_id = "get_user",
    params(("user_id" = String, Path, description = "Who it is")),
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn get(caller: Caller, UserPath(user): UserPath) -> Result<Json<User>, Problem> {
    Ok(caller.show(&*caller.admin.get(&user).await?))
}

/// Delete a user
#[utoipa::path(delete, path = "/api/users/{user_id}", tag = "users", operation_id = "delete_user",
    params(("user_id" = String, Path, description = "Who it is")),
    responses((status = 204, description = "The user is gone"), Problems))]
pub async fn delete(caller: Caller, UserPath(user): UserPath) -> Result<StatusCode, Problem> {
    caller.admin.erase(&user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Enable a user
#[utoipa::path(post, path = "/api/users/{user_id}/enable", tag = "users", operation_id = "enable_user",
    params(("user_id" = String, Path, description = "Who it is")),
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn enable(caller: Caller, UserPath(user): UserPath) -> Result<Json<User>, Problem> {
    Ok(caller.show(&caller.admin.enable(&user).await?.user))
}

/// Disable a user
#[utoipa::path(post, path = "/api/users/{user_id}/disable", tag = "users", operation_id = "disable_user",
    params(("user_id" = String, Path, description = "Who it is")), request_body = Option<Disable>,
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn disable(
    caller: Caller,
    UserPath(user): UserPath,
    OptionalBody(_): OptionalBody<Disable>,
) -> Result<Json<User>, Problem> {
    Ok(caller.show(&caller.admin.disable(&user).await?.user))
}

/// Unblock a user
#[utoipa::path(post, path = "/api/users/{user_id}/unblock", tag = "users", operation_id = "unblock_user",
    params(("user_id" = String, Path, description = "Who it is")),
    responses((status = 200, description = "The user", body = User), Problems))]
pub async fn unblock(caller: Caller, UserPath(user): UserPath) -> Result<Json<User>, Problem> {
    let unblock = |known: &mut SignIns| (known.block_until, known.failure_count) = (None, 0);
    Ok(caller.show(&SignIns::change(&caller.admin, &user, unblock).await?.user))
}
