//! c80 and c81: challenges that were never sent, and guesses at one address.

use identity_core::{
    Binding, BudgetKind, Change, Code, CodeKeys, Confirmation, DangerousPolicy, Funding, IdentifierId, KeyError, KeyId,
    Policy, ProofBy, VerificationPolicy, WhenExhausted, charges,
};

use crate::kit::{Person, code, email, given, kinds, phone, secs};

/// The code that a challenge would have if it had been made with the current key.
fn code_if_sent(person: &Person, id: IdentifierId) -> Code {
    let (entry, challenge) = (person.entry(id), person.challenge(id));
    let binding = Binding {
        key: person.bench.keys.current(),
        tenant: &person.bench.tenant,
        user: person.user.id(),
        identifier: id,
        address: entry.address.as_str(),
        purpose: challenge.purpose,
        nonce: &challenge.nonce,
    };
    person.bench.keys.code(&binding, challenge.format).unwrap()
}

/// Somebody whose code was withheld, and the address that it was for.
fn withheld(proof: ProofBy) -> (Person, IdentifierId) {
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    ada.bench.funding = Funding::Withheld;
    ada.start_by(mail, proof).then(&["verification_started"]);
    ada.bench.funding = Funding::Shared;
    (ada, mail)
}

#[test]
fn c80_a_challenge_whose_message_was_withheld_verifies_nothing_and_sends_nothing() {
    for proof in [ProofBy::Code, ProofBy::Either] {
        let (mut ada, mail) = withheld(proof);
        assert_eq!(ada.news, [], "nothing is sent");
        assert!(ada.challenge(mail).is_decoy());
        let right = code_if_sent(&ada, mail);
        assert!(matches!(ada.answer(mail, &right).done(), Confirmation::Rejected { attempts_left: 4 }));
        assert!(!ada.entry(mail).is_verified());
    }
    // A link to a decoy is made by nobody; one to the challenge before it is void.
    let mut ada = given();
    let mail = ada.add(email("ada@example.com")).done();
    ada.start_by(mail, ProofBy::Link).done();
    let link = ada.link(mail);
    ada.pass(601);
    ada.bench.funding = Funding::Withheld;
    ada.start_by(mail, ProofBy::Link).then(&["verification_started"]);
    assert!(matches!(ada.open(mail, &link).done(), Confirmation::Rejected { .. }));
}

#[test]
fn c80_a_decoy_answers_as_every_other_challenge() {
    let script = |is_decoy: bool, turn: usize| {
        let mut ada = given();
        let line = ada.add(phone("+447400123456")).done();
        let mut answers = Vec::new();
        for step in 0..60_usize {
            let withheld = is_decoy && (turn == 0 || step.is_multiple_of(turn));
            ada.bench.funding = if withheld { Funding::Withheld } else { Funding::Shared };
            answers.push(format!("{:?}", ada.start(line).result));
            let wrong = ada.answer(line, &code("no")).result;
            answers.push(format!("{wrong:?}"));
            let other = ada.answer(line, &code("12345678901234567890")).result;
            answers.push(format!("{other:?}"));
            ada.pass([5, 25, 31, 290, 300, 601, 3_600][step % 7]);
        }
        answers
    };
    let real = script(false, 0);
    // Withheld always, and withheld now and then.
    for turn in [0, 2, 3, 5] {
        assert_eq!(script(true, turn), real, "withheld every {turn} starts");
    }
}

#[test]
fn c80_a_start_whose_budget_has_room_again_makes_a_challenge_that_can_be_answered() {
    let (mut ada, mail) = withheld(ProofBy::Code);
    let decoy = ada.challenge(mail).clone();
    ada.answer(mail, &code("no")).done();
    ada.pass(30);
    let started = ada.start(mail).then(&["verification_started"]);
    assert_eq!(started.expires_at, decoy.expires_at, "the answer is that of a resend");
    assert_eq!(ada.news.len(), 1);
    assert_ne!(ada.challenge(mail).nonce, decoy.nonce);
    assert_eq!(ada.challenge(mail).failed, 1, "guesses at the decoy count");
    assert_eq!(ada.right(mail).done(), Confirmation::Verified);
}

#[test]
fn c80_a_withheld_resend_keeps_the_code_in_hand() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    let in_hand = ada.code(mail);
    ada.pass(30);
    ada.bench.funding = Funding::Withheld;
    ada.start(mail).then(&["code_resent"]);
    assert_eq!(ada.news, []);
    assert_eq!(ada.answer(mail, &in_hand).done(), Confirmation::Verified);
}

