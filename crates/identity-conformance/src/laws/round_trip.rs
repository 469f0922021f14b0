//! Laws of round trips: a store returns what was written.

use std::sync::Arc;

use identity_core::{
    Actor, Address, Alphabet, Attempts, Change, CodeFormat, Content, Email, Event, EventFormat, JsonObject, Message,
    Method, NoticeKind, Phone, Profile, ProofBy, Purpose, Recorded, Retired, Status, Timestamp, Undeliverable,
    UndeliverableReason, User, UserRecord, Verified, stored,
};
use identity_ports::{Settled, Settlement};
use serde_json::{Map, Value, json};

use crate::Harness;
use crate::kit::{
    FAR, NOW, Person, at, challenge, change, create, every_change, id, key, lease, letter, mail_key, message_id, paid,
    put, typed, verified,
};

const EXTREMES: [i64; 8] =
    [i64::MIN, i64::MIN + 1, -62_135_596_800_000_001, -1, 0, 1, 253_402_300_800_000_000, i64::MAX];

/// Writes a user, reads it back, before and after a restart, and compares everything, including what equality ignores.
async fn trip(harness: &dyn Harness, name: &str, person: &Person) {
    let store = harness.open().await;
    let user = key(name);
    let expected = person.clone().with_id(&user.user).user();
    let created = put(&*store, create(&user, person)).await;
    same(&created.user, &expected);
    // A user that is changed into this one reads the same as one that was created this way.
    let blank = key(&format!("changed, {name}").chars().take(200).collect::<String>());
    let before = put(&*store, create(&blank, &Person::default().email(9_999, "before@example.com", verified()))).await;
    let changed = put(&*store, change(&blank, &before, person)).await;
    same(&changed.user, &person.clone().with_id(&blank.user).user());
    let store = harness.restart(store).await;
    same(&store.load(&user).await.unwrap().unwrap().user, &expected);
}

fn same(read: &User, written: &User) {
    assert_eq!(read, written, "the user that was read is not the one that was written");
    assert_eq!(typed(read), typed(written), "the typed form is not kept");
    assert_eq!(format!("{read:?}"), format!("{written:?}"));
    assert_eq!(read.created_at().as_micros(), written.created_at().as_micros());
}

