//! What a person calls an address of theirs.

use identity_core::address::{CharacterError, Label, LabelError};
use identity_core::{
    Change, DisavowToken, NewUser, NoticeKind, Recorded, Refusal, TenantId, User, UserId, UserParts, UserRecord,
    Version,
};
use proptest::prelude::*;

use crate::kit::{Person, email, given, phone};
use crate::stored::comes_back;

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn set(person: &mut Person, id: identity_core::IdentifierId, text: Option<&str>) -> crate::kit::When<()> {
    let label = text.map(label);
    person.holder(|user, context| user.set_label(id, label.as_ref(), context))
}

#[test]
fn a_label_is_what_a_person_may_write_in_one_line() {
    for (typed, read) in [
        ("Work", "Work"),
        ("  My\u{a0}\u{3000}work\n", "My work"),
        ("e\u{301}cole", "école"),
        ("\u{212a}elvin", "Kelvin"),
        ("仕事", "仕事"),
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("👩\u{200d}👧 ❤\u{fe0f}", "👩\u{200d}👧 ❤\u{fe0f}"),
        (&"🏠".repeat(40), &"🏠".repeat(40)),
    ] {
        assert_eq!(label(typed).as_str(), read, "{typed:?}");
        assert_eq!(label(read).as_str(), read);
    }
    for (typed, error) in [
        ("", LabelError::Empty),
        (" \u{3000}\t", LabelError::Empty),
        ("\u{200d}\u{fe0f} \u{200c}", LabelError::Empty),
        (&"a".repeat(41), LabelError::TooLong),
        (&"a".repeat(1 << 20), LabelError::TooLong),
        ("a\nb", CharacterError::WhiteSpace.into()),
        ("a\0b", CharacterError::Control.into()),
        ("a\u{85}b", CharacterError::Control.into()),
        ("\u{202e}kroW", CharacterError::Invisible.into()),
        ("\u{2066}Work\u{2069}", CharacterError::Invisible.into()),
        ("a\u{feff}", CharacterError::Invisible.into()),
        ("\u{e000}", CharacterError::Unassigned.into()),
        ("\u{fffd}", CharacterError::Unassigned.into()),
    ] {
        assert_eq!(Label::parse(typed), Err(error), "{typed:?}");
    }
    assert!(!format!("{:?}", label("ada@example.com")).contains("ada@"), "a label may be an address");
}

proptest! {
    #[test]
    fn a_label_reads_as_itself_and_is_bounded(text in "(\\PC|[ \u{200d}\u{fe0f}\u{301}])*") {
        if let Ok(label) = Label::parse(&text) {
            prop_assert_eq!(Label::parse(label.as_str()), Ok(label.clone()));
            prop_assert!((1..=Label::MAX_CHARS).contains(&label.as_str().chars().count()));
            let json = serde_json::to_string(&label).unwrap();
            prop_assert_eq!(serde_json::from_str::<Label>(&json).unwrap(), label);
        }
    }
}

#[test]
fn a_label_is_set_changed_and_taken_away_and_nobody_is_told() {
    let mut ada = given();
    let [mail, open] = [ada.add_verified(email("ada@example.com")), ada.add(email("open@example.com")).done()];
    ada.add_verified(email("other@example.com"));
    for id in [mail, open] {
        set(&mut ada, id, None).then(&[]);
        for text in ["Work", "Home"] {
            set(&mut ada, id, Some(text)).then(&["labelled"]);
            assert_eq!(ada.news, [], "nobody is told");
            assert_eq!(ada.entry(id).label, Some(label(text)));
            set(&mut ada, id, Some(text)).then(&[]);
        }
        comes_back(&ada.user);
        set(&mut ada, id, None).then(&["labelled"]);
        assert_eq!(ada.entry(id).label, None);
    }
    let gone = ada.add(email("gone@example.com")).done();
    ada.remove(gone).done();
    assert_eq!(set(&mut ada, gone, Some("Work")).refused(), Refusal::IdentifierNotFound);
    ada.admin(User::disable).done();
    assert_eq!(set(&mut ada, mail, Some("Work")).refused(), Refusal::Disabled);
    ada.admin(|user, context| user.set_label(mail, Some(&label("Work")), context)).then(&["labelled"]);
}

#[test]
fn a_record_has_a_label_only_where_there_is_one() {
    let mut ada = given();
    let mail = ada.add_verified(email("ada@example.com"));
    let record = |user: &User| {
        let text = identity_core::stored::record(&TenantId::default(), user, Version(7));
        text[..text.len() - 16].to_owned()
    };
    let bare = record(&ada.user);
    set(&mut ada, mail, Some("Work")).done();
    let labelled = record(&ada.user);
    let expected = bare.replace("}]", ",\"n\":\"Work\"}]").replace("\"v\":1", "\"v\":3");
    assert_eq!(labelled, expected, "a program that does not know labels says so");
    set(&mut ada, mail, None).done();
    assert_eq!(record(&ada.user), bare);
}

#[test]
fn a_label_goes_with_its_address_and_comes_back_with_it() {
    let mut ada = given();
    let a = ada.add_verified(email("a@example.com"));
    ada.add_verified(email("b@example.com"));
    set(&mut ada, a, Some("Work")).done();
    ada.remove(a).done();
    let history: Vec<Recorded> =
        (1..).zip(ada.history.clone()).map(|(number, event)| Recorded { number, event }).collect();
    let removed =
        history.iter().find(|recorded| matches!(recorded.event.change, Change::Removed { .. })).unwrap().number;
    let token: DisavowToken = ada.bench.keys.disavowal(&ada.bench.tenant, ada.user.id(), removed);
    let undone = ada.holder(|user, context| user.disavow(&history, &token, context)).done();
    assert_eq!(undone.change, NoticeKind::Removed);
    assert_eq!(ada.entry(a).label, Some(label("Work")));
    let b = ada.replace(a, email("c@example.com")).done();
    assert_eq!(ada.entry(b).label, None, "another address is called something else");
}

#[test]
fn a_label_is_exported_and_imported() {
    let mut ada = given();
    let a = ada.add_verified(email("a@example.com"));
    set(&mut ada, a, Some("Work")).done();
    let record = UserRecord::from(&ada.user);
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<UserRecord>(&text).unwrap(), record);
    let imported = ada.admin(|_, context| User::import(&record, context)).events;
    assert_eq!(User::from_events(&imported).unwrap().identifier(a).unwrap().label, Some(label("Work")));
    let turned = text.replace("Work", "kroW\u{202e}");
    assert!(serde_json::from_str::<UserRecord>(&turned).unwrap_err().to_string().contains("invisible"));
    let created = ada.admin(|_, context| User::create(&NewUser::default(), context)).events;
    assert_eq!(created.len(), 1);
}

#[test]
fn a_label_goes_with_its_address_to_the_user_that_another_is_merged_into() {
    let (mut ada, mut other) = (given(), given());
    let line = other.add_verified(phone("+441514960453"));
    set(&mut other, line, Some("Work")).done();
    let id = UserId::parse("other").unwrap();
    let other = User::restore(UserParts { id, ..other.user.parts().clone() }).unwrap();
    ada.admin(|user, context| user.merge(&other, &[], context).map(|(own, _)| own)).done();
    assert_eq!(ada.user.phones().entries()[0].label, Some(label("Work")));
}
