//! c18: an attacker guesses the code of somebody else's address for 30 days, with everything that a holder may do.

use identity_core::{Confirmation, IdentifierId, Policy, ProofBy, Verification, VerificationPolicy};

use crate::kit::{Person, email, given, given_under, phone, secs};

const DAYS: u64 = 30;
const VICTIM: &str = "victim@example.com";

#[test]
fn c18_a_policy_under_which_guessing_succeeds_too_often_does_not_build() {
    assert!((VerificationPolicy::default().guess_chance() - 0.0001).abs() < 1e-12);
    for digits in 6..=20 {
        for in_a_row in [1, 10, 100] {
            let policy = VerificationPolicy::builder().digits(digits).failures(20, in_a_row).build().unwrap();
            let chance = f64::from(in_a_row) / 10_f64.powi(i32::from(digits));
            assert!((policy.guess_chance() - chance).abs() <= chance * 1e-9);
        }
    }
    // What is guessed more easily is refused, by its entropy or by its number of failures.
    for length in 1..=20 {
        for in_a_row in [1, 2, 10, 99, 100, 101, 1_000, 1_001, u32::MAX] {
            for (symbols, builder) in [
                (10, VerificationPolicy::builder().digits(length)),
                (20, VerificationPolicy::builder().letters(length)),
            ] {
                let chance = f64::from(in_a_row) / f64::from(symbols).powi(i32::from(length));
                let built = builder.failures(20, in_a_row).build();
                assert!(built.is_err() || chance <= 0.001, "{length} of {symbols} symbols, {in_a_row} failures");
            }
        }
    }
}

/// An attacker: the account, and how often a code was compared for it.
struct Attacker {
    person: Person,
    compared: u32,
    throwaways: u32,
}

impl Attacker {
    fn new() -> Self {
        Self { person: given(), compared: 0, throwaways: 0 }
    }

    fn victim(&self) -> Option<IdentifierId> {
        let mut entries = self.person.user.emails().entries().iter();
        entries.find(|entry| entry.address.as_str() == VICTIM).map(|entry| entry.id)
    }

    /// Guesses as often as is allowed, and returns whether a guess was allowed at all.
    fn guess(&mut self, proof: ProofBy) -> bool {
        let before = self.compared;
        let Some(id) = self.victim() else { return false };
        let _ = self.person.start_by(id, proof).result;
        // Every guess is wrong, because only their number matters.
        let guess = crate::kit::code("no");
        while let Ok(Confirmation::Rejected { .. }) = self.person.answer(id, &guess).result {
            self.compared += 1;
        }
        self.compared > before
    }

    fn throwaway(&mut self) -> String {
        self.throwaways += 1;
        format!("throwaway{}@example.com", self.throwaways)
    }

    /// The chance that one of all these guesses is right.
    fn chance(&self) -> f64 {
        f64::from(self.compared) / 1_000_000.0
    }
}

fn holds(attacker: &Attacker, trick: &str) {
    assert!(attacker.compared > 0, "{trick}: nobody guessed at all");
    assert!(attacker.compared <= 100, "{trick}: {} guesses were compared", attacker.compared);
    let bound = VerificationPolicy::default().guess_chance();
    assert!(attacker.chance() <= bound && bound <= 0.001, "{trick}: {}", attacker.chance());
}

#[test]
fn c18_guessing_whenever_it_is_allowed_stays_below_the_bound() {
    let mut attacker = Attacker::new();
    attacker.person.add(email(VICTIM)).done();
    for _ in 0..DAYS * 86_400 / 60 {
        attacker.guess(ProofBy::Code);
        attacker.person.pass(60);
    }
    holds(&attacker, "patience");
}

#[test]
fn c18_resending_and_changing_the_proof_stays_below_the_bound() {
    let mut attacker = Attacker::new();
    attacker.person.add(email(VICTIM)).done();
    for turn in 0..DAYS * 86_400 / 60 {
        attacker.guess(if turn % 2 == 0 { ProofBy::Code } else { ProofBy::Either });
        attacker.person.pass(60);
    }
    holds(&attacker, "other proofs");
}

#[test]
fn c18_short_lifetimes_stay_below_the_bound() {
    let mut attacker = Attacker::new();
    let id = attacker.person.add(email(VICTIM)).done();
    let request = Verification { life: Some(secs(31)), ..Verification::default() };
    for _ in 0..DAYS * 86_400 / 60 {
        let _ = attacker.person.holder(|user, context| user.start_verification(id, &request, context)).result;
        attacker.guess(ProofBy::Code);
        attacker.person.pass(60);
    }
    holds(&attacker, "short lives");
}

#[test]
fn c18_removing_and_adding_again_stays_below_the_bound() {
    let mut attacker = Attacker::new();
    for _ in 0..DAYS * 86_400 / 60 {
        match attacker.victim() {
            Some(id) if !attacker.guess(ProofBy::Code) => attacker.person.remove(id).done(),
            Some(_) => {}
            None => {
                let _ = attacker.person.add(email(VICTIM)).result;
            }
        }
        attacker.person.pass(60);
    }
    holds(&attacker, "removal");
}

