//! Who calls: authentication, and what a handler may do then.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use host_kit::{Who, drain_body};
use identity::{Admin, Channel, IdentifierId, Receipt, UserId};

use crate::app::App;
use crate::body::MAX_BODY_BYTES;
use crate::json::Json;
use crate::path::IdentifierPath;
use crate::problem::Problem;
use crate::wire::{Credentials, Member as _, User, Wire};

/// A caller with a good key, and the administrator's road of its tenant: events keep the key's name.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The administrator's road.
    pub admin: Admin,
    /// The generation of the API in which answers are written.
    pub wire: Wire,
}

impl Caller {
    /// The whole user as an answer.
    pub fn show(&self, user: &identity::User) -> Json<User> {
        Json(self.wire.user(user))
    }

    /// An address that the user has, of the kind that the path says. An address never changes its kind, so what is true now
    /// is true when it is acted upon.
    ///
    /// # Errors
    /// 404 when the user has none such.
    pub async fn identifier(&self, channel: Channel, path: &IdentifierPath) -> Result<(UserId, IdentifierId), Problem> {
        let user = self.admin.get(&path.user).await?;
        let known = user.book(channel).get(path.identifier);
        let known = known.ok_or_else(|| Problem::not_found("the user has no such identifier of this kind"))?;
        Ok((path.user.clone(), known.id))
    }

    /// Removes a passkey or an identity at a provider.
    ///
    /// # Errors
    /// 404 when that removes nothing.
    pub async fn remove(
        &self,
        user: &UserId,
        remove: impl Fn(&mut Credentials) + Send + Sync,
    ) -> Result<Receipt<bool>, Problem> {
        let gone = Credentials::change(&self.admin, user, remove).await?;
        if gone.outcome {
            return Ok(gone);
        }
        Err(Problem::not_found("the user has no such passkey or identity at a provider"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // The middleware below has put it there; without it nobody gets in.
        parts.extensions.get::<Self>().cloned().ok_or_else(unauthorized)
    }
}

pub(crate) fn unauthorized() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "send an API key of this tenant in the header X-API-KEY")
}

/// Middleware: refuses callers without an accepted key before anything of the body is read.
pub async fn authenticated(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let Some(tenant) = app.tenants.tenant_of(host(request.headers(), request.uri())).cloned() else {
        return refuse(request, Problem::not_found("no tenant is served under this host name"));
    };
    let Some(holder) = sent_key(request.headers()).and_then(|sent| app.keys.holder(sent, &tenant)) else {
        return refuse(request, unauthorized());
    };
    let who = Who { key: Arc::clone(&holder.name), tenant: tenant.clone() };
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let Ok(share) = holder.in_flight.request() else { return refuse(request, Problem::busy()) };
    let mut response = if !reads && !holder.may_write {
        refuse(request, Problem::new(StatusCode::FORBIDDEN, "this key may only read; use one that may write"))
    } else if declared_length(request.headers()).is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        refuse(request, Problem::too_large())
    } else {
        let admin = app.identity.for_tenant(tenant).admin(holder.name);
        request.extensions_mut().insert(Caller { admin, wire: app.wire });
        request.extensions_mut().insert(share.clone());
        next.run(request).await
    };
    response.extensions_mut().insert(who);
    response.extensions_mut().insert(share);
    response
}

/// The key of a request: in `X-API-KEY`, or in `API-Key`, which a page of the API names. `None` where two differ.
fn sent_key(headers: &HeaderMap) -> Option<&str> {
    let mut sent = ["x-api-key", "api-key"].into_iter().flat_map(|name| headers.get_all(name));
    let key = sent.next()?;
    if sent.all(|other| other == key) { key.to_str().ok() } else { None }
}

/// Answers without reading the body for its content.
fn refuse(request: Request, problem: Problem) -> Response {
    drain_body(request.into_body());
    problem.into_response()
}

fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> &'a str {
    // A request that names the host in its target means that one, whatever the header says (RFC 9112, 3.2.2; RFC 9113, 8.3.1).
    let named = uri.authority().map(|authority| authority.as_str());
    named.or_else(|| headers.get(header::HOST)?.to_str().ok()).unwrap_or_default()
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
