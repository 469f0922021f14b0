//! c11 and c12: how often a code is sent, and which code.

use identity_core::policy::Resend;
use identity_core::{Confirmation, ProofBy, Refusal, SendLimit, Verification};

use crate::challenges::resending;
use crate::kit::{Person, email, given, given_under, secs};

#[test]
fn c11_the_6th_send_in_600_s_and_the_11th_of_a_day_are_refused_with_the_time() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    let first = ada.bench.now;
    for number in 0..5 {
        ada.bench.now = first + secs(number * 30);
        ada.start(mail).done();
    }
    ada.pass(29);
    // The wait ends before the window has room; the refusal names the later time.
    let window = Refusal::TooSoon { retry_at: first + secs(600), limit: SendLimit::Window };
    assert_eq!(ada.start(mail).refused(), window);
    ada.pass(1);
    assert_eq!(ada.start(mail).refused(), window);
    ada.bench.now = first + secs(599);
    assert_eq!(ada.start(mail).refused(), window);
    for number in 5..10 {
        ada.bench.now = first + secs(1_000 + number * 30);
        ada.start(mail).done();
    }
    ada.bench.now = first + secs(3_600);
    let day = Refusal::TooSoon { retry_at: first + secs(86_400), limit: SendLimit::Day };
    assert_eq!(ada.start(mail).refused(), day);
    assert_eq!((day.retry_at(), day.code()), (Some(first + secs(86_400)), "too_soon"));
    ada.bench.now = first + secs(86_400);
    ada.start(mail).done();
}

#[test]
fn c11_a_send_is_accepted_at_the_time_that_the_refusal_named() {
    // All three limits apply at once: 10 sends in a day, the last 5 of them within the window.
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    let first = ada.bench.now;
    for number in 0..5 {
        ada.bench.now = first + secs(number * 30);
        ada.start(mail).done();
    }
    for number in 0..5 {
        ada.bench.now = first + secs(86_200 + number * 30);
        ada.start(mail).done();
    }
    let refusal = ada.start(mail).refused();
    ada.bench.now = refusal.retry_at().unwrap();
    ada.start(mail).done();
}

#[test]
fn c11_the_answer_to_a_send_says_when_the_next_may_come() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    for _ in 0..12 {
        let resend_at = ada.start(mail).done().resend_at;
        ada.bench.now = resend_at - secs(1);
        assert!(matches!(ada.start(mail).refused(), Refusal::TooSoon { retry_at, .. } if retry_at == resend_at));
        ada.bench.now = resend_at;
    }
}

#[test]
fn c12_a_resend_keeps_the_code_in_hand_working_while_it_lives() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    let (in_hand, expires_at) = (ada.code(mail), ada.challenge(mail).expires_at);
    ada.pass(30);
    assert_eq!(ada.start(mail).then(&["code_resent"]).expires_at, expires_at);
    assert_eq!(ada.code(mail).reveal(), in_hand.reveal());
    assert_eq!(ada.answer(mail, &in_hand).done(), Confirmation::Verified);
}

#[test]
fn c12_a_new_challenge_kills_the_old_code() {
    let start = |ada: &mut Person, request: &Verification| {
        let mail = ada.user.emails().entries()[0].id;
        ada.holder(|user, context| user.start_verification(mail, request, context)).then(&["verification_started"]);
    };
    let hinted = Verification { hint: Some("other".into()), ..Verification::default() };
    let either = Verification { proof: ProofBy::Either, ..Verification::default() };
    for case in 0..4 {
        let mut ada = given_under(resending(if case == 0 { Resend::NewCode } else { Resend::SameCode }));
        let mail = ada.pending(email("ada@example.com"));
        let old = ada.code(mail);
        ada.pass(30);
        match case {
            0 => start(&mut ada, &Verification::default()),
            1 => start(&mut ada, &hinted),
            2 => start(&mut ada, &either),
            _ => {
                ada.pass(600);
                start(&mut ada, &Verification::default());
            }
        }
        assert_ne!(ada.code(mail).reveal(), old.reveal());
        assert!(matches!(ada.answer(mail, &old).done(), Confirmation::Rejected { .. }), "case {case}");
        assert_eq!(ada.right(mail).done(), Confirmation::Verified, "case {case}");
    }
}
