//! Whole users: import, export and profiles.

use std::sync::Arc;

use identity_core::policy::{By, Restriction};
use identity_core::record::{IdentifierRecord, ImportProblem, UsernameRecord, VerifiedRecord};
use identity_core::{
    Actor, Book, Channel, Identifier, IdentifierId, JsonError, JsonObject, MAX_JSON_BYTES, MAX_JSON_DEPTH, Method,
    Policy, PrimaryPolicy, ProfileChange, Refusal, Timestamp, User, UserId, UserParts, UserRecord, Username,
    UsernameEntry,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::kit::{Bench, email, given, phone, staff};

pub(crate) fn map(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("{value}") };
    map
}

pub(crate) fn object(value: Value) -> Arc<JsonObject> {
    Arc::new(JsonObject::new(map(value)).unwrap())
}

pub(crate) fn identifier(address: &str) -> IdentifierRecord {
    IdentifierRecord::new(address)
}

fn verified(address: &str) -> IdentifierRecord {
    IdentifierRecord { verified: Some(VerifiedRecord::default()), ..identifier(address) }
}

fn record() -> UserRecord {
    let made = Timestamp::from_secs(1_600_000_000);
    let record = UserRecord::new(UserId::parse("ada").unwrap(), made);
    UserRecord { updated_at: Timestamp::from_secs(1_650_000_000), ..record }
}

fn import_under(policy: Policy, record: &UserRecord) -> Result<User, Refusal> {
    let mut bench = Bench::new(policy);
    bench.now = bench.now + crate::kit::secs(86_400);
    let decision = bench.on(&staff(), |context| User::import(record, context))?;
    Ok(User::from_events(&decision.events).unwrap())
}

pub(crate) fn import(record: &UserRecord) -> Result<User, Refusal> {
    import_under(Policy::default(), record)
}

#[track_caller]
fn refused(record: &UserRecord, problem: ImportProblem) {
    assert_eq!(import(record), Err(Refusal::Import(problem)));
    assert_eq!(Refusal::Import(problem).kind(), identity_core::RefusalKind::Invalid);
}

#[test]
fn an_import_is_refused_for_each_rule_that_it_breaks() {
    let emails = |emails: Vec<IdentifierRecord>| UserRecord { emails, ..record() };
    let phones = |phones: Vec<IdentifierRecord>| UserRecord { phones, ..record() };
    let bad = identity_core::Email::parse("b").unwrap_err();
    refused(&emails(vec![identifier("a@example.com"), identifier("b")]), ImportProblem::Email { index: 1, error: bad });
    let bad = identity_core::Phone::parse("01514 960453").unwrap_err();
    refused(&phones(vec![identifier("01514 960453")]), ImportProblem::Phone { index: 0, error: bad });
    let premium = Restriction::NumberType;
    let problem = ImportProblem::Restricted { channel: Channel::Phone, index: 1, restriction: premium };
    refused(&phones(vec![identifier("+441514960453"), verified("+449012345678")]), problem);
    refused(&emails(vec![identifier("a@example.com"), identifier("A@Example.com")]), ImportProblem::Twice);
    refused(&phones(vec![identifier("+441514960453"), identifier("+44 1514 960453")]), ImportProblem::Twice);
    let primary = |address: &str| IdentifierRecord { primary: true, ..verified(address) };
    refused(&emails(vec![primary("a@example.com"), primary("b@example.com")]), ImportProblem::Primaries);
    let unverified = IdentifierRecord { primary: true, ..identifier("a@example.com") };
    refused(&emails(vec![unverified.clone()]), ImportProblem::UnverifiedPrimary);
    let lax = PrimaryPolicy::builder().unverified(By::Administrator).build().unwrap();
    assert!(import_under(Policy::default().with_primary(lax), &emails(vec![unverified])).is_ok());
    let many = |count: u32| (0..count).map(|number| identifier(&format!("a{number}@example.com"))).collect();
    assert!(import(&emails(many(50))).is_ok());
    refused(&emails(many(51)), ImportProblem::TooMany);
    // The number of entries is checked before any is parsed, so that a huge list costs nothing.
    refused(&emails(vec![identifier("not an address"); 100_000]), ImportProblem::TooMany);
    let at = Timestamp::from_secs;
    for (created_at, updated_at) in [(3, 2), (3, 1_800_000_000), (1_800_000_000, 1_800_000_001)] {
        let record = UserRecord { created_at: at(created_at), updated_at: at(updated_at), ..record() };
        refused(&record, ImportProblem::Times);
    }
    let late = Some(at(1_800_000_001));
    let verified = Some(VerifiedRecord { at: late, by: None, source: None });
    refused(&emails(vec![IdentifierRecord { verified, ..identifier("ada@example.com") }]), ImportProblem::Times);
    refused(&emails(vec![IdentifierRecord { added_at: late, ..identifier("ada@example.com") }]), ImportProblem::Times);
}

