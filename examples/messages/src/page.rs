//! The page that links open. Showing it confirms nothing; its button does.

use std::sync::Arc;

use axum::extract::{RawForm, RawQuery, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use identity::{Confirmation, Error, RefusalKind, TenantId};
use identity_texts::{Answer, Links, Page, TextError};

use crate::app::App;

pub(crate) async fn show(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    match Links::parse(query.as_deref().unwrap_or_default()) {
        Ok(request) => page(app.texts.ask_page(&request)),
        Err(_) => answer(&app, app.identity.tenant(), None, Answer::Failed),
    }
}

pub(crate) async fn confirm(State(app): State<Arc<App>>, RawForm(form): RawForm) -> Response {
    let Some(request) = std::str::from_utf8(&form).ok().and_then(|form| Links::parse(form).ok()) else {
        return answer(&app, app.identity.tenant(), None, Answer::Failed);
    };
    // This host serves one tenant; a link of another one is no link here.
    let said = if request.tenant == *app.identity.tenant() {
        match app.identity.account(request.token.user()).confirm_link(&request.token).await {
            Ok(receipt) if receipt.outcome == Confirmation::Verified => Answer::Confirmed,
            Ok(_) => Answer::Failed,
            Err(Error::Refused(refusal)) if refusal.kind() == RefusalKind::TooSoon => Answer::Later,
            // Why it is no good any more is nobody's business here.
            Err(Error::Refused(_)) => Answer::Failed,
            Err(error) => {
                tracing::error!(%error, "a link could not be judged");
                Answer::Later
            }
        }
    } else {
        Answer::Failed
    };
    answer(&app, app.identity.tenant(), request.language.as_deref(), said)
}

fn answer(app: &App, tenant: &TenantId, language: Option<&str>, answer: Answer) -> Response {
    page(app.texts.answer_page(tenant, language, answer))
}

fn page(page: Result<Page, TextError>) -> Response {
    let Ok(page) = page else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, page.html).into_response();
    for (name, value) in Page::HEADERS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
