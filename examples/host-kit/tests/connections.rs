//! What one client can hold of a host: connections for a time, and never so many that nobody else is answered.
#![expect(
    clippy::unwrap_used,
    reason = "what fails here is a test; clippy exempts test functions, but not the functions that they share"
)]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::{get, post};
use clap::Parser;
use host_kit::{BodyError, InFlight, Limits, LogNotifier, read_body, serve};
use identity::{CodeKeys, Identity};
use identity_sqlite::SqliteStore;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// A wait that is not over in any of these tests.
const LONG: &str = "60000";
const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    limits: Limits,
}

struct Host {
    address: std::net::SocketAddr,
    _folder: tempfile::TempDir,
}

impl Host {
    /// A host in which every wait is long but those that are named here.
    async fn with(options: &[(&str, &str)]) -> Self {
        let all = ["--head-timeout-ms", "--body-timeout-ms", "--idle-timeout-ms", "--request-timeout-ms"];
        let named = |name: &&str| options.iter().any(|(option, _)| option == name);
        let others = all.into_iter().filter(|name| !named(name)).map(|name| (name, LONG));
        let arguments = options.iter().copied().chain(others).map(|(name, value)| format!("{name}={value}"));
        let limits = Settings::parse_from(std::iter::once("host".to_owned()).chain(arguments)).limits;
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("identity.db")).await.unwrap();
        let keys = CodeKeys::parse(&"5a".repeat(32)).unwrap();
        let identity = Identity::new(store, LogNotifier::new(|_| None), keys);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { serve(listener, &limits, router(), identity).await });
        Self { address, _folder: folder }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection on which these bytes were sent.
    async fn sent(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// A connection on which a request was answered, and which is kept.
    async fn kept(&self) -> TcpStream {
        let mut stream = self.sent(GET).await;
        assert!(answered(&mut stream).await.starts_with("HTTP/1.1 200"));
        stream
    }
}

fn router() -> Router {
    Router::new()
        .route("/", get(async || "ok"))
        .route("/echo", post(async |bytes: Bytes| bytes))
        .route("/large", get(async || vec![b'x'; 64 * 1_048_576]))
        .route("/read", post(read))
}

async fn read(request: Request<Body>) -> (StatusCode, String) {
    let share = InFlight::default().request().unwrap();
    match read_body(request.into_body(), 100, &share).await {
        Ok(bytes) => (StatusCode::OK, format!("{} bytes", bytes.len())),
        Err(BodyError::Slow) => (StatusCode::REQUEST_TIMEOUT, BodyError::Slow.to_string()),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()),
    }
}

/// An answer whose body is `ok`.
async fn answered(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok") {
        let read = tokio::time::timeout(Duration::from_secs(30), stream.read_buf(&mut answer)).await;
        assert!(read.is_ok_and(|read| read.unwrap() > 0), "closed, or never answered");
    }
    String::from_utf8(answer).unwrap()
}

/// Reads until the host closes the connection, and says how long that took.
async fn closed(stream: &mut TcpStream) -> (Duration, Vec<u8>) {
    let start = Instant::now();
    let mut answer = Vec::new();
    // A connection that is cut over unread bytes is reset, which is an end too.
    let ended = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "never closed");
    (start.elapsed(), answer)
}

#[tokio::test]
async fn a_head_that_never_ends_is_closed() {
    let host = Host::with(&[("--head-timeout-ms", "200")]).await;
    for part in [&b"G"[..], b"PR", b"GET / HTTP/1.1\r\nhost: x\r\nx: ", b"POST /echo HTTP/1.1\r\n"] {
        let (took, answer) = closed(&mut host.sent(part).await).await;
        assert!(took >= Duration::from_millis(150), "{part:?}: {took:?}");
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{part:?}");
    }
    // The head of a later request is one too.
    let mut stream = host.kept().await;
    stream.write_all(b"GET / HT").await.unwrap();
    closed(&mut stream).await;
}

