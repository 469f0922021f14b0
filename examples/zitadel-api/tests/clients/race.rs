//! Guesses at the same time, in every dialect.

use serde_json::json;

use crate::client::{Client, Kind};
use crate::server::{ADA, ROOT, Server};
use crate::story::another_than;

/// A client that has its connection, so that all of them begin at once.
async fn ready(server: &Server, kind: Kind) -> Client {
    let mut client = Client::new(kind, server);
    client.does(ADA, "GetUserByID", json!({ "userId": "ada" })).await;
    client
}

/// Tries four times, one after the other; how many were judged, and how many came too late.
async fn guess(mut client: Client, wrong: &str) -> (usize, usize) {
    let (mut judged, mut late) = (0, 0);
    for _ in 0..4 {
        let answer = json!({ "userId": "ada", "verificationCode": wrong });
        let refused = client.fails(ADA, "VerifyPhone", answer).await;
        match refused.id.as_deref() {
            Some("COMMAND-eis9R") => judged += 1,
            Some("IDENTITY-tooManyTries") => late += 1,
            _ => panic!("{refused:?}"),
        }
    }
    (judged, late)
}

#[tokio::test]
async fn guesses_by_four_clients_at_once_are_five_tries_together() {
    let server = Server::start();
    let mut rest = Client::new(Kind::Rest, &server);
    let profile = json!({ "givenName": "Ada", "familyName": "Lovelace" });
    let phone = json!({ "phone": "+441514960453", "returnCode": {} });
    let email = json!({ "email": "ada@example.com", "isVerified": true });
    let ada = json!({ "userId": "ada", "profile": profile, "email": email, "phone": phone });
    let created = rest.does(ROOT, "AddHumanUser", ada).await;
    let code = created["phoneCode"].as_str().unwrap();
    let wrong = another_than(code);

    let [a, b, c, d] = [Kind::Rest, Kind::NodeGrpc, Kind::NodeGrpcWeb, Kind::Python].map(|kind| ready(&server, kind));
    let [a, b, c, d] = [a.await, b.await, c.await, d.await];
    let results = tokio::join!(guess(a, &wrong), guess(b, &wrong), guess(c, &wrong), guess(d, &wrong));
    let results = [results.0, results.1, results.2, results.3];
    let judged: usize = results.iter().map(|(judged, _)| judged).sum();
    assert_eq!((judged, results.len() * 4 - judged), (5, 11), "{results:?}");
    let answer = json!({ "userId": "ada", "verificationCode": code });
    let late = rest.fails(ADA, "VerifyPhone", answer).await;
    assert_eq!(late.id.as_deref(), Some("IDENTITY-tooManyTries"));
}
