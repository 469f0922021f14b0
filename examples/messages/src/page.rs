//! The page that links open. Showing it confirms nothing; its button does.

use std::sync::Arc;

use axum::extract::{RawForm, RawQuery, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use identity::{Confirmation, HolderError, RefusalKind, TenantId};
use identity_texts::{Answer, Links, Page, TextError};

use crate::app::App;

pub(crate) async fn show(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let Ok(request) = Links::parse(query.as_deref().unwrap_or_default()) else {
        return answer(&app, app.identity.tenant(), None, Answer::Failed);
    };
    // This host serves one tenant; a link of another one is no link here.
    let address = if request.tenant == *app.identity.tenant() {
        app.identity.account(request.token.user()).link_address(&request.token).await
    } else {
        Ok(None)
    };
    match address {
        Ok(Some(address)) => page(app.texts.ask_page(&request, &address)),
        Ok(None) => answer(&app, app.identity.tenant(), request.language.as_deref(), Answer::Failed),
        Err(error) => answer(&app, app.identity.tenant(), request.language.as_deref(), failed(&error)),
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
            Err(error) => failed(&error),
        }
    } else {
        Answer::Failed
    };
    answer(&app, app.identity.tenant(), request.language.as_deref(), said)
}

/// The answer for an error. The page does not tell why a link is not good any more.
fn failed(error: &HolderError) -> Answer {
    match error {
        HolderError::Refused(refusal) if refusal.kind() == RefusalKind::TooSoon => Answer::Later,
        HolderError::Refused(_) => Answer::Failed,
        error => {
            tracing::error!(%error, "a link could not be judged; the person was asked to try again later");
            Answer::Later
        }
    }
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
