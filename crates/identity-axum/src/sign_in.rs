use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawFormRejection;
use axum::extract::{
    DefaultBodyLimit, Extension, FromRequest as _, FromRequestParts, RawForm, RawQuery, Request, State,
};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use identity::policy::{Alphabet, Unknown};
use identity::sign_in::{Proof, SignInRequest, SignInStarted, SignInTicket};
use identity::{Address, Code, HolderError, Identity, NewUser, ProofBy, PublicRefusal, UserId};
use identity_texts::{AccountWrong, Answer, LinkRequest, SignInStep, SignInView, Texts, client_language};

use crate::client::accept_language;
use crate::form::{FORM, Failure, Form, INCOMPLETE, STALE, Sender};
use crate::links::{failed, link};
use crate::page::respond;

/// The page that signs in: a person types an e-mail address or a phone number, gets a message, and types its code.
/// Somebody who is new signs up in the same way, as the tenant's [`SignInPolicy`](identity::policy::SignInPolicy) says.
/// It works without scripts, in every language of the texts, with their brand, and is the same for every address.
///
/// `begin` is a handler of the host's with the extractor [`Entered`]: it begins the session and answers, for example
/// with a redirect. It is called once for each code. A new user has the language of the browser as the claim `locale`.
/// Rows of the host's own are written with a new user by an `identity` of [`with_commit`](Identity::with_commit).
///
/// The router is to be nested: `.nest("/sign-in", sign_in_page(identity, texts, begin))`. Where the brand has
/// [links to sign in](identity_texts::Brand::with_sign_in_links), mail has a link as well; they begin with `https://`
/// the host `/sign-in/link`, the path `/link` of this router. A link works in the browser that asked for it, and once
/// its button was pressed.
///
/// Usernames are not taken: whoever mistypes an address would wait for a code in vain.
///
/// # Security
/// What proves that a browser began the sign-in is a cookie (`HttpOnly`, `SameSite=Lax`, `Secure` where the links are
/// https), so no other site can sign anybody in as somebody else; a form of another site is refused as well. The cookie
/// goes with the sign-in, and after 600 s. The page allows its style sheet, by digest, and its own forms, and nothing
/// else; it is neither kept, nor framed, nor named to other sites. A form has at most 16,384 octets. Limit the calls of
/// each client before it.
pub fn sign_in_page<H, T, S>(identity: Identity, texts: Texts, begin: H) -> Router<S>
where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    let page = Arc::new(SignInPage { identity, texts });
    let forms = {
        let begin = begin.clone();
        async move |Extension(page): Extension<Arc<SignInPage>>, State(state): State<S>, request: Request| {
            page.act(begin, state, request).await
        }
    };
    let links = async move |Extension(page): Extension<Arc<SignInPage>>, State(state): State<S>, request: Request| {
        page.follow(begin, state, request).await
    };
    Router::new()
        .route("/", get(show).post(forms))
        .route("/link", get(ask).post(links))
        .layer(DefaultBodyLimit::max(FORM))
        .layer(Extension(page))
}

/// Extracts who has just signed in, in the handler that [`sign_in_page`] calls. What to put into a session is on the
/// manual's page [`sign_in`](identity::manual::sign_in); its id has to be a new one.
#[derive(Debug, Clone)]
pub struct Entered {
    /// The id of the user.
    pub user: UserId,
    /// Whether the user has just signed up.
    pub is_new: bool,
    /// The address that was shown, when and how.
    pub proof: Proof,
}

impl<S: Send + Sync> FromRequestParts<S> for Entered {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.remove().ok_or_else(|| {
            tracing::error!("a handler that only the page that signs in may call was called by something else");
            StatusCode::INTERNAL_SERVER_ERROR
        })
    }
}

struct SignInPage {
    identity: Identity,
    texts: Texts,
}

/// What a form led to.
enum Step {
    Sent(SignInStarted),
    Entered(Entered),
}

