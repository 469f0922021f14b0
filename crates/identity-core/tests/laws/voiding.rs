//! c43: the events that make an open challenge void.

use identity_core::{Confirmation, Event, IdentifierId, Refusal, withdrawn};

use crate::kit::{Person, email, given};

#[test]
fn c43_removal_replacement_unverify_and_an_administrators_word_void_the_open_challenge() {
    for voids in ["removal", "replacement", "unverify", "administrator"] {
        let mut ada = given();
        let mail = ada.pending(email("ada@example.com"));
        let old = ada.code(mail);
        let again = match voids {
            "removal" => {
                ada.remove(mail).done();
                assert_eq!(ada.answer(mail, &old).refused(), Refusal::IdentifierNotFound);
                ada.add(email("ada@example.com")).done()
            }
            "replacement" => {
                let other = ada.replace(mail, email("other@example.com")).done();
                assert_eq!(ada.answer(mail, &old).refused(), Refusal::IdentifierNotFound);
                assert_eq!(ada.answer(other, &old).refused(), Refusal::NoChallenge);
                ada.replace(other, email("ada@example.com")).done()
            }
            "unverify" => {
                ada.admin(|user, context| user.mark_unverified(mail, context)).then(&["unverified"]);
                mail
            }
            _ => {
                ada.admin(|user, context| user.mark_verified(mail, None, context)).done();
                assert_eq!(ada.answer(mail, &old).refused(), Refusal::AlreadyVerified);
                ada.admin(|user, context| user.mark_unverified(mail, context)).done();
                mail
            }
        };
        assert_eq!(ada.answer(again, &old).refused(), Refusal::NoChallenge, "{voids}");
        ada.pass(30);
        ada.start(again).then(&["verification_started"]);
        assert!(matches!(ada.answer(again, &old).done(), Confirmation::Rejected { .. }), "{voids}");
        assert_eq!(ada.right(again).done(), Confirmation::Verified, "{voids}");
    }
}

#[test]
fn c43_every_order_of_the_four_voids_every_earlier_challenge() {
    // The four events happen in every order on one address; no code of an earlier challenge works again.
    let orders = (0..24).map(|number: usize| {
        let mut left = vec!["removal", "replacement", "unverify", "administrator"];
        [number / 6, number / 2 % 3, number % 2, 0].map(|index| left.remove(index))
    });
    for order in orders {
        let mut ada = given();
        let mut mail = ada.add(email("ada@example.com")).done();
        let mut old = Vec::new();
        for voids in order {
            ada.pass(601);
            ada.start(mail).then(&["verification_started"]);
            old.push(ada.code(mail));
            match voids {
                "removal" => {
                    ada.remove(mail).done();
                    mail = ada.add(email("ada@example.com")).done();
                }
                "replacement" => {
                    let other = ada.replace(mail, email("other@example.com")).done();
                    mail = ada.replace(other, email("ada@example.com")).done();
                }
                "unverify" => ada.admin(|user, context| user.mark_unverified(mail, context)).done(),
                _ => {
                    ada.admin(|user, context| user.mark_verified(mail, None, context)).done();
                    ada.admin(|user, context| user.mark_unverified(mail, context)).done();
                }
            }
            for code in &old {
                assert_eq!(ada.answer(mail, code).refused(), Refusal::NoChallenge, "{order:?}");
            }
        }
        ada.pass(601);
        ada.start(mail).done();
        for code in &old {
            assert!(matches!(ada.answer(mail, code).done(), Confirmation::Rejected { .. }), "{order:?}");
        }
    }
}

#[test]
fn c43_a_replacement_that_is_verified_takes_the_old_address_and_every_code_of_it_along() {
    let mut ada = given();
    let old = ada.add_verified(email("old@example.com"));
    let new = ada.replace(old, email("new@example.com")).then(&["added"]);
    ada.start(new).done();
    // The old address loses its verification meanwhile and gets a challenge of its own.
    ada.admin(|user, context| user.mark_unverified(old, context)).done();
    ada.start(old).done();
    let code = ada.code(old);
    ada.right(new).then(&["verified", "replaced", "primary_changed"]);
    assert_eq!(ada.answer(old, &code).refused(), Refusal::IdentifierNotFound);
}

#[test]
fn messages_with_a_challenge_that_is_answered_or_void_are_withdrawn() {
    type Act = fn(&mut Person, IdentifierId) -> Vec<Event>;
    let acts: [(Act, bool); 8] = [
        (|ada, id| ada.right(id).events, true),
        (|ada, id| ada.remove(id).events, true),
        (|ada, id| ada.admin(|user, context| user.mark_unverified(id, context)).events, true),
        (|ada, id| ada.admin(|user, context| user.mark_verified(id, None, context)).events, true),
        (|ada, id| ada.admin(|user, context| user.issue_code(id, context)).events, true),
        (
            |ada, id| {
                ada.pass(600);
                ada.start(id).events
            },
            true,
        ),
        (|ada, id| ada.wrong(id).events, false),
        (
            |ada, id| {
                ada.pass(60);
                ada.start(id).events
            },
            false,
        ),
    ];
    for (act, is_withdrawn) in acts {
        let mut ada = given();
        let id = ada.pending(email("a@example.com"));
        let before = ada.user.clone();
        let events = act(&mut ada, id);
        assert_eq!(
            withdrawn(Some(&before), Some(&ada.user), &events),
            if is_withdrawn { vec![id] } else { vec![] },
            "{events:?}"
        );
        assert_eq!(withdrawn(None, Some(&ada.user), &events), []);
    }
    let mut ada = given();
    let id = ada.add_verified(email("a@example.com"));
    let before = ada.user.clone();
    let events = ada.admin(|user, context| user.mark_unverified(id, context)).events;
    assert_eq!(
        (!events.is_empty(), withdrawn(Some(&before), Some(&ada.user), &events)),
        (true, vec![]),
        "no challenge was open"
    );
}
