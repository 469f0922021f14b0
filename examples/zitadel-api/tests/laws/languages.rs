//! Errors in the caller's language, with the id in the text.

use serde_json::json;
use zitadel_api::wire::VerifyPhoneRequest;

use crate::kit::{Host, ROOT, error_detail, framed};

#[tokio::test]
async fn the_caller_is_answered_in_a_language_that_they_like() {
    let host = Host::with_ada().await;
    let (english, german) = ("Code is invalid", "Code ist ungültig");
    for (liked, said) in [
        ("", english),
        ("de", german),
        ("de-CH", german),
        ("DE-at", german),
        ("en", english),
        ("fr", english),
        ("fr, de;q=0.5", german),
        ("en;q=0.4, de;q=0.5", german),
        ("de;q=0.4, en;q=0.5", english),
        ("de, en", german),
        ("en, de", english),
        ("de;q=0, en;q=0.1", english),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", english),
        ("*, de;q=0.9", english),
        ("de;q=nonsense", english),
        (";;;,,q=;de;", english),
    ] {
        let bearer = format!("Bearer {ROOT}");
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend((!liked.is_empty()).then_some(("accept-language", liked)));
        let body = json!({"verificationCode": "123456"}).to_string();
        let error = host.raw("POST", "/v2/users/ada/phone/verify", &headers, body).await.of(400);
        assert_eq!(error["message"], format!("{said} (COMMAND-eis9R)"), "{liked}");
        assert_eq!(error["details"][0]["message"], said);
    }
}

#[tokio::test]
async fn every_dialect_speaks_german() {
    let host = Host::with_ada().await;
    let bearer = format!("Bearer {ROOT}");
    let path = format!("/{}/VerifyPhone", zitadel_api::wire::SERVICE);
    let request = VerifyPhoneRequest { user_id: "ada".into(), verification_code: "123456".into() };
    let message = "Code ist ungültig (COMMAND-eis9R)";
    for media_type in ["application/grpc", "application/grpc-web"] {
        let headers =
            [("authorization", bearer.as_str()), ("content-type", media_type), ("accept-language", "de-DE,de;q=0.9")];
        let answer = host.raw("POST", &path, &headers, framed(&request)).await;
        assert_eq!(answer.grpc_status(), (3, message.to_owned()));
        assert_eq!(error_detail(&answer.grpc_details()).1, "Code ist ungültig");
    }
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json"), ("accept-language", "de")];
    let body = r#"{"userId":"ada","verificationCode":"123456"}"#;
    assert_eq!(host.raw("POST", &path, &headers, body).await.of(400)["message"], message);
    // Before anybody is known, too.
    let headers = [("accept-language", "de")];
    let error = host.raw("GET", "/v2/users/ada", &headers, "").await.of(401);
    assert_eq!(error["message"], "Authorization-Header fehlt");
}
