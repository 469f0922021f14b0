//! From the first address to the last.

use std::time::Duration;

use serde_json::json;

use super::addresses::{Details, another_than, code_in, read};
use super::resends::too_soon;
use super::{ADA_EXAMPLE_COM, COUNTESS_EXAMPLE_COM, INVALID_ARGUMENT, THE_PHONE};
use crate::client::{Client, Kind};
use crate::server::{ADA, ROOT, Server, TENANT};

pub(crate) async fn life(kind: Kind) {
    life_on(&Server::with(&[("IDENTITY_LINK_ORIGINS", "https://example.com")]), kind).await;
}

pub(crate) async fn life_on(server: &Server, kind: Kind) {
    let mut client = Client::new(kind, server);

    let created = client
        .does(
            ROOT,
            "AddHumanUser",
            json!({
                "userId": "ada",
                "username": "lovelace",
                "organization": { "orgId": TENANT },
                "profile": { "givenName": "Ada", "familyName": "Lovelace" },
                "email": { "email": "ada@example.com", "returnCode": {} },
            }),
        )
        .await;
    assert_eq!((&created["userId"], created.get("phoneCode")), (&json!("ada"), None));
    let mut at = Details::of(&created);
    let code = code_in(&created, "emailCode");
    let user = read(&mut client, ROOT, "ada").await;
    let creation_date = Details::of(&user).creation_date;
    // The user is made first, and its code then.
    assert!(creation_date.as_ref().is_some_and(|made| *made <= at.change_date), "{user}");
    assert_eq!(Details::of(&user), Details { creation_date: creation_date.clone(), ..at.clone() });
    let user = &user["user"];
    assert_eq!((&user["state"], &user["username"]), (&json!("USER_STATE_ACTIVE"), &json!("lovelace")));
    assert_eq!(user["preferredLoginName"], "lovelace");
    let human = &user["human"];
    assert_eq!((&human["profile"]["givenName"], &human["profile"]["familyName"]), (&json!("Ada"), &json!("Lovelace")));
    assert_eq!(human["email"], json!({ "email": "ada@example.com" }), "not verified is said by silence");
    assert_eq!(human["phone"], json!({}), "always there");

    // The first address.
    let answer = |code: &str| json!({ "userId": "ada", "verificationCode": code });
    let wrong = client.fails(ADA, "VerifyEmail", answer(&another_than(&code))).await;
    wrong.is(INVALID_ARGUMENT, "COMMAND-eis9R", "Code is invalid");
    at.then(&client.does(ADA, "VerifyEmail", answer(&code)).await);
    let twice = client.fails(ADA, "VerifyEmail", answer(&code)).await;
    twice.is(INVALID_ARGUMENT, "COMMAND-eis9R", "Code is invalid");

    // Another one, by the user, with a link in the message to an origin of the configuration.
    let template = "https://example.com/verify?user={{.UserID}}&code={{.Code}}&org={{.OrgID}}";
    let set = json!({ "userId": "ada", "email": "countess@example.com", "sendCode": { "urlTemplate": template } });
    let set = client.does(ADA, "SetEmail", set).await;
    assert_eq!(set.get("verificationCode"), None);
    at.then(&set);
    let user = read(&mut client, ADA, "ada").await;
    assert_eq!(Details::of(&user), Details { creation_date, ..at.clone() });
    assert_eq!(user["user"]["human"]["email"], json!({ "email": "countess@example.com" }), "the new one is shown");
    let code = server.code(COUNTESS_EXAMPLE_COM, 1);
    let link = format!("https://example.com/verify?user=ada&code={code}&org={TENANT}");
    assert_eq!(server.link(COUNTESS_EXAMPLE_COM, 1), link);
    // The address that was verified is told.
    let _ = server.process.log.line_with(&["a message", ADA_EXAMPLE_COM]);
    at.then(&client.does(ADA, "VerifyEmail", answer(&code)).await);
    let email = &read(&mut client, ADA, "ada").await["user"]["human"]["email"];
    assert_eq!(*email, json!({ "email": "countess@example.com", "isVerified": true }));

    // A phone, by an administrator first; the user has a code of their own sent, and never the one that staff hold.
    let phone = json!({ "userId": "ada", "phone": "+44 1514 960453", "returnCode": {} });
    let set = client.does(ROOT, "SetPhone", phone).await;
    at.then(&set);
    let issued = code_in(&set, "verificationCode");
    at.then(&client.does(ADA, "ResendPhoneCode", json!({ "userId": "ada" })).await);
    let code = server.code(THE_PHONE, 1);
    assert_ne!(code, issued);
    let soon = client.fails(ADA, "ResendPhoneCode", json!({ "userId": "ada", "sendCode": {} })).await;
    too_soon(&soon, Duration::from_secs(31));
    let wrong = client.fails(ADA, "VerifyPhone", answer(&another_than(&code))).await;
    wrong.is(INVALID_ARGUMENT, "COMMAND-eis9R", "Code is invalid");
    let phone = &read(&mut client, ADA, "ada").await["user"]["human"]["phone"];
    assert_eq!(*phone, json!({ "phone": "+441514960453" }));
    at.then(&client.does(ADA, "VerifyPhone", answer(&code)).await);
    let phone = &read(&mut client, ADA, "ada").await["user"]["human"]["phone"];
    assert_eq!(*phone, json!({ "phone": "+441514960453", "isVerified": true }));

    // It goes, and its code with it.
    at.then(&client.does(ADA, "RemovePhone", json!({ "userId": "ada" })).await);
    let phone = &read(&mut client, ADA, "ada").await["user"]["human"]["phone"];
    assert_eq!(*phone, json!({}));
    let gone = client.fails(ADA, "VerifyPhone", answer(&code)).await;
    gone.is(INVALID_ARGUMENT, "COMMAND-eis9R", "Code is invalid");
}
