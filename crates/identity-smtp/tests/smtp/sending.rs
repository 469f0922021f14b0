#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what is not there fails its test"
)]

use std::time::Duration;

use identity_core::Phone;
use identity_ports::{Notifier as _, NotifyError};
use identity_smtp::{SmtpNotifier, SmtpServer, SmtpTimeouts};
use identity_texts::{Brand, Kind, Texts};
use serde_json::Value;

use crate::kit::{LANGUAGES, Standing, brand_links, corpus, email, naughty, notice, phone, texts};
use crate::server::Server;

fn notifier(server: &Server) -> SmtpNotifier {
    let notifier = SmtpNotifier::new(server.reached(), "Example", "no-reply@example.com", texts()).expect("settings");
    notifier.with_bounces("bounces@example.com").expect("settings")
}

fn header<'a>(mail: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = mail["headers"].as_array().into_iter().flatten();
    headers
        .filter(|pair| pair[0].as_str().is_some_and(|n| n.eq_ignore_ascii_case(name)))
        .filter_map(|pair| pair[1].as_str())
        .collect()
}

#[tokio::test]
async fn every_mail_in_every_language_arrives_as_it_was_written() {
    let server = Server::start();
    let notifier = notifier(&server);
    for language in LANGUAGES {
        for kind in Kind::ALL {
            let notice = notice(kind, &email("ada@example.org"), &phone(), Some(language));
            let written = texts().mail(&notice).unwrap();
            let accepted = notifier.notify(&notice).await.unwrap();
            assert_eq!(accepted.reference.as_deref(), Some("2.0.0 queued as 4XyZ"));
            let mail = server.mail();
            assert_eq!((&mail["tls"], &mail["user"]), (&true.into(), &"mailer".into()));
            assert_eq!((&mail["type"], &mail["defects"]), (&"multipart/alternative".into(), &Value::Array(vec![])));
            assert_eq!(mail["to"], serde_json::json!(["ada@example.org"]));
            assert_eq!(mail["from"], format!("bounces+{}@example.com", notice.ticket));
            assert_eq!(header(&mail, "Subject"), [written.subject.as_str()]);
            assert_eq!(header(&mail, "From"), ["Example <no-reply@example.com>"]);
            assert_eq!(header(&mail, "To"), ["ada@example.org"]);
            assert_eq!(header(&mail, "Date"), ["Sat, 21 Nov 2026 05:24:00 +0000"]);
            assert_eq!(header(&mail, "Message-ID"), [format!("<{}@example.com>", notice.ticket)]);
            assert_eq!(header(&mail, "Auto-Submitted"), ["auto-generated"]);
            assert_eq!(header(&mail, "Content-Language"), [language]);
            let lines = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
            assert_eq!(lines(mail["text"].as_str().unwrap()), lines(&written.text));
            assert_eq!(lines(mail["html"].as_str().unwrap()), lines(&written.html));
        }
    }
    assert!(server.took_nothing_else());
}

#[tokio::test]
async fn c26_naughty_strings_add_no_header_and_no_recipient() {
    no_header_and_no_recipient_is_added(&naughty()).await;
}

#[tokio::test]
#[ignore = "reads the folder that IDENTITY_CORPORA names"]
async fn corpora_c26_naughty_strings_add_no_header_and_no_recipient() {
    no_header_and_no_recipient_is_added(&serde_json::from_str::<Vec<String>>(&corpus("blns.json")).unwrap()).await;
}

