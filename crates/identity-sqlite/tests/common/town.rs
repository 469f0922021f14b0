//! Users with every kind of content. `tests/files/version_2.sql` holds what the last program of schema version 2 made of the
//! same commits.
#![expect(clippy::indexing_slicing, reason = "a test that cannot go on ends")]

use std::sync::Arc;
use std::time::Duration;

use identity_conformance::Store;
use identity_conformance::kit::{
    Person, at, challenge, change, charge, create, erase, id, key, key_in, lease, letter, mail_key, message_id, paid,
    phone_key, put, raw_key, verified, withholding,
};
use identity_core::policy::Budget;
use identity_core::{
    Actor, Alphabet, Attempts, BudgetKind, Challenge, Change, ClaimKind, CodeFormat, Content, DeliveryState, Email,
    Event, EventFormat, JsonObject, Method, Phone, Profile, ProofBy, Purpose, Recorded, Report, Retired, Status,
    Strength, Undeliverable, UndeliverableReason, UserKey, Verified, WhenExhausted,
};
use identity_ports::{LeaseId, Settled, Settlement};
use serde_json::json;
use uuid::Uuid;

/// Everybody, and two who are gone.
pub(crate) fn everybody() -> Vec<UserKey> {
    let mut keys = vec![key("ada"), key("odd \u{1f600} '\"\\"), key("plain"), key("gone"), key("never")];
    keys.extend((0..6).map(|number| key_in("other", &format!("user-{number}"))));
    keys
}

fn statuses() -> Vec<Status> {
    let mut statuses = vec![Status::Unverified];
    for by in [Method::Code, Method::Link, Method::Administrator, Method::AdministratorCode, Method::Import] {
        for source in [None, Some("".into()), Some("the front desk".into())] {
            statuses.push(Status::Verified(Verified { at: at(7), by, source }));
        }
    }
    for purpose in [Purpose::Verification, Purpose::Replacement] {
        for proof in [ProofBy::Code, ProofBy::Link, ProofBy::Either, ProofBy::Issued] {
            for (length, alphabet) in [(1, Alphabet::Digits), (20, Alphabet::Letters)] {
                let format = CodeFormat::new(length, alphabet).unwrap();
                let hint = (length == 20).then(|| "https://example.com/{token}".into());
                let failed = length / 2;
                statuses.push(Status::Pending(Box::new(Challenge {
                    purpose,
                    proof,
                    format,
                    hint,
                    failed,
                    ..challenge()
                })));
            }
        }
    }
    statuses
}

fn object(text: &str) -> Arc<JsonObject> {
    Arc::new(JsonObject::new(serde_json::from_str(text).unwrap()).unwrap())
}

fn ada() -> Person {
    let attempts = Attempts { failed_in_a_row: 3, failed_at: vec![at(1), at(2)], sent_at: vec![at(3)] };
    let reasons = [UndeliverableReason::Refused, UndeliverableReason::Bounced, UndeliverableReason::Complained];
    let known = reasons.map(|why| Some(Undeliverable { at: at(5), why, times: 2 })).into_iter().chain([None]);
    let mut person = Person::default();
    for (number, status) in (0..).zip(statuses()) {
        person = person.email(number, &format!("E{number}@example.com"), status.clone());
        person = person.phone(100 + number, &format!("+4415149604{number:02}"), status);
    }
    for (entry, undeliverable) in person.entries.iter_mut().zip(known.cycle()) {
        entry.undeliverable = undeliverable;
        entry.attempts = attempts.clone();
    }
    person.entries[4].replaces = Some(id(0));
    person = person.primary(5).primary(103).created(at(5)).updated(at(9));
    person.parts.retired = vec![
        Retired { key: mail_key("gone.one@example.com"), attempts: attempts.clone() },
        Retired { key: phone_key("+441514960999"), attempts: Attempts { failed_in_a_row: 1, ..Attempts::default() } },
    ];
    person
}

