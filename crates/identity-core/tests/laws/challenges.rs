//! Challenges: their lifetime, the answers and sends that they allow, and what makes them void.

use identity_core::policy::Resend;
use identity_core::{
    Answer, Change, Channel, Confirmation, DangerousPolicy, NewAddress, Policy, ProofBy, Refusal, Status, Username,
    Verification, VerificationPolicy,
};

use crate::kit::{Person, email, given, given_under, phone, secs, staff};

pub(crate) fn resending(resend: Resend) -> Policy {
    Policy::default().with_verification(VerificationPolicy::builder().resend(resend, secs(30)).build().unwrap())
}

const BOTH: [Resend; 2] = [Resend::SameCode, Resend::NewCode];

#[test]
fn c04_phone_code_lives_at_most_600_s() {
    let number = || phone("+44 1514 960453");
    for (age, alive) in [(0, true), (599, true), (600, false), (601, false), (1 << 40, false)] {
        let mut ada = given();
        let line = ada.pending(number());
        ada.pass(age);
        match alive {
            true => assert_eq!(ada.right(line).done(), Confirmation::Verified, "{age} s"),
            false => assert_eq!(ada.right(line).refused(), Refusal::Expired, "{age} s"),
        }
    }
    assert!(VerificationPolicy::builder().phone_life(secs(600)).build().is_ok());
    for life in [601, u64::MAX] {
        let refused = VerificationPolicy::builder().phone_life(secs(life)).build();
        assert_eq!(refused, Err(DangerousPolicy::PhoneLife));
    }
    assert_eq!(VerificationPolicy::default().life(Channel::Phone), secs(600));
}

#[test]
fn c04_no_request_makes_a_code_live_longer_than_its_policy_says() {
    let mut ada = given();
    let line = ada.add(phone("+44 1514 960453")).done();
    for (proof, life, refused) in [
        (ProofBy::Code, 601, true),
        (ProofBy::Either, 601, true),
        (ProofBy::Link, 7 * 86_400 + 1, true),
        (ProofBy::Code, 0, true),
        (ProofBy::Link, 7 * 86_400, false),
        (ProofBy::Code, 600, false),
        (ProofBy::Code, 1, false),
    ] {
        let request = Verification { proof, life: Some(secs(life)), hint: None };
        let started = ada.holder(|user, context| user.start_verification(line, &request, context));
        match refused {
            true => assert_eq!(started.refused(), Refusal::Life, "{proof:?} {life}"),
            false => assert_eq!(started.done().expires_at, ada.bench.now + secs(life), "{proof:?} {life}"),
        }
        ada.admin(|user, context| user.mark_unverified(line, context)).done();
        ada.pass(30);
    }
}

#[test]
fn c05_email_code_lives_at_most_24_h_and_600_s_by_default() {
    assert_eq!(VerificationPolicy::default().life(Channel::Email), secs(600));
    assert!(VerificationPolicy::builder().email_life(secs(86_400)).build().is_ok());
    let refused = VerificationPolicy::builder().email_life(secs(86_401)).build();
    assert_eq!(refused, Err(DangerousPolicy::EmailLife));
    for (age, alive) in [(599, true), (600, false)] {
        let mut ada = given();
        let mail = ada.pending(email("ada@example.com"));
        ada.pass(age);
        assert_eq!(ada.right(mail).result.is_ok(), alive, "{age} s");
    }
}

#[test]
fn c06_a_code_works_once() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    assert_eq!(ada.right(mail).then(&["verified", "primary_changed"]), Confirmation::Verified);
    assert_eq!(ada.right(mail).refused(), Refusal::AlreadyVerified);
    ada.admin(|user, context| user.mark_unverified(mail, context)).done();
    assert_eq!(ada.right(mail).refused(), Refusal::NoChallenge);
    let old = ada.code(mail);
    ada.pass(30);
    ada.start(mail).then(&["verification_started"]);
    assert!(
        matches!(ada.answer(mail, &old).done(), Confirmation::Rejected { .. }),
        "the old code does not answer the next challenge"
    );
}