async fn no_header_and_no_recipient_is_added(naughty: &[String]) {
    let server = Server::start();
    let injections = [
        "a\r\nBcc: eve@example.net",
        "a\nX-Evil: 1",
        "=?utf-8?q?a=0d=0aBcc:_eve@example.net?=",
        "\"Eve\" <eve@example.net>,",
    ];
    let mut sent = 0;
    for text in naughty.iter().map(String::as_str).chain(injections) {
        // As the brand's and the sender's name; as the local part of who is written to and of who it is about.
        let Ok(texts) = Texts::builder(Brand::new(text, brand_links()), Standing).build() else { continue };
        let Ok(notifier) = SmtpNotifier::new(server.reached(), text, "no-reply@example.com", texts) else { continue };
        let to = identity_core::Email::parse(&format!("{text}@example.net"))
            .map_or_else(|_| email("ada@example.org"), Into::into);
        let notice = notice(Kind::Added, &to, &to, Some(text));
        notifier.notify(&notice).await.unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let mail = server.mail();
        assert_eq!(mail["to"], serde_json::json!([to.as_str()]), "{text}");
        let names: Vec<&str> =
            mail["headers"].as_array().unwrap().iter().map(|pair| pair[0].as_str().unwrap()).collect();
        let expected = [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "X-Auto-Response-Suppress",
            "Content-Language",
            "MIME-Version",
            "Content-Type",
        ];
        assert_eq!(names, expected, "{text}");
        let from = header(&mail, "From");
        assert!(from.len() == 1 && from[0].ends_with("<no-reply@example.com>"), "{text}: {from:?}");
        assert!(header(&mail, "Subject")[0].contains("account"), "{text}");
        assert!(!mail["html"].as_str().unwrap().to_lowercase().contains("<script"));
        sent += 1;
    }
    assert!(sent > 30, "{sent} of {}", naughty.len());
}

#[tokio::test]
async fn each_answer_of_the_server_has_its_outcome() {
    let server = Server::start();
    let notifier = notifier(&server);
    for (local, expected) in [
        ("later", "temporarily refused: RCPT TO: the mail server answered 451 4.7.1"),
        ("gone", "permanently refused: RCPT TO: the mail server answered 550 5.1.1"),
        ("stranger", "temporarily refused: RCPT TO: the mail server answered 530 5.7.0"),
        ("full", "temporarily refused: RCPT TO: the mail server answered 552 5.2.2"),
        ("later-data", "temporarily refused: the end of DATA: the mail server answered 452 4.3.1"),
        ("refused-data", "temporarily refused: the end of DATA: the mail server answered 554 5.7.1"),
        ("hang-up-early", "temporarily refused: RCPT TO: the connection was refused or closed"),
    ] {
        let notice = notice(Kind::Code, &email(&format!("{local}@example.org")), &phone(), None);
        let error = notifier.notify(&notice).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
        // Words of the server name the address; ours do not.
        assert!(!format!("{error:?}").contains("example.org"), "{error:?}");
        assert!(server.took_nothing_else());
    }
    // A connection that was refused a recipient, and one that was lost, leave the next mail unharmed.
    notifier.notify(&notice(Kind::Code, &email("ada@example.org"), &phone(), None)).await.unwrap();
    assert_eq!(server.mail()["to"][0], "ada@example.org");
}

#[tokio::test]
async fn the_outcome_is_unknown_after_a_loss_behind_the_end_of_the_mail() {
    let server = Server::start();
    for (local, patience, said) in
        [("hang-up-late", 20_000, "closed after DATA"), ("silent", 2_000, "no answer within 2 s after DATA")]
    {
        let timeouts = SmtpTimeouts { total: Duration::from_millis(patience), ..SmtpTimeouts::default() };
        let notifier = notifier(&server).with_timeouts(timeouts).unwrap();
        let notice = notice(Kind::Code, &email(&format!("{local}@example.org")), &phone(), None);
        let error = notifier.notify(&notice).await.unwrap_err();
        assert!(
            matches!(&error, NotifyError::Unknown { reason, .. } if reason.to_string().contains(said)),
            "{error:?}"
        );
        assert_eq!(server.mail()["to"][0], format!("{local}@example.org"), "it was taken");
    }
}