fn odd() -> Person {
    let mut person = Person::default().email(201, "\u{fc}ml\u{e4}ut@b\u{fc}cher.example", verified());
    person = person.address(202, Email::parse("O'Brien%_@EXAMPLE.com").unwrap().into(), Status::Unverified);
    person = person.address(203, Phone::parse("+44 1514 960453").unwrap().into(), verified());
    person = person.username(204, "Countess").primary(203);
    person.parts.disabled = true;
    for entry in &mut person.entries {
        entry.source = Some("from \"there\"\n\u{1}".into());
        entry.unrestricted = true;
    }
    person.parts.username.as_mut().unwrap().source = Some("sign-up".into());
    person.parts.profile = Profile {
        claims: object(r#"{"locale":"de-CH","largest":18446744073709551615,"half":0.5,"deep":[[{"a":null}]],"":""}"#),
        public_data: object(r#"{"quote\"":"\"\\\u007f\n","least":-9223372036854775808,"minus":-1.5}"#),
        private_data: object(r#"{"secret":"\u{1f600}"}"#.replace("\\u{1f600}", "\u{1f600}").as_str()),
    };
    let nothing: [&str; 0] = [];
    let mut reported = json!({
        "credentials": {
            "has_password": true, "password_updated_at": at(1), "force_password_reset": true,
            "passkeys": [{
                "name": "key", "passkey_id": "", "public_key": "", "aa_guid": "", "backup_state": false,
                "backup_eligibility": false, "user_present": false, "user_verified": false, "user_agent": "",
            }],
            "providers": [{"authenticator": "google", "provider_user_id": "", "claims": {}}],
            "connections": [{"idp": "idp", "connection_id": "1"}],
        },
        "sign_ins": {
            "failure_count": 3, "attempts_count": 9, "success_count": 0, "block_until": null, "last_attempt": null,
            "last_attempt_ip": null, "last_success": null, "last_success_ip": null, "last_activity": at(8),
            "last_known_city": "Bern", "last_known_country": null, "last_known_region": null,
        },
        id(204).to_string(): {"authenticators": nothing, "idps": nothing},
    });
    for entry in &person.entries {
        reported[entry.id.to_string()] = json!({"authenticators": ["password"], "idps": nothing});
    }
    person = person.extension(reported);
    person
}

/// Puts them into a store.
pub(crate) async fn fill(store: &dyn Store) {
    let claim = raw_key(ClaimKind::Email, "claimed@example.com");
    let draft = create(&key("ada"), &ada()).take(&mail_key("e1@example.com"), Strength::Verified);
    let draft = draft.take(&claim, Strength::Unverified).take(&mail_key("e0@example.com"), Strength::Unverified);
    let stored = put(store, draft).await;
    let started = Change::VerificationStarted { id: id(20), challenge: challenge() };
    let mut person = ada();
    person.entries[0].source = Some("later".into());
    put(store, change(&key("ada"), &stored, &person.updated(at(30))).events(at(30), vec![started, Change::Disabled]))
        .await;
    let draft = create(&key("odd \u{1f600} '\"\\"), &odd());
    put(store, draft.take(&raw_key(ClaimKind::Username, "countess"), Strength::Verified)).await;
    let mut stored = put(store, create(&key("plain"), &Person::default())).await;
    for number in 0..70 {
        // A long history, with actors of both kinds.
        let mut draft = change(&key("plain"), &stored, &Person::default());
        let actor = if number % 2 == 0 { Actor::Holder } else { Actor::Administrator("the \"desk\"".into()) };
        let change = if number % 3 == 0 { Change::Disabled } else { Change::Enabled };
        draft.0.events =
            vec![Recorded { number: number + 2, event: Event { v: EventFormat, at: at(number), actor, change } }];
        stored = put(store, draft).await;
    }
    let person = Person::default().email(300, "gone@example.com", verified());
    let draft = create(&key("gone"), &person).message(paid(letter(900, &key("gone"), at(1)), vec![]));
    let stored = put(store, draft.take(&mail_key("gone@example.com"), Strength::Verified)).await;
    store.commit(erase(&key("gone"), &stored).0).await.unwrap();
    post(store).await;
}

/// Messages in every state, and budgets that are drawn from.
async fn post(store: &dyn Store) {
    for number in 0..6_u128 {
        let key = key_in("other", &format!("user-{number}"));
        let person = Person::default().email(400, &format!("User.{number}@example.com"), verified());
        let mut message = letter(number, &key, at(10));
        if number % 2 == 0 {
            let challenge = Challenge { hint: Some("https://example.com/{token}".into()), ..challenge() };
            message.content = Content::Challenge { identifier: id(400), challenge };
            message.to = person.entries[0].address.clone();
            message.locale = Some("en-GB".into());
        }
        let budget = Budget::new(5, Duration::from_secs(3_600));
        let country = charge(BudgetKind::Country, "+44", budget, at(10), WhenExhausted::Record);
        let own = withholding(&format!("pseudonym {number}"), 1, at(10));
        put(store, create(&key, &person).message(paid(message, vec![country, own]))).await;
    }
    let leased = store.lease(lease(7, at(20), at(100_000), 5)).await.unwrap();
    assert_eq!(leased.len(), 5);
    let (error, provider) = ("busy".to_owned(), Some("first".to_owned()));
    let outcomes = [
        Settlement::Retry { due_at: at(50), error: error.clone(), provider: provider.clone(), uncertain: true },
        Settlement::Failed { at: at(21), error },
        Settlement::Sent { at: at(21), provider: provider.clone(), reference: Some("9".to_owned()) },
        Settlement::Sent { at: at(22), provider, reference: None },
    ];
    let settled = leased.iter().zip(outcomes).map(|(leased, outcome)| Settled { id: leased.message.id, outcome });
    assert_eq!(store.settle(LeaseId(Uuid::from_u128(7)), settled.collect()).await.unwrap(), 4);
    let report = Report { detail: Some("550 5.1.1".into()), ..Report::new(DeliveryState::Bounced, at(30)) };
    store.report(message_id(2), &report).await.unwrap().unwrap();
}
