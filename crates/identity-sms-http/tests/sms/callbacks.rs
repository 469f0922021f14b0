#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use identity_core::{CodeKeys, DeliveryState, MessageId};
use identity_sms_http::{CallbackError, TwilioCallbacks, WebhookCallbacks, WebhookSecret};

use crate::kit::{NOW, corpus, naughty};

const URL: &str = "https://host.example.com/callbacks/twilio";
const TOKEN: &str = "the-token-of-it";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn keys() -> CodeKeys {
    CodeKeys::parse(&"5a".repeat(32)).unwrap()
}

fn message() -> MessageId {
    identity_core::Seed::new([7; 32]).uuid(NOW, 2).into()
}

fn callbacks() -> TwilioCallbacks {
    TwilioCallbacks::new(TOKEN.into(), URL).unwrap()
}

/// Signs as the provider does, the parameters in the order given.
fn signature(url: &str, sorted: &[(&str, &str)]) -> String {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    BASE64.encode(mac.finalize().into_bytes())
}

#[test]
fn a_callback_signed_as_published_is_taken() {
    // The example that the provider publishes, signed with "12345".
    let callbacks = TwilioCallbacks::new("12345".into(), "https://mycompany.com/myapp.php").unwrap();
    let body = "To=%2B18005551212&Digits=1234&Caller=%2B14158675309&From=%2B14158675309&CallSid=CA1234567890ABCDE";
    let read = |signature| callbacks.read("foo=1&bar=2", body, signature, NOW).unwrap_err();
    assert_eq!(read("RSOYDt4T1cUTdK1PDd93/VVr8B8="), CallbackError::Unreadable, "signed, and no status of a message");
    assert_eq!(read("RSOYDt4T1cUTdK1PDd93/VVr8B9="), CallbackError::Forged);
    // The example of the Standard Webhooks specification.
    let callbacks = WebhookCallbacks::new(WebhookSecret::parse(SECRET).unwrap());
    let at = identity_core::Timestamp::from_secs(1_614_265_330);
    let read = |signature| {
        let body = b"{\"test\": 2432232314}";
        callbacks.read("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", signature, body, at).unwrap_err()
    };
    assert_eq!(read("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), CallbackError::Unreadable);
    assert_eq!(read("v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), CallbackError::Unreadable);
    assert_eq!(read("v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), CallbackError::Forged);
    assert_eq!(read(""), CallbackError::Forged);
}

#[test]
fn every_status_of_the_form_api_means_something() {
    for (status, code, state) in [
        ("queued", "", Some(DeliveryState::Accepted)),
        ("sending", "", Some(DeliveryState::Accepted)),
        ("sent", "", Some(DeliveryState::Accepted)),
        ("delivered", "", Some(DeliveryState::Delivered)),
        ("read", "", Some(DeliveryState::Delivered)),
        ("undelivered", "30003", Some(DeliveryState::Failed)),
        ("undelivered", "30005", Some(DeliveryState::Bounced)),
        ("undelivered", "30006", Some(DeliveryState::Bounced)),
        ("failed", "21610", Some(DeliveryState::Complained)),
        ("failed", "30008", Some(DeliveryState::Failed)),
        ("canceled", "", Some(DeliveryState::Failed)),
        ("made up", "", None),
    ] {
        let query = format!("ticket={}", keys().ticket(message()));
        let url = format!("{URL}?{query}");
        let signed = signature(&url, &[("ErrorCode", code), ("MessageSid", "SM1"), ("MessageStatus", status)]);
        let body = format!("MessageStatus={}&MessageSid=SM1&ErrorCode={code}", status.replace(' ', "+"));
        match (callbacks().read(&query, &body, &signed, NOW), state) {
            (Ok(callback), Some(state)) => {
                assert_eq!((callback.report.state, callback.report.at), (state, NOW));
                assert_eq!(keys().message(&callback.ticket), Some(message()));
            }
            (Err(CallbackError::Unreadable), None) => {}
            (other, _) => panic!("{status} {code}: {other:?}"),
        }
    }
}

#[test]
fn a_callback_with_anything_changed_is_forged() {
    let ticket = keys().ticket(message()).to_string();
    let query = format!("ticket={ticket}");
    let signed = signature(&format!("{URL}?{query}"), &[("MessageSid", "SM1"), ("MessageStatus", "delivered")]);
    let body = "MessageSid=SM1&MessageStatus=delivered";
    assert!(callbacks().read(&query, body, &signed, NOW).is_ok());
    let other = keys().ticket(MessageId::from_uuid(identity_core::Seed::new([8; 32]).uuid(NOW, 2))).to_string();
    for (query, body, signed) in [
        (query.as_str(), "MessageSid=SM1&MessageStatus=failed", signed.as_str()),
        (&query, "MessageSid=SM1&MessageStatus=delivered&ErrorCode=30005", &signed),
        (&query, "MessageSid=SM1", &signed),
        (&query, "", &signed),
        (&format!("ticket={other}"), body, &signed),
        ("", body, &signed),
        (&format!("{query}&x=1"), body, &signed),
        (&query, body, ""),
        (&query, body, "AAAA"),
        (&query, body, "not base64"),
    ] {
        assert_eq!(callbacks().read(query, body, signed, NOW).unwrap_err(), CallbackError::Forged, "{query} {body}");
    }
    // To another address of the host, with the same token.
    let elsewhere = TwilioCallbacks::new(TOKEN.into(), "https://host.example.com/elsewhere").unwrap();
    assert_eq!(elsewhere.read(&query, body, &signed, NOW).unwrap_err(), CallbackError::Forged);
    // Two statuses could be read as either.
    let twice = signature(&format!("{URL}?{query}"), &[("MessageStatus", "delivered"), ("MessageStatus", "failed")]);
    let body = "MessageStatus=failed&MessageStatus=delivered";
    assert_eq!(callbacks().read(&query, body, &twice, NOW).unwrap_err(), CallbackError::Unreadable);
}

fn sign(id: &str, timestamp: &str, body: &str) -> String {
    let key = BASE64.decode(&SECRET[6..]).unwrap();
    let mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    format!("v1,{}", BASE64.encode(mac.chain_update(format!("{id}.{timestamp}.{body}")).finalize().into_bytes()))
}

#[test]
fn a_gateway_reports_every_state_and_nothing_that_may_be_an_address() {
    let callbacks = WebhookCallbacks::new(WebhookSecret::parse(SECRET).unwrap());
    let now = NOW.as_secs().to_string();
    let ticket = keys().ticket(message()).to_string();
    for (status, detail, kept) in [
        ("accepted", "", Some("")),
        ("delivered", "handset", Some("handset")),
        ("failed", "phone off", Some("phone off")),
        ("bounced", "no such line +441514960453", None),
        ("complained", "STOP from ada@example.org", None),
    ] {
        let body = serde_json::json!({"ticket": ticket, "status": status, "detail": detail}).to_string();
        let callback = callbacks.read("cb-1", &now, &sign("cb-1", &now, &body), body.as_bytes(), NOW).unwrap();
        assert_eq!((callback.report.state.as_str(), callback.report.detail.as_deref()), (status, kept));
        assert_eq!(keys().message(&callback.ticket), Some(message()));
    }
    for body in [
        "",
        "[]",
        "{}",
        "{\"ticket\": \"x\", \"status\": \"delivered\"}",
        &format!("{{\"ticket\": \"{ticket}\", \"status\": \"x\"}}"),
    ] {
        let error = callbacks.read("cb-1", &now, &sign("cb-1", &now, body), body.as_bytes(), NOW).unwrap_err();
        assert_eq!(error, CallbackError::Unreadable, "{body}");
    }
}

#[test]
fn a_report_of_a_gateway_is_good_for_five_minutes_and_for_itself() {
    let callbacks = WebhookCallbacks::new(WebhookSecret::parse(SECRET).unwrap());
    let ticket = keys().ticket(message()).to_string();
    let body = serde_json::json!({"ticket": ticket, "status": "delivered"}).to_string();
    let at = NOW.as_secs().to_string();
    let signed = sign("cb-1", &at, &body);
    let read = |id, at, body: &str, now| callbacks.read(id, at, &signed, body.as_bytes(), now);
    let window = Duration::from_secs(300);
    assert!(read("cb-1", &at, &body, NOW + window).is_ok() && read("cb-1", &at, &body, NOW - window).is_ok());
    let late = NOW + window + Duration::from_secs(1);
    assert_eq!(read("cb-1", &at, &body, late).unwrap_err(), CallbackError::Stale);
    assert_eq!(read("cb-1", &at, &body, NOW - window - Duration::from_secs(1)).unwrap_err(), CallbackError::Stale);
    for (id, at, body) in [
        ("cb-2", at.as_str(), body.as_str()),
        ("cb-1", &late.as_secs().to_string(), &body),
        ("cb-1", &format!("+{at}"), &body),
        ("cb-1", &format!("0{at}"), &body),
        ("cb-1", "", &body),
        ("cb-1", &at, &body.replace("delivered", "bounced")),
        // The boundary between id, time and body is part of what is signed.
        ("", &at, &body),
    ] {
        assert_eq!(read(id, at, body, NOW).unwrap_err(), CallbackError::Forged, "{id} {at} {body}");
    }
}

fn no_callback_panics(texts: &[String]) {
    let twilio = callbacks();
    let webhook = WebhookCallbacks::new(WebhookSecret::parse(SECRET).unwrap());
    for text in texts {
        assert_eq!(twilio.read(text, text, text, NOW).unwrap_err(), CallbackError::Forged);
        assert_eq!(webhook.read(text, text, text, text.as_bytes(), NOW).unwrap_err(), CallbackError::Forged);
        // With a good signature it names no ticket.
        let at = NOW.as_secs().to_string();
        let _ = webhook.read(text, &at, &sign(text, &at, text), text.as_bytes(), NOW).unwrap_err();
    }
}

#[test]
fn a_naughty_callback_is_refused_and_never_panics() {
    no_callback_panics(&naughty());
}

#[test]
#[ignore = "reads the folder that IDENTITY_CORPORA names"]
fn corpora_a_naughty_callback_is_refused_and_never_panics() {
    no_callback_panics(&serde_json::from_str::<Vec<String>>(&corpus("blns.json")).unwrap());
}
