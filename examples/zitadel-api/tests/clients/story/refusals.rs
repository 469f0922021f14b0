//! What is refused, and in which words.

use serde_json::json;

use super::addresses::{add, read};
use super::{
    ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, THE_PHONE, UNAUTHENTICATED,
};
use crate::client::{Client, Kind};
use crate::server::{ADA, ROOT, Server};

pub(crate) async fn refusals(kind: Kind) {
    let server = Server::start();
    let mut client = Client::new(kind, &server);
    let profile = json!({ "givenName": "Ada", "familyName": "Lovelace" });
    add(&mut client, "ada").await;
    let ada = json!({ "userId": "ada" });
    let nobody = json!({ "userId": "nobody" });

    // Who calls comes before what they ask for.
    for request in [&ada, &json!({ "userId": "x".repeat(201) })] {
        let missing = client.fails(None, "ResendPhoneCode", request.clone()).await;
        match kind {
            // These two send the scheme without a token.
            Kind::NodeGrpc | Kind::NodeGrpcWeb => missing.is(UNAUTHENTICATED, "AUTH-toLo1", "invalid auth header"),
            _ => missing.is(UNAUTHENTICATED, "", "auth header missing"),
        }
        let wrong = client.fails(Some("a-wrong-token"), "ResendPhoneCode", request.clone()).await;
        wrong.is(UNAUTHENTICATED, "AUTH-7fs1e", "Token is invalid");
    }

    // A user who is not there.
    for (method, more) in [
        ("SetEmail", json!({ "email": "nobody@example.com" })),
        ("ResendEmailCode", json!({})),
        ("SendEmailCode", json!({})),
        ("VerifyEmail", json!({ "verificationCode": "123456" })),
        ("SetPhone", json!({ "phone": "+441514960453" })),
        ("RemovePhone", json!({})),
        ("ResendPhoneCode", json!({})),
        ("VerifyPhone", json!({ "verificationCode": "123456" })),
    ] {
        let mut request = nobody.clone();
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let text = if method.contains("Email") { "Email not found" } else { "Phone not found" };
        client.fails(ROOT, method, request).await.is(NOT_FOUND, "COMMAND-ieJ2e", text);
    }
    client.fails(ROOT, "GetUserByID", nobody).await.is(NOT_FOUND, "QUERY-Dfbg2", "User could not be found");

    // The same value again, verified or not; a phone by how it reads and not by how it is written.
    let email = json!({ "userId": "ada", "email": "ada@example.com" });
    client.fails(ADA, "SetEmail", email).await.is(FAILED_PRECONDITION, "COMMAND-Uch5e", "Email not changed");
    let phone = |phone: &str| json!({ "userId": "ada", "phone": phone });
    client.does(ADA, "SetPhone", phone("+441514960453")).await;
    for same in ["+441514960453", "+44 1514-960453"] {
        let same = client.fails(ADA, "SetPhone", phone(same)).await;
        same.is(FAILED_PRECONDITION, "COMMAND-Uch5e", "Phone not changed");
    }

    // No code to send again, and no phone.
    let empty = client.fails(ADA, "ResendEmailCode", ada.clone()).await;
    empty.is(FAILED_PRECONDITION, "EMAIL-5w5ilin4yt", "Code is empty");
    let code = server.code(THE_PHONE, 1);
    let answer = |code: &str| json!({ "userId": "ada", "verificationCode": code });
    client.does(ADA, "VerifyPhone", answer(&code)).await;
    let empty = client.fails(ADA, "ResendPhoneCode", ada.clone()).await;
    empty.is(FAILED_PRECONDITION, "PHONE-5xrra88eq8", "Code is empty");
    client.does(ADA, "RemovePhone", ada.clone()).await;
    let none = client.fails(ADA, "RemovePhone", ada.clone()).await;
    none.is(FAILED_PRECONDITION, "COMMAND-ieJ2e", "Phone not found");

    // Fields.
    for (method, code) in
        [("VerifyPhone", String::new()), ("VerifyPhone", "1".repeat(21)), ("VerifyEmail", "é".repeat(21))]
    {
        let text =
            format!("invalid {method}Request.VerificationCode: value length must be between 1 and 20 runes, inclusive");
        client.fails(ADA, method, answer(&code)).await.is(INVALID_ARGUMENT, "", &text);
    }
    let runes = client.fails(ADA, "VerifyEmail", answer(&"é".repeat(20))).await;
    runes.is(INVALID_ARGUMENT, "COMMAND-eis9R", "Code is invalid");
    let text = "invalid SetPhoneRequest.Phone: value length must be between 1 and 200 runes, inclusive";
    client.fails(ADA, "SetPhone", phone("")).await.is(INVALID_ARGUMENT, "", text);
    let text = "invalid GetUserByIDRequest.UserId: value length must be between 1 and 200 runes, inclusive";
    let long = json!({ "userId": "x".repeat(201) });
    client.fails(ROOT, "GetUserByID", long).await.is(INVALID_ARGUMENT, "", text);
    client.fails(ADA, "SetPhone", phone("12")).await.is(INVALID_ARGUMENT, "PHONE-so0wa", "Phone is invalid");
    let email = json!({ "userId": "ada", "email": "ada at example.com" });
    client.fails(ADA, "SetEmail", email).await.is(INVALID_ARGUMENT, "EMAIL-599BI", "Email is invalid");
    let template = json!({ "urlTemplate": "https://example.com/{{.Password}}" });
    let email = json!({ "userId": "ada", "email": "countess@example.com", "sendCode": template });
    client.fails(ADA, "SetEmail", email).await.is(INVALID_ARGUMENT, "DOMAIN-oGh5e", "URL Template is invalid");

    // An id that is in use.
    let email = json!({ "email": "else@example.com" });
    let again = json!({ "userId": "ada", "profile": profile, "email": email });
    let exists = client.fails(ROOT, "AddHumanUser", again).await;
    exists.is(ALREADY_EXISTS, "IDENTITY-userExists", "User already exists");

    let human = &read(&mut client, ADA, "ada").await["user"]["human"];
    assert_eq!(human["email"], json!({ "email": "ada@example.com", "isVerified": true }), "no refusal wrote anything");
    assert_eq!(human["phone"], json!({}));
}

pub(crate) async fn languages(kind: Kind) {
    let server = Server::start();
    let mut client = Client::new(kind, &server);
    add(&mut client, "ada").await;
    let request = json!({ "userId": "ada", "verificationCode": "123456" });
    for (language, text) in [
        ("de", "Code ist ungültig"),
        ("de-CH, en;q=0.8", "Code ist ungültig"),
        ("en, de;q=0.8", "Code is invalid"),
        ("fr", "Code is invalid"),
        ("*", "Code is invalid"),
    ] {
        let refused = client.call(Some(language), ADA, "VerifyEmail", request.clone()).await.expect_err(language);
        refused.is(INVALID_ARGUMENT, "COMMAND-eis9R", text);
    }
    let refused = client.call(Some("de"), ADA, "GetUserByID", json!({ "userId": "bob" })).await.expect_err("bob");
    refused.is(PERMISSION_DENIED, "AUTH-AWfge", "Keine passenden Berechtigungen gefunden");
}
