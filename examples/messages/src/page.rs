//! The pages that links open. Showing them confirms and undoes nothing; their buttons do.

use std::sync::Arc;

use axum::extract::{RawForm, RawQuery, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use identity::disavowal::DisavowToken;
use identity::{Confirmation, HolderError, RefusalKind, TenantId};
use identity_texts::{Answer, LinkRequest, Links, Page, TextError};

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
            Ok(receipt) if receipt.outcome == Confirmation::Contested => Answer::Contested,
            Ok(_) => Answer::Failed,
            Err(error) => failed(&error),
        }
    } else {
        Answer::Failed
    };
    answer(&app, app.identity.tenant(), request.language.as_deref(), said)
}

/// The page that asks whether to undo what a notice reported.
pub(crate) async fn show_undo(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let Some(request) = undo_link(&app, query.unwrap_or_default().as_bytes()) else {
        return answer(&app, app.identity.tenant(), None, Answer::Failed);
    };
    match app.identity.disavowal(&request.token).await {
        Ok(undone) => page(app.texts.undo_page(&request, &undone)),
        Err(error) => refused(&app, &request, &error),
    }
}

pub(crate) async fn undo(State(app): State<Arc<App>>, RawForm(form): RawForm) -> Response {
    let Some(request) = undo_link(&app, &form) else {
        return answer(&app, app.identity.tenant(), None, Answer::Failed);
    };
    match app.identity.disavow(&request.token).await {
        Ok(_) => answer(&app, &request.tenant, request.language.as_deref(), Answer::Undone),
        Err(error) => refused(&app, &request, &error),
    }
}

/// The link in a query or form. This host serves one tenant; a link of another one is no link here.
fn undo_link(app: &App, form: &[u8]) -> Option<LinkRequest<DisavowToken>> {
    let request = Links::parse_undo(std::str::from_utf8(form).ok()?).ok()?;
    Some(request).filter(|request| request.tenant == *app.identity.tenant())
}

/// The page that says why a change cannot be undone.
fn refused(app: &App, request: &LinkRequest<DisavowToken>, error: &HolderError) -> Response {
    let language = request.language.as_deref();
    match error {
        HolderError::Refused(refusal) => {
            page(app.texts.problem_page(&request.tenant, language, 409, refusal.code(), &refusal.to_string(), None))
        }
        error => answer(app, &request.tenant, language, failed(error)),
    }
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
