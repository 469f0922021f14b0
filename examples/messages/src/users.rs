//! Users and their addresses, as the product's own backend asks for them.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use identity::delivery::{PostState, Posted};
use identity::user::JsonObject;
use identity::{
    Address, Code, Confirmation, Email, HolderError, IdentifierId, NewUser, Phone, Profile, ProofBy, RefusalKind, User,
    UserId, Verification,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::{App, problem};

type Body<T> = Result<Json<T>, JsonRejection>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    /// The language of messages, a BCP 47 tag.
    locale: Option<String>,
}

pub(crate) async fn create(State(app): State<Arc<App>>, body: Body<New>) -> Response {
    let Ok(Json(New { locale })) = body else { return unreadable() };
    let claims = locale.map(|locale| ("locale".to_owned(), Value::from(locale))).into_iter().collect();
    let claims = match JsonObject::new(claims) {
        Ok(claims) => claims,
        Err(error) => return problem(StatusCode::UNPROCESSABLE_ENTITY, "profile", &error.to_string()),
    };
    let profile = Profile { claims: claims.into(), ..Profile::default() };
    match app.identity.admin("backend").create(NewUser { profile, ..NewUser::default() }).await {
        Ok(receipt) => (StatusCode::CREATED, Json(json!({ "user": receipt.outcome.as_str() }))).into_response(),
        Err(error) => refused(error.public()),
    }
}

/// One address, which is an e-mail address or a phone number. A list of addresses is refused.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum NewAddress {
    Email(String),
    Phone(String),
}

