//! Bytes that are no call, and calls that break off: the process answers or hangs up, goes on, and nothing is written.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::kit::Server;

const PATH: &str = "/zitadel.user.v2.UserService/SetPhone";

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(&server.process.address).await.unwrap()
}

/// Sends bytes, says that there are no more, and gives what came back.
async fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut stream = connect(server).await;
    // The process may hang up before it has read everything.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn head(path: &str, media_type: &str, rest: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer root-token\r\ncontent-type: {media_type}\r\n{rest}\r\n\r\n"
    )
}

#[tokio::test]
async fn bytes_that_are_no_http_are_hung_up_on() {
    let server = Server::start();
    server.add_ada().await;
    let before = server.ada().await;
    for bytes in [
        &b"\0\0\0\0\0"[..],
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x04\x01\x05\0\0\0\x01\xff\xff\xff\xff",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let answer = exchange(&server, bytes).await;
        assert!(!answer.contains("HTTP/1.1 2") && !answer.contains("HTTP/1.1 5"), "{bytes:?}: {answer}");
    }
    assert_eq!(server.ada().await, before);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_call() {
    let server = Server::start();
    server.add_ada().await;
    let before = server.ada().await;
    let json = r#"{"userId":"ada","phone":"+441514960453"}"#;
    let frame = "\0\0\0\0\x14\n\x03ada\x12\r+4415149604";
    for (path, media_type, body) in [
        ("/v2/users/ada/phone", "application/json", json),
        (PATH, "application/json", json),
        (PATH, "application/grpc-web", frame),
        (PATH, "application/grpc", frame),
    ] {
        // By its length, and by chunks without an end.
        let length = head(path, media_type, &format!("content-length: {}", body.len() + 1)) + body;
        let chunks = head(path, media_type, "transfer-encoding: chunked") + &format!("{:x}\r\n{body}\r\n", body.len());
        for bytes in [length, chunks] {
            let answer = exchange(&server, bytes.as_bytes()).await;
            assert!(!answer.starts_with("HTTP/1.1 5"), "{answer}");
            assert!(!answer.contains("sequence"), "{answer}");
        }
        // And when the line goes dead.
        let mut stream = connect(&server).await;
        let dead = head(path, media_type, "content-length: 1000") + body;
        stream.write_all(dead.as_bytes()).await.unwrap();
        drop(stream);
    }
    // A frame that says it is longer than the body is.
    let short =
        head(PATH, "application/grpc-web", &format!("content-length: {}\r\nconnection: close", frame.len())) + frame;
    let mut stream = connect(&server).await;
    stream.write_all(short.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("grpc-status: 3"), "{answer}");
    assert_eq!(server.ada().await, before);
}

#[tokio::test]
async fn a_grpc_call_that_is_cut_short_or_reset_is_no_call() {
    let server = Server::start();
    server.add_ada().await;
    let before = server.ada().await;
    let (client, connection) = h2::client::handshake(connect(&server).await).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = || {
        http::Request::post(format!("http://{}{PATH}", server.process.address))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("authorization", "Bearer root-token")
            .body(())
            .unwrap()
    };
    let frame = b"\0\0\0\0\x14\x0a\x03ada\x12\x0d+919988776655";
    for length in 0..frame.len() {
        let (answer, mut body) = client.clone().ready().await.unwrap().send_request(request(), false).unwrap();
        body.send_data(frame[..length].to_vec().into(), true).unwrap();
        let answer = answer.await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["grpc-status"]),
            (200, &"3".parse().unwrap()),
            "{length}"
        );
    }
    for length in [0, 5, frame.len()] {
        let (_, mut body) = client.clone().ready().await.unwrap().send_request(request(), false).unwrap();
        body.send_data(frame[..length].to_vec().into(), false).unwrap();
        body.send_reset(h2::Reason::CANCEL);
    }
    drop(client);
    connection.await.unwrap().unwrap();
    assert_eq!(server.ada().await, before);
}

#[tokio::test]
async fn an_endless_body_is_answered_when_it_is_too_large() {
    let server = Server::start();
    server.add_ada().await;
    let before = server.ada().await;
    for (path, media_type, said) in [
        ("/v2/users/ada/phone", "application/json", "HTTP/1.1 413"),
        (PATH, "application/json", "HTTP/1.1 413"),
        (PATH, "application/grpc-web", "grpc-status: 8"),
    ] {
        let stream = connect(&server).await;
        let (mut from, mut to) = stream.into_split();
        let head = head(path, media_type, "transfer-encoding: chunked\r\nconnection: close");
        let endless = tokio::spawn(async move {
            let chunk = format!("10000\r\n{}\r\n", "\0".repeat(65_536));
            let mut sent = to.write_all(head.as_bytes()).await;
            while sent.is_ok() {
                sent = to.write_all(chunk.as_bytes()).await;
            }
        });
        let mut answer = Vec::new();
        // The line may be cut behind the answer: this caller never stops.
        let _ = from.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains(said), "{media_type}: {answer}");
        endless.await.unwrap();
    }
    assert_eq!(server.ada().await, before);
}
