//! c15, c64: logs name every request, and nothing that is personal or secret.

use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::{KEY, Server};

#[tokio::test]
async fn c64_neither_tokens_nor_addresses_nor_codes_of_callers_reach_the_log() {
    let server = Server::with(&[("RUST_LOG", "trace")]);
    server.add_ada().await;
    let phone = Some(json!({"phone": "+441514960453", "returnCode": {}}));
    let set = server.call(Method::POST, "/v2/users/ada/phone?secret=in-the-query", phone).await;
    let trace = set.headers()["traceresponse"].to_str().unwrap().to_owned();
    let code = set.json::<Value>().await.unwrap()["verificationCode"].as_str().unwrap().to_owned();
    let bad = Some(json!({"email": "lovelace at example.com"}));
    assert_eq!(server.call(Method::POST, "/v2/users/ada/email", bad).await.status(), 400);
    let twice = Some(json!({"email": "lovelace@example.com", "userId": "lovelace", "user_id": "lovelace"}));
    assert_eq!(server.call(Method::POST, "/v2/users/ada/email", twice).await.status(), 400);
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let stranger = client.get(format!("{}/v2/users/ada", server.process.base())).bearer_auth("a-wrong-token");
    assert_eq!(stranger.send().await.unwrap().status(), 401);
    let call = client.post(format!("{}/zitadel.user.v2.UserService/GetUserByID", server.process.base()));
    let call =
        call.bearer_auth("ada-token").header("content-type", "application/grpc").body(&b"\0\0\0\0\x05\n\x03ada"[..]);
    assert_eq!(call.send().await.unwrap().status(), 200);
    let _ = server.process.log.line_with(&["\"status\":401"]);
    let _ = server.process.log.line_with(&["UserService/GetUserByID", "\"status\":200"]);
    let lines = server.process.log.lines();
    let line = lines.iter().find(|line| line.contains("answered") && line.contains(&trace)).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!((&line["route"], &line["key"]), (&json!("/v2/users/{user_id}/phone"), &json!("admin")));
    for line in &lines {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
        for secret in
            ["lovelace", "Lovelace", "+441514960453", "in-the-query", "root-token", "ada-token", "a-wrong-token", KEY]
        {
            assert!(!line.contains(secret), "{secret}: {line}");
        }
        assert!(!line.contains(&format!("\"{code}\"")), "{line}");
    }
}

#[tokio::test]
async fn the_development_notifier_logs_the_code_and_the_link() {
    let server = Server::with(&[("IDENTITY_LINK_ORIGINS", "https://example.com")]);
    server.add_ada().await;
    let body =
        json!({"email": "new@example.com", "sendCode": {"urlTemplate": "https://example.com/{{.UserID}}/{{.Code}}"}});
    assert_eq!(server.call(Method::POST, "/v2/users/ada/email", Some(body)).await.status(), 200);
    let line = server.process.log.line_with(&["a message", "\"code\":"]);
    let line: Value = serde_json::from_str(&line).unwrap();
    let code = line["code"].as_str().unwrap();
    assert_eq!(line["link"], format!("https://example.com/ada/{code}"));
    assert!(!line["to"].as_str().unwrap().contains("new@"), "masked: {line}");
    let verify = Some(json!({"verificationCode": code}));
    assert_eq!(server.call(Method::POST, "/v2/users/ada/email/verify", verify).await.status(), 200);
}
