//! The extension: what the host reports of a user, and what earlier versions kept of it.

use identity_core::stored::{lifted, with_checksum};
use identity_core::{
    Change, Event, IdentifierId, JsonError, JsonObject, MAX_EXTENSION_BYTES, MAX_EXTENSION_DEPTH, Refusal, TenantId,
    User, UserKey, UserRecord, Username, Version, stored,
};
use serde_json::{Value, json};

use crate::kit::{Person, email, given, phone};
use crate::records::{import, map};

fn extension(person: &Person) -> Value {
    serde_json::to_value(person.user.extension()).unwrap()
}

fn report(person: &mut Person, members: Value) -> Result<bool, Refusal> {
    person.admin(|user, context| user.report(&map(members.clone()), context)).result
}

#[test]
fn a_report_changes_the_members_that_it_names_and_no_other() {
    let mut ada = given();
    assert_eq!(report(&mut ada, json!({"a": {"b": 1, "c": 2}, "d": [null]})), Ok(true));
    assert_eq!(report(&mut ada, json!({"a": {"b": 3}, "e": "x"})), Ok(true));
    assert_eq!(extension(&ada), json!({"a": {"b": 3}, "d": [null], "e": "x"}));
    // What is so already is no change, and the event says only what is.
    let members = map(json!({"a": {"b": 3}, "d": null, "e": "y", "gone": null}));
    let reported = ada.admin(|user, context| user.report(&members, context));
    let event = serde_json::to_value(&reported.events[0].change).unwrap();
    assert_eq!(event, json!({"type": "extension_reported", "members": {"d": null, "e": "y"}}));
    assert_eq!(extension(&ada), json!({"a": {"b": 3}, "e": "y"}));
    let again = ada.admin(|user, context| user.report(&members, context));
    assert_eq!((again.result, again.events.len()), (Ok(false), 0));
}

#[test]
fn what_is_said_of_an_identifier_leaves_with_it() {
    let mut ada = given();
    let name = Username::parse("ada").unwrap();
    let name = ada.holder(|user, context| user.set_username(&name, None, context)).done();
    let (mail, other) = (ada.add_verified(email("ada@example.com")), ada.add(phone("+441514960453")).done());
    let all = json!({name.to_string(): 1, mail.to_string(): 2, other.to_string(): 3, "more": {mail.to_string(): 4}});
    report(&mut ada, all.clone()).unwrap();
    ada.remove(other).done();
    let instead = ada.replace(mail, email("new@example.com")).done();
    ada.start(instead).done();
    ada.right(instead).done();
    assert!(ada.user.identifier(mail).is_none());
    assert_eq!(extension(&ada), json!({name.to_string(): 1, "more": all["more"]}));
    // A username that changes keeps its id, and what was said of the other name does not hold for it.
    let second = Username::parse("countess").unwrap();
    assert_eq!(ada.holder(|user, context| user.set_username(&second, None, context)).done(), name);
    assert_eq!(extension(&ada), json!({"more": all["more"]}));
    report(&mut ada, json!({name.to_string(): 5})).unwrap();
    ada.holder(|user, context| user.remove_username(context)).done();
    assert_eq!(extension(&ada), json!({"more": all["more"]}));
    assert_eq!(User::from_events(&ada.history), Some(ada.user));
}

