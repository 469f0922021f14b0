//! The page that a verification link opens. Showing it confirms nothing, since mail scanners open links too; its button does.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use identity::{Confirmation, HolderError, LinkToken, RefusalKind, TenantId};
use serde::Deserialize;

use crate::app::App;
use crate::problem::Problem;

/// Where the page is.
pub const PATH: &str = "/verify-email";

/// What a link carries.
#[derive(Deserialize)]
pub struct Link {
    tenant: String,
    token: String,
}

/// The page's methods.
pub fn methods() -> MethodRouter<Arc<App>> {
    get(show).post(confirm).layer(DefaultBodyLimit::max(8_192))
}

/// The link for a message. `base` comes from the settings, never from a request.
#[must_use]
pub fn link(base: &str, tenant: &TenantId, token: &LinkToken) -> String {
    format!("{base}{PATH}?tenant={}&token={}", encoded(tenant.as_str()), token.reveal())
}

/// Percent-encoded as far as it is not unreserved (RFC 3986, 2.3).
fn encoded(text: &str) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

async fn show(link: Result<Query<Link>, axum::extract::rejection::QueryRejection>) -> Response {
    let Ok(Query(link)) = link else { return broken() };
    if LinkToken::parse(&link.token).is_err() {
        return broken();
    }
    let form = format!(
        "<form method=\"post\" action=\"{PATH}\">\
         <input type=\"hidden\" name=\"tenant\" value=\"{}\"><input type=\"hidden\" name=\"token\" value=\"{}\">\
         <button>Confirm my e-mail address</button></form>",
        escaped(&link.tenant),
        escaped(&link.token)
    );
    page(StatusCode::OK, "Is this your e-mail address?", &form)
}

async fn confirm(State(app): State<Arc<App>>, link: Result<Form<Link>, FormRejection>) -> Response {
    let Ok(Form(link)) = link else { return broken() };
    let (Ok(tenant), Ok(token)) = (TenantId::parse(&link.tenant), LinkToken::parse(&link.token)) else {
        return broken();
    };
    if !app.tenants.serves(&tenant) {
        return broken();
    }
    let account = app.identity.for_tenant(tenant).account(token.user());
    match account.confirm_link(&token).await {
        Ok(receipt) => match receipt.outcome {
            Confirmation::Verified => page(StatusCode::OK, "Thank you", "<p>Your e-mail address is confirmed.</p>"),
            Confirmation::Contested | Confirmation::Rejected { .. } => broken(),
        },
        Err(HolderError::Refused(refusal)) => {
            let status = match refusal.kind() {
                // Whether there is such a user is nobody's business here.
                RefusalKind::NotFound => return broken(),
                RefusalKind::TooSoon => StatusCode::TOO_MANY_REQUESTS,
                RefusalKind::Invalid | RefusalKind::Conflict | RefusalKind::NotAllowed => StatusCode::CONFLICT,
            };
            page(status, "That did not work", &format!("<p>{}</p>", escaped(&refusal.to_string())))
        }
        Err(error) => {
            let problem = Problem::failed(&error);
            let mut response = page(problem.status_code(), "That did not work", "<p>Please try again later.</p>");
            problem.retry_after_into(&mut response);
            response
        }
    }
}

fn broken() -> Response {
    let sentence = "<p>This link is not complete, or not good any more. Please open the newest one, as it is.</p>";
    page(StatusCode::BAD_REQUEST, "That did not work", sentence)
}

fn page(status: StatusCode, title: &str, content: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><h1>{title}</h1>{content}</html>"
    );
    let mut response = (status, Html(html)).into_response();
    // The token is in the address of this page: it is not kept, not sent on, and no other page frames this one.
    let policy = "default-src 'none'; form-action 'self'; frame-ancestors 'none'";
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
