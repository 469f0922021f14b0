//! c62: bad input has a reason, and nothing is written.

use serde_json::{Value, json};

use crate::kit::{API_KEY, Answer, Server};

struct Before {
    server: Server,
    user: String,
    phone: String,
    email: String,
    state: (Value, Value),
}

impl Before {
    async fn new() -> Self {
        let server = Server::start();
        let body = json!({"username": "ada", "email": "ada@example.com", "phone_number": "+441514960453"});
        let user = server.user(body).await;
        let path = format!("/api/users/{}", user["user_id"].as_str().unwrap());
        let phone = user["phone_numbers"][0]["id"].as_str().unwrap().to_owned();
        let email = user["emails"][0]["id"].as_str().unwrap().to_owned();
        let mut before = Self { server, user: path, phone, email, state: Default::default() };
        before.state = before.state_now().await;
        before
    }

    async fn state_now(&self) -> (Value, Value) {
        (self.server.get(&self.user).await.of(200), self.server.get("/api/users?size=1000").await.of(200))
    }

    async fn raw(&self, method: &str, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        Answer::to(self.server.request(method, path).header("X-API-KEY", API_KEY).body(body)).await
    }

    async fn nothing_was_written(&self) {
        assert_eq!(self.state_now().await, self.state);
    }
}

#[tokio::test]
async fn a_body_over_64_kib_is_413() {
    let before = Before::new().await;
    let path = format!("{}/private_data", before.user);
    let body = |size: usize| format!("{{\"private_data\":{{\"x\":\"{}\"}}}}", "a".repeat(size - 25));
    before.raw("PATCH", &path, body(65_537)).await.problem(413);
    before.raw("POST", &format!("{}/phones/{}/verify", before.user, before.phone), body(65_537)).await.problem(413);
    before.nothing_was_written().await;
    assert_eq!(body(65_536).len(), 65_536);
    assert_eq!(before.raw("PATCH", &path, body(65_536)).await.status, 200, "65,536 bytes are not over it");
}

#[tokio::test]
async fn a_body_over_64_kib_is_413_when_it_does_not_say_so_first() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let before = Before::new().await;
    let mut stream = tokio::net::TcpStream::connect(before.server.base.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST /api/users HTTP/1.1\r\nhost: x\r\nx-api-key: {API_KEY}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(65_536));
    stream.write_all(chunk.as_bytes()).await.unwrap();
    stream.write_all(b"1\r\n \r\n0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    before.nothing_was_written().await;
}

#[tokio::test]
async fn what_is_not_json_is_400() {
    let before = Before::new().await;
    let deep = format!("{{\"phone_number\":{}", "[".repeat(5_000));
    for body in ["", "{", "phone_number=%2B44", "{\"phone_number\":\"+919988776655\"}x", "{\"a\":\u{1}}", &deep] {
        before.raw("POST", &format!("{}/phones", before.user), body.to_owned()).await.problem(400);
    }
    before.raw("POST", &format!("{}/phones", before.user), vec![0xff, 0xfe, 0x00]).await.problem(400);
    before.nothing_was_written().await;
}

#[tokio::test]
async fn a_wrong_type_or_an_unknown_field_is_422_and_named() {
    let before = Before::new().await;
    for (method, path, body, field) in [
        ("POST", "/phones", json!({"phone_number": 441_514_960_453_u64}), "phone_number"),
        ("POST", "/phones", json!({"phone_number": ["+919988776655", "+441514960453"]}), "phone_number"),
        ("POST", "/phones", json!({"phone_number": null}), "phone_number"),
        ("POST", "/phones", json!({}), "phone_number"),
        ("POST", "/phones", json!({"phone": "+919988776655"}), "phone"),
        ("POST", "/phones", json!({"phone_number": "+919988776655", "is_verified": "true"}), "is_verified"),
        ("POST", "/phones", json!({"phone_number": "+919988776655", "is_primary": true}), "is_primary"),
        ("POST", "/phones", json!(["+919988776655"]), "body"),
        ("POST", "/emails", json!({"email": ["a@example.com", "b@example.com"]}), "email"),
        ("PUT", "/username", json!({"username": 7}), "username"),
        ("PATCH", "/claims", json!({"email": "b@example.com"}), "email"),
        ("PATCH", "/claims", json!({"name": {"first": "A"}}), "name"),
        ("PATCH", "/private_data", json!({"private_data": []}), "private_data"),
        ("PATCH", "/private_data", json!({"public_data": {}}), "public_data"),
        ("POST", "/disable", json!({"revoke_sessions": 1}), "revoke_sessions"),
    ] {
        let answer = before.server.call(method, &format!("{}{path}", before.user), body.clone()).await;
        assert_eq!(answer.field(), field, "{path} {body}");
    }
    for field in ["password", "password_hash", "user_id"] {
        assert_eq!(before.server.post("/api/users", json!({field: "x"})).await.field(), field);
    }
    let expiry = format!("{}/emails/{}/verify/link", before.user, before.email);
    assert_eq!(before.server.post(&expiry, json!({"expiry": "soon"})).await.field(), "expiry");
    assert_eq!(before.server.post(&expiry, json!({"expiry": -1})).await.field(), "expiry");
    assert_eq!(before.server.post(&expiry, json!({"expiry": 604_801})).await.code(), "InvalidExpiry");
    before.nothing_was_written().await;
}

