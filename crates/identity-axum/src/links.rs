//! The pages that links open. Showing them confirms and undoes nothing; their buttons do.

use std::convert::Infallible;

use axum::extract::rejection::RawFormRejection;
use axum::extract::{DefaultBodyLimit, Extension, RawForm, RawQuery};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use identity::disavowal::DisavowToken;
use identity::{Confirmation, HolderError, Identity, RefusalKind};
use identity_texts::{Answer, LinkRequest, Links, NoLink, Texts};

use crate::client::accept_language;
use crate::form::FORM;
use crate::page::respond;
use crate::problem::status;

/// The page that the links of messages open, on which their button verifies an address, for a host that has no
/// [`account_page`](crate::account_page): `.route("/link", link_page(identity, texts))`. Nobody has to be signed in.
pub fn link_page<S: Clone + Send + Sync + 'static>(identity: Identity, texts: Texts) -> MethodRouter<S> {
    bounded(get(show).post(confirm), LinkPage { identity, texts })
}

/// The page on which the reader of a notice undoes what it reports, for a host that has no
/// [`account_page`](crate::account_page). Nobody has to be signed in: who was kept out can come here.
pub fn undo_page<S: Clone + Send + Sync + 'static>(identity: Identity, texts: Texts) -> MethodRouter<S> {
    bounded(get(show_undo).post(undo), LinkPage { identity, texts })
}

#[derive(Clone)]
struct LinkPage {
    identity: Identity,
    texts: Texts,
}

type Page = Extension<LinkPage>;

/// A page whose forms have at most [`FORM`] octets.
fn bounded<S: Clone + Send + Sync + 'static>(page: MethodRouter<S>, of: LinkPage) -> MethodRouter<S> {
    page.layer::<_, Infallible>(DefaultBodyLimit::max(FORM)).layer(Extension(of))
}

async fn show(Extension(page): Page, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let Some(request) = link(&page.identity, query.unwrap_or_default().as_bytes()) else {
        return page.answer(accept_language(&headers), Answer::Failed);
    };
    match page.identity.account(request.token.user()).link_address(&request.token).await {
        Ok(Some(address)) => respond(page.texts.ask_page(&request, &address)),
        Ok(None) => page.answer(request.language.as_deref(), Answer::Failed),
        Err(error) => page.answer(request.language.as_deref(), failed(&error)),
    }
}

async fn confirm(Extension(page): Page, headers: HeaderMap, form: Result<RawForm, RawFormRejection>) -> Response {
    let Some(request) = form.ok().and_then(|RawForm(form)| link(&page.identity, &form)) else {
        return page.answer(accept_language(&headers), Answer::Failed);
    };
    let answer = match page.identity.account(request.token.user()).confirm_link(&request.token).await {
        Ok(receipt) if receipt.outcome == Confirmation::Verified => Answer::Confirmed,
        Ok(receipt) if receipt.outcome == Confirmation::Contested => Answer::Contested,
        Ok(_) => Answer::Failed,
        Err(error) => failed(&error),
    };
    page.answer(request.language.as_deref(), answer)
}

async fn show_undo(Extension(page): Page, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let Some(request) = undo_link(&page.identity, query.unwrap_or_default().as_bytes()) else {
        return page.answer(accept_language(&headers), Answer::Failed);
    };
    match page.identity.disavowal(&request.token).await {
        Ok(undone) => respond(page.texts.undo_page(&request, &undone)),
        Err(error) => page.refuse(&request, &error),
    }
}

async fn undo(Extension(page): Page, headers: HeaderMap, form: Result<RawForm, RawFormRejection>) -> Response {
    let Some(request) = form.ok().and_then(|RawForm(form)| undo_link(&page.identity, &form)) else {
        return page.answer(accept_language(&headers), Answer::Failed);
    };
    match page.identity.disavow(&request.token).await {
        Ok(_) => page.answer(request.language.as_deref(), Answer::Undone),
        Err(error) => page.refuse(&request, &error),
    }
}

impl LinkPage {
    /// The page that says why a change cannot be undone.
    fn refuse(&self, request: &LinkRequest<DisavowToken>, error: &HolderError) -> Response {
        let language = request.language.as_deref();
        match error {
            HolderError::Refused(refusal) => {
                let status = status(refusal).as_u16();
                respond(self.texts.problem_page(
                    &request.tenant,
                    language,
                    status,
                    refusal.code(),
                    &refusal.to_string(),
                    None,
                ))
            }
            error => self.answer(language, failed(error)),
        }
    }

    fn answer(&self, language: Option<&str>, answer: Answer) -> Response {
        respond(self.texts.answer_page(self.identity.tenant(), language, answer))
    }
}

/// The link in a query or form; `None` when it is none, or one of another tenant.
pub(crate) fn link(identity: &Identity, form: &[u8]) -> Option<LinkRequest> {
    of_tenant(identity, form, Links::parse)
}

fn undo_link(identity: &Identity, form: &[u8]) -> Option<LinkRequest<DisavowToken>> {
    of_tenant(identity, form, Links::parse_undo)
}

fn of_tenant<T>(
    identity: &Identity,
    form: &[u8],
    parse: impl Fn(&str) -> Result<LinkRequest<T>, NoLink>,
) -> Option<LinkRequest<T>> {
    let request = parse(std::str::from_utf8(form).ok()?).ok()?;
    Some(request).filter(|request| request.tenant == *identity.tenant())
}

/// The answer for an error. The page does not tell why a link is not good any more.
pub(crate) fn failed(error: &HolderError) -> Answer {
    match error {
        HolderError::Refused(refusal) if refusal.kind() == RefusalKind::TooSoon => Answer::Later,
        HolderError::Refused(_) => Answer::Failed,
        error => {
            tracing::error!(%error, "a link could not be judged; the person was asked to try again later");
            Answer::Later
        }
    }
}