#[tokio::test]
async fn a_head_that_trickles_is_closed() {
    let host = Host::with(&[("--head-timeout-ms", "300")]).await;
    let (mut from, mut to) = host.sent(b"GET / HTTP/1.1\r\nhost: x\r\n").await.into_split();
    let trickle = tokio::spawn(async move {
        while to.write_all(b"x: y\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let ended = tokio::time::timeout(Duration::from_secs(30), from.read_to_end(&mut Vec::new())).await;
    assert!(ended.is_ok(), "every line began the time anew");
    trickle.await.unwrap();
}

#[tokio::test]
async fn a_connection_that_asks_nothing_is_closed() {
    let host = Host::with(&[("--idle-timeout-ms", "200")]).await;
    closed(&mut host.connect().await).await;
    // HTTP/2 alone, without a request: its preface, then pings.
    let mut stream = host.sent(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    stream.write_all(b"\0\0\x08\x06\0\0\0\0\0abcdefgh").await.unwrap();
    closed(&mut stream).await;
    // After an answer the time begins anew.
    let mut stream = host.kept().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    stream.write_all(GET).await.unwrap();
    answered(&mut stream).await;
    let (took, _) = closed(&mut stream).await;
    assert!(took >= Duration::from_millis(150), "{took:?}");
}

#[tokio::test]
async fn a_body_that_never_ends_is_answered_and_its_connection_closed() {
    let host = Host::with(&[("--body-timeout-ms", "200"), ("--head-timeout-ms", "200")]).await;
    for (rest, status) in [
        ("POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\nhalf", "HTTP/1.1 408"),
        ("POST /read HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n", "HTTP/1.1 408"),
        // An extractor of the framework's own.
        ("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\nhalf", "HTTP/1.1 400"),
    ] {
        let (_, answer) = closed(&mut host.sent(rest.as_bytes()).await).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with(status), "{answer}");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_cut_off() {
    let host = Host::with(&[("--request-timeout-ms", "300")]).await;
    let mut stream = host.sent(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await;
    // Nothing is read until the time is over: then not everything arrives.
    tokio::time::sleep(Duration::from_millis(2_000)).await;
    let (_, answer) = closed(&mut stream).await;
    assert!(answer.len() < 64 * 1_048_576, "{}", answer.len());

    // HTTP/2, with a window that is never opened.
    let (mut client, connection) =
        h2::client::Builder::new().initial_window_size(0).handshake::<_, Bytes>(host.connect().await).await.unwrap();
    let request = axum::http::Request::get(format!("http://{}/", host.address)).body(()).unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    let held = tokio::spawn(async move { answer.await.unwrap().into_body().data().await });
    let ended = tokio::time::timeout(Duration::from_secs(30), connection).await;
    assert!(ended.is_ok(), "the connection stays open for ever");
    drop(held.await);
}

#[tokio::test]
async fn idle_connections_beyond_the_limit_keep_nobody_from_an_answer() {
    let host = Host::with(&[("--max-connections", "8")]).await;
    let mut idle = Vec::new();
    for number in 0..40 {
        // Silent ones, ones with half a head, ones that were answered.
        idle.push(match number % 3 {
            0 => host.connect().await,
            1 => host.sent(b"GET / HTTP/1.1\r\nho").await,
            _ => host.kept().await,
        });
        host.kept().await;
    }
    // The oldest made room.
    closed(&mut idle[2]).await;
}

#[tokio::test]
async fn a_request_under_way_keeps_its_connection_however_many_come() {
    let host = Host::with(&[("--max-connections", "4")]).await;
    let half = b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n";
    let mut busy = host.sent(half).await;
    let mut asked = [0; 25];
    busy.read_exact(&mut asked).await.unwrap();
    for _ in 0..20 {
        host.kept().await;
    }
    busy.write_all(b"\nok").await.unwrap();
    busy.write_all(b"k").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\nokk") {
        assert!(busy.read_buf(&mut answer).await.unwrap() > 0, "closed");
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn when_every_connection_is_busy_the_next_one_waits_for_the_first_that_is_not() {
    let host = Host::with(&[("--max-connections", "2")]).await;
    let half = b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n";
    let mut busy = [host.sent(half).await, host.sent(half).await];
    for stream in &mut busy {
        stream.read_exact(&mut [0; 25]).await.unwrap();
    }
    let mut next = host.sent(GET).await;
    let early = tokio::time::timeout(Duration::from_millis(200), answered(&mut next)).await;
    assert!(early.is_err(), "there are two connections at most");
    busy[0].write_all(b"ok").await.unwrap();
    answered(&mut busy[0]).await;
    answered(&mut next).await;
}