#[test]
fn an_import_may_say_that_everything_happened_at_this_moment() {
    let now = Bench::new(Policy::default()).now + crate::kit::secs(86_400);
    let verified = Some(VerifiedRecord { at: Some(now), by: None, source: None });
    let entry = IdentifierRecord { added_at: Some(now), verified, ..identifier("ada@example.com") };
    let record = UserRecord { created_at: now, updated_at: now, emails: vec![entry], ..record() };
    assert!(import(&record).is_ok());
}

#[test]
fn an_id_occurs_once_in_a_user() {
    let id = Some(IdentifierId::from_uuid(Uuid::from_u128(1)));
    let with_id = |address: &str| IdentifierRecord { id, ..identifier(address) };
    let name = UsernameRecord { id, username: Username::parse("ada").unwrap(), source: None, added_at: None };
    let mail = vec![with_id("a@example.com")];
    refused(
        &UserRecord { emails: [mail.clone(), vec![with_id("b@example.com")]].concat(), ..record() },
        ImportProblem::Twice,
    );
    refused(
        &UserRecord { emails: mail.clone(), phones: vec![with_id("+441514960453")], ..record() },
        ImportProblem::Twice,
    );
    refused(&UserRecord { emails: mail, username: Some(name), ..record() }, ImportProblem::Twice);
}

#[test]
fn inconsistent_parts_are_refused() {
    let mut ada = given();
    let mail = ada.add_verified(email("ada@example.com"));
    let line = ada.add_verified(phone("+441514960453"));
    let (mail, line) = (ada.entry(mail).clone(), ada.entry(line).clone());
    let parts = |emails: Vec<Identifier>, phones: Vec<Identifier>, name: Option<IdentifierId>| {
        let username = Username::parse("ada").unwrap();
        let entry = |id| Box::new(UsernameEntry { id, username, source: None, added_at: ada.bench.now });
        User::restore(UserParts {
            username: name.map(entry),
            emails: Book::restore(Channel::Email, emails, None)?,
            phones: Book::restore(Channel::Phone, phones, None)?,
            ..UserParts::new(ada.user.id().clone(), ada.bench.now)
        })
    };
    assert!(parts(vec![mail.clone()], vec![line.clone()], Some(Uuid::nil().into())).is_ok());
    let of_mail = |id, replaces| Identifier { id, replaces, ..mail.clone() };
    for (emails, phones, name) in [
        (vec![line.clone()], vec![], None),
        (vec![], vec![mail.clone()], None),
        (vec![mail.clone(), mail.clone()], vec![], None),
        (vec![mail.clone(), of_mail(line.id, None)], vec![], None),
        (vec![of_mail(line.id, None)], vec![line.clone()], None),
        (vec![mail.clone()], vec![], Some(mail.id)),
        (vec![], vec![line.clone()], Some(line.id)),
        (vec![of_mail(mail.id, Some(mail.id))], vec![], None),
        (vec![of_mail(mail.id, Some(line.id))], vec![line.clone()], None),
    ] {
        assert!(parts(emails, phones, name).is_err());
    }
    assert!(Book::restore(Channel::Email, vec![mail.clone()], Some(line.id)).is_err(), "the primary is not there");
    let swapped = UserParts {
        emails: Book::new(Channel::Phone),
        phones: Book::new(Channel::Email),
        ..UserParts::new(ada.user.id().clone(), ada.bench.now)
    };
    assert!(User::restore(swapped).is_err());
}

