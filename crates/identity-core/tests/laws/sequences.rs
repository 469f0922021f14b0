//! Random sequences of commands, after which the invariants of a user still hold.

use std::collections::HashMap;

use identity_core::{
    Actor, Address, Change, ClaimKey, ClaimPolicy, Confirmation, Content, IdentifierId, NewAddress, Refusal, Status,
    User, Username,
};
use proptest::prelude::*;

use crate::kit::{Person, email, given, phone, staff};

#[derive(Debug, Clone)]
enum Command {
    Add(u8),
    AddVerified(u8),
    Start(u8),
    Right(u8),
    Wrong(u8),
    Issue(u8),
    MarkVerified(u8),
    MarkUnverified(u8),
    SetPrimary(u8, bool),
    Replace(u8, u8),
    ReplaceVerified(u8, u8),
    Remove(u8, bool),
    Clear(u8),
    SetUsername(u8),
    RemoveUsername,
    Disable,
    Enable,
    Pass(u32),
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let id = || any::<u8>();
    let command = prop_oneof![
        4 => id().prop_map(Command::Add),
        2 => id().prop_map(Command::AddVerified),
        6 => id().prop_map(Command::Start),
        6 => id().prop_map(Command::Right),
        6 => id().prop_map(Command::Wrong),
        1 => id().prop_map(Command::Issue),
        2 => id().prop_map(Command::MarkVerified),
        2 => id().prop_map(Command::MarkUnverified),
        3 => (id(), any::<bool>()).prop_map(|(id, admin)| Command::SetPrimary(id, admin)),
        4 => (id(), id()).prop_map(|(old, new)| Command::Replace(old, new)),
        1 => (id(), id()).prop_map(|(old, new)| Command::ReplaceVerified(old, new)),
        3 => (id(), any::<bool>()).prop_map(|(id, admin)| Command::Remove(id, admin)),
        1 => id().prop_map(Command::Clear),
        1 => id().prop_map(Command::SetUsername),
        1 => Just(Command::RemoveUsername),
        1 => Just(Command::Disable),
        2 => Just(Command::Enable),
        6 => (1_u32..2_000).prop_map(Command::Pass),
        1 => (1_u32..100_000).prop_map(Command::Pass),
    ];
    proptest::collection::vec(command, 1..60)
}

/// Few addresses, so that sequences use them repeatedly.
fn address(number: u8) -> Address {
    match number % 8 {
        number @ 0..5 => email(&format!("a{number}@example.com")),
        number => phone(&format!("+44740012345{number}")),
    }
}

fn pick(user: &User, number: u8) -> Option<IdentifierId> {
    let ids: Vec<_> = user.identifiers().map(|entry| entry.id).collect();
    ids.get(usize::from(number) % ids.len().max(1)).copied()
}

fn road(admin: bool) -> Actor {
    if admin { staff() } else { Actor::Holder }
}

fn run(ada: &mut Person, command: &Command) -> Result<(), Refusal> {
    let on = |ada: &Person, number: u8| pick(&ada.user, number).ok_or(Refusal::IdentifierNotFound);
    match command {
        Command::Add(number) => ada.add(address(*number)).result.map(drop),
        Command::AddVerified(number) => {
            let new = NewAddress::from(address(*number)).verified();
            ada.admin(|user, context| user.add(&new, context)).result.map(drop)
        }
        Command::Start(number) => {
            let id = on(ada, *number)?;
            ada.start(id).result.map(drop)
        }
        Command::Right(number) => {
            let id = on(ada, *number)?;
            if !matches!(ada.entry(id).status, Status::Pending(_)) || ada.entry(id).attempts.sent_at.is_empty() {
                return Err(Refusal::NoChallenge);
            }
            let known = ada.post.iter().any(|outgoing| {
                matches!(&outgoing.message.content, Content::Challenge { identifier, .. } if *identifier == id)
            });
            if !known {
                return Err(Refusal::NoChallenge);
            }
            // The code of the latest message, which is wrong if an administrator's code came after it.
            ada.right(id).result.map(drop)
        }
        Command::Wrong(number) => {
            let id = on(ada, *number)?;
            let answered = ada.answer(id, &crate::kit::code("nope"));
            if let Ok(outcome) = &answered.result {
                assert!(matches!(outcome, Confirmation::Rejected { .. }));
            }
            answered.result.map(drop)
        }
        Command::Issue(number) => {
            let id = on(ada, *number)?;
            ada.admin(|user, context| user.issue_code(id, context)).result.map(drop)
        }
        Command::MarkVerified(number) => {
            let id = on(ada, *number)?;
            let done = ada.admin(|user, context| user.mark_verified(id, None, context)).result;
            ada.admin(|user, context| user.mark_verified(id, None, context)).then(&[]);
            done
        }
        Command::MarkUnverified(number) => {
            let id = on(ada, *number)?;
            let done = ada.admin(|user, context| user.mark_unverified(id, context)).result;
            ada.admin(|user, context| user.mark_unverified(id, context)).then(&[]);
            done
        }
        Command::SetPrimary(number, admin) => {
            let id = on(ada, *number)?;
            ada.act(&road(*admin), |user, context| user.set_primary(id, context)).result?;
            ada.act(&road(*admin), |user, context| user.set_primary(id, context)).then(&[]);
            Ok(())
        }
        Command::Replace(old, new) => {
            let old = on(ada, *old)?;
            ada.replace(old, address(*new)).result.map(drop)
        }
        Command::ReplaceVerified(old, new) => {
            let old = on(ada, *old)?;
            let new = NewAddress::from(address(*new)).verified();
            ada.admin(|user, context| user.replace(old, &new, context)).result.map(drop)
        }
        Command::Remove(number, admin) => {
            let id = on(ada, *number)?;
            ada.act(&road(*admin), |user, context| user.remove(id, context)).result
        }
        Command::Clear(number) => {
            let id = on(ada, *number)?;
            ada.admin(|user, context| user.clear_attempts(id, context)).result
        }
        Command::SetUsername(number) => {
            let name = Username::parse(&format!("name{}", number % 3)).unwrap();
            ada.holder(|user, context| user.set_username(&name, None, context)).result.map(drop)
        }
        Command::RemoveUsername => ada.holder(|user, context| user.remove_username(context)).result,
        Command::Disable => ada.admin(|user, context| user.disable(context)).result,
        Command::Enable => ada.admin(|user, context| user.enable(context)).result,
        Command::Pass(time) => {
            ada.pass(u64::from(*time));
            Ok(())
        }
    }
}