#[test]
fn c07_after_100_failures_in_a_row_no_code_is_compared() {
    for failures in [(101, 100), (100, 101), (u32::MAX, 1)] {
        let refused = VerificationPolicy::builder().failures(failures.0, failures.1).build();
        assert!(matches!(refused, Err(DangerousPolicy::Failures(_))), "{failures:?}");
    }
    let refused = VerificationPolicy::builder().tries(101).build();
    assert_eq!(refused, Err(DangerousPolicy::Failures(101)));
    let policy = VerificationPolicy::builder().tries(100).failures(100, 100).build().unwrap();
    let mut ada = given_under(Policy::default().with_verification(policy));
    let mail = ada.pending(email("ada@example.com"));
    for left in (0..100).rev() {
        assert_eq!(ada.wrong(mail).then(&["answer_rejected"]), Confirmation::Rejected { attempts_left: left });
    }
    let locked = Refusal::TooManyFailures { retry_at: None };
    assert_eq!(ada.right(mail).refused(), locked);
    for _ in 0..3 {
        ada.pass(30 * 86_400);
        assert_eq!(ada.start(mail).refused(), locked, "waiting does not end the lock");
    }
    ada.admin(|user, context| user.clear_attempts(mail, context)).then(&["attempts_cleared"]);
    ada.start(mail).done();
    assert_eq!(ada.right(mail).done(), Confirmation::Verified);
}

#[test]
fn c07_100_failures_over_days_are_100_in_a_row() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    let mut failures = 0;
    for _ in 0..2 * 86_400 * 30 / 300 {
        ada.pass(150);
        let _ = ada.start(mail).result;
        while ada.entry(mail).challenge().is_some() && ada.wrong(mail).result.is_ok() {
            failures += 1;
        }
    }
    assert_eq!(failures, 100);
    assert_eq!(ada.start(mail).refused(), Refusal::TooManyFailures { retry_at: None });
}

#[test]
fn c08_a_new_code_does_not_reset_the_count() {
    for resend in BOTH {
        let mut ada = given_under(resending(resend));
        let mail = ada.pending(email("ada@example.com"));
        for left in [4, 3, 2, 1] {
            assert_eq!(ada.wrong(mail).done(), Confirmation::Rejected { attempts_left: left });
        }
        ada.pass(30);
        let started = match resend {
            Resend::SameCode => ada.start(mail).then(&["code_resent"]),
            Resend::NewCode => ada.start(mail).then(&["verification_started"]),
        };
        assert_eq!(ada.wrong(mail).done(), Confirmation::Rejected { attempts_left: 0 });
        let locked = Refusal::TooManyFailures { retry_at: Some(started.expires_at) };
        assert_eq!(ada.right(mail).refused(), locked);
        ada.pass(30);
        assert_eq!(ada.start(mail).refused(), locked);
    }
}

#[test]
fn c08_neither_another_proof_nor_an_administrators_code_resets_the_count() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    for _ in 0..4 {
        ada.wrong(mail).done();
    }
    ada.pass(30);
    ada.start_by(mail, ProofBy::Link).then(&["verification_started"]);
    ada.admin(|user, context| user.issue_code(mail, context)).then(&["code_issued"]);
    assert_eq!(ada.challenge(mail).failed, 4);
    let wrong = crate::kit::code("wrong");
    assert_eq!(ada.answer(mail, &wrong).done(), Confirmation::Rejected { attempts_left: 0 });
    assert!(matches!(ada.answer(mail, &wrong).refused(), Refusal::TooManyFailures { retry_at: Some(_) }));
    let issued = ada.admin(|user, context| user.issue_code(mail, context));
    assert!(matches!(issued.refused(), Refusal::TooManyFailures { .. }));
}

