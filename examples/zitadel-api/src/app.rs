//! The router: one port for every dialect.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use host_kit::{Who, drain_body, traced};
use identity::TenantId;
use tonic::{Code, Status};
use tonic_health::ServingStatus;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use crate::dialect::{Dialect, media_type, unsupported};
use crate::failure::Failure;
use crate::service::{Call, Users};
use crate::text::Language;
use crate::tokens::AccessTokens;
use crate::wire::{
    AddHumanUserRequest, DESCRIPTORS, GetUserByIdRequest, RemovePhoneRequest, ResendEmailCodeRequest,
    ResendPhoneCodeRequest, SERVICE, SendEmailCodeRequest, SetEmailRequest, SetPhoneRequest, VerifyEmailRequest,
    VerifyPhoneRequest,
};

/// The most bytes of a question about health or reflection, which anybody may ask: it has a name in it, and little else.
const MAX_NAME_BYTES: usize = 4_096;

/// The state that all handlers share.
#[derive(Debug)]
pub struct App {
    /// The users of the tenant, and what calls do with them.
    pub users: Users,
    /// The keys and tokens that are accepted.
    pub tokens: AccessTokens,
}

/// The router of the whole host.
///
/// # Errors
/// When the descriptors of the messages are damaged, which would be a mistake of the build.
pub async fn router(app: App) -> Result<Router, tonic_reflection::server::Error> {
    let app = Arc::new(app);
    let rest = Router::new()
        .route("/v2/users/human", post(rest::<AddHumanUserRequest>).get(rest_about_human))
        .route("/v2/users/{user_id}", get(rest_about::<GetUserByIdRequest>))
        .route("/v2/users/{user_id}/email", post(rest_about::<SetEmailRequest>))
        .route("/v2/users/{user_id}/email/resend", post(rest_about::<ResendEmailCodeRequest>))
        .route("/v2/users/{user_id}/email/send", post(rest_about::<SendEmailCodeRequest>))
        .route("/v2/users/{user_id}/email/verify", post(rest_about::<VerifyEmailRequest>))
        .route(
            "/v2/users/{user_id}/phone",
            post(rest_about::<SetPhoneRequest>).merge(delete(rest_about::<RemovePhoneRequest>)),
        )
        .route("/v2/users/{user_id}/phone/resend", post(rest_about::<ResendPhoneCodeRequest>))
        .route("/v2/users/{user_id}/phone/verify", post(rest_about::<VerifyPhoneRequest>));
    let rpc = Router::new();
    let rpc = method::<AddHumanUserRequest>(rpc);
    let rpc = method::<GetUserByIdRequest>(rpc);
    let rpc = method::<SetEmailRequest>(rpc);
    let rpc = method::<ResendEmailCodeRequest>(rpc);
    let rpc = method::<SendEmailCodeRequest>(rpc);
    let rpc = method::<VerifyEmailRequest>(rpc);
    let rpc = method::<SetPhoneRequest>(rpc);
    let rpc = method::<RemovePhoneRequest>(rpc);
    let rpc = method::<ResendPhoneCodeRequest>(rpc);
    let rpc = method::<VerifyPhoneRequest>(rpc);
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_service_status(SERVICE, ServingStatus::Serving).await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let (v1, v1alpha) = (reflection().build_v1()?, reflection().build_v1alpha()?);
    Ok(rest
        .merge(rpc)
        .route_service("/grpc.health.v1.Health/{method}", health.max_decoding_message_size(MAX_NAME_BYTES))
        .route_service("/grpc.reflection.v1.ServerReflection/{method}", v1.max_decoding_message_size(MAX_NAME_BYTES))
        .route_service(
            "/grpc.reflection.v1alpha.ServerReflection/{method}",
            v1alpha.max_decoding_message_size(MAX_NAME_BYTES),
        )
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(pages_of_other_origins())
        .layer(from_fn(traced))
        .with_state(app))
}

fn method<C: Call>(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router.route(&format!("/{SERVICE}/{}", C::METHOD), post(rpc::<C>))
}

/// Pages of any origin may call: who may is said by the token, which no browser adds by itself.
fn pages_of_other_origins() -> CorsLayer {
    let shown = [
        Status::GRPC_STATUS,
        Status::GRPC_MESSAGE,
        Status::GRPC_STATUS_DETAILS,
        header::RETRY_AFTER,
        HeaderName::from_static("traceresponse"),
    ];
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(shown)
        .max_age(Duration::from_secs(3_600))
}