/// Consecutive wrong answers by address, including removed ones.
fn failures(user: &User) -> HashMap<ClaimKey, u32> {
    let here = user.identifiers().map(|entry| (entry.address.claim_key(), entry.attempts.failed_in_a_row));
    let gone = user.retired().iter().map(|retired| (retired.key.clone(), retired.attempts.failed_in_a_row));
    here.chain(gone).collect()
}

fn invariants(before: &User, ada: &Person, events: &[identity_core::Event]) {
    let user = &ada.user;
    // At most one primary of a kind, by construction; under the default policy it is verified, and there is one exactly
    // when there is a verified address (c42, c52).
    for book in [user.emails(), user.phones()] {
        let primary = book.primary();
        assert!(primary.is_none_or(identity_core::Identifier::is_verified), "an unverified address is primary");
        assert_eq!(primary.is_some(), book.verified().next().is_some());
    }
    // c42: only verified addresses and the username are claimed.
    let verified = user.identifiers().filter(|entry| entry.is_verified()).map(|entry| entry.address.claim_key());
    let mut expected: Vec<_> = verified.chain(user.username().map(|entry| entry.username.claim_key())).collect();
    expected.sort();
    let claimed: Vec<_> = user.claims(ClaimPolicy::default()).into_keys().collect();
    assert_eq!(claimed, expected);
    // A replacement exists, is unverified, and replaces an address that exists.
    for entry in user.identifiers() {
        if let Some(old) = entry.replaces {
            assert!(!entry.is_verified() && user.identifier(old).is_some() && old != entry.id);
        }
        if let Status::Pending(challenge) = &entry.status {
            assert!(challenge.failed <= challenge.tries);
        }
        assert!(entry.attempts.failed_in_a_row <= 100 && entry.attempts.failed_at.len() <= 20);
        assert!(entry.attempts.sent_at.len() <= 10);
    }
    // Wrong answers are forgotten only after a right one or by an administrator.
    let forgiven: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.change {
            Change::Verified { id, .. } | Change::AttemptsCleared { id } => Some(*id),
            _ => None,
        })
        .filter_map(|id| user.identifier(id).map(|entry| entry.address.claim_key()))
        .collect();
    let after = failures(user);
    for (key, count) in failures(before) {
        if count > 0 && !forgiven.contains(&key) {
            assert!(after.get(&key).is_some_and(|after| *after >= count), "wrong answers were forgotten");
        }
    }
    // An address becomes verified only by an administrator's word or a right answer.
    for entry in user.identifiers().filter(|entry| entry.is_verified()) {
        let was = before.identifier(entry.id).is_some_and(identity_core::Identifier::is_verified);
        let now = events.iter().any(|event| matches!(event.change, Change::Verified { id, .. } if id == entry.id));
        assert!(was || now);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn c42_c52_whatever_happens_in_whatever_order(commands in commands()) {
        let mut ada = given();
        for command in &commands {
            let before = ada.user.clone();
            let known = ada.history.len();
            let result = run(&mut ada, command);
            let events = ada.history[known..].to_vec();
            if result.is_err() {
                prop_assert!(events.is_empty() && ada.user == before, "a refusal writes nothing: {command:?}");
            }
            invariants(&before, &ada, &events);
            crate::stored::comes_back(&ada.user);
            crate::stored::entries_follow(Some(&before), Some(&ada.user));
        }
        // The user is the result of its events, also after a round trip through JSON.
        let text = serde_json::to_string(&ada.history).unwrap();
        let history: Vec<identity_core::Event> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&history, &ada.history);
        prop_assert_eq!(User::from_events(&history), Some(ada.user.clone()));
        // A store that keeps the parts can restore the user.
        prop_assert_eq!(&User::restore(ada.user.parts().clone()).unwrap(), &ada.user);
        // Messages go only to the user's own addresses, and a code to the address that it verifies.
        let added: HashMap<_, _> = history
            .iter()
            .filter_map(|event| match &event.change {
                Change::Added { id, address, .. } => Some((*id, address)),
                _ => None,
            })
            .collect();
        for outgoing in &ada.post {
            prop_assert!(!outgoing.charges.is_empty());
            match &outgoing.message.content {
                Content::Challenge { identifier, .. } => prop_assert_eq!(added[identifier], &outgoing.message.to),
                _ => prop_assert!(added.values().any(|address| **address == outgoing.message.to)),
            }
        }
    }
}