#[test]
fn c80_an_administrators_code_takes_the_place_of_a_decoy() {
    let (mut ada, mail) = withheld(ProofBy::Code);
    let issued = ada.admin(|user, context| user.issue_code(mail, context)).done();
    assert_eq!(ada.answer(mail, &issued.code).done(), Confirmation::Verified);
}

#[test]
fn c80_a_decoys_key_is_no_key_to_any_program() {
    let name = KeyId::parse("-withheld-").unwrap();
    assert_eq!(CodeKeys::new(name, &[7; 32]).unwrap_err(), KeyError::Reserved);
    assert_eq!(CodeKeys::parse(&format!("-withheld-:{}", "5a".repeat(32))).unwrap_err(), KeyError::Reserved);
    // A program that knows nothing of decoys derives their codes as it derives all others: it finds no key.
    let (ada, mail) = withheld(ProofBy::Code);
    let challenge = ada.challenge(mail);
    let binding = Binding {
        key: &challenge.key,
        tenant: &ada.bench.tenant,
        user: ada.user.id(),
        identifier: mail,
        address: "ada@example.com",
        purpose: challenge.purpose,
        nonce: &challenge.nonce,
    };
    assert!(ada.bench.keys.code(&binding, challenge.format).is_none());
    // The event says so to whoever reads it.
    let event = serde_json::to_value(&ada.history.last().unwrap().change).unwrap();
    assert_eq!(event["challenge"]["key"], "-withheld-");
    let again: Change = serde_json::from_value(event).unwrap();
    assert_eq!(again, ada.history.last().unwrap().change);
}

#[test]
fn c81_every_code_that_is_judged_costs_a_guess_at_its_address_and_nothing_else_does() {
    let mut ada = given();
    let mail = ada.pending(email("Ada@example.com"));
    let other = ada.pending(email("other@example.com"));
    let guesses = |person: &mut Person, act: &mut dyn FnMut(&mut Person) -> Vec<identity_core::Event>| {
        let before = person.user.clone();
        let events = act(person);
        let drawn = person.bench.on(&identity_core::Actor::Holder, |context| charges(Some(&before), &events, context));
        (kinds(&events).first().copied(), drawn)
    };
    let (kind, wrong) = guesses(&mut ada, &mut |ada| ada.wrong(mail).events);
    assert_eq!((kind, wrong.len()), (Some("answer_rejected"), 1));
    let [guess] = &wrong[..] else { panic!("{wrong:?}") };
    assert_eq!((guess.kind, guess.amount, guess.when_exhausted), (BudgetKind::Guesses, 1, WhenExhausted::Refuse));
    assert_eq!((guess.budget.limit, guess.budget.window), (100, secs(86_400)));
    assert!(guess.quota.len() == 32 && guess.quota.bytes().all(|byte| byte.is_ascii_hexdigit()), "a pseudonym");
    let (_, of_other) = guesses(&mut ada, &mut |ada| ada.wrong(other).events);
    assert_ne!(of_other[0].quota, guess.quota);
    // Another user who types the same address in another form draws on the same budget.
    let mut eve = given();
    let same = eve.pending(email("ADA@example.com"));
    let (_, of_eve) = guesses(&mut eve, &mut |eve| eve.wrong(same).events);
    assert_eq!(of_eve[0].quota, guess.quota);
    let (kind, right) = guesses(&mut ada, &mut |ada| ada.right(mail).events);
    assert_eq!((kind, right.len(), &right[0].quota), (Some("verified"), 1, &guess.quota));
    // An administrator's word, a link and a start are no guesses.
    let (_, word) =
        guesses(&mut ada, &mut |ada| ada.admin(|user, context| user.mark_verified(other, None, context)).events);
    assert_eq!(word, []);
    let third = ada.add(email("third@example.com")).done();
    let (_, start) = guesses(&mut ada, &mut |ada| ada.start_by(third, ProofBy::Link).events);
    assert_eq!(start, []);
    let link = ada.link(third);
    let (kind, opened) = guesses(&mut ada, &mut |ada| ada.open(third, &link).events);
    assert_eq!((kind, opened), (Some("verified"), vec![]));
}

#[test]
fn c81_a_policy_of_too_many_guesses_does_not_build() {
    let build = |guesses| VerificationPolicy::builder().guesses(guesses).build();
    assert_eq!(build(0), Err(DangerousPolicy::Zero("the number of guesses")));
    assert_eq!(build(1_001), Err(DangerousPolicy::Guesses(1_001)));
    for guesses in [1, 100, 1_000] {
        assert_eq!(build(guesses).unwrap().guesses().limit, u64::from(guesses));
    }
    assert_eq!(Policy::default().verification().guesses().limit, 100);
}
