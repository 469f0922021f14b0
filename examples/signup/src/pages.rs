//! The pages, and what stands around them.

use std::error::Error;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use identity::system::{Clock as _, SystemClock};
use identity::{HolderError, Timestamp};
use identity_texts::Page;
use minijinja::{Environment, Value};

const TEMPLATES: [(&str, &str); 6] = [
    ("base.html", include_str!("templates/base.html")),
    ("home.html", include_str!("templates/home.html")),
    ("sign_in.html", include_str!("templates/sign_in.html")),
    ("code.html", include_str!("templates/code.html")),
    ("users.html", include_str!("templates/users.html")),
    ("user.html", include_str!("templates/user.html")),
];

#[derive(Clone)]
pub(crate) struct Pages(Arc<Environment<'static>>);

impl Pages {
    pub(crate) fn new(brand: &str) -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        TEMPLATES.iter().try_for_each(|(name, source)| environment.add_template(name, source))?;
        environment.add_global("brand", brand);
        Ok(Self(Arc::new(environment)))
    }

    /// A page with the headers of the library's own: it is neither cached nor framed, and runs no script.
    pub(crate) fn show(&self, status: StatusCode, name: &str, values: Value) -> Result<Response, Failed> {
        let html = self.0.get_template(name)?.render(values)?;
        Ok((status, Page::HEADERS, html).into_response())
    }
}

/// What the person cannot mend. The log has the reason.
pub(crate) struct Failed(Box<dyn Error + Send + Sync>);

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        tracing::error!(error = %self.0, "a request failed");
        (StatusCode::SERVICE_UNAVAILABLE, "Something went wrong on our side. Try again in a minute.").into_response()
    }
}

/// The status and the sentence for a call that was refused; any other error is no affair of the person's.
pub(crate) fn refused(error: HolderError) -> Result<(StatusCode, String), Failed> {
    let HolderError::Refused(refusal) = error else { return Err(error.into()) };
    match refusal.retry_at() {
        None => Ok((StatusCode::UNPROCESSABLE_ENTITY, refusal.to_string())),
        Some(at) => Ok((StatusCode::TOO_MANY_REQUESTS, format!("{refusal} ({} min)", minutes(at)))),
    }
}

fn minutes(until: Timestamp) -> u64 {
    until.since(SystemClock.now()).as_secs() / 60 + 1
}

/// Refuses what another site's page posts here: every form acts for whoever the cookie names.
pub(crate) async fn same_origin(request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_ours(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This form was sent from another site. Open the page here and send it again.")
        .into_response()
}

fn is_ours(headers: &HeaderMap) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (header("sec-fetch-site"), header("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin.split_once("://").map(|(_, host)| host) == header("host"),
        // No browser.
        (None, None) => true,
    }
}
