//! REST: a failure is a `google.rpc.Status` in JSON.

use axum::response::Response;

use super::body;
use crate::failure::Failure;
use crate::text::Language;

pub(super) fn refuse(failure: &Failure, language: Language) -> Response {
    let written = crate::json::write(&failure.status(language)).unwrap_or_else(|_| b"{}".to_vec());
    let mut response = body("application/json", written);
    *response.status_mut() = failure.http_status();
    response
}
