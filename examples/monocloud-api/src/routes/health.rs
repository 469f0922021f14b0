//! `/healthz` and `/readyz`, for whoever starts and stops processes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::problem::Problem;

/// Whether the process lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether it can answer: the store has to.
///
/// # Errors
/// 503 when the store does not answer.
pub async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    if host_kit::ready(&app.identity).await {
        Ok("ok\n")
    } else {
        Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer"))
    }
}