#[tokio::test]
async fn an_unknown_user_or_identifier_is_404() {
    let before = Before::new().await;
    let nobody = uuid::Uuid::nil();
    let long = "x".repeat(300);
    for user in ["nobody", "%00", "%ff%fe", &long] {
        before.server.get(&format!("/api/users/{user}")).await.problem(404);
        before.server.post(&format!("/api/users/{user}/phones/{}/verify", before.phone), None).await.problem(404);
        let body = json!({"phone_number": "+919988776655"});
        before.server.post(&format!("/api/users/{user}/phones"), body).await.problem(404);
    }
    for list in ["phones", "emails"] {
        for verb in ["primary", "verify", "unverify"] {
            before.server.post(&format!("{}/{list}/{nobody}/{verb}", before.user), None).await.problem(404);
        }
        before.server.call("DELETE", &format!("{}/{list}/{nobody}", before.user), None).await.problem(404);
    }
    before.nothing_was_written().await;
}

#[tokio::test]
async fn an_identifier_of_the_other_kind_is_404() {
    let before = Before::new().await;
    for (list, id) in [("phones", &before.email), ("emails", &before.phone)] {
        for verb in ["primary", "verify", "unverify"] {
            before.server.post(&format!("{}/{list}/{id}/{verb}", before.user), None).await.problem(404);
        }
        before.server.call("DELETE", &format!("{}/{list}/{id}", before.user), None).await.problem(404);
    }
    let link = format!("{}/emails/{}/verify/link", before.user, before.phone);
    before.server.post(&link, json!({})).await.problem(404);
    before.nothing_was_written().await;
}

#[tokio::test]
async fn a_malformed_identifier_id_is_404() {
    let before = Before::new().await;
    for id in ["1", "not-a-uuid", "..%2f..", "%F0%9F%98%80", &format!("{}0", before.phone)] {
        before.server.post(&format!("{}/phones/{id}/verify", before.user), None).await.problem(404);
        before.server.call("DELETE", &format!("{}/emails/{id}", before.user), None).await.problem(404);
    }
    before.nothing_was_written().await;
}

#[tokio::test]
async fn a_phone_without_a_plus_is_422() {
    let before = Before::new().await;
    for number in ["919988776655", "00919988776655", "09988776655", "", "+", "+919988776655 ext 5", "+1800FLOWERS"] {
        let body = json!({"phone_number": number});
        let answer = before.server.post(&format!("{}/phones", before.user), body).await;
        assert_eq!(answer.code(), "InvalidPhoneNumber", "{number}");
    }
    before.nothing_was_written().await;
}

#[tokio::test]
async fn what_is_no_address_or_username_is_422() {
    let before = Before::new().await;
    for email in ["", "ada", "a@b", "a@example.com,b@example.com", "a@example.com\r\nBcc: b@example.com"] {
        let answer = before.server.post(&format!("{}/emails", before.user), json!({"email": email})).await;
        assert_eq!(answer.code(), "InvalidEmail", "{email}");
    }
    let answer = before.server.call("PUT", &format!("{}/username", before.user), json!({"username": ""})).await;
    assert_eq!(answer.code(), "InvalidUserName");
    before.nothing_was_written().await;
}

#[tokio::test]
async fn a_duplicate_is_422_with_its_code() {
    let before = Before::new().await;
    for (list, body, code) in [
        ("emails", json!({"email": "ADA@example.com"}), "DuplicateEmail"),
        ("phones", json!({"phone_number": "+44 1514 960453"}), "DuplicatePhoneNumber"),
    ] {
        assert_eq!(before.server.post(&format!("{}/{list}", before.user), body).await.code(), code);
    }
    assert_eq!(before.server.post("/api/users", json!({"username": "ADA"})).await.code(), "DuplicateUserName");
    before.nothing_was_written().await;
    let taken = json!({"email": "taken@example.com", "email_verified": true, "phone_number": "+919988776655", "phone_number_verified": true});
    before.server.user(taken).await;
    let body = json!({"email": "taken@example.com", "is_verified": true});
    assert_eq!(before.server.post(&format!("{}/emails", before.user), body).await.code(), "DuplicateEmail");
    let body = json!({"phone_number": "+919988776655", "is_verified": true});
    assert_eq!(before.server.post(&format!("{}/phones", before.user), body).await.code(), "DuplicatePhoneNumber");
    assert_eq!(before.server.get(&before.user).await.of(200), before.state.0);
}

#[tokio::test]
async fn unknown_routes_are_404_and_wrong_methods_405() {
    let before = Before::new().await;
    for path in
        ["/", "/api", "/api/", "/nothing", "/api/groups", "/api/users/x/sessions", "/api/users/", "/api/users/x/groups"]
    {
        before.server.get(path).await.problem(404);
    }
    for (method, path) in [
        ("PUT", "/api/users"),
        ("PATCH", "/api/users/x"),
        ("GET", "/api/users/x/phones"),
        ("GET", "/api/users/x/enable"),
        ("POST", "/healthz"),
        ("DELETE", "/verify-email"),
    ] {
        let answer = before.server.call(method, path, None).await;
        answer.problem(405);
        assert!(!answer.header("allow").is_empty(), "{method} {path}");
    }
    before.nothing_was_written().await;
}

#[tokio::test]
async fn bodyless_calls_take_any_accept_header() {
    let before = Before::new().await;
    for accept in ["*/*", "application/json, text/plain, */*", "application/problem+json", "text/html"] {
        let path = format!("{}/phones/{}/verify", before.user, before.phone);
        let request = before.server.request("POST", &path).header("X-API-KEY", API_KEY).header("accept", accept);
        let request = request.header("content-type", "application/json").header("content-length", "0");
        Answer::to(request).await.of(200);
    }
}