#[test]
fn c08_removing_and_adding_an_address_does_not_reset_the_count() {
    for resend in BOTH {
        let mut ada = given_under(resending(resend));
        let first = ada.pending(email("ada@example.com"));
        for _ in 0..4 {
            ada.wrong(first).done();
        }
        ada.remove(first).then(&["removed"]);
        // The same address in another case.
        let again = ada.add(email("ADA@Example.com")).done();
        assert_eq!(ada.entry(again).attempts.failed_in_a_row, 4);
        assert!(
            matches!(ada.start(again).refused(), Refusal::TooSoon { .. }),
            "the count of sends is not reset either"
        );
        ada.pass(30);
        ada.start(again).done();
        assert_eq!(ada.wrong(again).done(), Confirmation::Rejected { attempts_left: 0 });
        assert!(matches!(ada.right(again).refused(), Refusal::TooManyFailures { retry_at: Some(_) }));
    }
}

#[test]
fn c08_a_locked_address_stays_locked_when_it_is_removed_or_replaced_and_added_again() {
    for replace in [false, true] {
        let mut ada = given();
        let first = ada.pending(email("ada@example.com"));
        for _ in 0..5 {
            ada.wrong(first).done();
        }
        let again = if replace {
            let other = ada.replace(first, email("other@example.com")).then(&["added", "removed"]);
            ada.replace(other, email("ada@example.com")).then(&["added", "removed"])
        } else {
            ada.remove(first).done();
            ada.add(email("ada@example.com")).done()
        };
        ada.pass(30);
        let locked = ada.start(again).refused();
        let Refusal::TooManyFailures { retry_at: Some(retry_at) } = locked else { panic!("{locked:?}") };
        ada.bench.now = retry_at - secs(1);
        assert!(ada.start(again).result.is_err());
        ada.pass(1);
        ada.start(again).done();
        assert_eq!(ada.right(again).done(), Confirmation::Verified);
    }
}

#[test]
fn c08_an_identifier_accepts_at_most_20_failures_a_day() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    let first = ada.bench.now;
    for round in 1..=4 {
        for _ in 0..5 {
            ada.wrong(mail).done();
        }
        ada.pass(601);
        if round < 4 {
            ada.start(mail).done();
        }
    }
    let tomorrow = Refusal::TooManyFailures { retry_at: Some(first + secs(86_400)) };
    assert_eq!(ada.start(mail).refused(), tomorrow);
    ada.bench.now = first + secs(86_399);
    assert_eq!(ada.start(mail).refused(), tomorrow);
    ada.pass(1);
    ada.start(mail).done();
    assert_eq!(ada.right(mail).done(), Confirmation::Verified);
}

#[test]
fn an_answer_counts_down_to_the_nearest_limit() {
    let policy = VerificationPolicy::builder().failures(7, 9).build().unwrap();
    let mut ada = given_under(Policy::default().with_verification(policy));
    let mail = ada.pending(email("ada@example.com"));
    let counts_down = |ada: &mut Person, expected: &[u8]| {
        for attempts_left in expected {
            assert_eq!(ada.wrong(mail).done(), Confirmation::Rejected { attempts_left: *attempts_left });
        }
        ada.wrong(mail).refused()
    };
    let locked = |at| Refusal::TooManyFailures { retry_at: at };
    // Five to a challenge, seven a day, nine in a row.
    let (first, next) = (ada.bench.now, ada.bench.now + secs(600));
    assert_eq!(counts_down(&mut ada, &[4, 3, 2, 1, 0]), locked(Some(next)));
    ada.pass(600);
    ada.start(mail).done();
    assert_eq!(counts_down(&mut ada, &[1, 0]), locked(Some(first + secs(86_400))));
    ada.pass(86_400);
    ada.start(mail).done();
    assert_eq!(counts_down(&mut ada, &[1, 0]), locked(None));
}

