//! Set replaces: what is shown, who is told, and what is left when it does not come to an end.

use serde_json::{Value, json};

use crate::kit::{ADAS, EMAIL, Host, OTHER, PHONE, ROOT};

async fn with_verified_phone() -> Host {
    let host = Host::with_ada().await;
    host.post("/v2/users/ada/phone", json!({"phone": PHONE, "isVerified": true})).await.of(200);
    host
}

async fn phone(host: &Host) -> Value {
    host.ada().await["user"]["human"]["phone"].clone()
}

fn told(sent: &[(String, Option<String>, Option<String>)], to: &str) -> usize {
    sent.iter().filter(|(address, code, _)| address == to && code.is_none()).count()
}

#[tokio::test]
async fn the_new_number_is_shown_and_the_verified_one_before_is_told() {
    let host = with_verified_phone().await;
    let before = host.sent().await.len();
    host.rest(ADAS, "POST", "/v2/users/ada/phone", json!({"phone": OTHER})).await.of(200);
    assert_eq!(phone(&host).await, json!({"phone": OTHER}), "unverified, and shown");
    let sent = host.sent().await.split_off(before);
    // A text message tells of losses only, so the number is told when it goes and the e-mail address now.
    assert_eq!((told(&sent, PHONE), told(&sent, EMAIL), told(&sent, OTHER)), (0, 1, 0), "{sent:?}");
    let code = host.code(OTHER).await;
    let before = host.sent().await.len();
    host.rest(ADAS, "POST", "/v2/users/ada/phone/verify", json!({"verificationCode": code})).await.of(200);
    assert_eq!(phone(&host).await, json!({"phone": OTHER, "isVerified": true}));
    let sent = host.sent().await.split_off(before);
    assert!(told(&sent, PHONE) >= 1, "the number that went is told: {sent:?}");
    let stored = host.identity.admin("test").get(&identity::UserId::parse("ada").unwrap()).await.unwrap();
    assert_eq!(stored.phones().entries().len(), 1, "one phone a human");
}

#[tokio::test]
async fn the_same_for_an_email() {
    let host = Host::with_ada().await;
    host.rest(ADAS, "POST", "/v2/users/ada/email", json!({"email": "new@example.com"})).await.of(200);
    assert_eq!(host.ada().await["user"]["human"]["email"], json!({"email": "new@example.com"}));
    assert_eq!(told(&host.sent().await, EMAIL), 1);
    let code = host.code("new@example.com").await;
    host.rest(ADAS, "POST", "/v2/users/ada/email/verify", json!({"verificationCode": code})).await.of(200);
    assert_eq!(host.ada().await["user"]["human"]["email"], json!({"email": "new@example.com", "isVerified": true}));
}

