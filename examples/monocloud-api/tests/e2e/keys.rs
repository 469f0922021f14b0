//! c64: who may call, and what they may do.

use serde_json::json;

use crate::kit::{API_KEY, Answer, READ_KEY, Server};

#[tokio::test]
async fn c64_without_a_good_key_nothing_is_read() {
    let server = Server::start();
    for key in [None, Some(""), Some("of-the-operator"), Some("of-the-operatorss"), Some("OF-THE-OPERATORS")] {
        for (method, path) in
            [("GET", "/api/users"), ("POST", "/api/users"), ("GET", "/api/nothing"), ("PUT", "/api/users")]
        {
            // A body that could not be read is not what the answer is about.
            let request = server.request(method, path).body("{".repeat(100_000));
            let request = match key {
                Some(key) => request.header("x-api-key", key),
                None => request,
            };
            let answer = Answer::to(request).await;
            answer.problem(401);
            assert_eq!(answer.header("www-authenticate"), "ApiKey");
        }
    }
    assert_eq!(server.get("/api/users").await.of(200), json!([]));
}

#[tokio::test]
async fn a_key_that_may_only_read_gets_403_before_its_body_is_read() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let server = Server::start();
    let with = |method, path| server.request(method, path).header("X-API-KEY", READ_KEY);
    Answer::to(with("GET", "/api/users")).await.of(200);
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        Answer::to(with(method, "/api/users").body("nonsense")).await.problem(403);
    }
    // The rest of the body never comes, and the answer does.
    let mut stream = tokio::net::TcpStream::connect(server.base.trim_start_matches("http://")).await.unwrap();
    let head =
        format!("POST /api/users HTTP/1.1\r\nhost: x\r\nx-api-key: {READ_KEY}\r\ncontent-length: 60000\r\n\r\n{{");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 403");
    assert_eq!(server.get("/api/users").await.of(200), json!([]));
}

#[tokio::test]
async fn c64_the_key_is_in_either_header_that_the_pages_name_and_in_any_case() {
    let server = Server::start();
    for name in ["X-API-KEY", "X-API-Key", "x-api-key", "API-Key", "API-KEY", "api-key"] {
        Answer::to(server.request("GET", "/api/users").header(name, API_KEY)).await.of(200);
        Answer::to(server.request("GET", "/api/users").header(name, "another")).await.problem(401);
    }
    // Two headers are one key, or none.
    for (other, status) in [(API_KEY, 200), (READ_KEY, 401), ("another", 401), ("", 401)] {
        for (one, two) in [("X-API-KEY", "API-Key"), ("X-API-KEY", "X-API-KEY"), ("API-Key", "X-API-KEY")] {
            let request = server.request("GET", "/api/users").header(one, API_KEY).header(two, other);
            assert_eq!(Answer::to(request).await.status, status, "{one}, {two}: {other}");
        }
    }
}

#[test]
fn a_host_without_keys_or_with_bad_settings_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value, said) in [
        ("IDENTITY_API_KEY", "", "there is no API key"),
        ("IDENTITY_API_KEY", "a b c:", "entry 3"),
        ("IDENTITY_KEY", "short", "IDENTITY_KEY"),
        ("IDENTITY_BLOCK", "no domain", "IDENTITY_BLOCK"),
        ("IDENTITY_HOSTS", "a.example.com", "host=tenant"),
        ("IDENTITY_DATABASE", "/nowhere/identity.db", "/nowhere/identity.db"),
        ("IDENTITY_WIRE", "future", "current"),
        ("IDENTITY_PUBLIC_URL", "accounts.example.com", "--public-url"),
        ("IDENTITY_PUBLIC_URL", "javascript://accounts.example.com", "--public-url"),
        ("IDENTITY_PUBLIC_URL", "https://accounts.example.com@evil.example", "--public-url"),
        ("IDENTITY_PUBLIC_URL", "https://accounts.example.com/?next=", "--public-url"),
        ("IDENTITY_PUBLIC_URL", "https://accounts.example.com:99999", "--public-url"),
    ] {
        let output = crate::kit::program(folder.path(), &[(name, value)]).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(said), "{name}={value}: {error}");
    }
}

#[test]
fn help_names_every_setting_and_shows_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let help = String::from_utf8(crate::kit::run(folder.path(), &["--help"]).stdout).unwrap();
    for setting in
        ["DATABASE", "LISTEN", "API_KEY", "KEY", "WIRE", "HOSTS", "TENANT", "PUBLIC_URL", "ALLOW", "BLOCK", "LOG"]
    {
        assert!(help.contains(&format!("IDENTITY_{setting}")), "{setting}");
    }
    assert!(help.contains("--import") && help.contains("--export"));
    assert!(!help.contains(crate::kit::KEY) && !help.contains(API_KEY), "{help}");
}
