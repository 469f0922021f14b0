//! A store that is away: calls are refused as unavailable in every dialect, and everything goes on when the store comes back.

use std::time::Duration;

use host_e2e::{Gate, Passage};
use postgres_testbed::Cluster;
use serde_json::json;
use tokio::time::Instant;

use crate::client::{Client, Kind};
use crate::server::{ADA, ROOT, Server};

const UNAVAILABLE: i64 = 14;

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_is_away_calls_are_unavailable_in_every_dialect() {
    let database = Cluster::shared().database();
    let gate = Gate::to(database.port());
    let server = Server::with(&[("IDENTITY_DATABASE", &database.url_at(gate.port()))]);
    let profile = json!({ "givenName": "Ada", "familyName": "Lovelace" });
    let email = json!({ "email": "ada@example.com", "isVerified": true });
    let ada = json!({ "userId": "ada", "profile": profile, "email": email });
    Client::new(Kind::Rest, &server).does(ROOT, "AddHumanUser", ada).await;
    let url = |path: &str| format!("{}{path}", server.process.base());
    let get = async |path: &str| reqwest::Client::new().get(url(path)).bearer_auth("ada-token").send().await.unwrap();

    gate.set(Passage::Closed);
    for kind in [Kind::Rest, Kind::NodeGrpc, Kind::NodeGrpcWeb, Kind::Python] {
        let mut client = Client::new(kind, &server);
        let set = json!({ "userId": "ada", "phone": "+441514960453" });
        for (method, request) in [("GetUserByID", json!({ "userId": "ada" })), ("SetPhone", set)] {
            let refused = client.fails(ADA, method, request).await;
            refused.is(UNAVAILABLE, "IDENTITY-store", "The store does not answer, try again in a moment");
        }
    }
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
