//! A verification link: through the outbox to the log, confirmed by POST and never by GET.

use serde_json::{Value, json};

use crate::kit::{Answer, PUBLIC_URL, Server};

/// Asks for a link and gives it as the message has it, with this server in the place of the public address.
async fn link(server: &Server, user: &str, email: &str) -> String {
    server.post(&format!("{user}/emails/{email}/verify/link"), None).await.of(200);
    let line: Value = serde_json::from_str(&server.line_with("token=")).unwrap();
    let link = line["link"].as_str().unwrap().to_owned();
    let path = link.strip_prefix(PUBLIC_URL).expect("links begin with the address of the settings");
    path.to_owned()
}

async fn ada(server: &Server) -> (String, String) {
    let user = server.user(json!({"email": "ada@example.com"})).await;
    let path = format!("/api/users/{}", user["user_id"].as_str().unwrap());
    (path, user["emails"][0]["id"].as_str().unwrap().to_owned())
}

fn form(path: &str) -> String {
    path.split_once('?').unwrap().1.to_owned()
}

async fn confirm(server: &Server, form: String) -> Answer {
    let request = server.request("POST", "/verify-email").body(form);
    Answer::to(request.header("content-type", "application/x-www-form-urlencoded")).await
}

#[tokio::test]
async fn a_link_confirms_on_post_and_never_on_get() {
    let server = Server::start();
    let (user, email) = ada(&server).await;
    let link = link(&server, &user, &email).await;
    for _ in 0..3 {
        let shown = Answer::to(server.request("GET", &link)).await;
        assert_eq!((shown.status, shown.header("referrer-policy")), (200, "no-referrer"));
        assert_eq!(shown.header("cache-control"), "no-store");
        assert!(shown.text.contains("<form method=\"post\""));
        Answer::to(server.request("HEAD", &link)).await;
        assert_eq!(server.get(&user).await.of(200)["emails"][0]["verified"], false);
    }
    assert_eq!(confirm(&server, form(&link)).await.status, 200);
    let confirmed = server.get(&user).await.of(200)["emails"][0].clone();
    assert_eq!((&confirmed["verified"], &confirmed["verification_source"]), (&json!(true), &json!("monocloud")));
    assert_eq!(confirm(&server, form(&link)).await.status, 409, "it works once");
}

#[tokio::test]
async fn a_broken_link_says_so_and_tells_nothing() {
    let server = Server::start();
    let (user, email) = ada(&server).await;
    let link = link(&server, &user, &email).await;
    for path in ["/verify-email", "/verify-email?tenant=default", "/verify-email?tenant=default&token=<script>"] {
        let page = Answer::to(server.request("GET", path)).await;
        assert_eq!(page.status, 400);
        assert!(!page.text.contains("script"));
    }
    let other_tenant = form(&link).replace("tenant=default", "tenant=other");
    let shortened = {
        let mut form = form(&link);
        form.truncate(form.len() - 4);
        form
    };
    for form in [other_tenant, shortened, String::new(), "tenant=default&token=AAAA".to_owned()] {
        assert_eq!(confirm(&server, form).await.status, 400);
    }
    assert_eq!(server.get(&user).await.of(200)["emails"][0]["verified"], false);
    assert_eq!(confirm(&server, form(&link)).await.status, 200, "none of them was a try");
}

#[tokio::test]
async fn c63_a_forged_host_header_does_not_get_into_a_link() {
    let server = Server::start();
    let (user, email) = ada(&server).await;
    let path = format!("{user}/emails/{email}/verify/link");
    let request = server.request("POST", &path).header("X-API-KEY", crate::kit::API_KEY);
    let request = ["host", "x-forwarded-host", "forwarded", "x-zitadel-forward-host", "origin"]
        .into_iter()
        .fold(request, |request, name| request.header(name, "evil.example"));
    Answer::to(request).await.of(200);
    let line = server.line_with("token=");
    assert!(line.contains(PUBLIC_URL) && !line.contains("evil"), "{line}");
}

#[tokio::test]
async fn how_long_a_link_is_good_and_how_soon_the_next_one_comes() {
    let server = Server::start();
    let (user, email) = ada(&server).await;
    let path = format!("{user}/emails/{email}/verify/link");
    let before = server.get(&user).await.of(200)["last_updated"].as_i64().unwrap();
    let sent = server.post(&path, json!({"expiry": 3_600})).await.of(200);
    assert_eq!(sent["email_sent"], true);
    let life = sent["expires_at"].as_i64().unwrap() - before;
    assert!((3_600..3_660).contains(&life), "{life}");
    let again = server.post(&path, json!({"expiry": null})).await;
    let problem = again.problem(429);
    assert_eq!(problem["type"], "https://httpstatuses.io/429");
    let wait: u64 = again.header("retry-after").parse().unwrap();
    assert!((1..=31).contains(&wait), "{wait}");
    server.post(&format!("{user}/emails/{email}/verify"), None).await.of(200);
    assert_eq!(server.post(&path, None).await.code(), "IdentifierAlreadyVerified");
}