#[test]
fn an_answer_of_a_day_ago_counts_no_more() {
    let policy = VerificationPolicy::builder().failures(2, 100).build().unwrap();
    let mut ada = given_under(Policy::default().with_verification(policy));
    let mail = ada.pending(email("ada@example.com"));
    assert_eq!(ada.wrong(mail).done(), Confirmation::Rejected { attempts_left: 1 });
    ada.pass(86_400);
    ada.start(mail).done();
    assert_eq!(ada.wrong(mail).done(), Confirmation::Rejected { attempts_left: 1 });
}

#[test]
fn c09_success_resets_the_count_of_that_identifier_alone() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    let line = ada.pending(phone("+44 1514 960453"));
    for _ in 0..3 {
        ada.wrong(mail).done();
        ada.wrong(line).done();
    }
    ada.right(mail).done();
    assert_eq!((ada.entry(mail).attempts.failed_in_a_row, ada.entry(mail).attempts.failed_at.len()), (0, 0));
    assert_eq!((ada.entry(line).attempts.failed_in_a_row, ada.entry(line).attempts.failed_at.len()), (3, 3));
    assert_eq!(ada.wrong(line).done(), Confirmation::Rejected { attempts_left: 1 });
    assert_eq!(ada.entry(mail).attempts.sent_at.len(), 1, "sends still count, because they are not failures");
}

#[test]
fn c17_a_clock_that_steps_back_never_revives_a_code() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    ada.pass(601);
    assert_eq!(ada.right(mail).refused(), Refusal::Expired);
    ada.step_back(3_600);
    assert_eq!(ada.right(mail).refused(), Refusal::Expired);
    assert!(matches!(ada.start(mail).refused(), Refusal::TooSoon { .. }), "no new message is sent");
    // The clocks of two processes may differ by a minute.
    let mut bob = given();
    let mail = bob.pending(email("bob@example.com"));
    bob.step_back(60);
    assert_eq!(bob.right(mail).done(), Confirmation::Verified);
    let mut eve = given();
    let mail = eve.pending(email("eve@example.com"));
    eve.step_back(61);
    assert_eq!(eve.right(mail).refused(), Refusal::Expired);
}

#[test]
fn c84_a_send_dated_more_than_a_day_ahead_makes_nobody_wait() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    ada.step_back(86_400);
    assert!(matches!(ada.start(mail).refused(), Refusal::TooSoon { .. }), "up to a day ahead it counts");
    ada.step_back(1);
    ada.start(mail).done();
}

#[test]
fn c17_a_clock_that_steps_back_never_forgives_a_failure() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    for _ in 0..5 {
        ada.wrong(mail).done();
    }
    ada.step_back(3_600);
    assert!(ada.right(mail).result.is_err());
    assert_eq!(ada.entry(mail).attempts.failed_at.len(), 5);
    ada.remove(mail).done();
    let again = ada.add(email("ada@example.com")).done();
    assert_eq!(ada.entry(again).attempts.failed_in_a_row, 5);
}

#[test]
fn an_administrators_code_works_like_any_other_and_is_shown_to_administrators_only() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    let refused = ada.holder(|user, context| user.issue_code(mail, context));
    assert_eq!(refused.refused(), Refusal::AdministratorOnly);
    let issued = ada.admin(|user, context| user.issue_code(mail, context)).then(&["code_issued"]);
    assert!(ada.news.is_empty() && ada.entry(mail).attempts.sent_at.is_empty(), "nothing is sent");
    assert_eq!(issued.expires_at, ada.bench.now + secs(600));
    assert_eq!(ada.answer(mail, &issued.code).done(), Confirmation::Verified);
    let again = ada.admin(|user, context| user.issue_code(mail, context));
    assert_eq!(again.refused(), Refusal::AlreadyVerified);
}