#[test]
fn imported_texts_are_bounded() {
    let long: Arc<str> = "s".repeat(801).into();
    let mail = || identifier("a@example.com");
    let name = || UsernameRecord { id: None, username: Username::parse("ada").unwrap(), source: None, added_at: None };
    let word = VerifiedRecord { at: None, by: None, source: Some(Arc::clone(&long)) };
    for record in [
        UserRecord { emails: vec![IdentifierRecord { source: Some(Arc::clone(&long)), ..mail() }], ..record() },
        UserRecord { emails: vec![IdentifierRecord { verified: Some(word), ..mail() }], ..record() },
        UserRecord { username: Some(UsernameRecord { source: Some(long), ..name() }), ..record() },
    ] {
        assert!(matches!(import(&record), Err(Refusal::TooLarge { .. })));
    }
}

/// An event that was written is history: what was accepted stays readable when parsers and numbering plans change.
#[test]
fn an_imported_user_is_rebuilt_without_judging_its_addresses_again() {
    let entry = UsernameRecord { id: None, username: Username::parse("ada").unwrap(), source: None, added_at: None };
    let record = UserRecord {
        emails: vec![identifier("Ada@EXAMPLE.com"), identifier("ada@example.org")],
        phones: vec![verified("+44 (0)7400 123456")],
        username: Some(entry),
        ..record()
    };
    let mut bench = Bench::new(Policy::default());
    let decision = bench.on(&staff(), |context| User::import(&record, context)).unwrap();
    let written = serde_json::to_string(&decision.events).unwrap();
    assert!(written.contains("+447400123456") && written.contains("Ada@example.com"), "{written}");
    // As if the parsers had accepted then what they refuse now: no country has the code, the domain has one label, and
    // the name has a space.
    let older = written
        .replace("+44 (0)7400 123456", "+999 (0)7400 123456")
        .replace("+447400123456", "+9997400123456")
        .replace("example.org", "localhost")
        .replace("\"username\":\"ada\"", "\"username\":\"a da\"");
    let events: Vec<identity_core::Event> = serde_json::from_str(&older).unwrap();
    let user = User::from_events(&events).unwrap();
    let addresses: Vec<(&str, &str)> = user.identifiers().map(|e| (e.address.as_str(), e.address.typed())).collect();
    assert_eq!(
        addresses,
        [
            ("Ada@example.com", "Ada@EXAMPLE.com"),
            ("ada@localhost", "ada@localhost"),
            ("+9997400123456", "+999 (0)7400 123456"),
        ]
    );
    assert!(user.phones().entries()[0].is_verified());
    assert_eq!(user.username().unwrap().username.as_str(), "a da");
    // A new import is judged.
    let refused = |record: &UserRecord| import(record).unwrap_err();
    let phones = vec![identifier("+9997400123456")];
    assert!(matches!(refused(&UserRecord { phones, ..record.clone() }), Refusal::Import(ImportProblem::Phone { .. })));
    let mut named = record;
    named.username.as_mut().unwrap().username = Username::restore("a da", "a da").unwrap();
    assert!(matches!(refused(&named), Refusal::Import(ImportProblem::Username(_))));
    // What a file says is put into canonical form by the import, not by reading the file.
    named.username.as_mut().unwrap().username = Username::restore("e\u{301}va", "e\u{301}va").unwrap();
    assert_eq!(import(&named).unwrap().username().unwrap().username.as_str(), "\u{e9}va");
}

