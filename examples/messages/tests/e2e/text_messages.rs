#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not there fails its test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

use crate::host::{Host, PUBLIC_URL};
use crate::provider::{Provider, Seen, Turn};

const TOKEN: &str = "the-token-of-it";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn host(form: Option<&Provider>, gateway: Option<&Provider>) -> Host {
    host_with(form, gateway, &[])
}

fn host_with(form: Option<&Provider>, gateway: Option<&Provider>, more: &[(&str, &str)]) -> Host {
    let gateway = gateway.map(|gateway| format!("{}/sms", gateway.base));
    let mut settings = more.to_vec();
    if let Some(form) = form {
        settings.extend([
            ("IDENTITY_TWILIO", form.base.as_str()),
            ("IDENTITY_TWILIO_SID", "AC1"),
            ("IDENTITY_TWILIO_TOKEN", TOKEN),
        ]);
    }
    if let Some(gateway) = &gateway {
        settings.extend([("IDENTITY_SMS_GATEWAY", gateway.as_str()), ("IDENTITY_SMS_SECRET", SECRET)]);
    }
    Host::start(&settings)
}

fn code(text: &str) -> String {
    text.rsplit_once("\n@accounts.example.com #").expect("the last line binds the code to the host").1.to_owned()
}

/// A status callback, signed as the provider signs it.
async fn report(host: &Host, seen: &Seen, status: &str, error: &str, token: &str) -> u16 {
    let callback = seen.field("StatusCallback");
    let path = callback.strip_prefix(PUBLIC_URL).unwrap().to_owned();
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(format!("{callback}ErrorCode{error}MessageSidSM1MessageStatus{status}").as_bytes());
    let form = [("MessageSid", "SM1"), ("MessageStatus", status), ("ErrorCode", error)];
    let request = host.request("POST", &path).form(&form);
    host.send(request.header("x-twilio-signature", BASE64.encode(mac.finalize().into_bytes()))).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c61_a_code_by_text_message_is_bound_to_the_host_and_verifies() {
    let form = Provider::start(|_| Turn::Take).await;
    let host = host(Some(&form), None);
    for (locale, number) in [("en", "+44 1514 960453"), ("ja", "+81 90 1234 5678"), ("ar", "+971 50 123 4567")] {
        let (user, address) = host.user(locale, json!({ "phone": number })).await;
        assert_eq!(host.ask(&address, "code").await.status, 202);
        host.messages(&user, |messages| messages[0]["state"] == "accepted").await;
        let seen = form.seen().pop().unwrap();
        assert_eq!(seen.field("To"), number.replace(' ', ""));
        let typed = json!({ "code": code(&seen.field("Body")) });
        assert_eq!(host.post(&format!("{address}/confirmation"), typed).await.json()["verified"], true);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c54_a_code_for_each_of_1000_adjacent_numbers_costs_no_more_than_the_budget() {
    let form = Provider::start(|_| Turn::Take).await;
    // The money would pay for all of them.
    let money = [("IDENTITY_SPEND_PER_COUNTRY", "1000"), ("IDENTITY_SPEND_PER_DAY", "1000")];
    let host =
        Arc::new(host_with(Some(&form), None, &[&money[..], &[("IDENTITY_SENDS_PER_COUNTRY", "10000")]].concat()));
    let mut asked = tokio::task::JoinSet::new();
    for part in 0..10 {
        let host = Arc::clone(&host);
        asked.spawn(async move {
            let mut users = Vec::new();
            for number in 0..100 {
                let phone = format!("+447400{}", 123_000 + part * 100 + number);
                let (user, address) = host.user("en", json!({ "phone": phone })).await;
                assert_eq!(host.ask(&address, "code").await.status, 202, "nobody learns of the others");
                users.push(user);
            }
            users
        });
    }
    let mut sent = 0;
    for user in asked.join_all().await.into_iter().flatten() {
        let messages = host.messages(&user, |messages| messages.iter().all(|message| message["state"] == "accepted"));
        sent += messages.await.len();
    }
    // 20 an hour for each 100 adjacent numbers.
    assert_eq!((sent, form.seen().len()), (200, 200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_say_what_became_of_a_message_and_forged_ones_say_nothing() {
    let form = Provider::start(|_| Turn::Take).await;
    let host = host(Some(&form), None);
    let (user, address) = host.user("en", json!({ "phone": "+44 1514 960453" })).await;
    host.ask(&address, "code").await;
    let state = |state: &'static str| move |messages: &[Value]| messages[0]["state"] == state;
    host.messages(&user, state("accepted")).await;
    let seen = form.seen().pop().unwrap();
    assert_eq!(report(&host, &seen, "failed", "30005", "another-token").await, 403);
    assert_eq!(report(&host, &seen, "delivered", "", TOKEN).await, 204);
    // Twice, and out of order.
    for (status, error) in [("delivered", ""), ("sent", ""), ("queued", "")] {
        assert_eq!(report(&host, &seen, status, error, TOKEN).await, 204);
        host.messages(&user, state("delivered")).await;
    }
    assert_eq!(host.first(&user).await["undeliverable"], Value::Null);
    // A line that is none.
    let (user, address) = host.user("en", json!({ "phone": "+44 1514 960454" })).await;
    host.ask(&address, "code").await;
    host.messages(&user, state("accepted")).await;
    let seen = form.seen().pop().unwrap();
    assert_eq!(report(&host, &seen, "undelivered", "30005", TOKEN).await, 204);
    assert_eq!(report(&host, &seen, "sent", "", TOKEN).await, 204);
    host.messages(&user, state("bounced")).await;
    assert_eq!(host.first(&user).await["undeliverable"]["why"], "bounced");
    assert_eq!(host.ask(&address, "code").await.status, 202, "it was not sent, so it may be asked for at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_first_provider_is_down_the_next_one_sends_and_reports() {
    let form = Provider::start(|_| Turn::Answer(503, "", "")).await;
    let gateway = Provider::start(|_| Turn::Take).await;
    let host = host(Some(&form), Some(&gateway));
    let (user, address) = host.user("de", json!({ "phone": "+49 30 1234567" })).await;
    host.ask(&address, "code").await;
    let sent = host.messages(&user, |messages| messages[0]["state"] == "accepted").await;
    assert_eq!(
        (&sent[0]["provider"], &sent[0]["attempts"], &sent[0]["uncertain"]),
        (&"gateway".into(), &2.into(), &0.into())
    );
    assert_eq!((form.seen().len(), gateway.seen().len()), (1, 1));
    let body: Value = serde_json::from_str(&gateway.seen()[0].body).unwrap();
    assert!(body["text"].as_str().unwrap().starts_with("Example: Ihr Code ist "));
    // Its report, signed; and the same one with another status.
    let report = json!({ "ticket": body["ticket"], "status": "delivered" }).to_string();
    let at = gateway.seen()[0].header("webhook-timestamp").to_owned();
    let key = BASE64.decode(&SECRET[6..]).unwrap();
    let mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap().chain_update(format!("r1.{at}.{report}"));
    let signature = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
    let post = |body: String| {
        let request =
            host.request("POST", "/callbacks/sms").header("webhook-id", "r1").header("webhook-timestamp", &at);
        host.send(request.header("webhook-signature", &signature).body(body))
    };
    assert_eq!(post(report.replace("delivered", "bounced")).await.status, 403);
    assert_eq!(post(report).await.status, 204);
    host.messages(&user, |messages| messages[0]["state"] == "delivered").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_may_have_been_taken_goes_to_nobody_else() {
    let down = Arc::new(AtomicBool::new(true));
    let form = Provider::start({
        let down = Arc::clone(&down);
        move |_| if down.load(Ordering::SeqCst) { Turn::TakeAndReset } else { Turn::Take }
    })
    .await;
    let gateway = Provider::start(|_| Turn::Take).await;
    let host = host(Some(&form), Some(&gateway));
    let (user, address) = host.user("en", json!({ "phone": "+44 1514 960453" })).await;
    host.ask(&address, "code").await;
    host.messages(&user, |messages| messages[0]["uncertain"] == 1).await;
    down.store(false, Ordering::SeqCst);
    let sent = host.messages(&user, |messages| messages[0]["state"] == "accepted").await;
    assert_eq!((&sent[0]["provider"], &sent[0]["uncertain"]), (&"twilio".into(), &1.into()));
    assert!(gateway.seen().is_empty() && form.seen().len() == 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permanent_refusal_makes_a_dead_letter_and_lets_the_person_ask_again_at_once() {
    let form = Provider::start(|_| Turn::Answer(400, "", "{\"code\": 21211}")).await;
    let host = host(Some(&form), None);
    let (user, address) = host.user("en", json!({ "phone": "+44 1514 960453" })).await;
    host.ask(&address, "code").await;
    let dead = host.messages(&user, |messages| messages[0]["state"] == "dead_letter").await;
    assert!(dead[0]["error"].as_str().unwrap().contains("error 21211"), "{dead:?}");
    assert_eq!(host.first(&user).await["undeliverable"]["why"], "refused");
    assert_eq!(host.ask(&address, "code").await.status, 202);
}
