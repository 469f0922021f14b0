//! A host with the account page, whose time a test moves and whose mail it reads.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what cannot be made fails its test")]

use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::routing::get;
use http_body_util::BodyExt as _;
use identity::testing::{HandClock, Mailbox};
use identity::{CodeKeys, Email, IdentifierId, Identity, NewUser, UserId};
use identity_axum::{Entered, account_page, sign_in_page};
use identity_memory::MemoryStore;
use identity_texts::{Brand, Links, Texts};
use tower::ServiceExt as _;

/// Who is signed in: the header `x-user` says so.
pub(crate) struct SignedIn(UserId);

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let user = parts.headers.get("x-user").and_then(|user| UserId::parse(user.to_str().ok()?).ok());
        user.map(Self).ok_or(StatusCode::UNAUTHORIZED)
    }
}

impl From<SignedIn> for UserId {
    fn from(SignedIn(user): SignedIn) -> Self {
        user
    }
}

#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) identity: Identity,
    pub(crate) clock: HandClock,
    pub(crate) mailbox: Mailbox,
    pub(crate) texts: Texts,
    pub(crate) router: Router,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The token of the page's forms.
    pub(crate) fn token(&self) -> &str {
        let (_, rest) = self.text.split_once("name=\"token\" value=\"").expect("a form has its token");
        rest.split_once('"').unwrap().0
    }

    /// The texts that say what is wrong.
    pub(crate) fn problems(&self) -> Vec<&str> {
        let parts = self.text.split("<p class=\"problem\" role=\"alert\"").skip(1);
        parts.map(|part| part.split_once('>').unwrap().1.split_once('<').unwrap().0).collect()
    }
}

pub(crate) fn host() -> Host {
    host_on(MemoryStore::new())
}

pub(crate) fn host_on(store: impl identity::store::Store) -> Host {
    let (clock, mailbox) = (HandClock::default(), Mailbox::default());
    let keys = CodeKeys::parse(&"5a".repeat(32)).unwrap();
    let identity = Identity::new(store, mailbox.clone(), keys.clone()).with_clock(clock.clone());
    let brand = Brand::new("R & D", Links::new("https://accounts.example.com/account/link").unwrap());
    let brand = brand.with_sign_in_links(Links::new("https://accounts.example.com/sign-in/link").unwrap());
    let brand = brand.with_undo_links(Links::new("https://accounts.example.com/account/undo").unwrap());
    let texts = Texts::builder(brand.with_support("help@example.com"), clock.clone()).build().unwrap();
    let sign_in = sign_in_page(identity.clone(), texts.clone(), begin);
    let page = account_page::<SignedIn, _>(identity.clone(), texts.clone(), keys);
    let router = Router::new().nest("/account", page).nest("/sign-in", sign_in).route("/by-itself", get(begin));
    Host { identity, clock, mailbox, texts, router }
}

/// The host's own: the beginning of a session.
async fn begin(entered: Entered) -> String {
    format!("{} {} {}", entered.user, entered.is_new, entered.proof.address().as_str())
}

impl Host {
    /// A user who has this address verified, with its id.
    pub(crate) async fn user(&self, address: &str) -> (UserId, IdentifierId) {
        let user = self.identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
        let new = identity::NewAddress::from(Email::parse(address).unwrap()).verified();
        let id = self.identity.admin("test").add(&user, new).await.unwrap().outcome;
        (user, id)
    }

    /// The path and query of the link of the last mail to an address.
    pub(crate) fn link(&self, address: &str) -> String {
        let notices = self.mailbox.notices();
        let notice = notices.iter().rfind(|notice| notice.message.to.as_str() == address && notice.link.is_some());
        let mail = self.texts.mail(notice.unwrap()).unwrap();
        let link = mail.text.lines().find_map(|line| line.trim().strip_prefix("https://accounts.example.com"));
        link.unwrap().to_owned()
    }

    /// The path and query of the link that undoes what the last notice to an address reported.
    pub(crate) fn undo_link(&self, address: &str) -> String {
        let notices = self.mailbox.notices();
        let notice = notices.iter().rfind(|it| it.message.to.as_str() == address && it.disavowal.is_some()).unwrap();
        let (tenant, token) = (&notice.message.key.tenant, notice.disavowal.as_ref().unwrap());
        let language = notice.message.locale.as_deref().unwrap_or("en");
        let url = self.texts.undo_links(tenant).unwrap().undo_url(tenant, token, language);
        url.strip_prefix("https://accounts.example.com").unwrap().to_owned()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, headers, text: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub(crate) async fn get(&self, user: &UserId, query: &str, language: &str) -> Answer {
        let request = Request::builder().uri(format!("/account{query}")).header("x-user", user.as_str());
        self.send(request.header("accept-language", language).body(Body::empty()).unwrap()).await
    }

    /// Posts fields as they are, as a browser does from a page of this host.
    pub(crate) async fn post_raw(&self, user: &UserId, fields: &[(&str, &str)], language: &str) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = form(user).header("accept-language", language).header("sec-fetch-site", "same-origin");
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Posts fields with the token of the user's page.
    pub(crate) async fn post(&self, user: &UserId, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(user, "", "en").await;
        let fields = [&[("token", page.token())], fields].concat();
        self.post_raw(user, &fields, "en").await
    }

    /// Posts fields, and follows to where the answer leads.
    pub(crate) async fn follow(&self, user: &UserId, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post(user, fields).await;
        assert_eq!(answer.status, 303, "{:?}", answer.problems());
        self.get(user, answer.header("location"), "en").await
    }
}

pub(crate) fn form(user: &UserId) -> axum::http::request::Builder {
    Request::builder()
        .method(Method::POST)
        .uri("/account")
        .header("host", "accounts.example.com")
        .header("x-user", user.as_str())
        .header("content-type", "application/x-www-form-urlencoded")
}