pub(crate) async fn add(State(app): State<Arc<App>>, Path(user): Path<String>, body: Body<NewAddress>) -> Response {
    let (Ok(user), Ok(Json(new))) = (UserId::parse(&user), body) else { return unreadable() };
    let address = match new {
        NewAddress::Email(text) => Email::parse(&text).map(Address::from).map_err(|error| error.to_string()),
        NewAddress::Phone(text) => Phone::parse(&text).map(Address::from).map_err(|error| error.to_string()),
    };
    let address = match address {
        Ok(address) => address,
        Err(message) => return problem(StatusCode::UNPROCESSABLE_ENTITY, "address", &message),
    };
    match app.identity.account(&user).add(address).await {
        Ok(receipt) => (StatusCode::CREATED, Json(json!({ "address": receipt.outcome.to_string() }))).into_response(),
        Err(error) => refused(error),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum By {
    Code,
    Link,
    Either,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    by: By,
}

pub(crate) async fn verify(
    State(app): State<Arc<App>>,
    Path((user, address)): Path<(String, String)>,
    body: Body<Ask>,
) -> Response {
    let (Some((user, id)), Ok(Json(Ask { by }))) = (ids(&user, &address), body) else { return unreadable() };
    let proof = match by {
        By::Code => ProofBy::Code,
        By::Link => ProofBy::Link,
        By::Either => ProofBy::Either,
    };
    let request = Verification { proof, ..Verification::default() };
    match app.identity.account(&user).start_verification_with(id, &request).await {
        Ok(receipt) => {
            let started = receipt.outcome;
            let body = json!({ "expires_at": started.expires_at.as_secs(), "resend_at": started.resend_at.as_secs() });
            (StatusCode::ACCEPTED, Json(body)).into_response()
        }
        Err(error) => refused(error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typed {
    code: String,
}

pub(crate) async fn confirm(
    State(app): State<Arc<App>>,
    Path((user, address)): Path<(String, String)>,
    body: Body<Typed>,
) -> Response {
    let (Some((user, id)), Ok(Json(Typed { code }))) = (ids(&user, &address), body) else { return unreadable() };
    let code = match Code::parse(&code) {
        Ok(code) => code,
        Err(error) => return problem(StatusCode::UNPROCESSABLE_ENTITY, "code", &error.to_string()),
    };
    match app.identity.account(&user).confirm(id, &code).await {
        Ok(receipt) => Json(match receipt.outcome {
            Confirmation::Verified => json!({ "verified": true }),
            Confirmation::Contested => json!({ "verified": false, "contested": true }),
            Confirmation::Rejected { attempts_left } => json!({ "verified": false, "attempts_left": attempts_left }),
        })
        .into_response(),
        Err(error) => refused(error),
    }
}

pub(crate) async fn remove(State(app): State<Arc<App>>, Path((user, address)): Path<(String, String)>) -> Response {
    let Some((user, id)) = ids(&user, &address) else { return unreadable() };
    match app.identity.account(&user).remove(id).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(error),
    }
}

pub(crate) async fn set_primary(
    State(app): State<Arc<App>>,
    Path((user, address)): Path<(String, String)>,
) -> Response {
    let Some((user, id)) = ids(&user, &address) else { return unreadable() };
    match app.identity.account(&user).set_primary(id).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(error),
    }
}

pub(crate) async fn show(State(app): State<Arc<App>>, Path(user): Path<String>) -> Response {
    let Ok(user) = UserId::parse(&user) else { return unreadable() };
    match app.identity.account(&user).get().await {
        Ok(user) => Json(addresses(&user)).into_response(),
        Err(error) => refused(error),
    }
}

fn addresses(user: &User) -> Value {
    let addresses = user.identifiers().map(|entry| {
        json!({
            "address": entry.id.to_string(),
            "channel": entry.address.channel().as_str(),
            "value": entry.address.as_str(),
            "verified": entry.is_verified(),
            "primary": user.book(entry.address.channel()).is_primary(entry.id),
            "undeliverable": entry.undeliverable,
        })
    });
    json!({ "user": user.id().as_str(), "addresses": addresses.collect::<Vec<_>>() })
}

/// The messages of a user with their states, for staff.
pub(crate) async fn messages(State(app): State<Arc<App>>, Path(user): Path<String>) -> Response {
    let Ok(user) = UserId::parse(&user) else { return unreadable() };
    match app.identity.admin("backend").posted(&user, None, 1_000).await {
        Ok(posted) => Json(json!({ "messages": posted.iter().map(message).collect::<Vec<_>>() })).into_response(),
        Err(error) => refused(error.public()),
    }
}

fn message(posted: &Posted) -> Value {
    let state = match posted.state() {
        PostState::Waiting => "waiting",
        PostState::Sent(state) => state.as_str(),
        PostState::DeadLetter => "dead_letter",
    };
    json!({
        "message": posted.message.id.to_string(),
        "to": posted.message.to.as_str(),
        "state": state,
        "provider": posted.provider,
        "reference": posted.reference,
        "attempts": posted.attempts,
        "uncertain": posted.uncertain,
        "error": posted.error,
        "detail": posted.report.as_ref().and_then(|report| report.detail.as_deref()),
        "created_at": posted.message.created_at.as_secs(),
        "sent_at": posted.sent_at.map(identity::Timestamp::as_secs),
    })
}

fn ids(user: &str, address: &str) -> Option<(UserId, IdentifierId)> {
    Some((UserId::parse(user).ok()?, IdentifierId::from_uuid(address.parse().ok()?)))
}

fn unreadable() -> Response {
    problem(
        StatusCode::BAD_REQUEST,
        "unreadable",
        "the path or the body is not what this call takes; the README has them",
    )
}

/// The answer to a call that failed. The caller acts for a person, so it tells only what the person may know.
fn refused(error: HolderError) -> Response {
    let HolderError::Refused(refusal) = error else {
        tracing::error!(%error, "a call failed");
        return problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "try again");
    };
    let status = match refusal.kind() {
        RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::NotAllowed => StatusCode::FORBIDDEN,
        RefusalKind::TooSoon => StatusCode::TOO_MANY_REQUESTS,
    };
    let retry_at = refusal.retry_at().map(identity::Timestamp::as_secs);
    let body = json!({ "code": refusal.code(), "message": refusal.to_string(), "retry_at": retry_at });
    (status, Json(body)).into_response()
}
