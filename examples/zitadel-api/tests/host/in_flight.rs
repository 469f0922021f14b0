//! c101: what one caller can make the process hold in memory is bounded; and what does not arrive in time is given up.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::HeaderMap;
use reqwest::Method;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::kit::Server;

const SERVICE: &str = "/zitadel.user.v2.UserService";
const REST: &str = "/v2/users/ada/phone";

type Sender = h2::client::SendRequest<Bytes>;

/// A connection in HTTP/2, on which a stream may send as much as the server lets it.
async fn connect(server: &Server) -> Sender {
    let stream = TcpStream::connect(&server.process.address).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    // The settings of the server arrive before the first answer.
    sender.ready().await.unwrap()
}

fn request(server: &Server, path: &str, media_type: &str) -> http::Request<()> {
    http::Request::post(format!("{}{path}", server.process.base()))
        .header("content-type", media_type)
        .header("te", "trailers")
        .header("authorization", "Bearer root-token")
        .body(())
        .unwrap()
}

/// A call whose body is sent as far as the server takes it, and never ended.
struct Open {
    answer: h2::client::ResponseFuture,
    _body: h2::SendStream<Bytes>,
}

async fn open(sender: &Sender, request: http::Request<()>, bytes: Vec<u8>) -> Open {
    let (answer, mut body) = sender.clone().ready().await.unwrap().send_request(request, false).unwrap();
    body.send_data(bytes.into(), false).unwrap();
    Open { answer, _body: body }
}

/// An answer: its HTTP status, its headers with the trailers behind them, and its bytes.
type Answer = (u16, HeaderMap, Vec<u8>);

async fn answer(open: Open) -> Answer {
    let (parts, mut body) = open.answer.await.unwrap().into_parts();
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        bytes.extend_from_slice(&data);
    }
    let mut headers = parts.headers;
    headers.extend(body.trailers().await.unwrap().unwrap_or_default());
    (parts.status.as_u16(), headers, bytes)
}

/// Checks that an answer is a failure with this HTTP status, code of gRPC and text, in the dialect of the media type.
fn fails(media_type: &str, answer: Answer, http: u16, code: i64, text: &str) {
    let (status, headers, bytes) = answer;
    let trailers = match media_type {
        "application/grpc" => {
            assert_eq!(headers.get("grpc-status").unwrap(), code.to_string().as_str());
            return;
        }
        "application/grpc-web" => bytes,
        "application/grpc-web-text" => STANDARD.decode(bytes).unwrap(),
        _ => {
            let error: Value = serde_json::from_slice(&bytes).unwrap();
            let message = error.get("message").and_then(Value::as_str).unwrap();
            assert_eq!((status, message), (http, text), "{media_type}");
            assert_eq!(headers.contains_key("retry-after"), http == 429, "{media_type}");
            return;
        }
    };
    let trailers = String::from_utf8_lossy(&trailers).into_owned();
    assert!(trailers.contains(&format!("grpc-status: {code}\r\n")), "{media_type}: {trailers}");
}

/// The memory of the process, in bytes.
fn memory(server: &Server) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1_024
}

const BUSY: &str = "Too many requests of this token are under way, send fewer at once (IDENTITY-busy)";
const LARGE: usize = 65_530;

/// The bodies for which one token has room: each counts for 4 KiB beside its bytes.
const ROOM: usize = 8 * 1_048_576 / (LARGE + 4_096);

/// Calls of one token that wait for the last bytes of their bodies.
struct Held {
    _connections: Vec<Sender>,
    waiting: JoinSet<Answer>,
}