#[tokio::test]
async fn a_failure_before_the_recipient_is_never_permanent() {
    let server = Server::start();
    let notice = notice(Kind::Code, &email("ada@example.org"), &phone(), None);
    let closed = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() };
    let trusted = || SmtpServer::on_this_machine(server.port).with_root_certificate(&server.certificate).unwrap();
    let stranger = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap().cert.pem();
    for (reached, said) in [
        (SmtpServer::on_this_machine(closed), "connecting"),
        (trusted().with_credentials("mailer", "wrong"), "AUTH: the mail server answered 535 5.7.8"),
        (trusted(), "MAIL FROM: the mail server answered 530"),
        // TLS is asked for, and the certificate is nobody's that is trusted.
        (SmtpServer::on_this_machine(server.port).with_root_certificate(stranger.as_bytes()).unwrap(), "STARTTLS"),
    ] {
        let notifier = SmtpNotifier::new(reached, "Example", "no-reply@example.com", texts()).unwrap();
        let error = notifier.notify(&notice).await.unwrap_err();
        assert!(
            matches!(&error, NotifyError::Transient { reason, .. } if reason.to_string().starts_with(said)),
            "{error:?}"
        );
        assert!(!format!("{error:?} {notifier:?}").contains("wrong"), "no password prints");
    }
    let refused = SmtpNotifier::new(server.reached(), "", "no-reply@example.com", texts()).unwrap();
    let error = refused.with_bounces("nobody@example.com").unwrap().notify(&notice).await.unwrap_err();
    assert_eq!(error.to_string(), "temporarily refused: MAIL FROM: the mail server answered 553 5.1.8");
    assert!(server.took_nothing_else());
}

#[tokio::test]
async fn an_address_outside_ascii_arrives_where_the_server_supports_it_and_waits_for_another_server_where_not() {
    let to = identity_core::Email::parse("jörg@bücher.example").unwrap().into();
    let notice = notice(Kind::Code, &to, &phone(), Some("de"));
    let server = Server::with(true, true);
    notifier(&server).notify(&notice).await.unwrap();
    let mail = server.mail();
    assert_eq!(mail["to"][0], "jörg@xn--bcher-kva.example");
    assert!(mail["options"].as_array().unwrap().contains(&"SMTPUTF8".into()));
    assert_eq!(header(&mail, "To"), ["jörg@xn--bcher-kva.example"]);
    let server = Server::with(true, false);
    let error = notifier(&server).notify(&notice).await.unwrap_err();
    assert!(
        matches!(&error, NotifyError::Transient { reason, .. } if reason.to_string().contains("SMTPUTF8")),
        "{error:?}"
    );
}

#[tokio::test]
async fn mails_share_connections_and_a_server_on_this_machine_needs_no_tls() {
    let server = Server::with(false, true);
    let reached = SmtpServer::on_this_machine(server.port);
    let notifier = SmtpNotifier::new(reached, "Example", "no-reply@example.com", texts()).unwrap();
    let notifier = std::sync::Arc::new(notifier.with_connections(2));
    let tasks: Vec<_> = (0..250)
        .map(|number| {
            let notifier = std::sync::Arc::clone(&notifier);
            tokio::spawn(async move {
                let to = email(&format!("ada{number}@example.org"));
                notifier.notify(&notice(Kind::Code, &to, &phone(), None)).await.map(drop)
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let mut to: Vec<String> = (0..250).map(|_| server.mail()["to"][0].as_str().unwrap().to_owned()).collect();
    to.sort();
    to.dedup();
    assert_eq!(to.len(), 250);
}

#[tokio::test]
async fn a_text_message_is_refused() {
    let notifier =
        SmtpNotifier::new(SmtpServer::on_this_machine(1), "Example", "no-reply@example.com", texts()).unwrap();
    let to = Phone::parse("+44 1514 960453").unwrap().into();
    assert!(matches!(notifier.notify(&notice(Kind::Code, &to, &to, None)).await, Err(NotifyError::Permanent { .. })));
}
