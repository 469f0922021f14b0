//! What was acknowledged outlives the process, and what is under way finishes.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{Client, Kind};
use crate::server::{ADA, ROOT, Server};
use crate::story::another_than;

async fn with_a_phone(client: &mut Client, verification: Value) -> Value {
    let profile = json!({ "givenName": "Ada", "familyName": "Lovelace" });
    let email = json!({ "email": "ada@example.com", "isVerified": true });
    client.does(ROOT, "AddHumanUser", json!({ "userId": "ada", "profile": profile, "email": email })).await;
    let mut request = json!({ "userId": "ada", "phone": "+441514960453" });
    request.as_object_mut().unwrap().extend(verification.as_object().unwrap().clone());
    client.does(ROOT, "SetPhone", request).await
}

#[tokio::test]
async fn the_code_in_hand_verifies_after_kill_9_and_a_restart() {
    let mut server = Server::start();
    with_a_phone(&mut Client::new(Kind::Rest, &server), json!({ "sendCode": {} })).await;
    let code = server.code("0453", 1);
    server.process.kill();

    let server = Server::on(Arc::clone(&server.folder), &[]);
    let mut client = Client::new(Kind::NodeGrpc, &server);
    client.does(ADA, "VerifyPhone", json!({ "userId": "ada", "verificationCode": code })).await;
    let user = client.does(ADA, "GetUserByID", json!({ "userId": "ada" })).await;
    assert_eq!(user["user"]["human"]["phone"], json!({ "phone": "+441514960453", "isVerified": true }));
}

#[tokio::test]
async fn wrong_codes_are_remembered_after_kill_9() {
    let mut server = Server::start();
    let mut client = Client::new(Kind::Rest, &server);
    let set = with_a_phone(&mut client, json!({ "returnCode": {} })).await;
    let code = set["verificationCode"].as_str().unwrap();
    let wrong = json!({ "userId": "ada", "verificationCode": another_than(code) });
    for _ in 0..5 {
        client.fails(ADA, "VerifyPhone", wrong.clone()).await.is(3, "COMMAND-eis9R", "Code is invalid");
        server.process.kill();
        server = Server::on(Arc::clone(&server.folder), &[]);
        client = Client::new(Kind::Rest, &server);
    }
    let right = json!({ "userId": "ada", "verificationCode": code });
    let locked = client.fails(ADA, "VerifyPhone", right).await;
    locked.is(8, "IDENTITY-tooManyTries", "Too many wrong codes, try again later");
}

#[tokio::test]
async fn sigterm_lets_a_rest_request_under_way_finish() {
    let mut server = Server::start();
    with_a_phone(&mut Client::new(Kind::Rest, &server), json!({ "returnCode": {} })).await;
    let body = r#"{"phone":"+919988776655"}"#;
    let (first, rest) = body.split_at(5);
    let mut stream = TcpStream::connect(&server.process.address).await.unwrap();
    let head = format!(
        "POST /v2/users/ada/phone HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ada-token\r\nexpect: 100-continue\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body: the request is under way.
    let mut answer = vec![0; 25];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(first.as_bytes()).await.unwrap();

    server.process.terminate();
    let _ = server.process.log.line_with(&["stopping"]);
    server.process.takes_no_more_connections();
    stream.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    ends_well_and_kept(&mut server).await;
}

#[tokio::test]
async fn sigterm_lets_a_grpc_call_under_way_finish() {
    let mut server = Server::start();
    with_a_phone(&mut Client::new(Kind::Rest, &server), json!({ "returnCode": {} })).await;
    let stream = TcpStream::connect(&server.process.address).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = |method: &str| {
        http::Request::post(format!("{}/zitadel.user.v2.UserService/{method}", server.process.base()))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("authorization", "Bearer ada-token")
            .body(())
            .unwrap()
    };
    let mut sender = sender.ready().await.unwrap();
    let (answer, mut body) = sender.send_request(request("SetPhone"), false).unwrap();
    // SetPhoneRequest: 1 "ada", 2 "+919988776655".
    let frame = b"\0\0\0\0\x14\x0a\x03ada\x12\x0d+919988776655";
    let (first, rest) = frame.split_at(8);
    body.send_data(first.to_vec().into(), false).unwrap();
    // A second call on the same connection is answered: the first one has arrived before it, and is under way.
    let mut sender = sender.ready().await.unwrap();
    let (other, mut other_body) = sender.send_request(request("GetUserByID"), false).unwrap();
    other_body.send_data(b"\0\0\0\0\x05\x0a\x03ada".to_vec().into(), true).unwrap();
    let mut other = other.await.unwrap().into_body();
    while other.data().await.is_some() {}
    assert_eq!(other.trailers().await.unwrap().unwrap()["grpc-status"], "0");

    server.process.terminate();
    let _ = server.process.log.line_with(&["stopping"]);
    server.process.takes_no_more_connections();
    body.send_data(rest.to_vec().into(), true).unwrap();
    let mut answer = answer.await.unwrap().into_body();
    while answer.data().await.is_some() {}
    assert_eq!(answer.trailers().await.unwrap().unwrap()["grpc-status"], "0");
    drop(sender);
    connection.await.unwrap().unwrap();
    ends_well_and_kept(&mut server).await;
}

async fn ends_well_and_kept(server: &mut Server) {
    let _ = server.process.log.line_with(&["stopped"]);
    assert!(server.process.wait().success());
    let again = Server::on(Arc::clone(&server.folder), &[]);
    let user = Client::new(Kind::Rest, &again).does(ADA, "GetUserByID", json!({ "userId": "ada" })).await;
    assert_eq!(user["user"]["human"]["phone"], json!({ "phone": "+919988776655" }));
}
