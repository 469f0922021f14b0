//! The same host on PostgreSQL.

use postgres_testbed::Cluster;
use serde_json::json;

use crate::client::{Client, Kind};
use crate::server::{ADA, ROOT, Server};
use crate::story;

#[tokio::test]
async fn the_story_is_the_same_on_postgresql() {
    for kind in [Kind::Rest, Kind::NodeGrpc] {
        let url = Cluster::shared().database().url();
        let settings = [("IDENTITY_DATABASE", url.as_str()), ("IDENTITY_LINK_ORIGINS", "https://example.com")];
        story::life_on(&Server::with(&settings), kind).await;
    }
}

#[tokio::test]
async fn the_code_in_hand_verifies_after_kill_9_on_postgresql() {
    let url = Cluster::shared().database().url();
    let settings = [("IDENTITY_DATABASE", url.as_str())];
    let mut server = Server::with(&settings);
    let mut client = Client::new(Kind::Rest, &server);
    let profile = json!({ "givenName": "Ada", "familyName": "Lovelace" });
    let email = json!({ "email": "ada@example.com", "isVerified": true });
    client.does(ROOT, "AddHumanUser", json!({ "userId": "ada", "profile": profile, "email": email })).await;
    client.does(ADA, "SetPhone", json!({ "userId": "ada", "phone": "+441514960453" })).await;
    let code = server.code("0453", 1);
    server.process.kill();

    let server = Server::with(&settings);
    let mut client = Client::new(Kind::Rest, &server);
    client.does(ADA, "VerifyPhone", json!({ "userId": "ada", "verificationCode": code })).await;
    let user = client.does(ADA, "GetUserByID", json!({ "userId": "ada" })).await;
    assert_eq!(user["user"]["human"]["phone"], json!({ "phone": "+441514960453", "isVerified": true }));
}
