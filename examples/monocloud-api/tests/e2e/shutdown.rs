//! Stopping: what is under way finishes.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::kit::{API_KEY, Server};

#[tokio::test]
async fn sigterm_lets_the_request_under_way_finish_and_ends_the_process() {
    let mut server = Server::start();
    let address = server.base.trim_start_matches("http://").to_owned();
    let body = r#"{"username":"ada"}"#;
    let (first, rest) = body.split_at(5);
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let length = body.len();
    let head = format!(
        "POST /api/users HTTP/1.1\r\nhost: x\r\nx-api-key: {API_KEY}\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body: the request is under way.
    let mut answer = vec![0; 25];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(first.as_bytes()).await.unwrap();

    server.process.terminate();
    server.line_with("stopping");
    server.process.takes_no_more_connections();

    stream.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    server.line_with("stopped");
    assert!(server.process.wait().success());

    let again = Server::on(Arc::clone(&server.folder), &[]);
    assert_eq!(again.get("/api/users?filter=ada").await.of(200)[0]["username"]["username"], "ada");
}
