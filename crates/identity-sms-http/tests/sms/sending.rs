#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use identity_ports::{Notifier, NotifyError};
use identity_sms_http::{EndpointError, Timeouts, TwilioAccount, TwilioNotifier, WebhookNotifier, WebhookSecret};
use identity_texts::Kind;
use serde_json::Value;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::kit::{LANGUAGES, NOW, email, notice, phone, texts};
use crate::provider::{Provider, Turn};

const TIMEOUTS: Timeouts =
    Timeouts { connect: Duration::from_secs(5), answer: Duration::from_millis(400), total: Duration::from_secs(6) };
const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn account() -> TwilioAccount {
    TwilioAccount { sid: "AC00000000000000000000000000000001".to_owned(), token: "the-token-of-it".into() }
}

fn twilio(base: &str) -> TwilioNotifier {
    let notifier = TwilioNotifier::new(base, account(), "Example", texts()).unwrap();
    notifier.with_callback("https://host.example.com/callbacks/twilio").unwrap().with_timeouts(TIMEOUTS).unwrap()
}

fn webhook(base: &str) -> WebhookNotifier {
    let secret = WebhookSecret::parse(WEBHOOK_SECRET).unwrap();
    WebhookNotifier::new(&format!("{base}/sms?v=1"), secret, texts()).unwrap().with_timeouts(TIMEOUTS).unwrap()
}

#[tokio::test]
async fn the_form_api_gets_every_text_in_every_language_once() {
    let provider = Provider::start(|_| Turn::Take).await;
    let notifier = twilio(&provider.base);
    let mut sent = Vec::new();
    for language in LANGUAGES {
        for kind in Kind::ALL {
            let notice = notice(kind, &phone(), &email("other@example.net"), Some(language));
            let accepted = notifier.notify(&notice).await.unwrap();
            sent.push((texts().sms(&notice).unwrap().text, notice.ticket.to_string(), accepted.reference.unwrap()));
        }
    }
    let seen = provider.seen();
    assert_eq!(seen.len(), sent.len());
    for (number, (seen, (text, ticket, reference))) in seen.iter().zip(&sent).enumerate() {
        assert_eq!(seen.path, "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json");
        let signed_in = seen.header("authorization").strip_prefix("Basic ").unwrap();
        let signed_in = base64::engine::general_purpose::STANDARD.decode(signed_in).unwrap();
        assert_eq!(signed_in, b"AC00000000000000000000000000000001:the-token-of-it");
        assert_eq!((seen.field("To").as_str(), seen.field("From").as_str()), ("+441514960453", "Example"));
        assert_eq!(&seen.field("Body"), text);
        assert_eq!(seen.field("ValidityPeriod"), "600");
        assert_eq!(seen.field("StatusCallback"), format!("https://host.example.com/callbacks/twilio?ticket={ticket}"));
        assert_eq!(*reference, format!("SM{:032x}", number + 1));
    }
    let service = TwilioNotifier::new(&provider.base, account(), "MG0001", texts()).unwrap();
    service.notify(&notice(Kind::Code, &phone(), &phone(), None)).await.unwrap();
    let last = provider.seen().pop().unwrap();
    assert_eq!((last.field("MessagingServiceSid").as_str(), last.field("From").as_str()), ("MG0001", ""));
}

#[tokio::test]
async fn the_webhook_gets_signed_json_with_the_messages_id_for_a_key() {
    let provider = Provider::start(|_| Turn::Take).await;
    let notifier = webhook(&provider.base);
    for kind in Kind::ALL {
        let notice = notice(kind, &phone(), &email("other@example.net"), Some("de"));
        let accepted = notifier.notify(&notice).await.unwrap();
        assert!(accepted.reference.unwrap().starts_with("gw-"));
        let seen = provider.seen().pop().unwrap();
        let id = notice.message.id.to_string();
        assert_eq!(
            (seen.path.as_str(), seen.header("idempotency-key"), seen.header("webhook-id")),
            ("/sms?v=1", &*id, &*id)
        );
        assert_eq!(seen.header("webhook-timestamp"), NOW.as_secs().to_string());
        // The receiver's side of the same specification takes it, and takes nothing that was changed.
        let key = base64::engine::general_purpose::STANDARD.decode(&WEBHOOK_SECRET[6..]).unwrap();
        let mac = |body: &str| {
            use hmac::{Hmac, KeyInit as _, Mac as _};
            let mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
            let mac = mac.chain_update(format!("{id}.{}.{body}", NOW.as_secs()));
            format!("v1,{}", base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes()))
        };
        assert_eq!(seen.header("webhook-signature"), mac(&seen.body));
        assert_ne!(seen.header("webhook-signature"), mac(&seen.body.replace("+44", "+45")));
        let body: Value = serde_json::from_str(&seen.body).unwrap();
        let expected = serde_json::json!({
            "id": id, "ticket": notice.ticket.to_string(), "tenant": "default", "to": "+441514960453", "kind": kind.slug(),
            "language": "de", "text": texts().sms(&notice).unwrap().text, "expires_at": NOW.as_secs() + 600,
        });
        assert_eq!(body, expected);
    }
}

