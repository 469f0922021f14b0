//! The eight hazards of the product: each test would fail there.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::kit::{ADAS, Host, OTHER, PHONE, not};

async fn set(host: &Host, phone: &str) -> Value {
    host.post("/v2/users/ada/phone", json!({"phone": phone})).await.of(200)
}

async fn returned(host: &Host, path: &str, body: Value) -> String {
    host.post(path, body).await.of(200)["verificationCode"].as_str().unwrap().to_owned()
}

async fn verify(host: &Host, code: &str) -> crate::kit::Answer {
    host.post("/v2/users/ada/phone/verify", json!({"verificationCode": code})).await
}

#[tokio::test]
async fn hazard_1_tries_are_capped_and_a_resend_has_to_wait() {
    let host = Host::with_ada().await;
    set(&host, PHONE).await;
    let code = host.code(PHONE).await;
    for _ in 0..5 {
        assert_eq!(verify(&host, &not(&code)).await.refused(400), "COMMAND-eis9R");
    }
    let locked = verify(&host, &code).await;
    assert_eq!(locked.refused(429), "IDENTITY-tooManyTries", "the right code comes too late");
    assert_eq!(locked.json()["details"][1]["retryDelay"], "601s");
    // Neither a new code nor the same number once more is a fresh start.
    host.pass(31);
    assert_eq!(host.post("/v2/users/ada/phone/resend", None).await.refused(429), "IDENTITY-tooManyTries");
    let again = host.post("/v2/users/ada/phone/resend", json!({"returnCode": {}})).await;
    assert_eq!(again.refused(429), "IDENTITY-tooManyTries");
    host.rest(crate::kit::ROOT, "DELETE", "/v2/users/ada/phone", None).await.of(200);
    let before = host.ada().await;
    assert_eq!(host.post("/v2/users/ada/phone", json!({"phone": PHONE})).await.refused(429), "IDENTITY-tooManyTries");
    assert_eq!(host.ada().await, before, "a number whose code may not be sent yet is not set either");
    host.pass(600);
    set(&host, PHONE).await;
    assert_eq!(host.post("/v2/users/ada/phone/resend", None).await.refused(429), "IDENTITY-tooSoon");
}

#[tokio::test]
async fn hazard_2_a_code_made_for_one_number_does_not_verify_the_next() {
    let host = Host::with_ada().await;
    let first = returned(&host, "/v2/users/ada/phone", json!({"phone": PHONE, "returnCode": {}})).await;
    let second = returned(&host, "/v2/users/ada/phone", json!({"phone": OTHER, "returnCode": {}})).await;
    assert_ne!(first, second);
    assert_eq!(verify(&host, &first).await.refused(400), "COMMAND-eis9R");
    assert_eq!(host.ada().await["user"]["human"]["phone"], json!({"phone": OTHER}));
    verify(&host, &second).await.of(200);
    assert_eq!(host.ada().await["user"]["human"]["phone"], json!({"phone": OTHER, "isVerified": true}));
}

#[tokio::test]
async fn hazard_3_the_code_of_a_removed_number_is_dead() {
    let host = Host::with_ada().await;
    let code = returned(&host, "/v2/users/ada/phone", json!({"phone": PHONE, "returnCode": {}})).await;
    host.rest(ADAS, "DELETE", "/v2/users/ada/phone", None).await.of(200);
    assert_eq!(verify(&host, &code).await.refused(400), "COMMAND-eis9R");
    assert_eq!(host.ada().await["user"]["human"]["phone"], json!({}));
    // Nor when the same number comes back.
    let new = returned(&host, "/v2/users/ada/phone", json!({"phone": PHONE, "returnCode": {}})).await;
    assert_ne!(code, new);
    assert_eq!(verify(&host, &code).await.refused(400), "COMMAND-eis9R");
}

