#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not there fails its test")]

use serde_json::{Value, json};

use crate::host::{Answer, Host, PUBLIC_URL};
use crate::mail::{code, host};
use crate::mail_server::Server;

/// The link in a mail, as path and query.
fn link(mail: &Value) -> String {
    let line = mail["text"].as_str().unwrap().lines().find(|line| line.starts_with("http")).unwrap();
    line.strip_prefix(PUBLIC_URL).expect("links begin with the address of the settings").to_owned()
}

fn form(link: &str) -> String {
    link.split_once('?').unwrap().1.to_owned()
}

async fn press(host: &Host, form: String) -> Answer {
    let request = host.request("POST", "/confirm").header("content-type", "application/x-www-form-urlencoded");
    host.send(request.body(form)).await
}

#[tokio::test]
async fn a_link_shows_on_get_confirms_on_post_and_ends_the_code() {
    let server = Server::start();
    let host = host(&server, &[]);
    let (user, address) = host.user("ar", json!({ "email": "ada@example.org" })).await;
    assert_eq!(host.ask(&address, "either").await.status, 202);
    let mail = server.mail();
    let link = link(&mail);
    assert!(mail["html"].as_str().unwrap().contains("dir=\"rtl\""));
    // Scanners open it as often as they like.
    for method in ["GET", "GET", "HEAD"] {
        let page = host.send(host.request(method, &link)).await;
        assert_eq!((page.status, page.header("referrer-policy")), (200, "no-referrer"));
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("x-robots-tag"), "noindex, nofollow");
        assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(method == "GET", page.text.contains("<html lang=\"ar\" dir=\"rtl\">"));
        // The person sees which address the button confirms.
        assert_eq!(method == "GET", page.text.contains("a***@example.org"));
        assert!(!page.text.contains("ada@example.org"));
        assert_eq!(host.first(&user).await["verified"], false);
    }
    let done = press(&host, form(&link)).await;
    assert_eq!((done.status, done.text.contains("تم تأكيد عنوانك")), (200, true), "{}", done.text);
    assert_eq!(host.first(&user).await["verified"], true);
    assert_eq!(press(&host, form(&link)).await.status, 400, "it works once");
    let used = host.send(host.request("GET", &link)).await;
    assert!(used.status == 400 && !used.text.contains("<form"), "a used link has no button: {}", used.text);
    let late = host.post(&format!("{address}/confirmation"), json!({ "code": code(&mail) })).await;
    assert_ne!(late.status, 200, "the link ended the challenge: {}", late.text);
}

#[tokio::test]
async fn a_code_ends_the_link() {
    let server = Server::start();
    let host = host(&server, &[]);
    let (_, address) = host.user("en", json!({ "email": "ada@example.org" })).await;
    host.ask(&address, "either").await;
    let mail = server.mail();
    let typed = json!({ "code": code(&mail) });
    assert_eq!(host.post(&format!("{address}/confirmation"), typed).await.json()["verified"], true);
    assert_eq!(press(&host, form(&link(&mail))).await.status, 400);
}

#[tokio::test]
async fn a_broken_link_says_so_and_tells_nothing() {
    let server = Server::start();
    let host = host(&server, &[]);
    let (user, address) = host.user("en", json!({ "email": "ada@example.org" })).await;
    host.ask(&address, "link").await;
    let link = link(&server.mail());
    for path in ["/confirm", "/confirm?tenant=default", "/confirm?tenant=default&token=<script>alert(1)</script>"] {
        let page = host.send(host.request("GET", path)).await;
        assert_eq!(page.status, 400);
        assert!(!page.text.contains("<script"));
    }
    let mut short = form(&link);
    short.truncate(short.len() - 4);
    let other_tenant = form(&link).replace("tenant=default", "tenant=other");
    // The identifiers of a token are no secret: with a made-up proof it shows no address.
    let token = form(&link).split("token=").nth(1).unwrap().to_owned();
    let forged = link.replace(&token, &format!("{}{}", if token.starts_with('A') { 'B' } else { 'A' }, &token[1..]));
    for link in [forged, link.replace("tenant=default", "tenant=other")] {
        let page = host.send(host.request("GET", &link)).await;
        assert_eq!((page.status, page.text.contains("a***@example.org")), (400, false), "{link}: {}", page.text);
    }
    for form in [short, other_tenant, String::new(), format!("{}&token=AAAA", form(&link))] {
        assert_eq!(press(&host, form).await.status, 400);
    }
    assert_eq!(host.first(&user).await["verified"], false);
    assert_eq!(press(&host, form(&link)).await.status, 200, "none of them was a try");
}

#[tokio::test]
async fn c63_no_header_of_a_request_gets_into_a_link() {
    let server = Server::start();
    let host = host(&server, &[]);
    let (_, address) = host.user("en", json!({ "email": "ada@example.org" })).await;
    let mut request =
        host.request("POST", &format!("{address}/verification")).header("x-api-key", crate::host::API_KEY);
    for name in ["host", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-original-url", "origin", "referer"] {
        request = request.header(name, "evil.example");
    }
    assert_eq!(host.send(request.json(&json!({ "by": "link" }))).await.status, 202);
    let mail = server.mail();
    assert!(!mail.to_string().contains("evil.example"));
    let shown = host.send(host.request("GET", &link(&mail)).header("host", "evil.example")).await;
    assert!(shown.status == 200 && !shown.text.contains("evil.example"));
}

#[tokio::test]
async fn the_link_of_a_notice_says_what_was_changed_on_get_and_undoes_it_on_post() {
    let server = Server::start();
    let host = host(&server, &[]);
    let (user, address) = host.user("ar", json!({ "email": "ada@example.org" })).await;
    assert_eq!(host.ask(&address, "code").await.status, 202);
    let mail = server.mail();
    assert_eq!(host.post(&format!("{address}/confirmation"), json!({ "code": code(&mail) })).await.status, 200);
    host.post(&format!("{user}/addresses"), json!({ "email": "thief@example.net" })).await;
    let link = link(&server.mail());
    let addresses = async || host.call("GET", &user, Value::Null).await.json()["addresses"].as_array().unwrap().len();
    for method in ["GET", "HEAD"] {
        let page = host.send(host.request(method, &link)).await;
        assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
        assert_eq!(method == "GET", page.text.contains("<html lang=\"ar\" dir=\"rtl\">"));
        assert_eq!(method == "GET", page.text.contains("t***@example.net"), "{}", page.text);
        assert_eq!(addresses().await, 2);
    }
    let press = async |form: String| {
        let request = host.request("POST", "/undo").header("content-type", "application/x-www-form-urlencoded");
        host.send(request.body(form)).await
    };
    assert_eq!(press("tenant=default".to_owned()).await.status, 400);
    assert_eq!(press(form(&link)).await.status, 200);
    assert_eq!(addresses().await, 1);
    let again = press(form(&link)).await;
    assert!(again.status == 409 && !again.text.contains("<form"), "{}", again.text);
}