#[test]
fn only_an_administrator_may_import() {
    let refused = Bench::new(Policy::default()).on(&Actor::Holder, |context| User::import(&record(), context));
    assert_eq!(refused.unwrap_err(), Refusal::AdministratorOnly);
}

#[test]
fn absent_fields_of_a_record_are_filled_in() {
    let record = UserRecord {
        emails: vec![verified("a@example.com"), identifier("b@example.com")],
        phones: vec![identifier("+441514960453")],
        username: Some(UsernameRecord {
            id: None,
            username: Username::parse("ada").unwrap(),
            source: None,
            added_at: None,
        }),
        ..record()
    };
    let user = import(&record).unwrap();
    assert_eq!((user.created_at(), user.updated_at()), (record.created_at, record.updated_at));
    let mut ids: Vec<_> = user.identifiers().map(|entry| entry.id).collect();
    ids.extend(user.username().map(|entry| entry.id));
    assert!(ids.iter().all(|id| id.as_uuid().get_version_num() == 7));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    let [a, b] = user.emails().entries() else { panic!("{user:?}") };
    let word = a.verified().unwrap();
    assert_eq!((a.added_at, word.at, word.by), (record.created_at, record.created_at, Method::Import));
    assert!(!b.is_verified() && user.primary_email().is_none(), "an import makes no address primary by itself");
    // Absent ids are filled in once, so replaying the events gives the same user.
    let event = Bench::new(Policy::default()).on(&staff(), |context| User::import(&record, context)).unwrap();
    assert_eq!(User::from_events(&event.events), User::from_events(&event.events));
}

#[test]
fn export_and_import_give_the_same_user() {
    let mut ada = given();
    ada.add_verified(email("Ada@B\u{FC}cher.example"));
    ada.pass(5);
    let line = ada.pending(phone("+44 (0)7400 123456"));
    ada.right(line).done();
    ada.add(email("open@example.com")).done();
    let free = identity_core::NewAddress::from(phone("+449012345678")).unrestricted().with_source("desk");
    ada.admin(|user, context| user.add(&free, context)).done();
    let name = Username::parse("Ada").unwrap();
    ada.holder(|user, context| user.set_username(&name, Some("form"), context)).done();
    let claims = ProfileChange { claims: map(json!({"name": "Ada", "locale": "en-GB"})), ..ProfileChange::default() };
    ada.admin(|user, context| user.change_profile(&claims, context)).done();
    let used = map(json!({line.to_string(): {"authenticators": ["password"]}}));
    ada.admin(|user, context| user.report(&used, context)).done();
    ada.pass(5);
    ada.admin(|user, context| user.disable(context)).done();
    let record = UserRecord::from(&ada.user);
    let text = serde_json::to_string(&record).unwrap();
    assert!(!text.contains('\n'), "a record is one line of a file");
    let read: UserRecord = serde_json::from_str(&text).unwrap();
    assert_eq!(read, record);
    let imported = import(&read).unwrap();
    assert_eq!(UserRecord::from(&imported), record);
    // Counters are not exported; everything else is.
    assert_eq!(imported.identifier(line).unwrap().attempts, identity_core::Attempts::default());
    assert_eq!(imported.claims(Default::default()), ada.user.claims(Default::default()));
    assert_eq!(imported.primary_phone().map(|entry| entry.id), Some(line));
    assert_eq!(imported.phones().get(line).unwrap().address.typed(), "+44 (0)7400 123456");
}