/// Every status of an address is read as it was written.
pub async fn every_status_round_trips(harness: &dyn Harness) {
    let mut statuses = vec![Status::Unverified];
    for by in [Method::Code, Method::Link, Method::Administrator, Method::AdministratorCode, Method::Import] {
        for source in [None, Some("".into()), Some("the front desk".into())] {
            statuses.push(Status::Verified(Verified { at: at(7), by, source }));
        }
    }
    for purpose in [Purpose::Verification, Purpose::Replacement] {
        for proof in [ProofBy::Code, ProofBy::Link, ProofBy::Either, ProofBy::Issued] {
            for (length, alphabet) in [(1, Alphabet::Digits), (6, Alphabet::Digits), (20, Alphabet::Letters)] {
                let format = CodeFormat::new(length, alphabet).unwrap();
                let hint = (length == 20).then(|| "https://example.com/{token}".into());
                let failed = length / 2;
                statuses.push(Status::Pending(Box::new(identity_core::Challenge {
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
    let mut person = Person::default();
    for (number, status) in (0..).zip(&statuses) {
        person = person.email(number, &format!("e{number}@example.com"), status.clone());
        person = person.phone(100 + number, &format!("+4415149604{number:02}"), status.clone());
    }
    person = person.primary(5).primary(103);
    trip(harness, "ada", &person).await;
    // One address goes through all statuses, each followed by each.
    let store = harness.open().await;
    let bob = key("bob");
    let mut stored = put(&*store, create(&bob, &Person::default())).await;
    let reasons = [UndeliverableReason::Refused, UndeliverableReason::Bounced, UndeliverableReason::Complained];
    let known = reasons.map(|why| Some(Undeliverable { at: at(5), why, times: 2 })).into_iter().chain([None]);
    for (status, undeliverable) in statuses.iter().chain(statuses.iter().rev()).zip(known.cycle()) {
        let mut person = Person::default().email(500, "bob@example.com", status.clone());
        person.entries[0].undeliverable = undeliverable;
        stored = put(&*store, change(&bob, &stored, &person)).await;
        same(&stored.user, &person.with_id(&bob.user).user());
    }
}

/// The largest user that the rules allow is read as it was written.
pub async fn the_longest_values_round_trip(harness: &dyn Harness) {
    let wide = "\u{1f600}".repeat(200);
    let text: Arc<str> = wide.as_str().into();
    let object = |fill: usize| {
        let map: Map<String, Value> = [("k".to_owned(), Value::from("x".repeat(fill)))].into_iter().collect();
        Arc::new(JsonObject::new(map).expect("an object of 65,536 bytes"))
    };
    let domain = format!("{}.{}.{}", "b".repeat(63), "c".repeat(63), "d".repeat(61));
    let times = |most: i64| (0..most).map(|secs| Timestamp::from_secs(1_800_000_000 + secs)).collect::<Vec<_>>();
    let attempts = Attempts { failed_in_a_row: 100, failed_at: times(100), sent_at: times(100) };
    let hint: Arc<str> = "h".repeat(2_048).as_str().into();
    let pending = Status::Pending(Box::new(identity_core::Challenge { hint: Some(hint), ..challenge() }));
    let mut person = Person::default();
    for number in 0..50_u128 {
        let local = format!("{number:064}");
        person = person.email(number, &format!("{local}@{domain}"), pending.clone());
        person = person.phone(100 + number, &format!("+4415149604{number:02}"), verified());
    }
    for entry in &mut person.entries {
        entry.source = Some(Arc::clone(&text));
        entry.attempts = attempts.clone();
        entry.unrestricted = true;
        if let Status::Verified(verified) = &mut entry.status {
            verified.source = Some(Arc::clone(&text));
        }
    }
    for number in 1..50 {
        person.entries[usize::try_from(number * 2).unwrap()].replaces = Some(id(0));
    }
    person = person.username(900, &"\u{4e00}".repeat(200)).primary(0).primary(149);
    let parts = &mut person.parts;
    parts.retired = (0..50)
        .map(|number| Retired { key: mail_key(&format!("gone{number}@example.com")), attempts: attempts.clone() })
        .collect();
    parts.profile = Profile { claims: object(65_528), public_data: object(65_528), private_data: object(65_528) };
    parts.extension = Arc::new(stored::lifted(Some(vec!["p".repeat(5_000); 52].into()), None, []));
    trip(harness, &wide, &person).await;
    // An import records all of it in one event.
    let store = harness.open().await;
    let ada = key("ada");
    let record = Box::new(UserRecord::from(&*person.clone().with_id(&ada.user).user()));
    let draft = create(&ada, &person).events(at(1), vec![Change::Imported { record, canonical: Vec::new() }]);
    let written = draft.0.events.clone();
    assert!(serde_json::to_string(&written).unwrap().len() > 500_000, "the event is large");
    put(&*store, draft).await;
    let store = harness.restart(store).await;
    let read = store.history(&ada, 0, 10).await.unwrap();
    assert!(read == written, "an event of any size is read as it was written");
}

/// Texts that have a special meaning elsewhere, and JSON of every kind, are read as they were written.
pub async fn the_strangest_values_round_trip(harness: &dyn Harness) {
    let odd = [
        "'; drop table identity_users; --",
        "\" \\ / ` $1 ?1 :a @b {} %s",
        "ada ",
        " ada",
        "e\u{301}",
        "\u{e9}",
        "\u{202e}drow\u{202c}",
        "\u{200b}",
        "\u{feff}",
        "\u{fffd}\u{10ffff}",
        "%_*[a-z]",
        "null",
        "NaN",
        "0x1F",
        "1e5",
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    ];
    let mut deep = json!({});
    for _ in 0..30 {
        deep = json!([deep]);
    }
    let values = json!({
        "": "", "null": null, "true": true, "largest": u64::MAX, "least": i64::MIN, "half": 0.5, "minus": -1.5,
        "deep": deep, "empty": [], "mixed": [1, "1", 1.0, null, {"a": {}}], "quote\"": "\"\\\u{7f}\n\t\u{1}",
        "\u{1f600}": "\u{10ffff}", "order": {"b": 1, "a": 2, "B": 3}, "date": "2026-01-01T00:00:00Z",
    });
    let Value::Object(values) = values else { panic!("an object") };
    let object = Arc::new(JsonObject::new(values).expect("an object that is not too deep"));
    for (number, name) in odd.into_iter().enumerate() {
        let text: Arc<str> = format!("{name}\n\t\r").into();
        let mut person = Person::default().email(1, "\u{fc}ml\u{e4}ut@b\u{fc}cher.example", verified());
        person = person.address(2, Email::parse("O'Brien%_@EXAMPLE.com").unwrap().into(), Status::Unverified);
        person = person.address(3, Phone::parse("+44 1514 960453").unwrap().into(), verified());
        person = person.username(4, "50%_'\"\\").primary(3);
        person.parts.disabled = number % 2 == 1;
        for entry in &mut person.entries {
            entry.source = Some(Arc::clone(&text));
        }
        person.parts.username.as_mut().unwrap().source = Some(Arc::clone(&text));
        person.parts.profile =
            Profile { claims: Arc::clone(&object), public_data: Arc::clone(&object), private_data: Arc::default() };
        let mut reported = object.as_map().clone();
        reported.insert(name.to_owned(), json!([name]));
        person.parts.extension = Arc::new(JsonObject::new(reported).expect("an object that is not too deep"));
        trip(harness, name, &person).await;
    }
}

/// Numbers of every size and form, thousands of them drawn at random: finite floats of any bit pattern, the smallest and the
/// greatest, both zeros, integers up to their ends, and integers that only a float can hold.
fn numbers() -> Vec<Value> {
    // SplitMix64, from a fixed seed.
    let mut state = 0x243f_6a88_85a3_08d3_u64;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    };
    let mut numbers: Vec<Value> =
        (0..6_000).map(|_| f64::from_bits(next())).filter(|n| n.is_finite()).map(Value::from).collect();
    // Subnormal numbers, and such as a person would write.
    numbers.extend((0..500).map(|_| Value::from(f64::from_bits(next() >> 12))));
    numbers.extend((0..500).map(|_| Value::from((next() % 1_000_000_000) as f64 / 1_000.0)));
    numbers.extend((0..500).map(|_| Value::from(next())));
    numbers.extend((0..500).map(|_| Value::from(next() as i64)));
    let ends =
        [f64::MIN, f64::MAX, f64::MIN_POSITIVE, f64::EPSILON, 0.0, -0.0, 5e-324, 2.225_073_858_507_201e-308, 1e23];
    numbers.extend(ends.map(Value::from));
    numbers.extend([u64::MAX, u64::MAX - 1, 1 << 53, (1 << 53) + 1, 1 << 63, 0].map(Value::from));
    numbers.extend([i64::MIN, i64::MIN + 1, -(1 << 53) - 1, -1].map(Value::from));
    let digits = "1234567890".repeat(30);
    for text in ["18446744073709551616", "-9223372036854775809", "-0", "0.1e-400", "1e308", &digits] {
        numbers.extend(serde_json::from_str::<Value>(text));
    }
    numbers
}

/// Every JSON number is read as it was written, to the bit, and stays so however often it is written again.
pub async fn c95_every_json_number_comes_back_bit_for_bit(harness: &dyn Harness) {
    let numbers = numbers();
    assert!(numbers.len() > 7_500);
    let mut objects = numbers.chunks(1_500).map(|numbers| {
        let map = [("n".to_owned(), Value::from(numbers.to_vec()))].into_iter().collect();
        Arc::new(JsonObject::new(map).expect("an object of fewer than 65,536 bytes"))
    });
    let store = harness.open().await;
    let mut written = Vec::new();
    for number in 0_u8.. {
        let Some(claims) = objects.next() else { break };
        let (public_data, private_data) = (objects.next().unwrap_or_default(), objects.next().unwrap_or_default());
        let user = key(&format!("user {number}"));
        let mut person = Person::default();
        person.parts.extension = Arc::clone(&claims);
        person.parts.profile = Profile { claims, public_data, private_data };
        let profile = person.parts.profile.clone();
        let change = Change::ProfileChanged {
            claims: Some(Arc::clone(&profile.claims)),
            public_data: Some(Arc::clone(&profile.public_data)),
            private_data: Some(Arc::clone(&profile.private_data)),
        };
        put(&*store, create(&user, &person).events(at(1), vec![change])).await;
        written.push((user, profile));
    }
    let mut store = store;
    for round in 0_u8..3 {
        store = harness.restart(store).await;
        for (user, written) in &written {
            let read = store.load(user).await.unwrap().unwrap();
            // Equality takes both zeros for one number; as text they differ, and so does every other pair of floats.
            let Profile { claims, public_data, private_data } = read.user.profile().clone();
            for (read, written) in [
                (&claims, &written.claims),
                (&public_data, &written.public_data),
                (&private_data, &written.private_data),
            ] {
                assert_eq!(text(read), text(written), "round {round}");
            }
            let reported = read.user.extension().as_map().get("n").map(ToString::to_string);
            assert_eq!(reported, written.claims.as_map().get("n").map(ToString::to_string), "round {round}");
            let history = store.history(user, 0, 10).await.unwrap();
            let told = history.iter().find_map(|recorded| match &recorded.event.change {
                Change::ProfileChanged { claims, .. } => claims.clone(),
                _ => None,
            });
            assert_eq!(text(&told.unwrap()), text(&written.claims), "round {round}");
            // What was read is written once more, and something with it, so that it is written at all.
            let mut person = Person::default();
            let rounds = [("round".to_owned(), round.into())].into_iter().collect();
            person.parts.extension = Arc::new(read.user.extension().patched(&rounds).unwrap());
            person.parts.profile = Profile { claims, public_data, private_data };
            put(&*store, change(user, &read, &person)).await;
        }
    }
}

fn text(object: &JsonObject) -> String {
    serde_json::to_string(object).unwrap()
}

/// Times before 1970 and in the far future, to the microsecond, and the greatest counts are read as they were written.
pub async fn extreme_times_and_counts_round_trip(harness: &dyn Harness) {
    for (number, micros) in EXTREMES.into_iter().enumerate() {
        let time = Timestamp::from_micros(micros);
        let challenge = identity_core::Challenge {
            issued_at: time,
            expires_at: time,
            tries: u8::MAX,
            failed: u8::MAX,
            ..challenge()
        };
        let shown = Verified { at: time, by: Method::Import, source: None };
        let mut person =
            Person::default().created(time).email(1, "ada@example.com", Status::Pending(Box::new(challenge)));
        person = person.email(2, "bob@example.com", Status::Verified(shown)).username(3, "ada");
        for entry in &mut person.entries {
            entry.added_at = time;
            entry.attempts = Attempts { failed_in_a_row: u32::MAX, failed_at: vec![time; 3], sent_at: vec![time, NOW] };
            let why = UndeliverableReason::Complained;
            entry.undeliverable = Some(Undeliverable { at: time, why, times: u32::MAX });
        }
        person.parts.username.as_mut().unwrap().added_at = time;
        person.parts.retired =
            vec![Retired { key: mail_key("x@example.com"), attempts: person.entries[0].attempts.clone() }];
        person = person.extension(json!({"time": micros, "count": u64::MAX}));
        trip(harness, &format!("user {number}"), &person).await;
    }
    let store = harness.open().await;
    let query =
        identity_ports::ListQuery { order: identity_ports::ListOrder::Created, after: None, limit: 100, prefix: None };
    let listed = store.list(&key("ada").tenant, &query).await.unwrap();
    let times: Vec<i64> = listed.users.iter().map(|stored| stored.user.created_at().as_micros()).collect();
    let mut expected: Vec<i64> = EXTREMES.into_iter().chain(EXTREMES).collect();
    expected.sort_unstable();
    assert_eq!(times, expected, "the list is in the order of these times");
}

/// Every kind of event is read as it was written.
pub async fn every_event_round_trips(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    let person = Person::default().email(1, "ada@example.com", verified()).username(2, "Countess");
    let changes = every_change(&ada);
    let mut draft = create(&ada, &person).events(at(1), changes);
    for (recorded, micros) in draft.0.events.iter_mut().zip(EXTREMES) {
        recorded.event.at = Timestamp::from_micros(micros);
        recorded.event.actor = Actor::Holder;
    }
    let actor = Actor::Administrator("\u{1f600}'\"\\".into());
    let number = u64::try_from(draft.0.events.len()).unwrap() + 1;
    draft.0.events.push(Recorded { number, event: Event { v: EventFormat, at: NOW, actor, change: Change::Disabled } });
    let written = draft.0.events.clone();
    put(&*store, draft).await;
    let store = harness.restart(store).await;
    let read = store.history(&ada, 0, 1_000).await.unwrap();
    assert_eq!(read, written, "every event is read as it was written");
    assert_eq!(
        serde_json::to_string(&read).unwrap(),
        serde_json::to_string(&written).unwrap(),
        "the JSON is the same to the letter"
    );
}

/// Every kind of message is read as it was written.
pub async fn every_message_round_trips(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("\u{1f600} '\"\\ ");
    let phone = Address::from(Phone::parse("+44 1514 960453").unwrap());
    let mail = Address::from(Email::parse("\u{fc}ml\u{e4}ut@B\u{fc}cher.example").unwrap());
    let mut contents: Vec<Content> =
        NoticeKind::ALL.map(|what| Content::Notice { what, about: phone.clone(), event: None }).into();
    contents.push(Content::Notice { what: NoticeKind::Removed, about: phone.clone(), event: Some(7) });
    for (proof, purpose) in [
        (ProofBy::Code, Purpose::Verification),
        (ProofBy::Link, Purpose::Replacement),
        (ProofBy::Either, Purpose::Verification),
    ] {
        let hint = Some("h".repeat(2_048).as_str().into());
        let challenge = identity_core::Challenge { proof, purpose, hint, ..challenge() };
        contents.push(Content::Challenge { identifier: id(7), challenge });
    }
    contents.push(Content::Due { identifier: id(7) });
    let mut written: Vec<Message> = Vec::new();
    for (number, content) in (0..).zip(contents) {
        let to = if number % 2 == 0 { phone.clone() } else { mail.clone() };
        let locale = [None, Some("de-CH-1996".into())][usize::try_from(number % 2).unwrap()].clone();
        // The last one is due before all the others.
        let created_at = if number == 8 { Timestamp::from_micros(i64::MIN) } else { at(1) };
        let expires_at = if number == 7 { Timestamp::from_micros(i64::MAX) } else { at(600) };
        written.push(Message { to, content, locale, created_at, expires_at, ..letter(number, &ada, at(1)) });
    }
    let draft = written
        .iter()
        .fold(create(&ada, &Person::default()), |draft, message| draft.message(paid(message.clone(), vec![])));
    put(&*store, draft).await;
    let store = harness.restart(store).await;
    let lease = lease(u128::MAX, FAR, Timestamp::from_micros(i64::MAX), 100);
    let mut posted: Vec<Message> = Vec::new();
    posted.extend(store.posted(&ada, None, 100).await.unwrap().into_iter().map(|posted| posted.message));
    assert_eq!(posted, written, "every message is read as it was written");
    // They are leased one after the other, on each channel.
    let mut read: Vec<Message> = Vec::new();
    loop {
        let leased = store.lease(lease.clone()).await.unwrap();
        if leased.is_empty() {
            break;
        }
        let done = leased.iter().map(|leased| Settled { id: leased.message.id, outcome: Settlement::Done });
        store.settle(lease.id, done.collect()).await.unwrap();
        read.extend(leased.into_iter().map(|leased| leased.message));
    }
    assert_eq!(
        read.iter().map(|message| message.id).collect::<Vec<_>>()[0],
        message_id(8),
        "the message that was due first is leased first"
    );
    // Each channel has an order of its own.
    read.sort_by_key(|message| message.id);
    assert_eq!(read, written, "every message is read as it was written");
    let json = |messages: &[Message]| serde_json::to_string(messages).unwrap();
    assert_eq!(json(&read), json(&written), "the JSON is the same to the letter");
}
