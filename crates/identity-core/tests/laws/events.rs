//! Events: their format, and what remains of them when a user is erased.

use std::collections::BTreeSet;
use std::sync::Arc;

use identity_core::address::Label;
use identity_core::record::{IdentifierRecord, Typed, UsernameRecord, VerifiedRecord};
use identity_core::{
    Actor, Alphabet, Challenge, Change, Channel, CodeFormat, ContestId, ContestOutcome, Event, EventFormat,
    IdentifierId, JsonObject, KeyId, Method, NewUser, Nonce, Policy, Profile, ProofBy, Purpose, Recorded, Reported,
    Timestamp, UndeliverableReason, User, UserId, UserRecord, Username, Verified, stored,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::kit::{Bench, email, given, phone, staff};

fn object(value: Value) -> Arc<JsonObject> {
    let Value::Object(map) = value else { panic!("{value}") };
    Arc::new(JsonObject::new(map).unwrap())
}

/// A word that is part of everything personal in a test event, except for the phone number below.
const CANARY: &str = "canary";
const NUMBER: &str = "+447400123456";

fn challenge() -> Challenge {
    Challenge {
        nonce: Nonce::from_bytes([3; 16]),
        key: KeyId::parse("k").unwrap(),
        purpose: Purpose::Replacement,
        proof: ProofBy::Either,
        format: CodeFormat::new(8, Alphabet::Letters).unwrap(),
        issued_at: Timestamp::from_secs(1),
        expires_at: Timestamp::from_secs(601),
        tries: 5,
        failed: 2,
        hint: Some("https://canary.example/{token}".into()),
    }
}

fn extension() -> Arc<JsonObject> {
    object(json!({"city": "canary", "providers": [{"id": "canary-7"}], "count": u64::MAX, "gone": null}))
}

fn record() -> UserRecord {
    let identifier = |text: &str, primary| IdentifierRecord {
        id: Some(IdentifierId::from_uuid(Uuid::from_u128(text.len() as u128))),
        address: Typed(text.to_owned()),
        primary,
        verified: Some(VerifiedRecord { at: None, by: Some(Method::Link), source: Some("canary desk".into()) }),
        source: Some("canary form".into()),
        unrestricted: true,
        added_at: None,
        undeliverable: None,
        label: Some(Label::parse("canary").unwrap()),
    };
    UserRecord {
        id: UserId::parse("u").unwrap(),
        created_at: Timestamp::from_secs(-5),
        updated_at: Timestamp::from_secs(7),
        disabled: true,
        username: Some(UsernameRecord {
            id: Some(IdentifierId::from_uuid(Uuid::from_u128(99))),
            username: Username::parse("canary-name").unwrap(),
            source: None,
            added_at: Some(Timestamp::from_secs(1)),
        }),
        emails: vec![identifier("Canary@Example.com", true)],
        phones: vec![identifier(NUMBER, false)],
        profile: Profile { claims: object(json!({"name": "canary"})), ..Profile::default() },
        extension: extension(),
    }
}

/// Every kind of change, with every optional part.
fn every_change() -> Vec<Change> {
    let id = IdentifierId::from_uuid(Uuid::from_u128(7));
    let profile = object(json!({"a": ["canary", {"b": 1.5}], "canary": null}));
    vec![
        Change::Created { user: UserId::parse("u").unwrap() },
        Change::Imported { record: Box::new(record()), canonical: vec![Typed("canary@example.com".to_owned())] },
        Change::UsernameSet { id, username: Username::parse("canary").unwrap(), source: Some("canary".into()) },
        Change::UsernameRemoved { id },
        Change::Added {
            id,
            address: email("Canary@Example.com"),
            source: Some("canary".into()),
            unrestricted: true,
            replaces: Some(id),
        },
        Change::Added { id, address: phone("+44 (0)7400 123456"), source: None, unrestricted: false, replaces: None },
        Change::VerificationStarted { id, challenge: challenge() },
        Change::CodeResent { id },
        Change::CodeIssued { id, challenge: Challenge { hint: None, ..challenge() } },
        Change::AnswerRejected { id },
        Change::Verified {
            id,
            verified: Verified { at: Timestamp::from_secs(9), by: Method::Code, source: Some("canary".into()) },
        },
        Change::Unverified { id },
        Change::ChangeScheduled { id, by: Some(id), due: Timestamp::from_secs(9) },
        Change::ChangeStopped { id },
        Change::PrimaryChanged { channel: Channel::Email, id: Some(id) },
        Change::PrimaryChanged { channel: Channel::Phone, id: None },
        Change::Removed { id },
        Change::Replaced { id, by: id },
        Change::AttemptsCleared { id },
        Change::DeliveryFailed { id, sent_at: Some(Timestamp::from_secs(3)), why: Some(UndeliverableReason::Refused) },
        Change::DeliveryFailed { id, sent_at: None, why: None },
        Change::DeliveryRestored { id },
        Change::Labelled { id, label: Some(Label::parse("canary").unwrap()) },
        Change::Labelled { id, label: None },
        Change::ProfileChanged { claims: Some(profile.clone()), public_data: None, private_data: Some(profile) },
        Change::ExtensionReported(Reported { members: extension() }),
        Change::Disavowed { number: 7, id },
        Change::ContestOpened {
            id,
            contest: ContestId::from_uuid(Uuid::from_u128(5)),
            with: UserId::parse("v").unwrap(),
            evidence: Some(Verified { at: Timestamp::from_secs(9), by: Method::Code, source: Some("canary".into()) }),
            until: Some(Timestamp::from_secs(99)),
        },
        Change::ContestEnded {
            id,
            contest: ContestId::from_uuid(Uuid::from_u128(5)),
            outcome: ContestOutcome::Transferred,
        },
        Change::ClaimsUpdated,
        Change::Disabled,
        Change::Enabled,
        Change::Merged { user: UserId::parse("u").unwrap() },
        Change::MergedInto { user: UserId::parse("v").unwrap() },
        Change::Erased,
        Change::Stripped { was: "added".into(), id: Some(id) },
        Change::Stripped { was: "created".into(), id: None },
    ]
}

fn event(change: Change) -> Event {
    let actor = Actor::Administrator("staff".into());
    Event { v: EventFormat, at: Timestamp::from_micros(1_700_000_000_123_456), actor, change }
}

#[test]
fn every_kind_of_change_is_tested() {
    let source = include_str!("../../src/change/event.rs");
    let (_, kinds) = source.split_once("pub const fn kind(&self)").unwrap();
    let (kinds, _) = kinds.split_once("\n    }\n").unwrap();
    let named: BTreeSet<&str> = kinds.lines().filter_map(|line| line.split('"').nth(1)).collect();
    let listed: BTreeSet<&str> = every_change().iter().map(Change::kind).collect();
    assert_eq!(listed, named);
    assert_eq!(listed.len(), 32);
}

#[test]
fn every_change_round_trips_and_its_kind_is_its_type() {
    for change in every_change() {
        let kind = change.kind();
        let before = Recorded { number: u64::from(u32::MAX) + 1, event: event(change) };
        let text = serde_json::to_string(&before).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["change"]["type"], kind, "{text}");
        assert_eq!((&value["v"], &value["number"]), (&json!(1), &json!(4_294_967_296_u64)), "{text}");
        for after in [
            serde_json::from_str::<Recorded>(&text).unwrap(),
            serde_json::from_slice(text.as_bytes()).unwrap(),
            serde_json::from_value(value.clone()).unwrap(),
            serde_json::from_reader(text.as_bytes()).unwrap(),
        ] {
            assert_eq!(after, before, "{kind}");
            assert_eq!(serde_json::to_string(&after).unwrap(), text, "{kind}");
        }
    }
}