#[test]
fn an_unknown_field_of_a_record_is_refused() {
    let whole = serde_json::to_value(UserRecord { emails: vec![verified("a@example.com")], ..record() }).unwrap();
    assert!(serde_json::from_value::<UserRecord>(whole.clone()).is_ok());
    for path in ["", "/emails/0", "/emails/0/verified"] {
        let mut value = whole.clone();
        value.pointer_mut(path).unwrap().as_object_mut().unwrap().insert("is_admin".to_owned(), json!(true));
        let error = serde_json::from_value::<UserRecord>(value).unwrap_err().to_string();
        assert!(error.contains("is_admin"), "{path}: {error}");
    }
}

fn nested(levels: usize) -> Map<String, Value> {
    // The object itself is the first level.
    let inner =
        (1..levels).fold(json!(1), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({"a": inner}) });
    Map::from_iter([("a".to_owned(), inner)])
}

#[test]
fn a_json_object_has_at_most_32_levels() {
    assert_eq!(MAX_JSON_DEPTH, 32);
    for levels in [1, 2, 31, 32] {
        assert!(JsonObject::new(nested(levels)).is_ok(), "{levels}");
    }
    for levels in [33, 34, 64, 100] {
        assert_eq!(JsonObject::new(nested(levels)), Err(JsonError::TooDeep), "{levels}");
    }
    let text = serde_json::to_string(&nested(33)).unwrap();
    let error = serde_json::from_str::<JsonObject>(&text).unwrap_err().to_string();
    assert!(error.contains("32 levels"), "{error}");
}

#[test]
fn a_json_object_has_at_most_65536_bytes() {
    assert_eq!(MAX_JSON_BYTES, 65_536);
    // {"a":"..."} has 8 bytes beside the text.
    let sized = |bytes: usize| Map::from_iter([("a".to_owned(), json!("x".repeat(bytes - 8)))]);
    assert!(JsonObject::new(sized(65_536)).is_ok());
    assert_eq!(JsonObject::new(sized(65_537)), Err(JsonError::TooLarge));
    let mut ada = given();
    let change = ProfileChange { private_data: sized(65_537), ..ProfileChange::default() };
    let refused = ada.admin(|user, context| user.change_profile(&change, context)).refused();
    assert_eq!((refused.code(), refused), ("json_too_large", Refusal::Json(JsonError::TooLarge)));
    // Two halves that fit separately, but not together.
    let half = |name: &str| ProfileChange {
        public_data: Map::from_iter([(name.to_owned(), json!("x".repeat(40_000)))]),
        ..ProfileChange::default()
    };
    ada.admin(|user, context| user.change_profile(&half("a"), context)).done();
    let refused = ada.admin(|user, context| user.change_profile(&half("b"), context)).refused();
    assert_eq!(refused, Refusal::Json(JsonError::TooLarge));
}

#[test]
fn a_profile_changes_member_by_member() {
    let mut ada = given();
    let mut change = |claims: Value, public_data: Value| {
        let change = ProfileChange { claims: map(claims), public_data: map(public_data), ..ProfileChange::default() };
        let events = ada.admin(|user, context| user.change_profile(&change, context)).events;
        (events.len(), json!([ada.user.profile().claims, ada.user.profile().public_data]))
    };
    let first = change(json!({"name": "Ada", "address": {"city": "London", "zip": 1}}), json!({"a": 1}));
    assert_eq!(first, (1, json!([{"name": "Ada", "address": {"city": "London", "zip": 1}}, {"a": 1}])));
    // An absent member stays, a value replaces the whole member, null removes it.
    let second = change(json!({"address": {"city": "Paris"}, "name": null, "nick": "A"}), json!({}));
    assert_eq!(second, (1, json!([{"address": {"city": "Paris"}, "nick": "A"}, {"a": 1}])));
    // A change without effect has no events.
    let same = json!([{"address": {"city": "Paris"}, "nick": "A"}, {"a": 1}]);
    assert_eq!(change(json!({}), json!({})), (0, same.clone()));
    assert_eq!(change(json!({"nick": "A", "gone": null}), json!({"a": 1})), (0, same.clone()));
    // A null inside a member is an ordinary value.
    let third = change(json!({"address": {"city": null}}), json!({"a": null}));
    assert_eq!(third, (1, json!([{"address": {"city": null}, "nick": "A"}, {}])));
}

