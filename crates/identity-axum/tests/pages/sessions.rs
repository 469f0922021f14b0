//! Who is signed in by a session of `tower-sessions`.
#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use axum::Router;
use axum::body::Body;
use axum::extract::FromRef;
use axum::http::Request;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use identity::{Identity, UserId};
use identity_axum::{CurrentUser, begin_session, end_session, for_browsers, sign_in_page};
use identity_texts::{Brand, Texts};
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

use crate::entering::{ADA, Browser, code};
use crate::kit::{Answer, Host, host};

#[derive(Clone)]
struct App(Identity);

impl FromRef<App> for Identity {
    fn from_ref(App(identity): &App) -> Self {
        identity.clone()
    }
}

async fn home(CurrentUser { user, at }: CurrentUser) -> String {
    format!("{} {}", user.id(), at.as_secs())
}

/// A host whose sessions are those of the crate.
fn with_sessions() -> Host {
    let host = host();
    let texts = Texts::builder(Brand::at("Example", "https://accounts.example.com").unwrap(), host.clock.clone());
    let texts = texts.build().unwrap();
    let filled = async |session: Session| session.get::<String>("basket").await.unwrap().unwrap_or_default();
    let basket = async |session: Session| session.insert("basket", "tea").await.map_err(identity_axum::Problem::from);
    let router = Router::new()
        .route("/", get(home))
        .route("/basket", post(basket).get(filled))
        .route("/sign-out", post(end_session))
        .nest("/sign-in", sign_in_page(host.identity.clone(), texts.clone(), begin_session))
        .layer(SessionManagerLayer::new(MemoryStore::default()))
        .layer(from_fn_with_state(texts, for_browsers))
        .with_state(App(host.identity.clone()));
    Host { router, ..host }
}

/// The cookie of the session that an answer sets.
fn session(answer: &Answer) -> String {
    let cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let mut pairs = cookies.map(|cookie| cookie.split(';').next().unwrap());
    pairs.find(|pair| pair.starts_with("id=")).unwrap_or_default().to_owned()
}

async fn send(host: &Host, method: &str, path: &str, cookie: &str, accept: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("cookie", cookie).header("accept", accept);
    host.send(request.body(Body::empty()).unwrap()).await
}

/// Signs in with a session that there was before, and returns the cookie of the one that began.
async fn signed_in(host: &Host, before: &str) -> String {
    let mut browser = Browser::of(host);
    browser.start(ADA).await;
    let code = code(host).await;
    browser.cookie = format!("{}; {before}", browser.cookie);
    let answer = browser.confirm(&code).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/"));
    session(&answer)
}

#[tokio::test]
async fn who_is_not_signed_in_is_led_to_the_page_that_signs_in_and_programs_are_told() {
    let host = with_sessions();
    for cookie in ["", "id=AAAAAAAAAAAAAAAAAAAAAA", "id=nonsense"] {
        let page = send(&host, "GET", "/", cookie, "text/html").await;
        assert_eq!((page.status, page.header("location")), (303, "/sign-in"), "{cookie}");
        let json = send(&host, "GET", "/", cookie, "application/json").await;
        assert_eq!((json.status, json.header("content-type")), (401, "application/problem+json"), "{cookie}");
        assert!(json.text.contains("\"code\":\"not_signed_in\""), "{}", json.text);
    }
}

#[tokio::test]
async fn a_session_begins_under_an_id_that_nobody_knew_and_with_nothing_of_the_one_before() {
    let host = with_sessions();
    let before = session(&send(&host, "POST", "/basket", "", "").await);
    assert_eq!(send(&host, "GET", "/basket", &before, "").await.text, "tea");
    let ada = signed_in(&host, &before).await;
    assert!(!ada.is_empty() && ada != before);
    assert_eq!(send(&host, "GET", "/", &before, "").await.status, 401, "whoever knew the old one knows nothing");
    assert_eq!(
        send(&host, "GET", "/basket", &ada, "").await.text,
        "",
        "the next person finds nothing of the one before"
    );
    let home = send(&host, "GET", "/", &ada, "").await;
    let (user, at) = home.text.split_once(' ').unwrap();
    assert_eq!(host.identity.resolve(ADA).await.unwrap().unwrap().as_str(), user);
    assert_eq!(at, host.texts.now().as_secs().to_string());

    // The next person at the same browser.
    host.clock.forward(std::time::Duration::from_secs(60));
    let again = signed_in(&host, &ada).await;
    assert_ne!(again, ada);
    assert_eq!(send(&host, "GET", "/", &ada, "").await.status, 401);
}

#[tokio::test]
async fn a_session_ends_with_its_user_and_when_it_is_told_to() {
    let host = with_sessions();
    let staff = host.identity.admin("test");
    let cookie = signed_in(&host, "").await;
    let home = async || send(&host, "GET", "/", &cookie, "").await;
    let ada = UserId::parse(home().await.text.split_once(' ').unwrap().0).unwrap();
    staff.disable(&ada).await.unwrap();
    assert_eq!(home().await.status, 401);
    staff.enable(&ada).await.unwrap();
    assert_eq!(home().await.status, 200);
    let left = send(&host, "POST", "/sign-out", &cookie, "").await;
    assert_eq!((left.status, left.header("location")), (303, "/"));
    assert_eq!(home().await.status, 401);

    host.clock.forward(std::time::Duration::from_secs(60));
    let cookie = signed_in(&host, "").await;
    staff.erase(&ada).await.unwrap();
    assert_eq!(send(&host, "GET", "/", &cookie, "").await.status, 401);
}

#[tokio::test]
async fn a_service_without_the_layer_of_sessions_fails_and_tells_clients_nothing() {
    let host = host();
    let router = Router::new().route("/", get(home)).with_state(App(host.identity.clone()));
    let answer = send(&Host { router, ..host }, "GET", "/", "", "").await;
    assert_eq!(answer.status, 500);
    assert!(!answer.text.contains("Layer"), "{}", answer.text);
}