fn name(error: &NotifyError) -> &'static str {
    match error {
        NotifyError::Transient { .. } => "transient",
        NotifyError::Permanent { .. } => "permanent",
        NotifyError::Unknown { .. } => "unknown",
        _ => "something new",
    }
}

async fn outcome(turn: Turn, notifier: impl Fn(&str) -> Arc<dyn Notifier>) -> Result<(), NotifyError> {
    let provider = Provider::start(move |_| turn.clone()).await;
    let notifier = notifier(&provider.base);
    let answer = notifier.notify(&notice(Kind::Code, &phone(), &phone(), None)).await;
    if let Err(error) = &answer {
        let printed = format!("{error} {error:?}");
        assert!(!printed.contains("1514960453") && !printed.contains("token-of-it"), "{printed}");
    }
    answer.map(drop)
}

#[tokio::test]
async fn each_answer_of_a_provider_has_its_outcome() {
    let answer = |status| Turn::Answer(status, "", "");
    for (turn, form, json) in [
        (Turn::Take, "sent", "sent"),
        (Turn::TakeSlowly(Duration::from_millis(50)), "sent", "sent"),
        (Turn::TakeAndStall, "unknown", "unknown"),
        (Turn::TakeAndReset, "unknown", "unknown"),
        (Turn::Reset, "unknown", "unknown"),
        (answer(200), "sent", "sent"),
        (answer(400), "transient", "transient"),
        (answer(410), "transient", "permanent"),
        (answer(413), "transient", "transient"),
        (answer(422), "transient", "permanent"),
        (answer(401), "transient", "transient"),
        (answer(403), "transient", "transient"),
        (answer(404), "transient", "transient"),
        (answer(408), "transient", "transient"),
        (answer(409), "transient", "transient"),
        (answer(429), "transient", "transient"),
        (answer(500), "transient", "transient"),
        (answer(503), "transient", "transient"),
        (answer(502), "unknown", "unknown"),
        (answer(504), "unknown", "unknown"),
        (Turn::Answer(307, "location: http://127.0.0.1:1/elsewhere\r\n", ""), "transient", "transient"),
        (
            Turn::Answer(400, "", "{\"code\": 21211, \"message\": \"The 'To' number +441514960453 is not valid\"}"),
            "permanent",
            "transient",
        ),
        (Turn::Answer(400, "", "{\"code\": 21610}"), "permanent", "transient"),
        (Turn::Answer(400, "", "{\"code\": 21614}"), "permanent", "transient"),
        // A permission of the account, and a code that nobody knows yet.
        (Turn::Answer(400, "", "{\"code\": 21408}"), "transient", "transient"),
        (Turn::Answer(400, "", "{\"code\": 29999}"), "transient", "transient"),
        (Turn::Answer(400, "", "{\"code\": 21606}"), "transient", "transient"),
        (Turn::Answer(400, "", "{\"code\": 20003}"), "transient", "transient"),
        (Turn::Answer(200, "", "{\"sid\": \"with a space and +441514960453\"}"), "sent", "sent"),
    ] {
        let told = |answer: Result<(), NotifyError>| answer.as_ref().map_or_else(name, |()| "sent");
        assert_eq!(told(outcome(turn.clone(), |base| Arc::new(twilio(base))).await), form, "{turn:?}");
        assert_eq!(told(outcome(turn.clone(), |base| Arc::new(webhook(base))).await), json, "{turn:?}");
    }
}