/// U+0000 in a text from the host is refused, and the error names the text, because not every database can store it.
#[test]
fn c26_a_nul_in_any_free_text_is_refused() {
    let nul = |what| Refusal::Nul { what };
    let mut ada = given();
    let address = identity_core::NewAddress::from(email("new@example.com"));
    let refused = ada.admin(|user, context| user.add(&address.clone().with_source("a\0b"), context)).refused();
    assert_eq!(refused, nul("source"));
    let vouched = address.clone().verified().with_verified_source("\0");
    assert_eq!(ada.admin(|user, context| user.add(&vouched, context)).refused(), nul("verified_source"));
    let mail = ada.add(email("ada@example.com")).done();
    assert_eq!(ada.admin(|user, context| user.mark_verified(mail, Some("a\0"), context)).refused(), nul("source"));
    let name = Username::parse("ada").unwrap();
    assert_eq!(ada.admin(|user, context| user.set_username(&name, Some("\0a"), context)).refused(), nul("source"));
    let hint = identity_core::Verification { hint: Some("https://\0".into()), ..Default::default() };
    assert_eq!(ada.holder(|user, context| user.start_verification(mail, &hint, context)).refused(), nul("hint"));
    // It is refused in JSON at any depth, and in keys. The same letters after an escaped backslash are accepted.
    for value in [json!("a\0"), json!({"a": [{"b": ["\0"]}]}), json!({"a": {"b\0": 1}}), json!("\\\\\0")] {
        let refused = JsonObject::new(map(json!({"x": value.clone()})));
        assert_eq!(refused, Err(JsonError::Nul), "{value}");
        let change = ProfileChange { claims: map(json!({"locale": value})), ..ProfileChange::default() };
        let refused = ada.admin(|user, context| user.change_profile(&change, context)).refused();
        assert_eq!(refused, Refusal::Json(JsonError::Nul));
        let read = serde_json::from_str::<JsonObject>(&serde_json::to_string(&json!({"x": change.claims})).unwrap());
        assert!(read.is_err(), "it is not read from outside either");
    }
    for fine in [json!("\\u0000"), json!({"\\u0000": "\\\\u0000"}), json!("\u{1}\u{fffd}")] {
        assert!(JsonObject::new(map(json!({"x": fine}))).is_ok(), "{fine}");
    }
    let source = |source: &str| IdentifierRecord { source: Some(source.into()), ..identifier("ada@example.com") };
    assert_eq!(import(&UserRecord { emails: vec![source("a\0")], ..record() }), Err(nul("source")));
    let report = identity_core::Report::new(identity_core::DeliveryState::Failed, Timestamp::from_secs(1));
    assert_eq!(report.clone().with_detail("a\0").check(), Err(nul("the detail")));
    assert!(
        report.clone().with_detail(&"x".repeat(801)).check().is_err()
            && report.with_detail("550 5.1.1").check().is_ok()
    );
    assert_eq!(Actor::Administrator("a\0".into()).check(), Err(nul("the actor")));
    assert!(Actor::Administrator("x".repeat(801).into()).check().is_err() && staff().check().is_ok());
    // Other texts have rules of their own, which all refuse it.
    for text in ["ada\0@example.com", "ada@exam\0ple.com", "\0ada@example.com", "ada@example.com\0"] {
        assert!(identity_core::Email::parse(text).is_err(), "{text:?}");
    }
    for text in ["+44 1514\0 960453", "\0+441514960453", "+441514960453\0"] {
        assert!(identity_core::Phone::parse(text).is_err(), "{text:?}");
    }
    assert!(Username::parse("a\0da").is_err() && UserId::parse("a\0").is_err());
}