/// The attacker tries to displace what is remembered of the victim's address by many other addresses. Each is sent a code, so
/// that it has to be remembered too, and is then replaced by the next one.
#[test]
fn c18_flushing_the_memory_by_replacements_stays_below_the_bound() {
    for verified_first in [false, true] {
        let mut attacker = Attacker::new();
        let own = verified_first.then(|| attacker.person.add_verified(email("own@example.com")));
        for _ in 0..DAYS {
            let mut last = match attacker.victim() {
                Some(id) => id,
                None => match attacker.person.add(email(VICTIM)).result {
                    Ok(id) => id,
                    Err(_) => own.unwrap_or_else(|| attacker.person.user.emails().entries()[0].id),
                },
            };
            for _ in 0..20 {
                attacker.guess(ProofBy::Code);
                attacker.person.pass(601);
            }
            for _ in 0..120 {
                let throwaway = attacker.throwaway();
                let old = own.filter(|own| attacker.person.user.identifier(*own).is_some()).unwrap_or(last);
                if let Ok(id) = attacker.person.replace(old, email(&throwaway)).result {
                    let _ = attacker.person.start(id).result;
                    last = id;
                }
            }
            let old = own.unwrap_or(last);
            let _ = attacker.person.replace(old, email(VICTIM)).result;
            attacker.person.pass(86_400 - 20 * 601);
        }
        holds(&attacker, "flushing by replacement");
    }
}

/// The same by removals of as many e-mail addresses and phone numbers as a user can have.
#[test]
fn c18_flushing_the_memory_by_removals_stays_below_the_bound() {
    let mut attacker = Attacker::new();
    for _ in 0..DAYS {
        let _ = attacker.person.add(email(VICTIM)).result;
        for _ in 0..20 {
            attacker.guess(ProofBy::Code);
            attacker.person.pass(601);
        }
        let mut others = Vec::new();
        for number in 0..50 {
            let throwaway = attacker.throwaway();
            let line = phone(&format!("+4474001234{number:02}"));
            for address in [email(&throwaway), line] {
                if let Ok(id) = attacker.person.add(address).result {
                    let _ = attacker.person.start(id).result;
                    others.push(id);
                }
            }
        }
        for id in attacker.victim().into_iter().chain(others) {
            attacker.person.remove(id).done();
        }
        // An address without wrong answers is forgotten a day after the last send; one with wrong answers is not.
        attacker.person.pass(2 * 86_400 - 20 * 601);
    }
    holds(&attacker, "flushing by removal");
}

#[test]
fn c18_an_idle_removed_address_does_not_count() {
    let mut ada = given();
    let ids: Vec<_> = (0..50).map(|number| ada.pending(email(&format!("a{number}@example.com")))).collect();
    for id in ids {
        ada.remove(id).done();
    }
    assert!(ada.add(email("b@example.com")).result.is_err(), "today every one of them is remembered");
    ada.pass(86_400);
    ada.add(email("b@example.com")).done();
}

#[test]
fn c18_a_policy_that_allows_many_guesses_is_still_bounded() {
    let policy = VerificationPolicy::builder().tries(100).failures(100, 100).build().unwrap();
    let mut attacker =
        Attacker { person: given_under(Policy::default().with_verification(policy)), compared: 0, throwaways: 0 };
    for _ in 0..DAYS * 86_400 / 600 {
        match attacker.victim() {
            Some(id) if !attacker.guess(ProofBy::Code) => attacker.person.remove(id).done(),
            Some(_) => {}
            None => {
                let _ = attacker.person.add(email(VICTIM)).result;
            }
        }
        attacker.person.pass(600);
    }
    holds(&attacker, "many tries");
}

fn remembered(person: &Person) -> Option<u32> {
    let key = email(VICTIM).claim_key();
    let mut retired = person.user.retired().iter();
    retired.find(|retired| retired.key == key).map(|retired| retired.attempts.failed_in_a_row)
}

#[test]
fn c18_a_holder_replaces_no_more_addresses_than_are_remembered() {
    let mut ada = given();
    let mut last = ada.pending(email(VICTIM));
    ada.wrong(last).done();
    for number in 1..50 {
        last = ada.replace(last, email(&format!("a{number}@example.com"))).done();
        ada.start(last).done();
    }
    let refused = ada.replace(last, email("a50@example.com")).refused();
    assert_eq!(refused, identity_core::Refusal::TooMany(identity_core::Channel::Email));
    assert_eq!((ada.user.retired().len(), remembered(&ada)), (49, Some(1)));
}

#[test]
fn c18_every_address_that_a_holder_can_remove_is_remembered() {
    let mut ada = given();
    let mut ids = vec![ada.pending(email(VICTIM))];
    ids.extend((1..50).map(|number| ada.pending(email(&format!("a{number}@example.com")))));
    ids.extend((0..50).map(|number| ada.pending(phone(&format!("+4474001234{number:02}")))));
    for id in ids {
        ada.wrong(id).done();
        ada.remove(id).done();
    }
    assert_eq!((ada.user.retired().len(), remembered(&ada)), (100, Some(1)));
}

#[test]
fn c18_removals_by_an_administrator_displace_addresses_without_wrong_answers_first() {
    let mut ada = given();
    let victim = ada.pending(email(VICTIM));
    ada.wrong(victim).done();
    ada.remove(victim).done();
    for number in 0..150 {
        let new = email(&format!("a{number}@example.com")).into();
        let id = ada.admin(|user, context| user.add(&new, context)).done();
        ada.start(id).done();
        ada.remove(id).done();
    }
    assert_eq!((ada.user.retired().len(), remembered(&ada)), (100, Some(1)));
}