#[test]
fn an_extension_is_bounded_when_it_is_reported_and_when_it_is_imported() {
    let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!({"x": inner}));
    let long = |bytes: usize| json!({"x": "y".repeat(bytes - r#"{"x":""}"#.len())});
    let (longest, deepest) = (long(MAX_EXTENSION_BYTES), nested(MAX_EXTENSION_DEPTH));
    let refused = [
        (long(MAX_EXTENSION_BYTES + 1), JsonError::TooLarge),
        (nested(MAX_EXTENSION_DEPTH + 1), JsonError::TooDeep),
        (json!({"x": {"y\0": 1}}), JsonError::Nul),
    ];
    for fine in [&longest, &deepest, &json!({})] {
        assert!(JsonObject::extension(map(fine.clone())).is_ok());
        let mut ada = given();
        report(&mut ada, fine.clone()).unwrap();
        assert_eq!(extension(&ada), *fine);
        crate::stored::comes_back(&ada.user);
        let line = serde_json::to_string(&UserRecord::from(&ada.user)).unwrap();
        assert_eq!(import(&serde_json::from_str(&line).unwrap()).unwrap().extension(), ada.user.extension());
        // The whole counts, not what was reported last.
        assert_eq!(report(&mut ada, json!({"z": longest})), Err(Refusal::Json(JsonError::TooLarge)));
    }
    for (wrong, why) in refused {
        assert_eq!(JsonObject::extension(map(wrong.clone())), Err(why));
        assert_eq!(report(&mut given(), wrong.clone()), Err(Refusal::Json(why)));
        let mut line = serde_json::to_value(UserRecord::from(&given().user)).unwrap();
        line["extension"] = wrong;
        assert_eq!(import(&serde_json::from_value(line).unwrap()), Err(Refusal::Json(why)));
    }
}

/// What a program of the version before wrote of a user: events, and a line of an export.
const BEFORE: [&str; 4] = [
    r#"{"type":"credentials_reported","credentials":{"has_password":true,"passkeys":[{"passkey_id":"one"}]}}"#,
    r#"{"type":"sign_ins_reported","sign_ins":{"failure_count":18446744073709551615,"last_success_ip":"203.0.113.7"}}"#,
    r#"{"type":"sign_in_use_reported","id":"ID","sign_in":{"authenticators":["password"],"idps":[]}}"#,
    r#"{"type":"sign_ins_reported","sign_ins":{"failure_count":1,"last_success_ip":null}}"#,
];

fn after_before(id: IdentifierId) -> Value {
    json!({
        "credentials": {"has_password": true, "passkeys": [{"passkey_id": "one"}]},
        "sign_ins": {"failure_count": 1, "last_success_ip": null},
        id.to_string(): {"authenticators": ["password"], "idps": []},
    })
}

#[test]
fn events_of_earlier_versions_are_read_as_reports() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    for text in BEFORE {
        let change: Change = serde_json::from_str(&text.replace("ID", &mail.to_string())).unwrap();
        assert_eq!(change.kind(), "extension_reported");
        let again: Change = serde_json::from_str(&serde_json::to_string(&change).unwrap()).unwrap();
        assert_eq!(again, change);
        let event = Event { change, ..ada.history[0].clone() };
        ada.user = ada.user.after(&[event]).unwrap();
    }
    assert_eq!(extension(&ada), after_before(mail));
    ada.remove(mail).done();
    assert!(!ada.user.extension().as_map().contains_key(&mail.to_string()));
}

#[test]
fn a_second_record_of_version_1_is_read_with_its_reports_in_the_extension() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    report(&mut ada, json!({"so": "that there is a second record"})).unwrap();
    let key = UserKey { tenant: TenantId::default(), user: ada.user.id().clone() };
    let main = stored::record(&key.tenant, &ada.user, Version(3));
    let expected = after_before(mail);
    let second = json!({
        "v": 1, "p": {"locale": "de"}, "k": expected["credentials"], "s": expected["sign_ins"],
        "i": {mail.as_uuid().simple().to_string(): expected[mail.to_string()]},
    });
    let old = with_checksum(second.to_string(), &key, None);
    ada.user = stored::read(&key, Version(3), &main, Some(&old)).unwrap();
    assert_eq!((extension(&ada), ada.user.profile().locale()), (expected, Some("de")));
    // It is written in the form of today, and what was empty does not come into being.
    let new = stored::details(&key.tenant, &ada.user).unwrap();
    assert!(new.starts_with(r#"{"v":2,"p":{"locale":"de"},"e":{"#), "{new}");
    assert_eq!(stored::read(&key, Version(3), &main, Some(&new)).as_ref(), Ok(&ada.user));
    let bare = with_checksum(r#"{"v":1,"p":{"a":1},"k":{},"s":{},"i":{}}"#.to_owned(), &key, None);
    assert!(stored::read(&key, Version(3), &main, Some(&bare)).unwrap().extension().as_map().is_empty());
}

#[test]
fn a_line_of_an_earlier_version_is_imported_with_its_reports_in_the_extension() {
    let id = "6cec8047-6149-4d9b-8d99-91c83c22a9dc";
    let name = "9082b772-dbf6-4610-a71e-05fb93c0ab73";
    let line = json!({
        "id": "ada", "created_at": 1, "updated_at": 2, "credentials": {"has_password": true}, "sign_ins": {"failure_count": 5},
        "emails": [{"address": "b@example.com"}, {"id": id, "address": "a@example.com", "sign_in": {"idps": ["x"]}}],
        "username": {"id": name.to_uppercase(), "username": "ada", "sign_in": {}},
    });
    let record: UserRecord = serde_json::from_str(&line.to_string()).unwrap();
    let expected = json!({
        "credentials": {"has_password": true}, "sign_ins": {"failure_count": 5}, id: {"idps": ["x"]}, name: {},
    });
    assert_eq!(serde_json::to_value(&*record.extension).unwrap(), expected);
    assert_eq!(*import(&record).unwrap().extension(), *record.extension);
    let again: UserRecord = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
    assert_eq!(again, record);
    // Nothing could name what is said of an address that gets its id only now.
    let mut nameless = line;
    nameless["emails"][1].as_object_mut().unwrap().remove("id");
    let error = serde_json::from_value::<UserRecord>(nameless).unwrap_err().to_string();
    assert!(error.contains("sign_in"), "{error}");
    assert!(lifted(None, Some(json!({})), []).as_map().is_empty());
}