/// Events of commits at different times, by different people, and a creation of somebody else.
fn some_of_everything() -> Vec<Event> {
    let mut events: Vec<Event> = every_change().into_iter().map(event).collect();
    events.push(event(Change::Created { user: UserId::parse("another").unwrap() }));
    let verified = |at| Verified { at, by: Method::Code, source: None };
    events.push(event(Change::Verified { id: Uuid::nil().into(), verified: verified(event(Change::Disabled).at) }));
    let mut others = events.clone();
    for (place, event) in others.iter_mut().enumerate() {
        event.actor = Actor::Holder;
        event.at = Timestamp::from_micros(i64::try_from(place / 3).unwrap() - 5);
    }
    events.extend(others);
    events
}

#[test]
fn every_event_comes_back_from_its_stored_form() {
    let (user, events) = (UserId::parse("u").unwrap(), some_of_everything());
    let text = stored::events(&user, &events);
    assert_eq!(stored::read_events(&user, &text).unwrap(), events);
    assert_eq!(stored::read_events(&user, &stored::events(&user, &[])).unwrap(), []);
    for event in &events {
        let alone = std::slice::from_ref(event);
        assert_eq!(stored::read_events(&user, &stored::events(&user, alone)).unwrap(), alone);
    }
    // A store may write the text anew.
    let again = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&text).unwrap()).unwrap();
    assert_eq!(stored::read_events(&user, &again).unwrap(), events);
}

