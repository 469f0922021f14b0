//! The router: every path with its methods, and what stands before them.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, patch, post, put};
use host_kit::{TenantNames, traced};
use identity::Identity;

use crate::caller::authenticated;
use crate::keys::ApiKeys;
use crate::problem::Problem;
use crate::routes::{
    claims, data, docs, emails, external_authenticators, health, link_page, passkeys, phones, username, users,
};
use crate::wire::Wire;

/// The state that all handlers share.
#[derive(Debug)]
pub struct App {
    /// The use cases of the library.
    pub identity: Identity,
    /// The tenants, by the host name of a request.
    pub tenants: TenantNames,
    /// The keys and tokens that are accepted.
    pub keys: ApiKeys,
    /// The generation of the API in which answers are written.
    pub wire: Wire,
}

/// The router of the whole host.
pub fn router(app: App) -> Router {
    let app = Arc::new(app);
    let api = Router::new()
        .route("/users", get(users::list).post(users::create))
        .route("/users/{user_id}", get(users::get).delete(users::delete))
        .route("/users/{user_id}/enable", post(users::enable))
        .route("/users/{user_id}/disable", post(users::disable))
        .route("/users/{user_id}/unblock", post(users::unblock))
        .route("/users/{user_id}/username", put(username::set).delete(username::remove))
        .route("/users/{user_id}/emails", post(emails::add))
        .route("/users/{user_id}/emails/{identifier_id}", delete(emails::remove))
        .route("/users/{user_id}/emails/{identifier_id}/primary", post(emails::set_primary))
        .route("/users/{user_id}/emails/{identifier_id}/verify", post(emails::verify))
        .route("/users/{user_id}/emails/{identifier_id}/unverify", post(emails::unverify))
        .route("/users/{user_id}/emails/{identifier_id}/verify/link", post(emails::send_link))
        .route("/users/{user_id}/phones", post(phones::add))
        .route("/users/{user_id}/phones/{identifier_id}", delete(phones::remove))
        .route("/users/{user_id}/phones/{identifier_id}/primary", post(phones::set_primary))
        .route("/users/{user_id}/phones/{identifier_id}/verify", post(phones::verify))
        .route("/users/{user_id}/phones/{identifier_id}/unverify", post(phones::unverify))
        .route("/users/{user_id}/passkeys/{passkey_id}", delete(passkeys::remove))
        .route("/users/{user_id}/claims", patch(claims::patch))
        .route("/users/{user_id}/private_data", get(data::get_private).patch(data::patch_private))
        .route("/users/{user_id}/public_data", get(data::get_public).patch(data::patch_public))
        .route("/users/{user_id}/external_authenticator/disconnect", post(external_authenticators::disconnect))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn_with_state(Arc::clone(&app), authenticated));
    let openapi = docs::routes(app.wire);
    Router::new()
        .nest("/api", api)
        .route(link_page::PATH, link_page::methods())
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(openapi)
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn(traced))
        .with_state(app)
}

async fn no_such_path() -> Problem {
    Problem::not_found("there is nothing under this path; /docs lists what there is")
}

async fn no_such_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this path does not have this method; the header Allow lists what it has",
    )
}
