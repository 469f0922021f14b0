//! The API's page "Verify the phone", as it stands.

use serde_json::json;

use crate::kit::{ADAS, Host, PHONE, ROOT, not};

#[tokio::test]
async fn the_code_that_was_sent_verifies_the_phone_and_the_answer_has_the_shape_of_the_page() {
    let host = Host::with_ada().await;
    let set = host.rest(ADAS, "POST", "/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    let sequence: u64 = set["details"]["sequence"].as_str().unwrap().parse().unwrap();
    let code = host.code(PHONE).await;
    host.pass(1);
    let answer = host.rest(ADAS, "POST", "/v2/users/ada/phone/verify", json!({"verificationCode": code})).await;
    let details = answer.of(200)["details"].clone();
    // Verified, and primary: two events.
    let expected = json!({
        "sequence": (sequence + 2).to_string(),
        "changeDate": "2024-11-22T16:27:05.996Z",
        "resourceOwner": "69629023906488334"
    });
    assert_eq!(answer.json(), json!({"details": expected}), "these members and no others");
    assert_eq!(details, expected);
    assert_eq!(host.ada().await["user"]["human"]["phone"], json!({"phone": PHONE, "isVerified": true}));
}

#[tokio::test]
async fn a_caller_without_permission_gets_403_as_the_page_says() {
    let host = Host::with_ada().await;
    host.post("/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    let code = host.code(PHONE).await;
    let before = host.state().await;
    let answer = host.rest("bob-token", "POST", "/v2/users/ada/phone/verify", json!({"verificationCode": code})).await;
    assert_eq!(
        answer.of(403),
        json!({
            "code": 7,
            "message": "No matching permissions found (AUTH-AWfge)",
            "details": [{
                "@type": "type.googleapis.com/zitadel.v1.ErrorDetail",
                "id": "AUTH-AWfge",
                "message": "No matching permissions found"
            }]
        })
    );
    assert_eq!(host.state().await, before);
}

#[tokio::test]
async fn a_user_who_is_not_there_gets_404_as_the_page_says() {
    let host = Host::new().await;
    for token in [ROOT, ADAS] {
        let answer =
            host.rest(token, "POST", "/v2/users/ada/phone/verify", json!({"verificationCode": "123456"})).await;
        assert_eq!(
            answer.of(404),
            json!({
                "code": 5,
                "message": "Phone not found (COMMAND-ieJ2e)",
                "details": [{
                    "@type": "type.googleapis.com/zitadel.v1.ErrorDetail",
                    "id": "COMMAND-ieJ2e",
                    "message": "Phone not found"
                }]
            })
        );
    }
}

#[tokio::test]
async fn a_code_of_1_to_20_characters_is_judged_and_any_other_is_not() {
    let host = Host::with_ada().await;
    host.post("/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    let right = host.code(PHONE).await;
    let verify = async |code: String| host.post("/v2/users/ada/phone/verify", json!({"verificationCode": code})).await;
    let before = host.state().await;
    for code in [String::new(), "1".repeat(21), "ü".repeat(21), "1".repeat(60_000)] {
        assert_eq!(
            verify(code).await.of(400),
            json!({
                "code": 3,
                "message": "invalid VerifyPhoneRequest.VerificationCode: value length must be between 1 and 20 runes, inclusive"
            })
        );
    }
    assert_eq!(host.state().await, before, "it costs no try");
    for code in ["1".to_owned(), "ü".repeat(20), not(&right)] {
        assert_eq!(verify(code).await.refused(400), "COMMAND-eis9R");
    }
    verify(format!(" {right} ")).await.of(200);
}
