//! Connect: a failure is an object of its own, its details in base64 without padding.

use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Map, Value, json};
use tonic::Code;

use super::body;
use crate::failure::Failure;
use crate::text::Language;

pub(super) fn refuse(failure: &Failure, language: Language) -> Response {
    let status = failure.status(language);
    let mut error = Map::new();
    error.insert("code".to_owned(), json!(name(failure.code)));
    error.insert("message".to_owned(), json!(status.message));
    let details = status.details.into_iter().map(|detail| {
        let name = detail.type_url.rsplit('/').next().unwrap_or_default();
        json!({"type": name, "value": STANDARD_NO_PAD.encode(detail.value)})
    });
    let details: Vec<Value> = details.collect();
    if !details.is_empty() {
        error.insert("details".to_owned(), Value::Array(details));
    }
    let mut response = body("application/json", Value::Object(error).to_string());
    *response.status_mut() = match failure.http_status() {
        // In Connect a method that is not there is one of a path that is not there.
        StatusCode::NOT_IMPLEMENTED => StatusCode::NOT_FOUND,
        status => status,
    };
    response
}

const fn name(code: Code) -> &'static str {
    match code {
        Code::Ok | Code::Unknown => "unknown",
        Code::Cancelled => "canceled",
        Code::InvalidArgument => "invalid_argument",
        Code::DeadlineExceeded => "deadline_exceeded",
        Code::NotFound => "not_found",
        Code::AlreadyExists => "already_exists",
        Code::PermissionDenied => "permission_denied",
        Code::ResourceExhausted => "resource_exhausted",
        Code::FailedPrecondition => "failed_precondition",
        Code::Aborted => "aborted",
        Code::OutOfRange => "out_of_range",
        Code::Unimplemented => "unimplemented",
        Code::Internal => "internal",
        Code::Unavailable => "unavailable",
        Code::DataLoss => "data_loss",
        Code::Unauthenticated => "unauthenticated",
    }
}