impl Held {
    /// Sends 400 bodies that are whole but for their last bytes, 25 MiB in all, and waits until there is no room for more.
    async fn fill(server: &Server) -> Self {
        let (mut connections, mut waiting) = (Vec::new(), JoinSet::new());
        for _ in 0..4 {
            let sender = connect(server).await;
            for _ in 0..100 {
                let call = request(server, REST, "application/json");
                waiting.spawn(answer(open(&sender, call, vec![b' '; LARGE]).await));
            }
            connections.push(sender);
        }
        while waiting.len() > ROOM {
            let next = tokio::time::timeout(Duration::from_secs(30), waiting.join_next()).await;
            assert!(next.is_ok(), "{} bodies are held, and {ROOM} have room", waiting.len());
            let next = next.unwrap();
            fails("application/json", next.unwrap().unwrap(), 429, 8, BUSY);
        }
        Self { _connections: connections, waiting }
    }
}

#[tokio::test]
async fn c101_one_token_holds_8_mib_however_many_streams_and_connections_it_opens() {
    let server = Server::start();
    server.add_ada().await;
    let before = server.ada().await;
    let start = memory(&server);
    let held = Held::fill(&server).await;
    assert!(held.waiting.len() > ROOM / 2, "{}", held.waiting.len());
    let grown = memory(&server).saturating_sub(start);
    println!("{} bodies are held in {} KiB", held.waiting.len(), grown / 1_024);
    assert!(grown < 24 * 1_048_576, "{} KiB", grown / 1_024);
    // Another token has an account of its own.
    let own = reqwest::Client::new().get(format!("{}/v2/users/ada", server.process.base())).bearer_auth("ada-token");
    assert_eq!(own.send().await.unwrap().status(), 200);
    // What was held is free again when the calls are gone.
    drop(held);
    let free = async {
        while server.call(Method::GET, "/v2/users/ada", None).await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), free).await.unwrap();
    assert_eq!(server.ada().await, before);
}

#[tokio::test]
async fn c101_a_call_beyond_what_a_token_may_hold_is_refused_in_every_dialect() {
    let server = Server::start();
    server.add_ada().await;
    let _held = Held::fill(&server).await;
    let mut kept = Vec::new();
    let path = format!("{SERVICE}/SetPhone");
    let sender = connect(&server).await;
    for (path, media_type) in [
        (REST, "application/json"),
        (&path, "application/json"),
        (&path, "application/proto"),
        (&path, "application/grpc"),
        (&path, "application/grpc-web"),
        (&path, "application/grpc-web-text"),
    ] {
        // One of them may get room that another call has not taken yet; then it waits.
        let mut calls = JoinSet::new();
        for _ in 0..3 {
            calls.spawn(answer(open(&sender, request(&server, path, media_type), vec![b' '; LARGE]).await));
        }
        fails(media_type, calls.join_next().await.unwrap().unwrap(), 429, 8, BUSY);
        kept.push(calls);
    }
}

#[tokio::test]
async fn c101_a_connection_has_at_most_100_calls_under_way() {
    let server = Server::start();
    server.add_ada().await;
    let sender = connect(&server).await;
    let held: Vec<_> = {
        let mut held = Vec::new();
        for _ in 0..100 {
            held.push(open(&sender, request(&server, REST, "application/json"), b"{".to_vec()).await);
        }
        held
    };
    let call = request(&server, REST, "application/json");
    let (beyond, _body) = sender.clone().send_request(call, false).unwrap();
    let error = beyond.await.unwrap_err();
    assert_eq!(error.reason(), Some(h2::Reason::REFUSED_STREAM), "a client may send it again");
    drop(held);
}

#[tokio::test]
async fn a_body_that_never_ends_is_refused_in_every_dialect() {
    let server = Server::with(&[("IDENTITY_BODY_TIMEOUT_MS", "300")]);
    server.add_ada().await;
    let before = server.ada().await;
    let path = format!("{SERVICE}/SetPhone");
    let sender = connect(&server).await;
    for (path, media_type) in [
        (REST, "application/json"),
        (&path, "application/json"),
        (&path, "application/proto"),
        (&path, "application/grpc"),
        (&path, "application/grpc-web"),
        (&path, "application/grpc-web-text"),
    ] {
        let call = open(&sender, request(&server, path, media_type), Vec::new()).await;
        fails(media_type, answer(call).await, 408, 4, "the body did not arrive in time; send it again");
    }
    assert_eq!(server.ada().await, before);
}
