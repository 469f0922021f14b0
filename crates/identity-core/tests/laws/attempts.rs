//! Attempts to sign in: for what a code is right, and what each step draws. Nothing of an attempt is stored.

use std::time::Duration;

use identity_core::policy::{Budget, Conversion, Prices, SendPolicy, SignInPolicy, Unknown};
use identity_core::{
    Answer, Attempt, BudgetKind, Channel, Charge, CodeKeys, Context, DangerousPolicy, IdentifierId, Nonce, Policy,
    ProofBy, Purpose, Refund, Refusal, Subject, UserId, Username, VerificationPolicy, WhenExhausted,
};
use uuid::Uuid;

use crate::kit::{Bench, code, email, given_under, phone, secs, staff};

fn attempt(bench: &Bench) -> Attempt {
    Attempt {
        purpose: Purpose::SignIn,
        subject: Subject::Address,
        to: email("ada@example.com"),
        proof: ProofBy::Code,
        begun: bench.now,
        round: 0,
    }
}

/// Attempts of which each differs from the first in one thing.
fn others(first: &Attempt) -> Vec<Attempt> {
    let name = |text: &str| Subject::Username(Username::parse(text).unwrap());
    let user = |user: &str, number| {
        Subject::User(UserId::parse(user).unwrap(), IdentifierId::from_uuid(Uuid::from_u128(number)))
    };
    let about = |subject| Attempt { subject, ..first.clone() };
    vec![
        Attempt { purpose: Purpose::StepUp, ..first.clone() },
        Attempt { to: email("eve@example.com"), ..first.clone() },
        Attempt { begun: first.begun + Duration::from_micros(1), ..first.clone() },
        Attempt { round: 1, ..first.clone() },
        about(name("ada")),
        about(name("eve")),
        about(user("ada", 1)),
        about(user("ada", 2)),
        about(user("eve", 1)),
    ]
}

