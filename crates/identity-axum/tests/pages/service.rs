//! What runs a service, and what stands around its pages.
#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use identity::testing::{Mailbox, MockStore};
use identity::{CodeKeys, Email, Identity, PublicRefusal, StoreError};
use identity_axum::{Problem, for_browsers, ready, serve_until};
use identity_memory::MemoryStore;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};

use crate::kit::{Answer, Host, host};

fn on(store: impl identity::store::Store) -> Identity {
    Identity::new(store, Mailbox::default(), CodeKeys::parse(&"5a".repeat(32)).unwrap())
}

async fn ask(router: &Router, request: axum::http::request::Builder) -> Answer {
    let host = Host { router: router.clone(), ..host() };
    host.send(request.body(Body::empty()).unwrap()).await
}

fn pages() -> Router {
    let host = host();
    let at = host.texts.now() + Duration::from_secs(120);
    let soon = move || std::future::ready(Problem::refused(&PublicRefusal::TooSoon { retry_at: at }, host.texts.now()));
    let broken = async || Problem::internal("the disk of the server is full");
    let router = Router::new().route("/ok", post(async || "done").get(async || "shown"));
    let time = async || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_time", "<i>the time is not a time</i>");
    let router = router.route("/soon", get(soon)).route("/broken", get(broken)).route("/time", get(time));
    router.layer(from_fn_with_state(crate::kit::host().texts, for_browsers))
}

#[tokio::test]
async fn what_a_page_of_another_site_sends_is_refused_and_nothing_else() {
    let router = pages();
    for (status, header, value) in [
        (403, "sec-fetch-site", "cross-site"),
        (403, "sec-fetch-site", "same-site"),
        (403, "origin", "https://evil.example"),
        (200, "sec-fetch-site", "same-origin"),
        (200, "origin", "https://accounts.example.com"),
        (200, "x-nothing", "a client that is no browser"),
    ] {
        let request = || Request::builder().uri("/ok").header("host", "accounts.example.com").header(header, value);
        assert_eq!(ask(&router, request().method("POST")).await.status, status, "{header}: {value}");
        assert_eq!(ask(&router, request().method("GET")).await.text, "shown", "{header}: {value}");
    }
}

#[tokio::test]
async fn a_problem_is_a_page_for_people_and_json_for_programs() {
    let router = pages();
    let request = || Request::builder().uri("/soon").header("accept-language", "de");
    let json = ask(&router, request().header("accept", "application/json")).await;
    assert_eq!((json.status, json.header("retry-after")), (429, "120"));
    assert_eq!(json.header("content-type"), "application/problem+json");
    let page = ask(&router, request().header("accept", "text/html,application/xhtml+xml")).await;
    assert_eq!((page.status, page.header("retry-after")), (429, "120"));
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.text.contains("<html lang=\"de\"") && page.text.contains("Warten Sie 2 Minuten"), "{}", page.text);
    assert!(page.text.contains("R &amp; D"));

    let broken = ask(&router, Request::builder().uri("/broken").header("accept", "text/html")).await;
    assert_eq!(broken.status, 500);
    assert!(broken.text.contains("Something went wrong.") && !broken.text.contains("disk"), "{}", broken.text);
    let time = ask(&router, Request::builder().uri("/time").header("accept", "text/html")).await;
    assert_eq!(time.status, 422);
    assert!(time.text.contains("<p>&lt;i&gt;the time is not a time&lt;/i&gt;</p>"), "{}", time.text);
    assert!(!time.text.contains("later"), "{}", time.text);
    let foreign = Request::builder().method("POST").uri("/ok").header("accept", "text/html");
    let foreign = ask(&router, foreign.header("sec-fetch-site", "cross-site")).await;
    assert!(foreign.text.contains("was not sent from here"), "{}", foreign.text);
}

#[tokio::test]
async fn a_service_is_ready_when_its_store_answers() {
    let status = async |identity: Identity| {
        let router = Router::new().route("/readyz", ready(identity));
        ask(&router, Request::builder().uri("/readyz")).await.status
    };
    assert_eq!(status(on(MemoryStore::new())).await, 200);
    let mut store = MockStore::new();
    store.expect_load().times(1).returning(|_| Err(StoreError::unavailable("it restarts")));
    assert_eq!(status(on(store)).await, 503);
}

/// How a service ended that was told to stop while a request was under way.
async fn stopped_during_a_request(answers: bool) -> (bool, usize) {
    let (entered, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (entered, go) = (Arc::clone(&entered), Arc::clone(&go));
        get(async move || {
            entered.notify_one();
            go.notified().await;
            StatusCode::OK
        })
    };
    let mailbox = Mailbox::default();
    let identity = Identity::new(MemoryStore::new(), mailbox.clone(), CodeKeys::parse(&"5a".repeat(32)).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = oneshot::channel::<()>();
    let stopping = async move { stopping.await.unwrap() };
    let router = Router::new().route("/", slow);
    let service = serve_until(listener, router, identity.clone(), stopping, Duration::from_millis(200));
    let service = tokio::spawn(service);
    identity.sign_in().start(Email::parse("ada@example.com").unwrap()).await.unwrap();
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    entered.notified().await;
    stop.send(()).unwrap();
    if answers {
        go.notify_one();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    service.await.unwrap().unwrap();
    (TcpStream::connect(address).await.is_err(), mailbox.notices().len())
}

#[tokio::test]
async fn a_service_that_is_told_to_stop_finishes_what_is_under_way() {
    assert_eq!(stopped_during_a_request(true).await, (true, 1), "it listens no more, and it delivered");
}

#[tokio::test]
async fn a_request_that_takes_too_long_does_not_keep_a_service_from_stopping() {
    assert!(stopped_during_a_request(false).await.0);
}