async fn show(Extension(page): Extension<Arc<SignInPage>>, headers: HeaderMap) -> Response {
    page.render(SignInView { language: accept_language(&headers), ..SignInView::default() })
}

async fn ask(Extension(page): Extension<Arc<SignInPage>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    match link(&page.identity, query.unwrap_or_default().as_bytes()) {
        Some(request) => respond(page.texts.sign_in_link_page(&request)),
        None => page.answer(accept_language(&headers), Answer::Failed),
    }
}

impl SignInPage {
    /// Answers a form.
    async fn act<H: Handler<T, S>, T, S: Send + Sync>(&self, begin: H, state: S, request: Request) -> Response {
        let (parts, form) = read(request, &state).await;
        let (form, readable) = Form::of(form);
        let sender = Sender::of(&parts.headers);
        let stepped = match readable {
            Err(failure) => Err(failure),
            Ok(()) if sender == Sender::Elsewhere => Err(STALE),
            Ok(()) if form.doubled => Err(INCOMPLETE),
            Ok(()) => self.step(&form, &parts.headers).await,
        };
        let language = accept_language(&parts.headers).map(str::to_owned);
        let mut view = SignInView { language: language.as_deref(), ..SignInView::default() };
        // What another site sent is not put into a form that only has to be confirmed.
        let typed = form.address.as_deref().filter(|_| sender != Sender::Elsewhere).unwrap_or_default();
        view.address = typed;
        let policy = self.identity.policy();
        let digits = policy.verification().format().alphabet() == Alphabet::Digits;
        match stepped {
            Ok(Step::Entered(entered)) => self.enter(begin, state, parts, entered).await,
            Ok(Step::Sent(started)) => {
                let mut response = self.render(SignInView { step: SignInStep::Code { digits, sent: true }, ..view });
                self.set_cookie(&mut response, started.ticket.as_str(), COOKIE_LIFE);
                response
            }
            Err(failure) => {
                let (what, status, retry_after) = match failure.told(self.texts.now()) {
                    Ok(told) => told,
                    Err(error) => return self.failed(&error, view.language),
                };
                (view.status, view.problem) = (status.as_u16(), Some(what));
                if form.action.as_deref() == Some("confirm") && !typed.is_empty() {
                    view.step = SignInStep::Code { digits, sent: false };
                }
                let mut response = self.render(view);
                if let Some(seconds) = retry_after {
                    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
                }
                response
            }
        }
    }

    /// Answers the button of the page that a link opens.
    async fn follow<H: Handler<T, S>, T, S: Send + Sync>(&self, begin: H, state: S, request: Request) -> Response {
        let (parts, form) = read(request, &state).await;
        let language = accept_language(&parts.headers);
        let ours = Sender::of(&parts.headers) != Sender::Elsewhere;
        let request = form.ok().filter(|_| ours).and_then(|RawForm(form)| link(&self.identity, &form));
        let ticket = self.ticket(&parts.headers);
        let (Some(LinkRequest { token, .. }), Some(ticket)) = (request, ticket) else {
            return self.answer(language, Answer::Failed);
        };
        let judged = match self.identity.sign_in().confirm_link(&ticket, &token).await {
            Ok(Some(proof)) => self.entered(proof, &parts.headers).await,
            Ok(None) => return self.answer(language, Answer::Failed),
            Err(error) => Err(error),
        };
        match judged {
            Ok(entered) => self.enter(begin, state, parts, entered).await,
            Err(error) => self.answer(language, failed(&error)),
        }
    }

