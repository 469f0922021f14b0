use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::RawFormRejection;
use axum::extract::{DefaultBodyLimit, Extension, FromRequestParts, RawForm, RawQuery};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use identity::address::AddressError;
use identity::{
    Account, Address, Channel, Code, CodeKeys, Confirmation, Email, HolderError, IdentifierId, Identity, Phone,
    ProofBy, PublicRefusal, UserId, Verification,
};
use identity_texts::{AccountDone, AccountProblem, AccountView, AccountWrong, Answer, Texts};
use subtle::ConstantTimeEq as _;

use crate::client::accept_language;
use crate::form::{FORM, Failure, Form, INCOMPLETE, STALE, Sender, identifier};
use crate::links;
use crate::page::respond;
use crate::problem::status;

/// The account page: a person lists their own addresses, adds one, verifies it by code or link, has the message sent again,
/// makes it primary, replaces it and removes it. It works without scripts, in every language of the texts, with their brand.
///
/// `W` is the host's extractor of who is signed in; its rejection is the answer to everybody else, for example a redirect to the
/// page that signs in. Everything happens on the holder's road. The router is to be nested at a path of the host's:
/// `.nest("/account", account_page::<SignedIn, _>(identity, texts, keys))`.
///
/// Messages have a code and a link. The page that links open is the path `/link` of this router and asks for nobody to be signed
/// in, so the texts' [`Links`](identity_texts::Links) begin with `https://` the host `/account/link`. So does the page on which the
/// reader of a notice undoes what it reports, `/undo`, when the brand has
/// [links to it](identity_texts::Brand::with_undo_links).
///
/// # Security
/// A form is refused that another site sent (by `Sec-Fetch-Site`, or `Origin`), and one without the token of its page, which is
/// derived from `keys`, the tenant and the user. The page allows its style sheet, by digest, and its own forms, and nothing else;
/// it is neither kept, nor framed, nor named to other sites. A form has at most 16,384 octets.
pub fn account_page<W, S>(identity: Identity, texts: Texts, keys: CodeKeys) -> Router<S>
where
    W: FromRequestParts<S> + Into<UserId> + Send + 'static,
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/", get(show::<W>).post(act::<W>))
        .route("/link", get(links::show).post(links::confirm))
        .route("/undo", get(links::show_undo).post(links::undo))
        .layer(DefaultBodyLimit::max(FORM))
        .layer(Extension(Arc::new(AccountPage { identity, texts, keys })))
}

pub(crate) struct AccountPage {
    pub(crate) identity: Identity,
    pub(crate) texts: Texts,
    keys: CodeKeys,
}

async fn show<W: Into<UserId>>(
    Extension(page): Extension<Arc<AccountPage>>,
    who: W,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let (mut address, mut done) = (None, None);
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match (&*name, &*value) {
            ("address", id) => address = Some(identifier(id)),
            ("done", "verified") => done = Some(AccountDone::Verified),
            ("done", "primary") => done = Some(AccountDone::Primary),
            ("done", "removed") => done = Some(AccountDone::Removed),
            _ => {}
        }
    }
    let user = who.into();
    let view = AccountView { language: accept_language(&headers), done, ..AccountView::default() };
    page.render(&user, view, address).await
}

