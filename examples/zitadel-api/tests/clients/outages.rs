//! A store that is away: calls are refused as unavailable in every dialect, and everything goes on when the store comes back.

use std::time::Duration;

use host_e2e::{Gate, Passage};
use postgres_testbed::Cluster;
use serde_json::json;
use tokio::time::Instant;

use crate::client::{Client, Kind};
use crate::server::{ROOT, Server};

const UNAVAILABLE: i64 = 14;

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_is_away_calls_are_unavailable_in_every_dialect() {
    let database = Cluster::shared().database();
    let gate = Gate::to(database.port());
    let server = Server::with(&[("IDENTITY_DATABASE", &database.url_at(gate.port()))]);
    let profile = json!({ "givenName": "Ada", "familyName": "Lovelace" });
    let mut rest = Client::new(Kind::Rest, &server);
    for user in ["ada", "bob", "cleo", "dan"] {
        let email = json!({ "email": format!("{user}@example.com"), "isVerified": true });
        rest.does(ROOT, "AddHumanUser", json!({ "userId": user, "profile": profile, "email": email })).await;
    }
    let url = |path: &str| format!("{}{path}", server.process.base());
    let get = async |path: &str| reqwest::Client::new().get(url(path)).bearer_auth("ada-token").send().await.unwrap();

    gate.set(Passage::Closed);
    // Each call waits until the host gives the store up: side by side, at users of their own, because the host takes the changes
    // of one user one after the other.
    let refused = async |kind: Kind, user: &str| {
        let mut client = Client::new(kind, &server);
        let set = json!({ "userId": user, "phone": "+441514960453" });
        for (method, request) in [("GetUserByID", json!({ "userId": user })), ("SetPhone", set)] {
            let refused = client.fails(ROOT, method, request).await;
            refused.is(UNAVAILABLE, "IDENTITY-store", "The store does not answer, try again in a moment");
        }
    };
    tokio::join!(
        refused(Kind::Rest, "ada"),
        refused(Kind::NodeGrpc, "bob"),
        refused(Kind::NodeGrpcWeb, "cleo"),
        refused(Kind::Python, "dan")
    );
    let answer = get("/v2/users/ada").await;
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (503, &b"1"[..]));
    let ready = get("/readyz").await;
    assert_eq!((ready.status().as_u16(), ready.headers()["retry-after"].as_bytes()), (503, &b"1"[..]));

    gate.set(Passage::Silent);
    let start = Instant::now();
    assert_eq!(get("/readyz").await.status(), 503);
    assert!(start.elapsed() < Duration::from_secs(5), "a probe waited {:?}", start.elapsed());

    gate.set(Passage::Open);
    let start = Instant::now();
    while get("/readyz").await.status() != 200 {
        assert!(start.elapsed() < Duration::from_secs(5), "ready again after {:?}", start.elapsed());
    }
    assert_eq!(get("/v2/users/ada").await.status(), 200);
}
