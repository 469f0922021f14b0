//! The same code once more.

use std::time::Duration;

use serde_json::json;

use super::addresses::{Details, add, code_in};
use super::{COUNTESS_EXAMPLE_COM, RESOURCE_EXHAUSTED, THE_PHONE};
use crate::client::{Client, Kind};
use crate::refused::Refused;
use crate::server::{ADA, ROOT, Server};

pub(super) fn too_soon(refused: &Refused, most: Duration) {
    let text = "A code was sent a short time ago, try again later";
    refused.is(RESOURCE_EXHAUSTED, "IDENTITY-tooSoon", text);
    let wait = refused.retry_after.expect("it says when");
    assert!(!wait.is_zero() && wait <= most, "{wait:?}");
}

pub(crate) async fn resends(kind: Kind) {
    let server = Server::with(&[("IDENTITY_RESEND_WAIT", "0")]);
    let mut client = Client::new(kind, &server);
    let mut at = Details::of(&add(&mut client, "ada").await);
    let ada = json!({ "userId": "ada" });
    let answer = |code: &str| json!({ "userId": "ada", "verificationCode": code });

    at.then(&client.does(ADA, "SetEmail", json!({ "userId": "ada", "email": "countess@example.com" })).await);
    let sent = server.code(COUNTESS_EXAMPLE_COM, 1);
    at.then(&client.does(ADA, "ResendEmailCode", ada.clone()).await);
    assert_eq!(server.code(COUNTESS_EXAMPLE_COM, 2), sent, "the one in hand keeps working");
    at.then(&client.does(ADA, "SendEmailCode", json!({ "userId": "ada", "sendCode": {} })).await);
    assert_eq!(server.code(COUNTESS_EXAMPLE_COM, 3), sent);
    at.then(&client.does(ADA, "VerifyEmail", answer(&sent)).await);

    at.then(&client.does(ADA, "SetPhone", json!({ "userId": "ada", "phone": "+441514960453" })).await);
    let sent = server.code(THE_PHONE, 1);
    at.then(&client.does(ADA, "ResendPhoneCode", json!({ "userId": "ada", "sendCode": {} })).await);
    assert_eq!(server.code(THE_PHONE, 2), sent);
    // An administrator is given a code of their own, and that one counts from then on.
    let given = client.does(ROOT, "ResendPhoneCode", json!({ "userId": "ada", "returnCode": {} })).await;
    at.then(&given);
    at.then(&client.does(ADA, "VerifyPhone", answer(&code_in(&given, "verificationCode"))).await);

    // Windows hold without the wait: five messages in ten minutes, the one of SetPhone among them.
    at.then(&client.does(ADA, "SetPhone", json!({ "userId": "ada", "phone": "+919988776655" })).await);
    for _ in 0..4 {
        at.then(&client.does(ADA, "ResendPhoneCode", ada.clone()).await);
    }
    too_soon(&client.fails(ADA, "ResendPhoneCode", ada).await, Duration::from_secs(601));
}
