//! Verification is evidence with an age.

use identity_core::policy::{DangerousPolicy, FreshnessPolicy};
use identity_core::{
    Channel, Evidence, Fate, IdentifierId, Method, Policy, Refusal, Timestamp, UndeliverableReason, charges, refunds,
};

use crate::kit::{Person, When, email, given_under, phone, secs};

const DAY: u64 = 86_400;

fn given() -> Person {
    let freshness = FreshnessPolicy::default().with_purpose("payment", secs(30 * DAY)).unwrap();
    given_under(Policy::default().with_freshness(freshness))
}

fn is_fresh(person: &Person, id: IdentifierId, purpose: &str) -> bool {
    person.entry(id).is_fresh(purpose, person.bench.policy.freshness(), person.bench.now)
}

fn renew(person: &mut Person, id: IdentifierId, at: Timestamp) -> When<IdentifierId> {
    let address = person.entry(id).address.clone();
    person.holder(|user, context| user.renew(&address, Method::Code, at, context))
}

#[test]
fn evidence_says_when_and_how_and_by_which_channel() {
    let mut ada = given();
    let line = ada.pending(phone("+441514960453"));
    assert_eq!(ada.entry(line).evidence(), None, "nothing is shown yet");
    ada.right(line).done();
    let now = ada.bench.now;
    let by_code = Evidence { at: now, by: Method::Code, channel: Some(Channel::Phone), source: None, ended_at: None };
    assert_eq!(ada.entry(line).evidence(), Some(by_code));
    let told = ada.add_verified(email("told@example.com"));
    let by_staff = Evidence { at: now, by: Method::Administrator, channel: None, source: None, ended_at: None };
    assert_eq!(ada.entry(told).evidence(), Some(by_staff));
    let passed_on = ada.add(email("passed@example.com")).done();
    let issued = ada.admin(|user, context| user.issue_code(passed_on, context)).done();
    ada.answer(passed_on, &issued.code).done();
    let evidence = ada.entry(passed_on).evidence().unwrap();
    assert_eq!((evidence.by, evidence.channel), (Method::AdministratorCode, None), "nothing went to the address");
}

#[test]
fn evidence_is_fresh_for_as_long_as_its_purpose_says() {
    let mut ada = given();
    let line = ada.pending(phone("+441514960453"));
    assert!(!is_fresh(&ada, line, "payment"), "not verified");
    ada.right(line).done();
    ada.pass(30 * DAY);
    assert!(is_fresh(&ada, line, "payment"), "as old as it may be");
    assert!(!is_fresh(&ada, line, "paiment"), "nothing is fresh for a purpose that is not named");
    ada.pass(1);
    assert!(!is_fresh(&ada, line, "payment"), "too old");
    assert!(ada.entry(line).is_verified());
    let none = FreshnessPolicy::default().with_purpose("never", secs(0));
    assert_eq!(none, Err(DangerousPolicy::Zero("the age of evidence")));
}

#[test]
fn an_address_that_messages_do_not_reach_is_not_fresh_and_one_that_complains_is() {
    for (why, fresh) in [
        (UndeliverableReason::Refused, false),
        (UndeliverableReason::Bounced, false),
        (UndeliverableReason::Complained, true),
    ] {
        let mut ada = given();
        let mail = ada.add_verified(email("a@example.com"));
        ada.pass(60);
        ada.add_verified(phone("+441514960453"));
        let notice = ada.news.iter().map(|outgoing| outgoing.message.clone()).next().unwrap();
        ada.pass(60);
        ada.admin(|user, context| user.note_fate(&notice, Fate::Undeliverable(why), context)).done();
        assert_eq!(is_fresh(&ada, mail, "payment"), fresh, "{why:?}");
        assert_eq!(ada.entry(mail).evidence().unwrap().ended_at.is_none(), fresh);
        let now = ada.bench.now;
        ada.pass(1);
        renew(&mut ada, mail, now + secs(1)).done();
        assert!(is_fresh(&ada, mail, "payment"), "it was shown since");
    }
}

#[test]
fn renewing_moves_the_age_of_the_evidence_and_nothing_else() {
    let mut ada = given();
    let line = ada.pending(phone("+441514960453"));
    let unverified = renew(&mut ada, line, Timestamp::from_secs(2_000_000_000));
    assert_eq!(unverified.refused(), Refusal::NotVerified, "what nobody verified cannot be renewed");
    ada.right(line).done();
    let mail = ada.add_verified(email("a@example.com"));
    ada.pass(31 * DAY);
    let (before, shown) = (ada.user.clone(), ada.bench.now - secs(60));
    let renewed = renew(&mut ada, line, shown);
    assert!(ada.news.is_empty(), "nobody is notified: {:?}", ada.news);
    let [drawn, back] = [true, false].map(|draws| {
        ada.bench.on(&identity_core::Actor::Holder, |context| {
            if draws {
                charges(Some(&before), &renewed.events, context).len()
            } else {
                refunds(Some(&before), &renewed.events, context).len()
            }
        })
    });
    assert_eq!((drawn, back), (0, 0), "the answer was paid for where it was judged");
    renewed.then(&["verified"]);
    let evidence = ada.entry(line).evidence().unwrap();
    assert_eq!((evidence.at, evidence.by, evidence.channel), (shown, Method::Code, Some(Channel::Phone)));
    assert!(is_fresh(&ada, line, "payment") && !is_fresh(&ada, mail, "payment"), "each has an age of its own");
    let (now, user) = (ada.bench.now, ada.user.clone());
    renew(&mut ada, line, shown).then(&[]);
    renew(&mut ada, line, shown - secs(1)).then(&[]);
    assert_eq!(ada.user, user, "older evidence changes nothing");
    renew(&mut ada, line, now + secs(DAY)).then(&["verified"]);
    assert_eq!(ada.entry(line).evidence().unwrap().at, now, "nothing is shown in the future");
    let stranger = email("b@example.com");
    let missing = ada.holder(|user, context| user.renew(&stranger, Method::Code, now, context));
    assert_eq!(missing.refused(), Refusal::IdentifierNotFound);
    ada.admin(|user, context| user.disable(context)).done();
    assert_eq!(renew(&mut ada, line, now + secs(1)).refused(), Refusal::Disabled);
}