/// A call under the service's own path, in the dialect that its media type says.
async fn rpc<C: Call>(State(app): State<Arc<App>>, request: Request) -> Response {
    let (dialect, accepted) = Dialect::of_rpc(request.headers());
    call::<C>(&app, dialect, accepted, None, request).await
}

/// A REST call whose path names the user.
async fn rest_about<C: Call>(
    State(app): State<Arc<App>>,
    user: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let user = user.map(|Path(user)| user).map_err(|_| Failure::unreadable("the path is not UTF-8"));
    let (user, readable) = match user {
        Ok(user) => (Some(user), Ok(())),
        Err(failure) => (None, Err(failure)),
    };
    let accepted = readable.and_then(|()| json(request.method(), request.headers()));
    call::<C>(&app, Dialect::Rest, accepted, user, request).await
}

/// A user may have the id `human`.
async fn rest_about_human(State(app): State<Arc<App>>, request: Request) -> Response {
    let accepted = json(request.method(), request.headers());
    call::<GetUserByIdRequest>(&app, Dialect::Rest, accepted, Some("human".to_owned()), request).await
}

/// A REST call whose path names no user.
async fn rest<C: Call>(State(app): State<Arc<App>>, request: Request) -> Response {
    let accepted = json(request.method(), request.headers());
    call::<C>(&app, Dialect::Rest, accepted, None, request).await
}

/// Checks that the media type of a REST body is JSON or missing.
fn json(method: &Method, headers: &HeaderMap) -> Result<(), Failure> {
    match media_type(headers).as_deref() {
        None | Some("application/json") => Ok(()),
        Some(_) if method == Method::GET => Ok(()),
        Some(_) => Err(unsupported()),
    }
}

async fn call<C: Call>(
    app: &App,
    dialect: Dialect,
    accepted: Result<(), Failure>,
    user: Option<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let language = Language::of(&parts.headers);
    // Who calls comes first: of a body nothing is read before that.
    let (caller, share) = match app.tokens.admit(&parts.headers) {
        Ok(admitted) => admitted,
        Err(failure) => {
            drain_body(body);
            return dialect.refuse(&failure, language);
        }
    };
    let body = if parts.method == Method::GET { Body::empty() } else { body };
    let accepted = accepted.and_then(|()| own_organization(&parts.headers, app.users.identity().tenant()));
    let outcome = async {
        if let Err(failure) = accepted {
            drain_body(body);
            return Err(failure);
        }
        let mut message: C = dialect.read(&parts.headers, body, &share).await?;
        if let Some(user) = user {
            message.about(user);
        }
        message.check()?;
        message.answer(&app.users, &caller).await
    };
    let mut response = dialect.answer(outcome.await, language);
    let tenant = app.users.identity().tenant().clone();
    response.extensions_mut().insert(Who { key: caller.name(), tenant });
    response.extensions_mut().insert(share);
    response
}

/// Whether a request is for the organization that is served: `x-zitadel-orgid` may name it, and no other.
fn own_organization(headers: &HeaderMap, tenant: &TenantId) -> Result<(), Failure> {
    let mut named = headers.get_all("x-zitadel-orgid").iter().filter(|value| !value.is_empty());
    if named.all(|value| value == tenant.as_str()) { Ok(()) } else { Err(Failure::no_permission()) }
}

async fn readyz(State(app): State<Arc<App>>) -> Response {
    if host_kit::ready(app.users.identity()).await {
        "ok\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], "the store does not answer\n").into_response()
    }
}

async fn no_such_path(request: Request) -> Response {
    let language = Language::of(request.headers());
    let of_service = request.uri().path().strip_prefix('/').is_some_and(|path| path.starts_with(SERVICE));
    let dialect = match Dialect::of_rpc(request.headers()).0 {
        // JSON alone does not say whether it is REST.
        Dialect::Connect(_) if !of_service => Dialect::Rest,
        dialect => dialect,
    };
    let failure = match dialect {
        Dialect::Rest => Failure::plain(Code::NotFound, "Not Found"),
        _ => Failure::plain(Code::Unimplemented, "there is no such method"),
    };
    drain_body(request.into_body());
    dialect.refuse(&failure, language)
}

async fn no_such_method(request: Request) -> Response {
    let failure = Failure::plain(Code::Unimplemented, "Method Not Allowed").with_http(StatusCode::METHOD_NOT_ALLOWED);
    drain_body(request.into_body());
    Dialect::Rest.refuse(&failure, Language::default())
}
