//! The stored form of a user, and the entries by which a user is found.

use std::collections::BTreeSet;
use std::sync::Arc;

use identity_core::stored::{BadRecord, RECORD_VERSION, details, read, record, same_details, with_checksum};
use identity_core::{
    LookupChanges, LookupEntry, Profile, TenantId, User, UserId, UserKey, UserParts, Username, Version,
};
use proptest::prelude::*;
use serde_json::json;

use crate::kit::{email, given, phone};
use crate::records::object;

fn key(user: &User) -> UserKey {
    UserKey { tenant: TenantId::default(), user: user.id().clone() }
}

fn forms(user: &User, version: u64) -> (String, Option<String>) {
    let tenant = TenantId::default();
    (record(&tenant, user, Version(version)), details(&tenant, user))
}

/// Checks that a user is the same after it was written and read, what equality leaves out included.
pub(crate) fn comes_back(user: &User) {
    let (main, second) = forms(user, 7);
    let again = read(&key(user), Version(7), &main, second.as_deref()).unwrap();
    assert_eq!(&again, user);
    assert_eq!(format!("{again:?}"), format!("{user:?}"));
    assert_eq!(forms(&again, 7), (main, second));
}

/// Checks that the changes of the entries lead from those of one user to those of the other.
pub(crate) fn entries_follow(before: Option<&User>, after: Option<&User>) {
    let of = |user: Option<&User>| user.map(User::lookup).unwrap_or_default().into_iter();
    let place = |entry: &LookupEntry| (entry.key.clone(), entry.identifier);
    let LookupChanges { put, replaced, remove } = LookupChanges::between(before, after);
    let touched: BTreeSet<_> = put.iter().chain(&remove).map(place).collect();
    assert_eq!(touched.len(), put.len() + remove.len(), "an entry is changed once");
    let written: BTreeSet<_> = put.iter().map(place).collect();
    assert_eq!(replaced, of(before).filter(|entry| written.contains(&place(entry))).collect::<Vec<_>>());
    let kept = of(before).filter(|entry| !touched.contains(&place(entry)));
    let now: BTreeSet<LookupEntry> = kept.chain(put).collect();
    assert_eq!(now, of(after).collect());
}

/// A user with something of everything.
fn full() -> User {
    let mut ada = given();
    let first = ada.pending(email("Ada+x@Example.com"));
    ada.wrong(first).done();
    ada.right(first).done();
    let second = ada.replace(first, phone("+447400123456"));
    assert!(second.result.is_err(), "another kind");
    let number = ada.pending(phone("+44 7400 123456"));
    ada.wrong(number).done();
    let gone = ada.pending(email("gone@example.com"));
    ada.remove(gone).done();
    let name = Username::parse("Ada").unwrap();
    ada.holder(|user, context| user.set_username(&name, Some("the form"), context)).done();
    let claims = object(json!({"locale": "de", "x": -0.1}));
    let (public_data, private_data) = (object(json!({"shown": 1})), object(json!({"hidden": 2})));
    let profile = Profile { claims, public_data, private_data };
    let extension = object(json!({"sign_ins": {"count": 1}}));
    User::restore(UserParts { disabled: true, profile, extension, ..ada.user.parts().clone() }).unwrap()
}

#[test]
fn a_user_with_everything_comes_back() {
    comes_back(&full());
    assert!(!full().retired().is_empty());
}

#[test]
fn the_forms_are_pinned() {
    let (main, second) = forms(&full(), 7);
    let short = |text: &str| {
        let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
        value["z"].take();
        value
    };
    let main = short(&main);
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join("");
    assert_eq!(keys(&main), "cdinruvxz");
    assert_eq!(keys(&main["i"][0]), "abcikmtv");
    assert_eq!(keys(&main["i"][1]), "acfikmqtw");
    assert_eq!(keys(&main["i"][1]["q"]), "cefklntuwy");
    assert_eq!(keys(&main["r"][0]), "akmu");
    assert_eq!(keys(&main["n"]), "acis");
    assert_eq!(main["v"], 1);
    assert_eq!(
        (main["i"][0]["a"].as_str(), main["i"][0]["t"].as_str()),
        (Some("Ada+x@example.com"), Some("Ada+x@Example.com"))
    );
    let second = short(&second.unwrap());
    assert_eq!(keys(&second), "ehopvz");
    assert_eq!((&second["o"], &second["h"]), (&json!({"shown": 1}), &json!({"hidden": 2})));
    assert_eq!((second["v"].as_u64(), &second["e"]), (Some(2), &json!({"sign_ins": {"count": 1}})));
    assert_eq!(second["p"], json!({"locale": "de", "x": -0.1}));
}

