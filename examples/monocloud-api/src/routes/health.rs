//! `/healthz` and `/readyz`, for whoever starts and stops processes.

use std::sync::Arc;

use axum::extract::State;

use crate::app::App;
use crate::problem::Problem;

/// Says that the process runs.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether the process can answer requests: the store has to answer within one second.
///
/// # Errors
/// 503 when the store does not.
pub async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    if host_kit::ready(&app.identity).await { Ok("ok\n") } else { Err(Problem::unavailable()) }
}
