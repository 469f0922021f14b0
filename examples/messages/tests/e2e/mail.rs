#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what is not there fails its test")]

use serde_json::{Value, json};

use crate::corpora::corpus;
use crate::host::Host;
use crate::mail_server::Server;
use crate::naughty::naughty;

/// A host that sends mail through this server.
pub(crate) fn host(server: &Server, more: &[(&str, &str)]) -> Host {
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("certificate.pem");
    std::fs::write(&certificate, &server.certificate).unwrap();
    for part in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(folder.path().join("bounces").join(part)).unwrap();
    }
    let url = format!("smtp://mailer:p%40ss@localhost:{}", server.port);
    let bounces = folder.path().join("bounces");
    let settings = [
        ("IDENTITY_SMTP", url.as_str()),
        ("IDENTITY_SMTP_CERTIFICATE", certificate.to_str().unwrap()),
        ("IDENTITY_MAIL_BOUNCES", "bounces@example.com"),
        ("IDENTITY_MAIL_BOX", bounces.to_str().unwrap()),
    ];
    let settings: Vec<(&str, &str)> = settings.iter().chain(more).copied().collect();
    Host::on(folder, &settings)
}

pub(crate) fn code(mail: &Value) -> String {
    let line = mail["text"]
        .as_str()
        .unwrap()
        .lines()
        .map(str::trim)
        .find(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit()));
    line.unwrap().to_owned()
}

#[tokio::test]
async fn a_code_goes_out_in_the_persons_language_and_verifies() {
    let server = Server::start();
    let host = host(&server, &[]);
    for (locale, subject) in
        [("ar-EG", "رمزك في Example"), ("ja", "Exampleの確認コード"), ("nl", "Your code for Example")]
    {
        let name = format!("{locale}@example.org");
        let (user, address) = host.user(locale, json!({ "email": name })).await;
        assert_eq!(host.ask(&address, "code").await.status, 202);
        let mail = server.mail();
        assert_eq!((mail["to"][0].as_str(), mail["tls"].as_bool()), (Some(name.as_str()), Some(true)));
        let subjects = mail["headers"].as_array().unwrap().iter().find(|pair| pair[0] == "Subject").unwrap();
        assert_eq!(subjects[1], subject);
        let wrong = host.post(&format!("{address}/confirmation"), json!({ "code": "wrong" })).await.json();
        assert_eq!(wrong, json!({ "verified": false, "attempts_left": 4 }));
        let right = host.post(&format!("{address}/confirmation"), json!({ "code": code(&mail) })).await.json();
        assert_eq!(right, json!({ "verified": true }));
        let messages = host.messages(&user, |messages| messages.len() == 1 && messages[0]["state"] == "accepted").await;
        assert_eq!(
            (&messages[0]["provider"], &messages[0]["reference"]),
            (&"smtp".into(), &"2.0.0 queued as 4XyZ".into())
        );
    }
    assert!(server.took_nothing_else());
}

#[tokio::test]
async fn c51_every_other_verified_address_is_told_of_what_happens_to_one() {
    let server = Server::start();
    let host = host(&server, &[]);
    let verify = async |address: &str, to: &str| {
        assert_eq!(host.ask(address, "code").await.status, 202);
        let mail = server.mail();
        assert_eq!(mail["to"][0], to);
        let right = host.post(&format!("{address}/confirmation"), json!({ "code": code(&mail) })).await.json();
        assert_eq!(right, json!({ "verified": true }));
    };
    // The verified address is told, in a mail without a code, and the address that it is about is masked.
    let tells = |mail: &Value, to: &str, subject: &str| {
        assert_eq!(mail["to"][0], to);
        let subjects = mail["headers"].as_array().unwrap().iter().find(|pair| pair[0] == "Subject").unwrap();
        assert_eq!(subjects[1], subject);
        let text = mail["text"].as_str().unwrap();
        assert!(text.contains("l***@example.net") && !text.contains("lovelace"), "{text}");
    };
    let told = |to: &str, subject: &str| tells(&server.mail(), to, subject);
    let (user, first) = host.user("en", json!({ "email": "ada@example.org" })).await;
    verify(&first, "ada@example.org").await;
    let added = host.post(&format!("{user}/addresses"), json!({ "email": "lovelace@example.net" })).await.json();
    let second = format!("{user}/addresses/{}", added["address"].as_str().unwrap());
    told("ada@example.org", "An address was added to your Example account");
    verify(&second, "lovelace@example.net").await;
    told("ada@example.org", "An address of your Example account was confirmed");
    assert_eq!(host.post(&format!("{second}/primary"), json!({})).await.status, 204);
    told("ada@example.org", "The primary address of your Example account changed");
    assert_eq!(host.post(&format!("{first}/primary"), json!({})).await.status, 204);
    assert_eq!(server.mail()["to"][0], "lovelace@example.net", "the other one is told now");
    assert_eq!(host.call("DELETE", &second, Value::Null).await.status, 204);
    // The removed address is told as well; two addresses are told side by side, so either mail may come first.
    let mut mails = [server.mail(), server.mail()];
    mails.sort_by_key(|mail| mail["to"][0].to_string());
    tells(&mails[0], "ada@example.org", "An address was removed from your Example account");
    assert_eq!(mails[1]["to"][0], "lovelace@example.net");
    assert!(server.took_nothing_else());
}