    async fn step(&self, form: &Form, headers: &HeaderMap) -> Result<Step, Failure> {
        let sign_in = self.identity.sign_in();
        let typed = form.address.as_deref().ok_or(INCOMPLETE)?;
        match form.action.as_deref() {
            Some("start") => {
                let address = Address::parse(typed, None)?;
                let by = match self.texts.sign_in_links(self.identity.tenant()) {
                    Some(_) => ProofBy::Either,
                    None => ProofBy::Code,
                };
                let request = SignInRequest { by, locale: language(headers).map(Into::into) };
                Ok(Step::Sent(sign_in.start_with(address, &request).await?))
            }
            Some("confirm") => {
                let code = Code::parse(form.code.as_deref().ok_or(INCOMPLETE)?)?;
                let ticket = self.ticket(headers).ok_or(PublicRefusal::NoChallenge)?;
                match sign_in.confirm(&ticket, &code).await? {
                    Some(proof) => Ok(Step::Entered(self.entered(proof, headers).await?)),
                    None => {
                        let what = AccountWrong::Code { attempts_left: None };
                        Err(Failure::Wrong(what, StatusCode::UNPROCESSABLE_ENTITY))
                    }
                }
            }
            _ => Err(INCOMPLETE),
        }
    }

    async fn entered(&self, proof: Proof, headers: &HeaderMap) -> Result<Entered, HolderError> {
        let mut new = NewUser::default();
        if let Some(language) = language(headers) {
            // A tag of two letters fits.
            new = new.with_claim("locale", language).unwrap_or_default();
        }
        let found = proof.find_or_create(new).await?;
        Ok(Entered { user: found.user, is_new: found.is_new, proof })
    }

    /// Calls the host's handler. The cookie has done its work.
    async fn enter<H: Handler<T, S>, T, S>(&self, begin: H, state: S, mut parts: Parts, entered: Entered) -> Response {
        parts.extensions.insert(entered);
        let mut response = begin.call(Request::from_parts(parts, Body::empty()), state).await;
        self.set_cookie(&mut response, "", 0);
        response
    }

    /// A name that no other host of the domain can set, where it is secure.
    fn cookie(&self) -> &'static str {
        if self.is_secure() { "__Host-sign-in" } else { "sign-in" }
    }

    fn is_secure(&self) -> bool {
        self.texts.links(self.identity.tenant()).is_https()
    }

    fn ticket(&self, headers: &HeaderMap) -> Option<SignInTicket> {
        let fields = headers.get_all(header::COOKIE).into_iter().filter_map(|field| field.to_str().ok());
        let mut pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, ticket) = pairs.find(|(name, _)| *name == self.cookie())?;
        Some(SignInTicket::new(ticket)).filter(|_| !ticket.is_empty())
    }

    fn set_cookie(&self, response: &mut Response, ticket: &str, seconds: u32) {
        let secure = if self.is_secure() { "; Secure" } else { "" };
        let name = self.cookie();
        let cookie = format!("{name}={ticket}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }

    fn render(&self, view: SignInView<'_>) -> Response {
        let open = self.identity.policy().sign_in().unknown() == Unknown::Invite;
        respond(self.texts.sign_in_page(self.identity.tenant(), &SignInView { open, ..view }))
    }

    fn answer(&self, language: Option<&str>, answer: Answer) -> Response {
        // Here the browser may be the reason.
        let answer = if answer == Answer::Failed { Answer::NotSignedIn } else { answer };
        respond(self.texts.answer_page(self.identity.tenant(), language, answer))
    }

    /// The page for a call that could not be judged.
    fn failed(&self, error: &HolderError, language: Option<&str>) -> Response {
        tracing::error!(%error, "a call of the page that signs in failed; the person was asked to try again later");
        self.answer(language, Answer::Later)
    }
}

/// The longest life of a code, in seconds.
const COOKIE_LIFE: u32 = 600;

/// The shipped language that the browser wants most.
fn language(headers: &HeaderMap) -> Option<&'static str> {
    accept_language(headers).and_then(client_language)
}

/// Reads the form of a request, whose other parts are kept for the host's handler.
async fn read<S: Send + Sync>(request: Request, state: &S) -> (Parts, Result<RawForm, RawFormRejection>) {
    let (parts, body) = request.into_parts();
    let form = RawForm::from_request(Request::from_parts(parts.clone(), body), state).await;
    (parts, form)
}