/// A provider that reads what comes, and writes `head` at once and then a byte every 20 ms for ever, or nothing at all.
async fn dripping(head: &'static str, drip: bool) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4_096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(head.as_bytes()).await;
                loop {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    if drip && stream.write_all(b"x").await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    base
}

#[tokio::test]
async fn a_provider_that_never_ends_its_answer_is_given_up_in_time() {
    for (head, drip, outcome) in [
        ("", false, "unknown"),
        ("HTTP/1.1 201 Created\r\nx: ", true, "unknown"),
        ("HTTP/1.1 201 Created\r\nx: ", false, "unknown"),
        // The status is the answer.
        ("HTTP/1.1 201 Created\r\ncontent-length: 60000\r\n\r\n", true, "sent"),
        ("HTTP/1.1 201 Created\r\ncontent-length: 60000\r\n\r\n", false, "sent"),
    ] {
        let base = dripping(head, drip).await;
        let short = Timeouts { total: Duration::from_millis(700), ..TIMEOUTS };
        let notifiers: [Arc<dyn Notifier>; 2] = [
            Arc::new(twilio(&base).with_timeouts(short).unwrap()),
            Arc::new(webhook(&base).with_timeouts(short).unwrap()),
        ];
        for notifier in notifiers {
            let begun = tokio::time::Instant::now();
            let answer = notifier.notify(&notice(Kind::Code, &phone(), &phone(), None)).await;
            assert_eq!(answer.as_ref().map_or_else(name, |_| "sent"), outcome, "{head:?} {drip}: {answer:?}");
            // Generous to a busy machine: without a deadline it would never end.
            assert!(begun.elapsed() < Duration::from_secs(10), "{head:?} {drip}: {:?}", begun.elapsed());
        }
    }
}

#[test]
fn deadlines_are_longer_than_zero_and_shorter_than_the_routers() {
    let with = |timeouts| twilio("http://127.0.0.1:1").with_timeouts(timeouts);
    assert!(with(Timeouts { total: Timeouts::MOST, ..TIMEOUTS }).is_ok());
    for wrong in [
        Timeouts { connect: Duration::ZERO, ..TIMEOUTS },
        Timeouts { answer: Duration::ZERO, ..TIMEOUTS },
        Timeouts { total: Duration::ZERO, ..TIMEOUTS },
        Timeouts { total: Duration::from_secs(25), ..TIMEOUTS },
    ] {
        assert!(matches!(with(wrong), Err(EndpointError::Timeouts(_))), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_wait_that_a_provider_asks_for_is_kept() {
    let busy = Turn::Answer(429, "retry-after: 17\r\n", "");
    for error in [
        outcome(busy.clone(), |base| Arc::new(twilio(base))).await.unwrap_err(),
        outcome(busy, |base| Arc::new(webhook(base))).await.unwrap_err(),
    ] {
        assert!(
            matches!(error, NotifyError::Transient { retry_after: Some(wait), .. } if wait == Duration::from_secs(17))
        );
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let base = format!("http://{closed}");
    let notice = notice(Kind::Code, &phone(), &phone(), None);
    for error in [twilio(&base).notify(&notice).await.unwrap_err(), webhook(&base).notify(&notice).await.unwrap_err()] {
        assert_eq!(name(&error), "transient", "{error:?}");
    }
    // A server that does not speak TLS is asked for it.
    let provider = Provider::start(|_| Turn::Take).await;
    let https = provider.base.replace("http://", "https://");
    assert_ne!(name(&twilio(&https).notify(&notice).await.unwrap_err()), "permanent");
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn a_mail_is_refused() {
    let notice = notice(Kind::Code, &email("ada@example.org"), &phone(), None);
    for error in [
        twilio("http://127.0.0.1:1").notify(&notice).await.unwrap_err(),
        webhook("http://127.0.0.1:1").notify(&notice).await.unwrap_err(),
    ] {
        assert_eq!(name(&error), "permanent");
    }
}

#[test]
fn settings_that_would_leak_are_refused_and_secrets_do_not_print() {
    let twilio = |base: &str| TwilioNotifier::new(base, account(), "Example", texts());
    assert!(matches!(twilio("http://api.example.com"), Err(EndpointError::NotHttps(_))));
    assert!(matches!(twilio("api.example.com"), Err(EndpointError::NotAUrl(_))));
    assert!(matches!(twilio("https://user:password@api.example.com"), Err(EndpointError::TooMuch)));
    assert!(twilio("https://api.example.com").unwrap().with_callback("http://host.example.com").is_err());
    let slashed = TwilioAccount { sid: "AC/../x".to_owned(), token: "t".into() };
    assert!(matches!(TwilioNotifier::new("https://a.example", slashed, "E", texts()), Err(EndpointError::Account(_))));
    for bad in ["", "secret", "whsec_", "whsec_AAAA", "whsec_!!!!"] {
        assert!(WebhookSecret::parse(bad).is_err(), "{bad}");
    }
    let printed =
        format!("{:?} {:?} {:?}", account(), twilio("https://a.example").unwrap(), webhook("https://a.example"));
    assert!(!printed.contains("token-of-it") && !printed.contains("MfKQ9r8"), "{printed}");
}
