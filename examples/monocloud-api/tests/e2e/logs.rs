//! Logs: structured, each request named, nothing personal.

use serde_json::{Value, json};

use crate::kit::{API_KEY, Answer, KEY, READ_KEY, Server};

#[tokio::test]
async fn every_request_is_one_line_with_its_id_and_nothing_personal() {
    let server = Server::with(&[("RUST_LOG", "trace")]);
    let sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = server.request("GET", "/api/users/nobody?secret=in-the-query").header("X-API-KEY", API_KEY);
    let answer = Answer::to(request.header("traceparent", sent)).await;
    let trace = answer.problem(404)["traceId"].as_str().unwrap().to_owned();
    assert!(trace.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{trace}");
    let body = json!({"username": "adalovelace", "email": "lovelace@example.com", "phone_number": "+441514960453", "name": "Lovelace"});
    let user = server.user(body.clone()).await;
    server.post("/api/users", body).await.problem(422);
    server.post("/api/users", json!({"email": "lovelace at example.com"})).await.problem(422);
    let email = user["emails"][0]["id"].as_str().unwrap();
    let path = format!("/api/users/{}/emails/{email}/verify/link", user["user_id"].as_str().unwrap());
    server.post(&path, None).await.of(200);
    server.line_with("token=");
    Answer::to(server.request("GET", "/api/users").header("X-API-KEY", "a-wrong-key")).await.problem(401);
    server.line_with("\"status\":401");
    let lines = server.log();
    let line: Value = serde_json::from_str(lines.iter().find(|line| line.contains(&trace)).unwrap()).unwrap();
    assert_eq!(line["route"], "/api/users/{user_id}");
    assert_eq!((&line["status"], &line["key"], &line["tenant"]), (&json!(404), &json!("ops"), &json!("default")));
    for line in &lines {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
        for personal in ["lovelace", "Lovelace", "+441514960453", "in-the-query", API_KEY, READ_KEY, KEY, "a-wrong-key"]
        {
            assert!(!line.contains(personal), "{personal}: {line}");
        }
    }
}

#[tokio::test]
async fn text_is_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let output = crate::kit::program(folder.path(), &[("IDENTITY_LOG", "text"), ("IDENTITY_LISTEN", "192.0.2.1:1")])
        .output()
        .unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot listen on 192.0.2.1:1"));
}