#[tokio::test]
async fn hazard_4_every_symbol_is_emitted_in_every_place() {
    let host = Host::with_ada().await;
    let mut codes = vec![returned(&host, "/v2/users/ada/phone", json!({"phone": PHONE, "returnCode": {}})).await];
    for _ in 0..150 {
        codes.push(returned(&host, "/v2/users/ada/phone/resend", json!({"returnCode": {}})).await);
    }
    for place in 0..6 {
        let seen: HashSet<u8> = codes.iter().map(|code| code.as_bytes()[place]).collect();
        assert_eq!(seen.len(), 10, "the last symbol too, in place {place}: {seen:?}");
    }
}

#[tokio::test]
async fn hazard_5_no_code_is_kept_anywhere() {
    let host = Host::with_ada().await;
    let sent = {
        set(&host, PHONE).await;
        host.code(PHONE).await
    };
    let codes = [sent, returned(&host, "/v2/users/ada/phone/resend", json!({"returnCode": {}})).await];
    host.post("/v2/users/ada/email", json!({"email": "new@example.com"})).await.of(200);
    let files: Vec<Vec<u8>> = std::fs::read_dir(host.folder.path())
        .unwrap()
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert!(files.iter().any(|file| contains(file, PHONE.as_bytes())), "these are the files");
    for code in codes {
        // Six digits in a row may stand in a time or in a number, so a find is looked at: text around it tells.
        for file in &files {
            let places = file.windows(code.len()).enumerate().filter(|(_, bytes)| *bytes == code.as_bytes());
            for (place, _) in places {
                let digit = |at: Option<usize>| at.and_then(|at| file.get(at)).is_some_and(u8::is_ascii_digit);
                assert!(digit(place.checked_sub(1)) || digit(place.checked_add(6)), "a code stands at {place}");
            }
        }
    }
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|part| part == what)
}

#[tokio::test]
async fn hazard_6_a_number_is_never_guessed_at_and_has_to_be_one() {
    let host = Host::with_ada().await;
    for phone in ["0791234567", "1514960453", "01514 960453", "+41", "+41000000000", "+999123456789", "+44 1514 96045"]
    {
        let answer = host.post("/v2/users/ada/phone", json!({"phone": phone})).await;
        assert_eq!(answer.refused(400), "PHONE-so0wa", "{phone}");
    }
    for (phone, kept) in [("+44 1514 960453", PHONE), ("tel:+44-1514-960454", OTHER)] {
        set(&host, phone).await;
        assert_eq!(host.ada().await["user"]["human"]["phone"]["phone"], kept);
    }
}

#[tokio::test]
async fn hazard_7_a_message_goes_to_the_address_that_its_code_was_made_for() {
    let host = Host::with_ada().await;
    // Both are set before anything is delivered.
    set(&host, PHONE).await;
    set(&host, OTHER).await;
    let coded: Vec<_> = host.sent().await.into_iter().filter(|(_, code, _)| code.is_some()).collect();
    // The first one's code is void, and goes nowhere any more; least of all to the number that is there now.
    let [(to, Some(code), _)] = coded.as_slice() else { panic!("{coded:?}") };
    assert_eq!(to, OTHER);
    verify(&host, code).await.of(200);

    // A code that is on its way stays with its number, whatever is set after it.
    let host = Host::with_ada().await;
    set(&host, PHONE).await;
    let first = host.code(PHONE).await;
    set(&host, OTHER).await;
    let second = host.code(OTHER).await;
    assert_ne!(first, second);
    assert!(host.sent().await.iter().all(|(to, code, _)| to == PHONE || *code != Some(first.clone())));
    assert_eq!(verify(&host, &first).await.refused(400), "COMMAND-eis9R");
    verify(&host, &second).await.of(200);
}

#[tokio::test]
async fn hazard_8_a_phone_code_lives_ten_minutes() {
    for (seconds, status) in [(599, 200), (600, 400)] {
        let host = Host::with_ada().await;
        set(&host, PHONE).await;
        let code = host.code(PHONE).await;
        host.pass(seconds);
        assert_eq!(verify(&host, &code).await.status, status, "after {seconds} s");
    }
}