#[tokio::test]
async fn the_number_before_once_more_ends_the_replacement() {
    let host = with_verified_phone().await;
    host.post("/v2/users/ada/phone", json!({"phone": OTHER})).await.of(200);
    let code = host.code(OTHER).await;
    let answer = host.rest(ADAS, "POST", "/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    assert_eq!(phone(&host).await, json!({"phone": PHONE, "isVerified": true}), "it was never anything else");
    assert_eq!(host.ada().await["details"]["sequence"], answer["details"]["sequence"]);
    let verify = host.post("/v2/users/ada/phone/verify", json!({"verificationCode": code})).await;
    assert_eq!(verify.refused(400), "COMMAND-eis9R");
}

#[tokio::test]
async fn one_replacement_after_another() {
    let host = with_verified_phone().await;
    let third = "+441514960455";
    host.post("/v2/users/ada/phone", json!({"phone": OTHER})).await.of(200);
    host.post("/v2/users/ada/phone", json!({"phone": third})).await.of(200);
    assert_eq!(phone(&host).await, json!({"phone": third}));
    let code = host.code(third).await;
    host.post("/v2/users/ada/phone/verify", json!({"verificationCode": code})).await.of(200);
    let stored = host.identity.admin("test").get(&identity::UserId::parse("ada").unwrap()).await.unwrap();
    let left: Vec<_> = stored.phones().entries().iter().map(|entry| entry.address.as_str()).collect();
    assert_eq!(left, [third]);
}

#[tokio::test]
async fn an_attested_number_takes_the_place_at_once() {
    let host = with_verified_phone().await;
    host.post("/v2/users/ada/phone", json!({"phone": OTHER})).await.of(200);
    host.post("/v2/users/ada/phone", json!({"phone": "+441514960455", "isVerified": true})).await.of(200);
    assert_eq!(phone(&host).await, json!({"phone": "+441514960455", "isVerified": true}));
    let stored = host.identity.admin("test").get(&identity::UserId::parse("ada").unwrap()).await.unwrap();
    assert_eq!(stored.phones().entries().len(), 1);
}

#[tokio::test]
async fn removing_leaves_no_number_at_all() {
    let host = with_verified_phone().await;
    host.post("/v2/users/ada/phone", json!({"phone": OTHER})).await.of(200);
    let answer = host.rest(ADAS, "DELETE", "/v2/users/ada/phone", None).await.of(200);
    assert_eq!(phone(&host).await, json!({}), "the one that was to be replaced goes too");
    assert_eq!(host.ada().await["details"]["sequence"], answer["details"]["sequence"]);
    let again = host.rest(ROOT, "DELETE", "/v2/users/ada/phone", None).await;
    assert_eq!(again.refused(400), "COMMAND-ieJ2e");
}

#[tokio::test]
async fn a_user_may_remove_the_last_verified_address_of_theirs() {
    let host = Host::new().await;
    let body = json!({
        "userId": "ada",
        "profile": {"givenName": "Ada", "familyName": "Lovelace"},
        "email": {"email": EMAIL},
        "phone": {"phone": PHONE, "isVerified": true}
    });
    host.post("/v2/users/human", body).await.of(200);
    host.rest(ADAS, "DELETE", "/v2/users/ada/phone", None).await.of(200);
}

#[tokio::test]
async fn a_set_that_is_refused_leaves_everything_as_it_was() {
    let host = Host::with_ada().await;
    host.post("/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    host.post("/v2/users/ada/phone", json!({"phone": OTHER})).await.of(200);
    let (before, shown) = (host.state().await, host.ada().await);
    // Its last message is not 30 s old, whatever happened to it since.
    assert_eq!(host.post("/v2/users/ada/phone", json!({"phone": PHONE})).await.refused(429), "IDENTITY-tooSoon");
    assert_eq!((host.state().await, host.ada().await), (before, shown));
    host.pass(31);
    host.post("/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
}

#[tokio::test]
async fn a_budget_that_strangers_share_is_not_told_and_the_code_may_be_sent_later() {
    let host = Host::new().await;
    // Nine users with a verified address set one number within ten minutes: it gets five messages, and three of its reserve.
    for id in (1..=9).map(|number| format!("u{number}")) {
        host.add(&id, &format!("{id}@example.com")).await;
        host.post(&format!("/v2/users/{id}/phone"), json!({"phone": PHONE})).await.of(200);
    }
    let codes = async || host.sent().await.iter().filter(|(to, code, _)| to == PHONE && code.is_some()).count();
    assert_eq!(codes().await, 8);
    host.pass(600);
    host.post("/v2/users/u9/phone/resend", None).await.of(200);
    let code = host.code(PHONE).await;
    host.post("/v2/users/u9/phone/verify", json!({"verificationCode": code})).await.of(200);
}

#[tokio::test]
async fn two_who_set_a_number_at_once_leave_one() {
    let host = std::sync::Arc::new(Host::with_ada().await);
    let calls = (0..8).map(|number| {
        let host = std::sync::Arc::clone(&host);
        tokio::spawn(async move {
            let body = json!({"phone": format!("+44151496045{number}"), "returnCode": {}});
            host.post("/v2/users/ada/phone", body).await.of(200);
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    let stored = host.identity.admin("test").get(&identity::UserId::parse("ada").unwrap()).await.unwrap();
    assert_eq!(stored.phones().entries().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_set_a_number_at_once_leave_one() {
    let host = Host::with_ada().await;
    for round in 0..20 {
        let calls = (0..4).map(|number| {
            // Each with turns of its own, as a process has.
            let host = host.another_process();
            tokio::spawn(async move {
                let body = json!({"phone": format!("+44151496{number}45{}", round % 10), "returnCode": {}});
                host.await.post("/v2/users/ada/phone", body).await.status
            })
        });
        let mut answered = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            answered.push(call.await.unwrap());
        }
        assert!(answered.contains(&200) && answered.iter().all(|status| *status < 500), "{answered:?}");
        let stored = host.identity.admin("test").get(&identity::UserId::parse("ada").unwrap()).await.unwrap();
        assert_eq!(stored.phones().entries().len(), 1, "{answered:?}");
        host.rest(ROOT, "DELETE", "/v2/users/ada/phone", None).await.of(200);
    }
}

#[tokio::test]
async fn what_a_process_left_halfway_is_finished_by_setting_it_again() {
    let host = Host::with_ada().await;
    let ada = identity::UserId::parse("ada").unwrap();
    // The first step alone, as a process leaves it that dies before the second.
    host.identity.account(&ada).add(identity::Phone::parse(PHONE).unwrap()).await.unwrap();
    assert_eq!(phone(&host).await, json!({"phone": PHONE}));
    host.rest(ADAS, "POST", "/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    let code = host.code(PHONE).await;
    let again = host.rest(ADAS, "POST", "/v2/users/ada/phone", json!({"phone": PHONE})).await;
    assert_eq!(again.refused(400), "COMMAND-Uch5e", "it has its code now");
    host.rest(ADAS, "POST", "/v2/users/ada/phone/verify", json!({"verificationCode": code})).await.of(200);
    assert_eq!(phone(&host).await, json!({"phone": PHONE, "isVerified": true}));
}
