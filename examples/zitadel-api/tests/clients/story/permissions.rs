//! Who may.

use serde_json::json;

use super::PERMISSION_DENIED;
use super::addresses::{Details, add, read};
use crate::client::{Client, Kind};
use crate::server::{ADA, BOB, ROOT, Server};

pub(crate) async fn permissions(kind: Kind) {
    let server = Server::start();
    let mut client = Client::new(kind, &server);
    add(&mut client, "ada").await;
    let before = add(&mut client, "bob").await;

    // Their own codes go to them and to nobody else, and nobody verifies by saying so.
    for (method, address) in
        [("SetEmail", json!({ "email": "countess@example.com" })), ("SetPhone", json!({ "phone": "+441514960453" }))]
    {
        for verification in ["returnCode", "isVerified"] {
            let mut request = address.clone();
            request["userId"] = json!("ada");
            request[verification] = if verification == "isVerified" { json!(true) } else { json!({}) };
            let refused = client.fails(ADA, method, request).await;
            refused.is(PERMISSION_DENIED, "AUTH-AWfge", "No matching permissions found");
        }
    }
    client.does(ADA, "SetPhone", json!({ "userId": "ada", "phone": "+441514960453" })).await;
    for method in ["ResendPhoneCode", "ResendEmailCode", "SendEmailCode"] {
        let refused = client.fails(ADA, method, json!({ "userId": "ada", "returnCode": {} })).await;
        refused.is(PERMISSION_DENIED, "AUTH-AWfge", "No matching permissions found");
    }

    // Other people's are not theirs, whether they are there or not.
    for user in ["bob", "nobody"] {
        for (method, more) in [
            ("GetUserByID", json!({})),
            ("SetEmail", json!({ "email": "ada2@example.com" })),
            ("SendEmailCode", json!({})),
            ("VerifyEmail", json!({ "verificationCode": "123456" })),
            ("SetPhone", json!({ "phone": "+919988776655" })),
            ("RemovePhone", json!({})),
            ("VerifyPhone", json!({ "verificationCode": "123456" })),
        ] {
            let mut request = json!({ "userId": user });
            request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let refused = client.fails(ADA, method, request).await;
            refused.is(PERMISSION_DENIED, "AUTH-AWfge", "No matching permissions found");
        }
    }
    let email = json!({ "email": "eve@example.com" });
    let eve = json!({ "userId": "eve", "profile": { "givenName": "Eve", "familyName": "E" }, "email": email });
    let refused = client.fails(ADA, "AddHumanUser", eve).await;
    refused.is(PERMISSION_DENIED, "AUTH-AWfge", "No matching permissions found");

    let bob = read(&mut client, BOB, "bob").await;
    assert_eq!(Details::of(&bob).sequence, Details::of(&before).sequence, "nothing was written");

    // An administrator may, and then no code is needed.
    let verified = json!({ "userId": "bob", "phone": "+919988776655", "isVerified": true });
    assert_eq!(client.does(ROOT, "SetPhone", verified).await.get("verificationCode"), None);
    let phone = &read(&mut client, BOB, "bob").await["user"]["human"]["phone"];
    assert_eq!(*phone, json!({ "phone": "+919988776655", "isVerified": true }));
}
