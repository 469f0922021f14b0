//! c89: one code has one reader, and the evidence says who held it; what a resend sends; what is given back in doubt.

use identity_core::{
    Confirmation, Fate, Method, Policy, ProofBy, Refusal, UndeliverableReason, Verification, VerificationPolicy,
    refunds,
};

use crate::kit::{email, given, given_under, staff};

#[test]
fn c89_an_administrators_code_is_never_sent_and_a_sent_one_is_new() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    let issued = ada.admin(|user, context| user.issue_code(mail, context)).done();
    ada.pass(30);
    ada.start(mail).then(&["verification_started"]);
    assert_ne!(ada.code(mail).reveal(), issued.code.reveal());
    assert!(matches!(ada.answer(mail, &issued.code).done(), Confirmation::Rejected { .. }), "it is void now");
    assert_eq!(ada.right(mail).done(), Confirmation::Verified);
    assert_eq!(ada.entry(mail).verified().unwrap().by, Method::Code);
    // The other way round the sent one is void.
    let mut bob = given();
    let mail = bob.pending(email("bob@example.com"));
    let sent = bob.code(mail);
    let issued = bob.admin(|user, context| user.issue_code(mail, context)).done();
    assert!(matches!(bob.answer(mail, &sent).done(), Confirmation::Rejected { .. }));
    assert_eq!(bob.answer(mail, &issued.code).done(), Confirmation::Verified);
}

#[test]
fn c89_what_only_an_administrator_held_is_recorded_as_such() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    let issued = ada.admin(|user, context| user.issue_code(mail, context)).done();
    ada.answer(mail, &issued.code).done();
    assert_eq!(ada.entry(mail).verified().unwrap().by, Method::AdministratorCode);
    let written = serde_json::to_value(ada.entry(mail).verified().unwrap()).unwrap();
    assert_eq!(written["by"], "administrator_code");
    assert_eq!(Method::from_name("administrator_code"), Some(Method::AdministratorCode));
}

#[test]
fn c89_nobody_starts_a_challenge_that_only_an_administrator_may_read() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    let request = Verification { proof: ProofBy::Issued, ..Verification::default() };
    for actor in [identity_core::Actor::Holder, staff()] {
        let started = ada.act(&actor, |user, context| user.start_verification(mail, &request, context));
        assert_eq!(started.refused(), Refusal::AdministratorOnly);
    }
}

#[test]
fn a_resend_keeps_the_code_while_enough_of_its_life_is_left() {
    for (percent, keeps_at, renews_at) in [(50, 300, 301), (0, 599, 600), (100, 0, 30), (90, 60, 61)] {
        let policy = VerificationPolicy::builder().resend(identity_core::policy::Resend::SameCode, crate::kit::secs(0));
        let policy = policy.resend_percent(percent).build().unwrap();
        for (passed, event) in [(keeps_at, "code_resent"), (renews_at, "verification_started")] {
            let mut ada = given_under(Policy::default().with_verification(policy.clone()));
            let mail = ada.pending(email("ada@example.com"));
            ada.pass(passed);
            let started = ada.start(mail).then(&[event]);
            let left = started.expires_at.since(ada.bench.now);
            assert_eq!(
                event == "verification_started",
                left == crate::kit::secs(600) && passed > 0,
                "{percent} {passed}"
            );
        }
    }
    assert_eq!(VerificationPolicy::default().resend_percent(), 50);
}

#[test]
fn what_may_have_been_accepted_before_it_was_refused_is_not_given_back() {
    for (fate, given_back) in [(Fate::Undeliverable(UndeliverableReason::Refused), true), (Fate::RefusedInDoubt, false)]
    {
        let mut ada = given();
        let mail = ada.pending(email("ada@example.com"));
        let message = ada.news[0].message.clone();
        ada.pass(5);
        let before = ada.user.clone();
        let noted = ada.admin(|user, context| user.note_fate(&message, fate, context));
        let back = ada.bench.on(&staff(), |context| refunds(Some(&before), &noted.events, context));
        noted.then(&["delivery_failed"]);
        assert_eq!(!back.is_empty(), given_back, "{fate:?}");
        assert_eq!(ada.entry(mail).undeliverable.unwrap().why, UndeliverableReason::Refused);
        assert_eq!(ada.start(mail).result.is_ok(), given_back, "the send counts too: {fate:?}");
    }
}
