//! What is said about fields: word for word, and nothing is written.

use serde_json::{Value, json};

use crate::kit::{Host, ROOT};

#[tokio::test]
async fn the_rule_that_is_broken_first_is_named() {
    let host = Host::with_ada().await;
    let before = host.state().await;
    let long = "x".repeat(201);
    let between = "value length must be between 1 and 200 runes, inclusive";
    let person = || json!({"givenName": "A", "familyName": "B"});
    let email = || json!({"email": "else@example.com"});
    let cases: Vec<(String, Value, String)> = [
        ("ada/phone", json!({}), format!("invalid SetPhoneRequest.Phone: {between}")),
        ("ada/phone", json!({"phone": long}), format!("invalid SetPhoneRequest.Phone: {between}")),
        (
            "ada/phone",
            json!({"phone": "+441514960453", "isVerified": false}),
            "invalid SetPhoneRequest.IsVerified: value must equal true".into(),
        ),
        ("ada/email", json!({"email": ""}), format!("invalid SetEmailRequest.Email: {between}")),
        (
            "ada/email",
            json!({"email": "else@example.com", "isVerified": false}),
            "invalid SetEmailRequest.IsVerified: value must equal true".into(),
        ),
        (
            "ada/email",
            json!({"email": "else@example.com", "sendCode": {"urlTemplate": ""}}),
            format!(
                "invalid SetEmailRequest.SendCode: embedded message failed validation | caused by: \
                 invalid SendEmailVerificationCode.UrlTemplate: {between}"
            ),
        ),
        (
            "ada/email/resend",
            json!({"sendCode": {"urlTemplate": long}}),
            format!(
                "invalid ResendEmailCodeRequest.SendCode: embedded message failed validation | caused by: \
                 invalid SendEmailVerificationCode.UrlTemplate: {between}"
            ),
        ),
        (
            "ada/email/send",
            json!({"sendCode": {"urlTemplate": ""}}),
            format!(
                "invalid SendEmailCodeRequest.SendCode: embedded message failed validation | caused by: \
                 invalid SendEmailVerificationCode.UrlTemplate: {between}"
            ),
        ),
        (
            "ada/email/verify",
            json!({}),
            "invalid VerifyEmailRequest.VerificationCode: value length must be between 1 and 20 runes, inclusive".into(),
        ),
        (&format!("{long}/phone/resend"), json!({}), format!("invalid ResendPhoneCodeRequest.UserId: {between}")),
        (&format!("{long}/email/verify"), json!({}), format!("invalid VerifyEmailRequest.UserId: {between}")),
        ("human", json!({}), "invalid AddHumanUserRequest.Profile: value is required".into()),
        ("human", json!({"profile": person()}), "invalid AddHumanUserRequest.Email: value is required".into()),
        (
            "human",
            json!({"profile": {"givenName": "A"}, "email": email()}),
            format!(
                "invalid AddHumanUserRequest.Profile: embedded message failed validation | caused by: \
                 invalid SetHumanProfile.FamilyName: {between}"
            ),
        ),
        (
            "human",
            json!({"profile": {"givenName": "A", "familyName": "B", "nickName": long}, "email": email()}),
            "invalid AddHumanUserRequest.Profile: embedded message failed validation | caused by: \
             invalid SetHumanProfile.NickName: value length must be at most 200 runes"
                .into(),
        ),
        (
            "human",
            json!({"profile": {"givenName": "A", "familyName": "B", "preferredLanguage": "de-CH-1996-x"}, "email": email()}),
            "invalid AddHumanUserRequest.Profile: embedded message failed validation | caused by: \
             invalid SetHumanProfile.PreferredLanguage: value length must be at most 10 runes"
                .into(),
        ),
        (
            "human",
            json!({"profile": person(), "email": email(), "phone": {"phone": "+441514960453", "isVerified": false}}),
            "invalid AddHumanUserRequest.Phone: embedded message failed validation | caused by: \
             invalid SetHumanPhone.IsVerified: value must equal true"
                .into(),
        ),
        (
            "human",
            json!({"profile": person(), "email": email(), "userId": ""}),
            format!("invalid AddHumanUserRequest.UserId: {between}"),
        ),
        (
            "human",
            json!({"profile": person(), "email": email(), "username": long}),
            format!("invalid AddHumanUserRequest.Username: {between}"),
        ),
    ]
    .into_iter()
    .map(|(path, body, text)| (path.to_owned(), body, text))
    .collect();
    for (path, body, text) in cases {
        let answer = host.rest(ROOT, "POST", &format!("/v2/users/{path}"), body.clone()).await;
        assert_eq!(answer.of(400), json!({"code": 3, "message": text}), "{path} {body}");
    }
    assert_eq!(host.state().await, before);
}

#[tokio::test]
async fn lengths_count_characters() {
    let host = Host::with_ada().await;
    let id = "ü".repeat(200);
    let body = json!({
        "userId": id,
        "profile": {"givenName": "ü".repeat(200), "familyName": "é".repeat(200)},
        "email": {"email": "else@example.com"}
    });
    assert_eq!(host.post("/v2/users/human", body).await.of(200)["userId"], id);
}
