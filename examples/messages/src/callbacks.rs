//! The callbacks of providers, each in the provider's form. Their bodies are bounded before they are read.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use identity::delivery::{DeliveryTicket, Report};
use identity::system::{Clock as _, SystemClock};
use identity::{Error, Identity, Refusal};
use identity_sms_http::CallbackError;
use identity_smtp::bounce;

use crate::app::{App, problem};

/// The status callbacks of the form API.
pub(crate) async fn twilio(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(callbacks) = &app.twilio else { return StatusCode::NOT_FOUND.into_response() };
    let Ok(body) = std::str::from_utf8(&body) else { return refused(CallbackError::Unreadable) };
    let query = query.unwrap_or_default();
    match callbacks.read(&query, body, header(&headers, "x-twilio-signature"), SystemClock.now()) {
        Ok(callback) => reported(&app.identity, "twilio", &callback.ticket, &callback.report).await,
        Err(error) => refused(error),
    }
}

/// The callbacks of the gateway.
pub(crate) async fn gateway(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(callbacks) = &app.gateway else { return StatusCode::NOT_FOUND.into_response() };
    let header = |name| header(&headers, name);
    let (id, at, signature) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    match callbacks.read(id, at, signature, &body, SystemClock.now()) {
        Ok(callback) => reported(&app.identity, "gateway", &callback.ticket, &callback.report).await,
        Err(error) => refused(error),
    }
}

/// A mail that came back, as a mail server's pipe posts it.
pub(crate) async fn mail(State(app): State<Arc<App>>, body: Bytes) -> Response {
    match bounce::read(&body, SystemClock.now()) {
        Ok(bounce) => reported(&app.identity, "mail", &bounce.ticket, &bounce.report).await,
        Err(error) => problem(StatusCode::UNPROCESSABLE_ENTITY, "not_a_report", &error.to_string()),
    }
}

/// Records a report. A provider repeats a callback that is answered with 5xx, and no other.
async fn reported(identity: &Identity, who: &'static str, ticket: &DeliveryTicket, report: &Report) -> Response {
    match identity.admin(who).report_delivery(ticket, report).await {
        // A report on a message that is not kept any more is late, and not an error.
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(Error::Refused(Refusal::TicketForged)) => refused(CallbackError::Forged),
        Err(Error::Refused(refusal)) => problem(StatusCode::BAD_REQUEST, refusal.code(), &refusal.to_string()),
        Err(error) => {
            tracing::error!(%error, "a delivery report could not be recorded; the provider was asked to repeat it");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn refused(error: CallbackError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    problem(status, "callback", &error.to_string())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