#[test]
fn a_record_that_was_changed_in_one_bit_is_refused() {
    let user = full();
    let (main, second) = forms(&user, 7);
    let second = second.unwrap();
    for (text, is_main) in [(&main, true), (&second, false)] {
        for at in 0..text.len() * 8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at / 8] ^= 1 << (at % 8);
            let Ok(flipped) = String::from_utf8(bytes) else { continue };
            let (main, second) = if is_main { (&flipped, &second) } else { (&main, &flipped) };
            let answer = read(&key(&user), Version(7), main, Some(second));
            assert!(answer.is_err(), "bit {at}: {flipped}");
        }
    }
}

#[test]
fn a_record_that_was_made_without_its_checksum_gets_that_of_the_form() {
    let ada = full();
    let (main, second) = forms(&ada, 7);
    for (record, version) in [(main, Some(Version(7))), (second.unwrap(), None)] {
        let (bare, _) = record.split_at(record.len() - 16);
        assert_eq!(with_checksum(format!("{bare}}}"), &key(&ada), version), record);
    }
}

#[test]
fn a_record_belongs_to_its_user_and_version() {
    let user = full();
    let (main, second) = forms(&user, 7);
    let second = second.as_deref();
    let damaged = |answer: Result<User, BadRecord>| assert!(matches!(answer, Err(BadRecord::Damaged(_))));
    damaged(read(&key(&user), Version(8), &main, second));
    damaged(read(&UserKey { user: UserId::parse("eve").unwrap(), ..key(&user) }, Version(7), &main, second));
    damaged(read(&UserKey { tenant: TenantId::parse("other").unwrap(), ..key(&user) }, Version(7), &main, second));
    damaged(read(&key(&user), Version(7), &main, None));
    damaged(read(&key(&user), Version(7), second.unwrap(), second));
    damaged(read(&key(&user), Version(7), &main[..main.len() - 1], second));
    damaged(read(&key(&user), Version(7), "", second));
    let plain = given().user;
    let (bare, none) = forms(&plain, 7);
    assert_eq!(none, None);
    damaged(read(&key(&plain), Version(7), &bare, second));
}

#[test]
fn a_damaged_record_says_whether_its_checksum_or_its_form_is_wrong() {
    let user = full();
    let (main, second) = forms(&user, 7);
    let said = |text: &str, version| {
        let Err(BadRecord::Damaged(said)) = read(&key(&user), version, text, second.as_deref()) else {
            panic!("{text}")
        };
        said
    };
    assert!(said(&main, Version(8)).contains("checksum"));
    let sound = with_checksum(r#"{"v":1}"#.to_owned(), &key(&user), Some(Version(7)));
    assert_eq!(said(&sound, Version(7)), "it is not a record of this form");
}

#[test]
fn a_record_of_a_later_form_is_refused_with_both_versions() {
    let user = given().user;
    for text in [r#"{"v":4,"new":true}"#, r#"{"v":4,"c":1,"u":1,"z":"00000000"}"#] {
        let answer = read(&key(&user), Version(1), text, None);
        assert_eq!(answer, Err(BadRecord::Newer { found: 4, known: RECORD_VERSION }));
    }
}

#[test]
fn the_second_record_is_compared_by_what_is_in_it() {
    let user = full();
    let plain = given().user;
    assert!(same_details(&user, &user.clone()) && same_details(&plain, &given().user));
    assert!(!same_details(&user, &plain) && !same_details(&plain, &user));
    assert!(same_details(&user, &full()), "in another place in memory as well");
    let mut parts = user.parts().clone();
    parts.extension = Arc::default();
    assert!(!same_details(&user, &User::restore(parts).unwrap()), "the extension belongs to the second record");
}

proptest! {
    #[test]
    fn c95_every_float_of_a_profile_comes_back(number in any::<f64>()) {
        prop_assume!(number.is_finite());
        let mut ada = given();
        let change = identity_core::ProfileChange {
            claims: json!({"n": number}).as_object().unwrap().clone(),
            ..Default::default()
        };
        ada.admin(|user, context| user.change_profile(&change, context)).done();
        let (main, second) = forms(&ada.user, 2);
        let again = read(&key(&ada.user), Version(2), &main, second.as_deref()).unwrap();
        let read = again.profile().claims.as_map()["n"].as_f64().unwrap();
        prop_assert_eq!(read.to_bits(), number.to_bits());
    }
}