fn as_staff<R>(bench: &mut Bench, ask: impl FnOnce(&Context<'_>) -> R) -> R {
    bench.on(&staff(), ask)
}

#[test]
fn a_code_or_link_to_sign_in_is_right_for_its_own_attempt_alone() {
    let mut bench = Bench::new(Policy::default());
    let first = attempt(&bench);
    let keys = bench.keys.clone();
    let same_name = CodeKeys::parse(&format!("other:{}", "77".repeat(32))).unwrap();
    as_staff(&mut bench, |context| {
        let all: Vec<Attempt> = [first.clone()].into_iter().chain(others(&first)).collect();
        for (place, sent) in all.iter().enumerate() {
            let right = sent.message(context).code(&keys).unwrap();
            let linked = Attempt { proof: ProofBy::Link, ..sent.clone() };
            let link = linked.message(context).link(&keys).unwrap();
            for (other, asked) in all.iter().enumerate() {
                let challenge = asked.challenge(keys.current().clone(), context.policy);
                let is_right = |answer| asked.is_right(answer, &challenge, context).unwrap();
                assert_eq!(is_right(Answer::Code(&right)), place == other, "code of {place} for {other}");
                assert_eq!(is_right(Answer::Link(&link)), place == other, "link of {place} for {other}");
            }
            let challenge = sent.challenge(same_name.current().clone(), context.policy);
            assert_eq!(sent.is_right(Answer::Code(&right), &challenge, context), Err(Refusal::KeyGone));
            assert_eq!(sent.is_right(Answer::Link(&link), &challenge, context), Err(Refusal::KeyGone));
        }
        let challenge = first.challenge(keys.current().clone(), context.policy);
        assert_eq!(first.is_right(Answer::Code(&code("wrong")), &challenge, context), Ok(false));
    });
}

#[test]
fn a_challenge_to_sign_in_is_that_of_the_policies() {
    let five_minutes = SignInPolicy::default().with_life(secs(300)).unwrap();
    let letters = VerificationPolicy::builder().letters(8).tries(3).build().unwrap();
    let policies = [
        (Policy::default(), 600, 5),
        (Policy::default().with_sign_in(five_minutes).with_verification(letters), 300, 3),
    ];
    for (policy, life, tries) in policies {
        let mut bench = Bench::new(policy);
        let attempt = Attempt { purpose: Purpose::StepUp, ..attempt(&bench) };
        bench.now = bench.now + secs(100);
        let (message, begun) = (as_staff(&mut bench, |context| attempt.message(context)), attempt.begun);
        let challenge = attempt.challenge(bench.keys.current().clone(), &bench.policy);
        let times = (challenge.issued_at, challenge.expires_at, message.expires_at, message.created_at);
        assert_eq!(times, (begun, begun + secs(life), begun + secs(life), bench.now));
        assert_eq!((challenge.tries, challenge.failed, challenge.purpose), (tries, 0, Purpose::StepUp));
        assert_eq!((challenge.format, challenge.hint), (bench.policy.verification().format(), None));
    }
}

#[test]
fn a_life_to_sign_in_outside_a_minute_to_ten_does_not_build_and_each_setting_keeps_the_other() {
    for (time, builds) in [(0, false), (59, false), (60, true), (600, true), (601, false)] {
        let built = SignInPolicy::default().with_unknown(Unknown::Decoy).with_life(secs(time));
        match built {
            Ok(policy) => assert!(builds && (policy.life(), policy.unknown()) == (secs(time), Unknown::Decoy)),
            Err(error) => assert!(!builds && error == DangerousPolicy::SignInLife, "{time}"),
        }
    }
    let default = SignInPolicy::default();
    assert_eq!((default.life(), default.unknown()), (secs(600), Unknown::Invite));
    let minute = default.with_life(secs(60)).unwrap();
    assert_eq!(minute.with_unknown(Unknown::Decoy).life(), secs(60));
    assert_eq!(Policy::default().with_sign_in(minute).sign_in(), &minute);
}

fn drawn(charge: &Charge) -> (BudgetKind, u64, u64, u64) {
    (charge.kind, charge.amount, charge.budget.limit, charge.budget.window.as_secs())
}

#[test]
fn a_challenge_begins_once_in_half_a_life_is_used_once_and_is_guessed_at_as_often_as_the_policy_says() {
    let verification = VerificationPolicy::builder().tries(3).guesses(40).build().unwrap();
    let sign_in = SignInPolicy::default().with_life(secs(300)).unwrap();
    let mut bench = Bench::new(Policy::default().with_verification(verification).with_sign_in(sign_in));
    let attempt = attempt(&bench);
    let [ticket, another] = [1, 2].map(|byte| Nonce::from_bytes([byte; 16]));
    as_staff(&mut bench, |context| {
        assert_eq!(drawn(&attempt.begins(context)), (BudgetKind::SignIn, 1, 1, 150));
        assert_eq!(drawn(&attempt.uses(context)), (BudgetKind::SignIn, 1, 1, 600));
        let [of_ticket, of_challenge, of_address] = attempt.guesses(&ticket, context);
        assert_eq!(drawn(&of_ticket), (BudgetKind::SignIn, 1, 3, 600));
        assert_eq!(drawn(&of_challenge), (BudgetKind::SignIn, 1, 12, 600));
        assert_eq!(drawn(&of_address), (BudgetKind::Guesses, 1, 40, 86_400));
        let [other_ticket, same_challenge, same_address] = attempt.guesses(&another, context);
        assert_ne!(of_ticket.quota, other_ticket.quota);
        assert_eq!((of_challenge.quota, of_address.quota), (same_challenge.quota, same_address.quota));
    });
}

#[test]
fn every_count_of_an_attempt_is_its_own() {
    let mut bench = Bench::new(Policy::default());
    let first = attempt(&bench);
    let ticket = Nonce::from_bytes([1; 16]);
    as_staff(&mut bench, |context| {
        let counts = |attempt: &Attempt| {
            let [of_ticket, of_challenge, of_address] = attempt.guesses(&ticket, context).map(|charge| charge.quota);
            let message = attempt.sends(context).swap_remove(0).quota;
            let begins = attempt.begins(context).quota;
            [begins, of_ticket, of_address, attempt.uses(context).quota, of_challenge, message]
        };
        let own = counts(&first);
        for (place, quota) in own.iter().enumerate() {
            assert!(!own[..place].contains(quota), "count {place} is another one");
        }
        for other in others(&first) {
            let theirs = counts(&other);
            // A challenge of the same subject begins in the place of the one before; the rest is counted for each.
            let same_subject =
                (&other.purpose, &other.subject, &other.to) == (&first.purpose, &first.subject, &first.to);
            let shared = own.iter().zip(&theirs).filter(|(a, b)| a == b).count();
            assert_eq!(shared, if same_subject { 3 } else { 0 }, "{other:?}");
        }
        let spelt = Attempt { to: email("Ada@EXAMPLE.com"), ..first.clone() };
        let [.., address] = spelt.guesses(&ticket, context);
        assert_eq!(address.quota, own[2], "all spellings of an address are guessed at together");
    });
}

#[test]
fn a_code_to_sign_in_draws_what_a_code_draws_and_uses_up_none_of_those_that_verify() {
    let day = Budget::new(50, secs(86_400));
    let send = SendPolicy::builder().tenant(Some(day)).country(Some(day)).record_only([BudgetKind::Country]);
    let policy = Policy::default().with_send(send.build().unwrap());
    let mut ada = given_under(policy);
    let line = phone("+441514960453");
    ada.pending(line.clone());
    let verifying = ada.news.first().unwrap().charges.clone();
    let attempt = Attempt { to: line, ..attempt(&ada.bench) };
    let sends = ada.bench.on(&staff(), |context| attempt.sends(context));
    assert_eq!(drawn(&sends[0]), (BudgetKind::SignIn, 1, 1, 30), "one message of a challenge in the time between two");
    assert_eq!(sends.len(), verifying.len() + 1);
    let own = [BudgetKind::Address, BudgetKind::AddressLong];
    for (code, other) in sends[1..].iter().zip(&verifying) {
        assert_eq!((code.kind, code.amount, code.at), (other.kind, other.amount, ada.bench.now));
        assert_eq!(code.when_exhausted, WhenExhausted::Refuse, "without a commit every charge refuses");
        let recorded = other.when_exhausted == WhenExhausted::Record;
        assert_eq!(code.budget.limit, if recorded { u64::MAX } else { other.budget.limit });
        assert_eq!(code.quota == other.quota, !own.contains(&code.kind), "{:?}", code.kind);
    }
    assert_eq!(sends.iter().filter(|charge| charge.budget.limit == u64::MAX).count(), 1);
}

#[test]
fn a_right_answer_gives_back_its_share_of_the_breaker_of_its_country() {
    let breaker = Conversion::new(20, 50, secs(3_600));
    let send = SendPolicy::builder().conversion(Some(breaker)).prices(Prices::default()).build().unwrap();
    for (policy, to, given_back) in [
        (Policy::default().with_send(send.clone()), phone("+441514960453"), true),
        (Policy::default().with_send(send), email("ada@example.com"), false),
        (Policy::default(), phone("+441514960453"), false),
    ] {
        let mut bench = Bench::new(policy);
        let attempt = Attempt { to, ..attempt(&bench) };
        let (refunds, at) = (as_staff(&mut bench, |context| attempt.refunds(context)), bench.now);
        let share = Refund { kind: BudgetKind::Conversion, quota: "+44".to_owned(), amount: 5_000, at };
        assert_eq!(refunds, if given_back { vec![share] } else { Vec::new() }, "{:?}", attempt.to.channel());
    }
}

#[test]
fn the_message_of_a_name_brings_back_its_attempt_and_is_sent_on_to_one_address() {
    let mut bench = Bench::new(Policy::default());
    let first = attempt(&bench);
    as_staff(&mut bench, |context| {
        let name = Username::parse("Ada").unwrap();
        let to = Attempt::nowhere(&name, context.tenant, context.keys).unwrap();
        let asked = Attempt { subject: Subject::Username(name.clone()), to, round: 3, ..first.clone() };
        let message = asked.message(context);
        assert_eq!(Attempt::by_name(&message), Some((name, asked.clone())));
        assert_eq!(Attempt::by_name(&first.message(context)), None, "an address was typed");
        let sent = Attempt::addressed(&message, email("ada@example.com"));
        assert_eq!((&sent.to, Attempt::by_name(&sent)), (&email("ada@example.com"), None));
        assert_eq!(Attempt::addressed(&message, email("ada@example.com")).id, sent.id, "twice is once");
        assert_ne!(sent.id, message.id);
        assert_eq!(sent.code(context.keys).unwrap().reveal(), message.code(context.keys).unwrap().reveal());
        let kinds: Vec<_> = asked.sends(context).iter().map(|charge| charge.kind).collect();
        assert_eq!(kinds, [BudgetKind::SignIn, BudgetKind::Address, BudgetKind::AddressLong]);
        let [ada, eve] = ["ada@example.com", "eve@example.com"].map(|to| asked.goes_to(&email(to), context));
        assert_eq!((ada.quota, ada.budget.window), (eve.quota, secs(1_200)));
        assert!(ada.amount != eve.amount && ada.amount > 0);
        assert_eq!((ada.budget.limit, eve.budget.limit), (ada.amount, eve.amount), "there is room for one address");
    });
}

#[test]
fn a_name_that_nobody_has_leads_to_an_address_of_its_own_that_gets_no_message() {
    let mut bench = Bench::new(Policy::default());
    as_staff(&mut bench, |context| {
        let [ada, spelt, eve] = ["ada", "Ada", "eve"]
            .map(|name| Attempt::nowhere(&Username::parse(name).unwrap(), context.tenant, context.keys).unwrap());
        assert_eq!((ada.channel(), &ada), (Channel::Email, &spelt));
        assert!(ada != eve && ada.as_str().ends_with("@sign-in.invalid"));
    });
}
