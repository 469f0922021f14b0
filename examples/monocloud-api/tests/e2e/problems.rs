//! c60: problem documents as they are, whole.

use serde_json::{Value, json};

use crate::kit::{API_KEY, Answer, READ_KEY, Server};

/// The document without its trace, which is another one each time.
fn golden(answer: &Answer, status: u16) -> Value {
    let mut problem = answer.problem(status);
    problem.as_object_mut().unwrap().remove("traceId");
    problem
}

#[tokio::test]
async fn c60_golden_problem_documents() {
    let server = Server::start();
    let body = json!({"email": "ada@example.com", "phone_number": "+441514960453"});
    let user = server.user(body).await;
    let path = format!("/api/users/{}", user["user_id"].as_str().unwrap());
    let link = format!("{path}/emails/{}/verify/link", user["emails"][0]["id"].as_str().unwrap());

    let raw = server.request("POST", &format!("{path}/phones")).header("X-API-KEY", API_KEY).body("{");
    assert_eq!(
        golden(&Answer::to(raw).await, 400),
        json!({
            "type": "https://httpstatuses.io/400", "title": "Bad Request", "status": 400,
            "detail": "the body ends before its JSON does, line 1 column 1",
        })
    );
    assert_eq!(
        golden(&Answer::to(server.request("GET", &path)).await, 401),
        json!({
            "type": "https://httpstatuses.io/401", "title": "Unauthorized", "status": 401,
            "detail": "send an API key of this tenant in the header X-API-KEY",
        })
    );
    let read = server.request("DELETE", &path).header("X-API-KEY", READ_KEY);
    assert_eq!(
        golden(&Answer::to(read).await, 403),
        json!({
            "type": "https://httpstatuses.io/403", "title": "Forbidden", "status": 403,
            "detail": "this key may only read; use one that may write",
        })
    );
    assert_eq!(
        golden(&server.get("/api/users/nobody").await, 404),
        json!({
            "type": "https://httpstatuses.io/404", "title": "Not Found", "status": 404,
            "detail": "there is no such user",
        })
    );
    assert_eq!(
        golden(&server.post(&format!("{path}/phones"), json!({"phone": "+441514960453"})).await, 422),
        json!({
            "type": "https://httpstatuses.io/422#validation-error", "title": "Unprocessable Content", "status": 422,
            "detail": "one or more fields are not as they should be",
            "errors": {"phone": ["there is no such field; leave it out"]},
        })
    );
    assert_eq!(
        golden(&server.post(&format!("{path}/phones"), json!({"phone_number": "+441514960453"})).await, 422),
        json!({
            "type": "https://httpstatuses.io/422#identity-validation-error", "title": "Unprocessable Content",
            "status": 422, "detail": "the user has this address already",
            "errors": [{"code": "DuplicatePhoneNumber", "description": "the user has this address already"}],
        })
    );
    server.post(&link, None).await.of(200);
    assert_eq!(
        golden(&server.post(&link, None).await, 429),
        json!({
            "type": "https://httpstatuses.io/429", "title": "Too Many Requests", "status": 429,
            "detail": "a message was sent a short time ago; ask again later",
        })
    );
}

#[tokio::test]
async fn a_store_that_fails_is_500_and_tells_nothing_of_itself() {
    let server = Server::start();
    let user = server.user(json!({})).await;
    break_user(&server, user["user_id"].as_str().unwrap());
    let answer = server.get(&format!("/api/users/{}", user["user_id"].as_str().unwrap())).await;
    assert_eq!(
        golden(&answer, 500),
        json!({
            "type": "https://httpstatuses.io/500", "title": "Internal Server Error", "status": 500,
            "detail": "something failed here; try again, or ask with the traceId",
        })
    );
}

/// Damages a row behind the server's back.
pub(crate) fn break_user(server: &Server, user: &str) {
    let connection = identity_sqlite::rusqlite::Connection::open(server.database()).unwrap();
    let broken = connection.execute("UPDATE identity_users SET record = 'damaged' WHERE id = ?1", [user]).unwrap();
    assert_eq!(broken, 1);
}