#[test]
fn a_restriction_that_came_later_keeps_codes_from_being_sent() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    let free = NewAddress::from(email("free@example.com")).unrestricted();
    let free = ada.admin(|user, context| user.add(&free, context)).done();
    let policy = identity_core::RestrictionPolicy::builder().block_domain("example.com").build().unwrap();
    ada.bench.policy = Policy::default().with_restriction(policy);
    assert!(matches!(ada.start(mail).refused(), Refusal::Restricted(_)));
    ada.start(free).done();
}

#[test]
fn an_open_challenge_keeps_its_format() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    let letters = VerificationPolicy::builder().letters(8).build().unwrap();
    ada.bench.policy = Policy::default().with_verification(letters);
    ada.pass(30);
    ada.start(mail).then(&["code_resent"]);
    assert_eq!(ada.code(mail).reveal().len(), 6);
    assert_eq!(ada.right(mail).done(), Confirmation::Verified);
}

#[test]
fn a_hint_reaches_the_notifier_and_is_bounded() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    for (length, fits) in [(2_048, true), (2_049, false)] {
        let hint: std::sync::Arc<str> = "h".repeat(length).into();
        let request = Verification { hint: Some(hint.clone()), ..Verification::default() };
        let started = ada.holder(|user, context| user.start_verification(mail, &request, context));
        if fits {
            started.done();
            assert_eq!(ada.challenge(mail).hint.as_ref(), Some(&hint));
        } else {
            assert!(matches!(started.refused(), Refusal::TooLarge { what: "hint", .. }));
        }
        ada.pass(30);
    }
}

#[test]
fn the_holder_of_a_disabled_user_may_change_nothing() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    let line = ada.add_verified(phone("+44 1514 960453"));
    let name = Username::parse("ada").unwrap();
    ada.admin(|user, context| user.disable(context)).then(&["disabled"]);
    ada.admin(|user, context| user.disable(context)).then(&[]);
    let refused = [
        ada.right(mail).result.map(|_| ()),
        ada.start(mail).result.map(|_| ()),
        ada.add(email("b@example.com")).result.map(|_| ()),
        ada.replace(line, phone("+44 1514 960454")).result.map(|_| ()),
        ada.remove(mail).result,
        ada.holder(|user, context| user.set_primary(line, context)).result,
        ada.holder(|user, context| user.remove_username(context)).result,
        ada.holder(|user, context| user.set_username(&name, None, context)).result.map(|_| ()),
    ];
    assert_eq!(refused, [const { Err(Refusal::Disabled) }; 8]);
    ada.admin(|user, context| user.enable(context)).then(&["enabled"]);
    ada.admin(|user, context| user.enable(context)).then(&[]);
    assert_eq!(ada.right(mail).done(), Confirmation::Verified);
}

#[test]
fn an_event_of_a_challenge_holds_no_code() {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    ada.start_by(mail, ProofBy::Either).done();
    let (code, link) = (ada.code(mail), ada.link(mail));
    let text = serde_json::to_string(&(&ada.history, &ada.post[0].message)).unwrap();
    assert!(!text.contains(code.reveal()) && !text.contains(&link.reveal()), "{text}");
    assert!(matches!(&ada.history.last().unwrap().change, Change::VerificationStarted { .. }));
    assert!(matches!(ada.entry(mail).status, Status::Pending(_)));
}

#[test]
fn c47_counters_belong_to_the_identifier_and_not_to_the_client() {
    // 1,000 clients, each with a decision of its own that depends on the others only through the user.
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    let wrong = crate::kit::code("000");
    let mut compared = 0;
    for origin in 0..1_000 {
        let actor = if origin % 2 == 0 { identity_core::Actor::Holder } else { staff() };
        let tried = ada.act(&actor, |user, context| user.confirm(mail, Answer::Code(&wrong), context));
        compared += u32::from(tried.result.is_ok());
    }
    assert_eq!(compared, 5);
    assert_eq!(ada.entry(mail).attempts.failed_in_a_row, 5);
}
