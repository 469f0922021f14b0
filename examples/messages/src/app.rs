//! The router: every path with its methods, and who may call.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use host_kit::traced;
use identity::Identity;
use identity_sms_http::{TwilioCallbacks, WebhookCallbacks};
use identity_texts::Texts;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::settings::{CONFIRM, TWILIO_CALLBACKS, UNDO};
use crate::{callbacks, page, users};

/// The state that every request is answered with.
pub struct App {
    /// The use cases.
    pub identity: Identity,
    pub(crate) texts: Texts,
    pub(crate) twilio: Option<TwilioCallbacks>,
    pub(crate) gateway: Option<WebhookCallbacks>,
    key: [u8; 32],
}

impl App {
    pub(crate) fn new(
        identity: Identity,
        texts: Texts,
        key: &str,
        twilio: Option<TwilioCallbacks>,
        gateway: Option<WebhookCallbacks>,
    ) -> Self {
        Self { identity, texts, twilio, gateway, key: Sha256::digest(key).into() }
    }
}

/// The largest body of a call, a form or a callback, in octets.
const BODY: usize = 65_536;
/// The largest mail that comes back, in octets: it may quote the mail that it is about.
pub(crate) const MAIL: usize = 1_048_576;

/// The whole host as a router.
pub fn router(app: App) -> Router {
    let app = Arc::new(app);
    let api = Router::new()
        .route("/users", post(users::create))
        .route("/users/{user}", get(users::show))
        .route("/users/{user}/messages", get(users::messages))
        .route("/users/{user}/addresses", post(users::add))
        .route("/users/{user}/addresses/{address}", axum::routing::delete(users::remove))
        .route("/users/{user}/addresses/{address}/primary", post(users::set_primary))
        .route("/users/{user}/addresses/{address}/verification", post(users::verify))
        .route("/users/{user}/addresses/{address}/confirmation", post(users::confirm))
        .route("/callbacks/mail", post(callbacks::mail).layer(DefaultBodyLimit::max(MAIL)))
        .layer(from_fn_with_state(Arc::clone(&app), authenticated));
    Router::new()
        .merge(api)
        .route(CONFIRM, get(page::show).post(page::confirm))
        .route(UNDO, get(page::show_undo).post(page::undo))
        .route(TWILIO_CALLBACKS, post(callbacks::twilio))
        .route("/callbacks/sms", post(callbacks::gateway))
        .route("/healthz", get(|| async { "ok" }))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn(traced))
        .with_state(app)
}

/// Asks for the key before anything else of the request is read (compared as digests, in constant time).
async fn authenticated(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let given = request.headers().get("x-api-key").map_or(&b""[..], |key| key.as_bytes());
    let given: [u8; 32] = Sha256::digest(given).into();
    if bool::from(given.ct_eq(&app.key)) {
        return next.run(request).await;
    }
    problem(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "the header X-API-KEY is missing, or its key is not the one of this host",
    )
}

pub(crate) fn problem(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "code": code, "message": message }))).into_response()
}