#[test]
fn events_in_the_form_before_are_read() {
    let (user, events) = (UserId::parse("u").unwrap(), some_of_everything());
    let before = serde_json::to_string(&events).unwrap();
    assert_eq!(stored::read_events(&user, &before).unwrap(), events);
}

#[test]
fn the_stored_events_of_a_verification_are_at_most_six_tenths_as_long_as_their_json() {
    let mut ada = given();
    ada.add_verified(email("ada@example.com"));
    let (mut kept, mut json) = (0, 0);
    for event in &ada.history {
        kept += stored::events(ada.user.id(), [event]).len();
        json += serde_json::to_string(&[event]).unwrap().len();
    }
    assert!(10 * kept <= 6 * json, "{kept} bytes of {json}");
}

#[test]
fn stored_events_that_this_program_does_not_know_are_refused() {
    use stored::BadRecord::{Damaged, Newer};
    let user = UserId::parse("u").unwrap();
    for newer in ["[3]", r#"[3,{"any":"thing"}]"#] {
        assert_eq!(stored::read_events(&user, newer), Err(Newer { found: 3, known: 2 }), "{newer}");
    }
    let text = stored::events(&user, &[event(Change::Disabled)]);
    for damage in [
        "",
        "[]",
        "{}",
        "[1]",
        "[-2]",
        "[2.5]",
        "[null]",
        &text[..text.len() - 1],
        &text.replace("[2,", "[1,"),
        &text.replace("[2,", "["),
        &text.replace("disabled", "teleported"),
        &text.replace("1700000000123456,", ""),
        &text.replace("\"staff\",", ""),
        r#"[2,5,null,{"e":"added","i":"00000000000000000000000000000001","k":"x","a":"ada@example.com"}]"#,
        r#"[2,5,null,{"e":"added","i":"00000000000000000000000000000001","k":"e","a":"ada@example.com","y":1}]"#,
        &serde_json::to_string(&[event(Change::Disabled)]).unwrap().replace("\"v\":1", "\"v\":2"),
    ] {
        let read = stored::read_events(&user, damage);
        assert!(matches!(&read, Err(Damaged(reason)) if !reason.contains("ada")), "{damage}: {read:?}");
    }
}

#[test]
fn an_event_keeps_the_typed_form() {
    let added = event(Change::Added {
        id: IdentifierId::from_uuid(Uuid::nil()),
        address: phone("+44 (0)7400 123456"),
        source: None,
        unrestricted: false,
        replaces: None,
    });
    let text = serde_json::to_string(&added).unwrap();
    let Change::Added { address, .. } = serde_json::from_str::<Event>(&text).unwrap().change else { panic!("{text}") };
    assert_eq!((address.as_str(), address.typed()), (NUMBER, "+44 (0)7400 123456"));
}

#[test]
fn an_address_accepted_once_stays_readable_when_a_rule_changes() {
    // None of these would be accepted today.
    let id = IdentifierId::from_uuid(Uuid::nil());
    let address = |channel, text| json!({"type": "added", "id": id, "address": {"channel": channel, "address": text}});
    for change in [
        json!({"type": "username_set", "id": id, "username": "a b"}),
        address("email", "ada@localhost"),
        address("phone", "+4400000"),
    ] {
        let event = json!({"v": 1, "at": 1, "actor": "holder", "change": change});
        let read = serde_json::from_value::<Event>(event).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap()["change"]["type"], change["type"]);
    }
}

