use identity_smtp::{ServerError, SmtpError, SmtpNotifier, SmtpServer};

use crate::kit::texts;

#[test]
fn a_server_is_a_url_and_nothing_leaves_the_machine_without_tls() {
    for (text, printed) in [
        ("smtps://mail.example.com", "SmtpServer(smtps://mail.example.com:465)"),
        ("smtps://u:p@mail.example.com:10465", "SmtpServer(smtps://mail.example.com:10465)"),
        ("smtp://u:p%40%3A@mail.example.com", "SmtpServer(smtp://mail.example.com:587)"),
        ("smtp://127.0.0.1", "SmtpServer(smtp://127.0.0.1:25)"),
        ("smtp://localhost:2525", "SmtpServer(smtp://localhost:2525)"),
        ("smtp://[::1]:2525", "SmtpServer(smtp://[::1]:2525)"),
    ] {
        assert_eq!(format!("{:?}", SmtpServer::from_url(text).unwrap()), printed);
    }
    for bad in [
        "",
        "mail.example.com",
        "mail.example.com:25",
        "http://mail.example.com",
        "smtp://",
        "smtps://user@mail.example.com",
        "smtps://:password@mail.example.com",
        "smtps://mail.example.com/path",
        "smtps://mail.example.com?tls=none",
        "smtp://mail.example.com#x",
        "smtps://u:%ff@mail.example.com",
    ] {
        let error = SmtpServer::from_url(bad).unwrap_err();
        assert_eq!(error, ServerError::Url, "{bad}");
        assert!(!error.to_string().contains("%ff"), "what may be a password does not print");
    }
    assert!(matches!(SmtpServer::tls("a").with_root_certificate(b"none"), Err(ServerError::Tls(_))));
}

#[test]
fn a_notifier_refuses_what_would_break_its_mails() {
    let new = |name: &str, sender: &str| SmtpNotifier::new(SmtpServer::on_this_machine(25), name, sender, texts());
    assert!(matches!(new("Example\r\nBcc: a@example.com", "a@example.com"), Err(SmtpError::SenderName(_))));
    for sender in ["", "a", "a@example.com, b@example.com", "a@example.com\r\nTo: b@example.com", "ä@example.com"] {
        assert!(matches!(new("Example", sender), Err(SmtpError::Sender { .. })), "{sender}");
    }
    let good = || new("Example", "a@example.com").unwrap();
    assert!(matches!(good().with_bounces("sixteen-octets--@example.com"), Err(SmtpError::BouncesTooLong(_))));
    assert!(good().with_bounces("fifteen-octets-@example.com").is_ok());
    assert!(good().with_header("List-Unsubscribe", "<https://example.com/settings>").is_ok());
    for (name, value) in [
        ("Bcc", "b@example.com"),
        ("to", "b"),
        ("X-A", "1\r\nBcc: b"),
        ("X A", "1"),
        ("X:", "1"),
        ("", "1"),
        ("Ä", "1"),
    ] {
        assert!(matches!(good().with_header(name, value), Err(SmtpError::Header(_))), "{name}");
    }
}
