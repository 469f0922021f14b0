//! A store that is away: requests are refused at once with the time to come back, and everything goes on when the store does.

use std::time::Duration;

use host_e2e::{Gate, Passage};
use postgres_testbed::Cluster;
use serde_json::json;
use tokio::time::Instant;

use crate::kit::{Answer, Server};

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_is_away_requests_are_503_and_readiness_comes_back_with_it() {
    let database = Cluster::shared().database();
    let gate = Gate::to(database.port());
    let server = Server::with(&[("IDENTITY_DATABASE", &database.url_at(gate.port()))]);
    let user = server.user(json!({"email": "ada@example.com"})).await;
    let path = format!("/api/users/{}", user["user_id"].as_str().unwrap());
    for passage in [Passage::Closed, Passage::Silent] {
        gate.set(passage);
        // A probe never waits for a store that is silent.
        let (start, ready) = (Instant::now(), Answer::to(server.request("GET", "/readyz")).await);
        assert!(start.elapsed() < Duration::from_secs(5), "{passage:?}: {:?}", start.elapsed());
        ready.problem(503);
        assert_eq!(ready.header("retry-after"), "1");
        assert_eq!(Answer::to(server.request("GET", "/healthz")).await.status, 200);
        if passage == Passage::Closed {
            for (method, path, body) in [
                ("GET", path.clone(), None),
                ("GET", "/api/users".to_owned(), None),
                ("POST", "/api/users".to_owned(), Some(json!({"username": "ada"}))),
                ("POST", format!("{path}/phones"), Some(json!({"phone_number": "+441514960453"}))),
                ("DELETE", path.clone(), None),
            ] {
                let answer = server.call(method, &path, body).await;
                let problem = answer.problem(503);
                assert_eq!(answer.header("retry-after"), "1", "{method} {path}");
                assert_eq!(problem["detail"], "the store does not answer; try again in a moment");
                assert!(!answer.text.contains("127.0.0.1"), "nothing of the store is told");
            }
        }
        gate.set(Passage::Open);
        let start = Instant::now();
        while Answer::to(server.request("GET", "/readyz")).await.status != 200 {
            assert!(start.elapsed() < Duration::from_secs(5), "{passage:?}: ready again after {:?}", start.elapsed());
        }
        assert_eq!(server.get(&path).await.of(200), user);
    }
}