async fn act<W: Into<UserId>>(
    Extension(page): Extension<Arc<AccountPage>>,
    who: W,
    headers: HeaderMap,
    form: Result<RawForm, RawFormRejection>,
) -> Response {
    let user = who.into();
    let (form, read) = Form::of(form);
    let token = page.token(&user);
    let sender = Sender::of(&headers);
    let ours = form.token.as_deref().is_some_and(|sent| sent.as_bytes().ct_eq(token.as_bytes()).into());
    let changed = match read {
        Err(failure) => Err(failure),
        Ok(()) if sender == Sender::Elsewhere || !ours => Err(STALE),
        Ok(()) if form.doubled => Err(INCOMPLETE),
        Ok(()) => page.change(&page.identity.account(&user), &form).await,
    };
    let (what, status, retry_after) = match changed {
        Ok(location) => {
            let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("?"));
            return (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
        }
        Err(failure) => match failure.told(page.texts.now()) {
            Ok(told) => told,
            Err(error) => return page.failed(&error, accept_language(&headers)),
        },
    };
    // What another site sent is not put into a form that only has to be confirmed.
    let typed = if ours || sender == Sender::Here { form.typed() } else { "" };
    let action = form.action.as_deref().unwrap_or_default();
    let view = AccountView {
        status: status.as_u16(),
        language: accept_language(&headers),
        problem: Some(AccountProblem { what, action, typed }),
        ..AccountView::default()
    };
    let about = form.id.as_deref().filter(|_| action != "add").map(identifier);
    let mut response = page.render(&user, view, about).await;
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

impl AccountPage {
    /// The token of a user's forms.
    fn token(&self, user: &UserId) -> String {
        self.keys.pseudonym(self.identity.tenant(), &format!("forms of the account page of {user}"))
    }

    /// Makes the change that a form asks for, and returns where the browser goes next.
    async fn change(&self, account: &Account, form: &Form) -> Result<String, Failure> {
        let typed = form.address.as_deref().ok_or(INCOMPLETE);
        let action = form.action.as_deref().unwrap_or_default();
        if action == "add" {
            let address = Address::parse(typed?, None)?;
            let id = account.add(address).await?.outcome;
            return self.added(account, id).await;
        }
        let id = form.id.as_deref().ok_or(INCOMPLETE)?;
        let id = identifier(id).ok_or(PublicRefusal::IdentifierNotFound)?;
        match action {
            "confirm" => {
                let code = Code::parse(form.code.as_deref().ok_or(INCOMPLETE)?)?;
                match account.confirm(id, &code).await?.outcome {
                    Confirmation::Verified => Ok(format!("?address={id}&done=verified")),
                    Confirmation::Contested => Err(PublicRefusal::Contested.into()),
                    Confirmation::Rejected { attempts_left } => Err(Failure::Wrong(
                        AccountWrong::Code { attempts_left: Some(attempts_left) },
                        StatusCode::UNPROCESSABLE_ENTITY,
                    )),
                }
            }
            "send" => {
                account.start_verification_with(id, &either()).await?;
                Ok(format!("?address={id}"))
            }
            "primary" => {
                account.set_primary(id).await?;
                Ok(format!("?address={id}&done=primary"))
            }
            "replace" => {
                let user = account.get().await?;
                let old = user.identifier(id).ok_or(PublicRefusal::IdentifierNotFound)?;
                let address: Address = match old.address.channel() {
                    Channel::Email => Email::parse(typed?).map_err(AddressError::from)?.into(),
                    Channel::Phone => Phone::parse(typed?).map_err(AddressError::from)?.into(),
                };
                let id = account.replace(id, address).await?.outcome;
                self.added(account, id).await
            }
            "keep" => {
                account.keep(id).await?;
                Ok(format!("?address={id}"))
            }
            "remove" => {
                account.remove(id).await?;
                Ok(format!("?address={id}&done=removed"))
            }
            _ => Err(INCOMPLETE),
        }
    }

    /// Sends the code of a new address. When that is refused, the address is there all the same, and its page has the button.
    async fn added(&self, account: &Account, id: IdentifierId) -> Result<String, Failure> {
        match account.start_verification_with(id, &either()).await {
            Ok(_) | Err(HolderError::Refused(_)) => Ok(format!("?address={id}")),
            Err(error) => Err(error.into()),
        }
    }

    /// The page with the user as stored now. `address` is the one that was asked for; within it `None` when it is no id.
    async fn render(
        &self,
        user: &UserId,
        mut view: AccountView<'_>,
        address: Option<Option<IdentifierId>>,
    ) -> Response {
        let user = match self.identity.account(user).get().await {
            Ok(user) => user,
            Err(error) => return self.failed(&error, view.language),
        };
        let about = address.flatten().and_then(|id| user.identifier(id));
        // Only what is true is said: the address of the page is no proof.
        view.done = view.done.filter(|done| match (done, about) {
            (AccountDone::Verified, Some(about)) => about.is_verified(),
            (AccountDone::Primary, Some(about)) => user.book(about.address.channel()).is_primary(about.id),
            (AccountDone::Removed, about) => address.flatten().is_some() && about.is_none(),
            (_, None) => false,
        });
        view.address = about.map(|about| about.id);
        if address.is_some() && about.is_none() && view.done.is_none() && view.problem.is_none() {
            view.status = StatusCode::NOT_FOUND.as_u16();
            let what = AccountWrong::Refused(PublicRefusal::IdentifierNotFound);
            view.problem = Some(AccountProblem { what, action: "", typed: "" });
        }
        let token = self.token(user.id());
        respond(self.texts.account_page(self.identity.tenant(), &user, &AccountView { token: &token, ..view }))
    }

    /// The page for a call that could not be judged.
    fn failed(&self, error: &HolderError, language: Option<&str>) -> Response {
        let mut response = respond(self.texts.answer_page(self.identity.tenant(), language, Answer::Later));
        match error {
            // Somebody is signed in as a user who was erased.
            HolderError::Refused(refusal) => *response.status_mut() = status(refusal),
            error => {
                tracing::error!(%error, "a call of the account page failed; the person was asked to try again later")
            }
        }
        response
    }
}

/// A message with a code and a link.
fn either() -> Verification {
    Verification { proof: ProofBy::Either, ..Verification::default() }
}
