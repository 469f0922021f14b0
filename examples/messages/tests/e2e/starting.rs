#![expect(clippy::unwrap_used, reason = "what is not there fails its test")]

use crate::host::{Host, program};

/// Why the host does not start with these settings.
fn refused(settings: &[(&str, &str)], file: Option<(&str, &str)>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(&folder, settings);
    if let Some((name, source)) = file {
        let path = folder.path().join("texts").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, source).unwrap();
        command.env("IDENTITY_TEXTS", folder.path().join("texts"));
    }
    let output = command.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

const SMTP: (&str, &str) = ("IDENTITY_SMTP", "smtp://127.0.0.1:1");

#[test]
fn a_host_that_could_not_send_does_not_start_and_says_why() {
    for (settings, said) in [
        (&[][..], "IDENTITY_SMTP, IDENTITY_TWILIO_SID or IDENTITY_SMS_GATEWAY"),
        (&[("IDENTITY_SMTP", "mail.example.com")], "IDENTITY_SMTP: this is not the URL of a mail server"),
        (&[("IDENTITY_TWILIO_SID", "AC1")], "IDENTITY_TWILIO_SID is set and IDENTITY_TWILIO_TOKEN is not"),
        (&[("IDENTITY_SMS_GATEWAY", "https://sms.example.com")], "IDENTITY_SMS_SECRET is not"),
        (
            &[
                ("IDENTITY_SMS_GATEWAY", "http://sms.example.com"),
                ("IDENTITY_SMS_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            ],
            "is not https",
        ),
        (&[SMTP, ("IDENTITY_API_KEY", "short")], "IDENTITY_API_KEY"),
        (&[SMTP, ("IDENTITY_PUBLIC_URL", "http://accounts.example.com")], "IDENTITY_PUBLIC_URL"),
        (&[SMTP, ("IDENTITY_MAIL_FROM", "nobody")], "cannot be sent from"),
        (&[SMTP, ("IDENTITY_SENDS_PER_DAY", "0")], "IDENTITY_SENDS_PER_DAY"),
        (&[SMTP, ("IDENTITY_SPEND_PER_COUNTRY", "0.09")], "cannot pay for messages that cost up to"),
        (&[SMTP, ("IDENTITY_SPEND_PER_DAY", "unlimited")], "write an amount such as 50.00"),
        (&[SMTP, ("IDENTITY_LANGUAGE", "tlh")], "tlh"),
        (&[SMTP, ("IDENTITY_LOGO", "http://example.com/logo.png")], "cannot be a logo"),
        (&[SMTP, ("IDENTITY_LOGO", "https://example.com/logo.png"), ("IDENTITY_LOGO_SIZE", "wide")], "120x40"),
        (&[SMTP, ("IDENTITY_SUPPORT", "help")], "is no contact for help"),
        (&[SMTP, ("IDENTITY_BRAND", "Two\nlines")], "is no name for a brand"),
    ] {
        let text = refused(settings, None);
        assert!(text.contains(said), "{settings:?}: {text}");
    }
}

#[test]
fn a_text_that_is_missing_something_keeps_the_host_from_starting() {
    for (name, source, said) in [
        ("de.ftl", "code-lead = { $nobody }", "nobody"),
        ("nl.ftl", "code-lead = Hallo", "there is no string"),
        ("code/mail.html", "{{ nobody }}", "code/mail.html"),
        ("mail.htm", "", "mail.htm"),
        ("en.ftl", "not fluent", "cannot be read"),
    ] {
        let text = refused(&[SMTP], Some((name, source)));
        assert!(text.contains(said), "{name}: {text}");
    }
}

#[tokio::test]
async fn c64_nobody_calls_without_the_key_and_no_body_is_a_500() {
    let host = Host::start(&[SMTP]);
    for (method, path) in
        [("POST", "/users"), ("GET", "/users/x"), ("GET", "/users/x/messages"), ("POST", "/callbacks/mail")]
    {
        assert_eq!(host.send(host.request(method, path)).await.status, 401, "{path}");
        let wrong = host.request(method, path).header("x-api-key", "of-somebody-else");
        assert_eq!(host.send(wrong).await.status, 401, "{path}");
    }
    let deep = "[".repeat(100_000);
    for (path, status) in [("/users", 400), ("/users/x/addresses", 400), ("/users/x/addresses/y/verification", 400)] {
        for body in ["", "null", "[]", "{\"locale\": 5}", "{\"unknown\": 1}", deep.as_str(), "\u{0}"] {
            let request = host.request("POST", path).header("x-api-key", crate::host::API_KEY);
            let answer = host.send(request.header("content-type", "application/json").body(body.to_owned())).await;
            assert_eq!(answer.status, status, "{path} {body:.20}: {}", answer.text);
        }
    }
    // 64 KiB are enough for a call, and nothing reads more.
    let large = host.request("POST", "/users").header("x-api-key", crate::host::API_KEY);
    let large =
        large.header("content-type", "application/json").body(format!("{{\"locale\": \"{}\"}}", "a".repeat(65_536)));
    assert!(matches!(host.send(large).await.status, 400 | 413));
    for path in ["/callbacks/twilio", "/callbacks/sms", "/confirm"] {
        let large = host.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(host.send(large.body("a".repeat(65_537))).await.status, 413, "{path}");
    }
    // Callbacks of providers that are not set up are no addresses here.
    assert_eq!(host.send(host.request("POST", "/callbacks/twilio")).await.status, 404);
    assert_eq!(host.send(host.request("POST", "/callbacks/sms")).await.status, 404);
    assert_eq!(host.send(host.request("GET", "/healthz")).await.status, 200);
}