#[tokio::test]
async fn c25_a_list_is_no_address_and_nothing_is_sent() {
    let server = Server::start();
    let host = host(&server, &[]);
    let user = host.post("/users", json!({})).await.json();
    let path = format!("/users/{}/addresses", user["user"].as_str().unwrap());
    for (body, status) in [
        (json!({ "email": ["ada@example.org", "eve@example.net"] }), 400),
        (json!({ "email": "ada@example.org", "phone": "+441514960453" }), 400),
        (json!({ "email": "ada@example.org", "verified": true }), 400),
        (json!({ "email": { "0": "ada@example.org" } }), 400),
        (json!({ "email": "ada@example.org,eve@example.net" }), 422),
        (json!({ "email": "ada@example.org\r\nBcc: eve@example.net" }), 422),
        (json!({ "email": "Ada <ada@example.org>" }), 422),
        (json!([{ "email": "ada@example.org" }]), 400),
        (json!("ada@example.org"), 400),
    ] {
        assert_eq!(host.post(&path, body.clone()).await.status, status, "{body}");
    }
    assert!(host.call("GET", path.trim_end_matches("/addresses"), Value::Null).await.json()["addresses"] == json!([]));
    assert!(server.took_nothing_else());
}

#[tokio::test]
async fn c26_naughty_addresses_reach_no_mail_server_with_a_control_character() {
    no_control_character_reaches_a_mail_server(&naughty()).await;
}

#[tokio::test]
#[ignore = "reads the folder that IDENTITY_CORPORA names"]
async fn corpora_c26_naughty_addresses_reach_no_mail_server_with_a_control_character() {
    no_control_character_reaches_a_mail_server(&serde_json::from_str::<Vec<String>>(&corpus("blns.json")).unwrap())
        .await;
}

async fn no_control_character_reaches_a_mail_server(naughty: &[String]) {
    let server = Server::start();
    let host = host(&server, &[]);
    let user = host.post("/users", json!({})).await.json();
    let path = format!("/users/{}/addresses", user["user"].as_str().unwrap());
    let mut taken = std::collections::HashSet::new();
    for text in naughty.iter().map(String::as_str).chain(["a\r\nRCPT TO:<eve@example.net>\r\n", "a>\r\nDATA", "a\0b"]) {
        for address in [text.to_owned(), format!("{text}@example.org")] {
            let added = host.post(&path, json!({ "email": address })).await;
            if added.status != 201 {
                assert!((400..500).contains(&added.status), "{address:?}: {}", added.text);
                continue;
            }
            let id = added.json()["address"].as_str().unwrap().to_owned();
            // The same address in other letters is the same address, and was written to a moment ago.
            if !taken.insert(address.to_ascii_lowercase()) {
                host.call("DELETE", &format!("{path}/{id}"), Value::Null).await;
                continue;
            }
            assert_eq!(host.ask(&format!("{path}/{id}"), "code").await.status, 202, "{address}");
            let mail = server.mail();
            let to: Vec<&str> = mail["to"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert!(to.len() == 1 && !to[0].chars().any(char::is_control), "{to:?}");
            assert!(!mail["raw_headers"].as_str().unwrap().contains("eve@example.net"));
            host.call("DELETE", &format!("{path}/{id}"), Value::Null).await;
        }
    }
    assert!(taken.len() > 20, "{} of {} were addresses", taken.len(), naughty.len());
}

fn notification(to: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example.net\r\nTo: {to}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b1\r\n\r\n--b1\r\n\
         Content-Type: text/plain\r\n\r\nNo such user.\r\n\r\n--b1\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; gone@example.org\r\nAction: failed\r\n\
         Status: 5.1.1\r\n\r\n--b1--\r\n"
    )
}

#[tokio::test]
async fn a_bounce_makes_the_address_undeliverable_in_every_answer_and_the_person_may_ask_again_at_once() {
    let server = Server::start();
    let host = host(&server, &[]);
    for by_mailbox in [true, false] {
        let (user, address) = host.user("en", json!({ "email": format!("leaver-{by_mailbox}@example.org") })).await;
        assert_eq!(host.ask(&address, "code").await.status, 202);
        let returns_to = server.mail()["from"].as_str().unwrap().to_owned();
        assert!(returns_to.starts_with("bounces+"));
        assert_eq!(host.ask(&address, "code").await.status, 429, "too soon");
        host.messages(&user, |messages| messages[0]["state"] == "accepted").await;
        if by_mailbox {
            let new = host.folder.path().join("bounces/new/1.mx");
            std::fs::write(host.folder.path().join("bounces/tmp/1.mx"), notification(&returns_to)).unwrap();
            std::fs::rename(host.folder.path().join("bounces/tmp/1.mx"), new).unwrap();
        } else {
            // Forged first: a ticket of nobody's.
            let forged = returns_to.replacen(&returns_to[8..12], "aaaa", 1);
            let pipe = |to: &str| host.request("POST", "/callbacks/mail").body(notification(to));
            assert_eq!(host.send(pipe(&returns_to)).await.status, 401, "the pipe has a key");
            let with_key = |to: &str| pipe(to).header("x-api-key", crate::host::API_KEY);
            assert_eq!(host.send(with_key(&forged)).await.status, 403);
            assert_eq!(host.first(&user).await["undeliverable"], Value::Null);
            assert_eq!(host.send(with_key("nobody@example.com")).await.status, 422);
            assert_eq!(host.send(with_key(&returns_to)).await.status, 204);
            assert_eq!(host.send(with_key(&returns_to)).await.status, 204, "again, and nothing changes");
        }
        let messages = host.messages(&user, |messages| messages[0]["state"] == "bounced").await;
        assert_eq!(messages[0]["detail"], "failed 5.1.1");
        assert_eq!(host.first(&user).await["undeliverable"]["why"], "bounced");
        assert_eq!(host.ask(&address, "code").await.status, 202, "at once");
        // What arrives makes it good again.
        let typed = json!({ "code": code(&server.mail()) });
        assert_eq!(host.post(&format!("{address}/confirmation"), typed).await.json()["verified"], true);
        assert_eq!(host.first(&user).await["undeliverable"], Value::Null);
    }
}
