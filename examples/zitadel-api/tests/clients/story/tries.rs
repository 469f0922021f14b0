//! Guessing.

use std::time::Duration;

use serde_json::json;

use super::addresses::{add, another_than, code_in, read};
use super::{INVALID_ARGUMENT, RESOURCE_EXHAUSTED};
use crate::client::{Client, Kind};
use crate::refused::Refused;
use crate::server::{ADA, ROOT, Server};

pub(crate) async fn too_many_tries(kind: Kind) {
    let server = Server::start();
    let mut client = Client::new(kind, &server);
    add(&mut client, "ada").await;
    let set = json!({ "userId": "ada", "phone": "+441514960453", "returnCode": {} });
    let code = code_in(&client.does(ROOT, "SetPhone", set).await, "verificationCode");
    let answer = |code: &str| json!({ "userId": "ada", "verificationCode": code });
    for _ in 0..5 {
        let wrong = client.fails(ADA, "VerifyPhone", answer(&another_than(&code))).await;
        wrong.is(INVALID_ARGUMENT, "COMMAND-eis9R", "Code is invalid");
    }
    let locked = |refused: Refused| {
        refused.is(RESOURCE_EXHAUSTED, "IDENTITY-tooManyTries", "Too many wrong codes, try again later");
        let wait = refused.retry_after.expect("it says when");
        assert!(wait > Duration::from_secs(500) && wait <= Duration::from_secs(601), "{wait:?}");
    };
    locked(client.fails(ADA, "VerifyPhone", answer(&code)).await);
    // Neither a new code nor an administrator's helps, nor the same number set anew.
    locked(client.fails(ADA, "ResendPhoneCode", json!({ "userId": "ada" })).await);
    locked(client.fails(ROOT, "ResendPhoneCode", json!({ "userId": "ada", "returnCode": {} })).await);
    let phone = &read(&mut client, ADA, "ada").await["user"]["human"]["phone"];
    assert_eq!(*phone, json!({ "phone": "+441514960453" }));
}
