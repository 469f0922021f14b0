//! Adding users and reading them.

use serde_json::{Value, json};

use crate::kit::{EMAIL, Host, PHONE, ROOT};

fn person() -> Value {
    json!({"givenName": "Ada", "familyName": "Lovelace"})
}

#[tokio::test]
async fn a_user_is_added_with_codes_to_pass_on() {
    let host = Host::new().await;
    let body = json!({
        "userId": "ada",
        "username": "countess",
        "organization": {"orgId": "69629023906488334"},
        "profile": {
            "givenName": "Ada", "familyName": "Lovelace", "nickName": "AAL", "displayName": "Countess of Lovelace",
            "preferredLanguage": "de", "gender": "GENDER_FEMALE"
        },
        "email": {"email": EMAIL, "returnCode": {}},
        "phone": {"phone": PHONE, "returnCode": {}}
    });
    let answer = host.post("/v2/users/human", body).await.of(200);
    assert_eq!(answer["userId"], "ada");
    assert_eq!(host.sent().await, [], "they are for the caller");
    let user = host.ada().await;
    assert_eq!(user["details"]["sequence"], answer["details"]["sequence"], "of the last of its events");
    assert_eq!(
        user["user"]["human"],
        json!({
            "profile": {
                "givenName": "Ada", "familyName": "Lovelace", "nickName": "AAL", "displayName": "Countess of Lovelace",
                "preferredLanguage": "de", "gender": "GENDER_FEMALE"
            },
            "email": {"email": EMAIL},
            "phone": {"phone": PHONE}
        })
    );
    assert_eq!(user["user"]["loginNames"], json!(["countess"]));
    for (path, code) in [("email", &answer["emailCode"]), ("phone", &answer["phoneCode"])] {
        host.post(&format!("/v2/users/ada/{path}/verify"), json!({"verificationCode": code})).await.of(200);
    }
    let human = host.ada().await["user"]["human"].clone();
    assert_eq!((&human["email"]["isVerified"], &human["phone"]["isVerified"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn a_user_is_added_and_codes_are_sent_unless_the_request_says_otherwise() {
    let host = Host::new().await;
    let email = json!({"email": EMAIL, "sendCode": {"urlTemplate": "https://example.com/{{.UserID}}/{{.Code}}"}});
    let body = json!({"profile": person(), "email": email, "phone": {"phone": PHONE}});
    let answer = host.post("/v2/users/human", body).await.of(200);
    assert_eq!((answer.get("emailCode"), answer.get("phoneCode")), (None, None));
    let id = answer["userId"].as_str().unwrap();
    let mut sent = host.sent().await;
    // Both were written at one moment.
    sent.sort_by_key(|(to, ..)| to == PHONE);
    assert_eq!(sent.iter().map(|(to, ..)| to.as_str()).collect::<Vec<_>>(), [EMAIL, PHONE]);
    let (code, link) = (sent[0].1.clone().unwrap(), sent[0].2.clone().unwrap());
    assert_eq!(link, format!("https://example.com/{id}/{code}"));
    let user = host.rest(ROOT, "GET", &format!("/v2/users/{id}"), None).await.of(200);
    assert_eq!(user["details"]["sequence"], answer["details"]["sequence"]);
    assert_eq!(user["user"].get("username"), None, "an address that nobody verified is no name to sign in with");
    host.post(&format!("/v2/users/{id}/email/verify"), json!({"verificationCode": code})).await.of(200);
    let user = host.rest(ROOT, "GET", &format!("/v2/users/{id}"), None).await.of(200);
    assert_eq!(user["user"]["username"], EMAIL);
}

#[tokio::test]
async fn an_administrator_may_give_the_address_as_username_and_nobody_elses() {
    let host = Host::new().await;
    let body = |id: &str, name: &str, email: &str| json!({"userId": id, "username": name, "profile": person(), "email": {"email": email, "isVerified": true}});
    host.post("/v2/users/human", body("ada", EMAIL, EMAIL)).await.of(200);
    assert_eq!(host.ada().await["user"]["preferredLoginName"], EMAIL);
    let taken = host.post("/v2/users/human", body("eve", EMAIL, "eve@example.com")).await;
    assert_eq!(taken.refused(400), "IDENTITY-taken");
    let invalid = host.post("/v2/users/human", body("eve", "e v e", "eve@example.com")).await;
    assert_eq!(invalid.refused(400), "IDENTITY-username");
}

#[tokio::test]
async fn an_empty_phone_is_none() {
    let host = Host::new().await;
    let body = json!({"userId": "ada", "profile": person(), "email": {"email": EMAIL}, "phone": {"phone": "", "sendCode": {}}});
    host.post("/v2/users/human", body).await.of(200);
    assert_eq!(host.ada().await["user"]["human"]["phone"], json!({}));
}

#[tokio::test]
async fn what_is_not_kept_is_refused_and_not_lost() {
    let host = Host::new().await;
    for (field, value) in [
        ("password", json!({"password": "correct horse"})),
        ("hashedPassword", json!({"hash": "$2a$10$x"})),
        ("idpLinks", json!([{"idpId": "1", "userId": "2", "userName": "3"}])),
        ("totpSecret", json!("ABC")),
        ("metadata", json!([{"key": "a", "value": "Yg=="}])),
    ] {
        let mut body = json!({"profile": person(), "email": {"email": EMAIL}});
        body[field] = value;
        assert_eq!(host.post("/v2/users/human", body).await.refused(400), "IDENTITY-notKept", "{field}");
    }
    assert_eq!(host.state().await["users"], json!([]));
}

#[tokio::test]
async fn another_organization_is_none_of_an_administrators_business() {
    let host = Host::new().await;
    for organization in [json!({"orgId": "another"}), json!({"orgDomain": "another.example"})] {
        let body = json!({"organization": organization, "profile": person(), "email": {"email": EMAIL}});
        assert_eq!(host.post("/v2/users/human", body).await.refused(403), "AUTH-AWfge");
    }
    assert_eq!(host.state().await["users"], json!([]));
}

#[tokio::test]
async fn details_are_those_of_the_last_event() {
    let host = Host::with_ada().await;
    let ada = identity::UserId::parse("ada").unwrap();
    for (seconds, path, body) in [
        (1, "phone", json!({"phone": PHONE})),
        (60, "phone/resend", json!({})),
        (60, "phone/resend", json!({"returnCode": {}})),
        (1, "email", json!({"email": "new@example.com"})),
        (60, "email/send", json!({})),
        (1, "email", json!({"email": "newer@example.com", "isVerified": true})),
    ] {
        host.pass(seconds);
        let details = host.post(&format!("/v2/users/ada/{path}"), body.clone()).await.of(200)["details"].clone();
        let history = host.identity.admin("test").history(&ada, 0, 1_000).await.unwrap();
        let last = history.last().unwrap();
        assert_eq!(details["sequence"], last.number.to_string(), "{path} {body}");
        let seen = host.ada().await["details"].clone();
        assert_eq!((&seen["sequence"], &seen["changeDate"]), (&details["sequence"], &details["changeDate"]));
        let millis = last.event.at.as_micros() / 1_000 % 60_000;
        let end = format!(":{:02}.{:03}Z", millis / 1_000, millis % 1_000);
        assert!(details["changeDate"].as_str().unwrap().ends_with(&end), "{end}: {details}");
        assert_eq!(details.get("creationDate"), None, "on reads only");
        assert_eq!(seen["creationDate"], "2024-11-22T16:27:04.996Z");
    }
}

#[tokio::test]
async fn a_user_may_have_the_name_of_a_path_as_id() {
    let host = Host::new().await;
    host.add("human", EMAIL).await;
    assert_eq!(host.rest(ROOT, "GET", "/v2/users/human", None).await.of(200)["user"]["userId"], "human");
}
