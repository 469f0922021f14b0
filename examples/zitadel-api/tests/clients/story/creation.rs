//! What a user is given who asks for little.

use serde_json::json;

use super::addresses::{another_than, code_in, read};
use super::{ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT};
use crate::client::{Client, Kind};
use crate::server::{ADA, ROOT, Server};

pub(crate) async fn creation(kind: Kind) {
    let server = Server::start();
    let mut client = Client::new(kind, &server);
    let profile = json!({ "givenName": "Ada", "familyName": "Lovelace" });
    let email = json!({ "email": "Ada@Example.com", "returnCode": {} });
    let phone = json!({ "phone": "+44 1514 960453", "returnCode": {} });
    let asked = json!({ "profile": profile, "email": email, "phone": phone });
    let created = client.does(ROOT, "AddHumanUser", asked.clone()).await;
    let id = created["userId"].as_str().unwrap().to_owned();
    let user = &read(&mut client, ROOT, &id).await["user"];
    assert_eq!(user.get("username"), None, "an address that nobody has verified is no name");
    assert_eq!(user["human"]["phone"], json!({ "phone": "+441514960453" }));
    for (method, member) in [("VerifyEmail", "emailCode"), ("VerifyPhone", "phoneCode")] {
        let answer = json!({ "userId": id, "verificationCode": code_in(&created, member) });
        client.does(ROOT, method, answer).await;
    }
    let user = &read(&mut client, ROOT, &id).await["user"];
    let human = &user["human"];
    assert_eq!((&human["email"]["isVerified"], &human["phone"]["isVerified"]), (&json!(true), &json!(true)));
    assert_eq!(user["username"], human["email"]["email"]);
    assert_eq!(user["loginNames"], json!([human["email"]["email"]]));

    // A verified address is one user's, a name too.
    let email = json!({ "email": "ada@example.com", "isVerified": true });
    let again = client.fails(ROOT, "AddHumanUser", json!({ "profile": profile, "email": email })).await;
    again.is(FAILED_PRECONDITION, "IDENTITY-taken", "Email belongs to another user");
    let named = |email: &str| json!({ "username": "ada", "profile": profile, "email": { "email": email } });
    client.does(ROOT, "AddHumanUser", named("countess@example.com")).await;
    let again = client.fails(ROOT, "AddHumanUser", named("lovelace@example.com")).await;
    again.is(ALREADY_EXISTS, "IDENTITY-userExists", "User already exists");
}

pub(crate) async fn codes(kind: Kind) {
    let server = Server::start();
    let mut client = Client::new(kind, &server);
    super::addresses::add(&mut client, "ada").await;
    let answer = |code: &str| json!({ "userId": "ada", "verificationCode": code });
    for (set, verify, member, addresses) in [
        ("SetPhone", "VerifyPhone", "phone", ["+441514960453", "+919988776655"]),
        ("SetEmail", "VerifyEmail", "email", ["countess@example.com", "lovelace@example.com"]),
    ] {
        let mut codes = Vec::new();
        for address in addresses {
            let request = json!({ "userId": "ada", member: address, "returnCode": {} });
            codes.push(code_in(&client.does(ROOT, set, request).await, "verificationCode"));
        }
        // Once in a million runs both are the same.
        let first = if codes[0] == codes[1] { another_than(&codes[1]) } else { codes[0].clone() };
        let refused = client.fails(ADA, verify, answer(&first)).await;
        refused.is(INVALID_ARGUMENT, "COMMAND-eis9R", "Code is invalid");
        client.does(ADA, verify, answer(&codes[1])).await;
        let shown = &read(&mut client, ADA, "ada").await["user"]["human"][member];
        assert_eq!(*shown, json!({ member: addresses[1], "isVerified": true }));
    }
}