#[test]
fn an_event_of_another_format_is_refused_and_both_versions_are_named() {
    let mut value = serde_json::to_value(event(Change::Disabled)).unwrap();
    for other in [0_u64, 2, 255, 256, 300, u64::MAX] {
        value["v"] = json!(other);
        let refused = serde_json::from_value::<Event>(value.clone()).unwrap_err().to_string();
        assert_eq!(
            refused,
            format!("the event has format {other}, but this program reads only format 1; use a program that knows it")
        );
    }
    for nonsense in [json!(null), json!("1"), json!(-1), json!(1.5), json!([1])] {
        value["v"] = nonsense;
        assert!(serde_json::from_value::<Event>(value.clone()).is_err(), "{value}");
    }
    value.as_object_mut().unwrap().remove("v");
    assert!(serde_json::from_value::<Event>(value.clone()).is_err(), "a format is never guessed");
    value["v"] = json!(1);
    value["change"] = json!({"type": "teleported"});
    assert!(serde_json::from_value::<Event>(value).is_err());
}

#[test]
fn a_stripped_event_holds_nothing_personal() {
    for change in every_change() {
        let kind = change.kind();
        let (before, id) = (serde_json::to_string(&event(change.clone())).unwrap(), change.identifier());
        let stripped = event(change).stripped();
        let text = serde_json::to_string(&stripped).unwrap();
        for personal in [CANARY, "Canary", "7400", "example", "203.0.113.7", "hint", "nonce"] {
            assert!(!text.contains(personal), "{kind}: {text}");
        }
        assert_eq!((stripped.at, &stripped.actor), (event(Change::Erased).at, &event(Change::Erased).actor));
        match &stripped.change {
            Change::Erased | Change::MergedInto { .. } => assert_eq!(kind, stripped.change.kind()),
            Change::Stripped { was, id: left } => {
                assert!(was == kind || kind == "stripped", "{before}");
                assert_eq!(*left, id);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(stripped.clone().stripped(), stripped, "stripping an event twice changes nothing");
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), stripped);
    }
}

#[test]
fn every_event_holds_a_canary_before_it_is_stripped() {
    let personal = every_change().into_iter().filter(|change| {
        let text = serde_json::to_string(&event(change.clone())).unwrap().to_lowercase();
        text.contains(CANARY) || text.contains("7400")
    });
    assert_eq!(personal.count(), 10);
}

#[test]
fn no_user_remains_after_an_erasure() {
    let mut ada = given();
    let erased = ada.bench.on(&staff(), |context| ada.user.erase(context)).unwrap();
    assert_eq!(ada.user.after(&erased.events), None);
    let history = [&ada.history[..], &erased.events[..]].concat();
    assert_eq!(User::from_events(&history), None);
    let stripped: Vec<Event> = history.into_iter().map(Event::stripped).collect();
    assert_eq!(User::from_events(&stripped), None);
}

#[test]
fn a_user_begins_with_a_creation_or_an_import() {
    assert_eq!(User::from_events(&[]), None);
    for change in every_change() {
        let begins = matches!(change, Change::Created { .. } | Change::Imported { .. });
        let kind = change.kind();
        assert_eq!(User::from_events(&[event(change)]).is_some(), begins, "{kind}");
    }
}

#[test]
fn an_event_about_an_unknown_identifier_changes_only_the_time() {
    let mut ada = given();
    ada.add_verified(email("ada@example.com"));
    let stray = |change: &Change| {
        !matches!(change.kind(), "added" | "username_set" | "primary_changed" | "profile_changed")
            && !matches!(change.kind(), "extension_reported" | "disabled" | "enabled" | "erased" | "merged_into")
    };
    for change in every_change().into_iter().filter(stray) {
        let happened = Event { at: ada.user.updated_at(), ..event(change) };
        assert_eq!(ada.user.after(std::slice::from_ref(&happened)).as_ref(), Some(&ada.user), "{happened:?}");
    }
}

#[test]
fn every_event_records_its_actor() {
    let mut bench = Bench::new(Policy::default());
    let created = bench.on(&staff(), |context| User::create(&NewUser::default(), context)).unwrap();
    assert!(created.events.iter().all(|event| event.actor == Actor::Administrator("staff".into())));
    let mut ada = given();
    let added = ada.add(email("ada@example.com"));
    assert!(added.events.iter().all(|event| event.actor == Actor::Holder && event.at == ada.bench.now));
    let value = serde_json::to_value(&added.events[0]).unwrap();
    assert_eq!(value["actor"], "holder");
    assert_eq!(serde_json::to_value(&created.events[0]).unwrap()["actor"], json!({"administrator": "staff"}));
}
