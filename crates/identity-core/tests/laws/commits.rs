//! What a commit is checked for before a store looks at it.

use std::time::Duration;

use identity_core::policy::Budget;
use identity_core::{
    BudgetKind, Change, Charge, Claim, ClaimChanges, ClaimKey, ClaimKind, Commit, Content, Details, Expected,
    Inconsistent, LookupChanges, Message, MessageId, NewUser, NoticeKind, Outgoing, Policy, ProfileChange, Strength,
    TenantId, User, UserId, UserKey, Version, WhenExhausted, plan, stored,
};
use uuid::Uuid;

use crate::kit::{Bench, email, given, staff};

/// The creation of a user with one address: two events.
fn planned() -> Commit {
    let mut bench = Bench::new(Policy::default());
    let new = NewUser { addresses: vec![email("ada@example.com").into()], ..NewUser::default() };
    let planned = bench.on(&staff(), |context| {
        let created = User::create(&new, context).unwrap();
        let key = UserKey { tenant: context.tenant.clone(), user: created.outcome.clone() };
        plan(&key, None, created, context)
    });
    planned.unwrap().commit.unwrap()
}

fn refused(because: &str, spoil: impl FnOnce(&mut Commit)) {
    let mut commit = planned();
    spoil(&mut commit);
    let Err(Inconsistent(reason)) = commit.check() else { panic!("it should have been refused: {because}") };
    assert!(reason.contains(because), "{reason}");
}

fn letter(commit: &Commit) -> Outgoing {
    let (to, at) = (email("ada@example.com"), commit.events.first().unwrap().event.at);
    let message = Message {
        id: MessageId::from_uuid(Uuid::nil()),
        key: commit.key.clone(),
        content: Content::Notice { what: NoticeKind::Added, about: to.clone(), event: None },
        to,
        locale: None,
        created_at: at,
        expires_at: at,
    };
    Outgoing { message, charges: vec![] }
}

#[test]
fn two_messages_with_ids_of_their_own_belong_together() {
    let mut commit = planned();
    let first = letter(&commit);
    let mut second = first.clone();
    second.message.id = MessageId::from_uuid(Uuid::from_u128(1));
    commit.messages = vec![first, second];
    assert_eq!(commit.check(), Ok(()));
}

#[test]
fn a_commit_says_what_a_store_writes_of_its_user() {
    let commit = planned();
    let after = commit.after.clone().unwrap();
    assert_eq!(commit.record(), Some(stored::record(&commit.key.tenant, &after, commit.version())));
    assert_eq!(commit.lookup(), LookupChanges::between(None, Some(&after)));
    assert_eq!(commit.lookup().put.len(), 1);
    let erased = Commit { before: Some(after), after: None, ..planned() };
    assert_eq!((erased.record(), erased.lookup().remove), (None, commit.lookup().put));
}

#[test]
fn changes_of_claims_say_whether_there_are_any_and_whether_a_slot_is_among_them() {
    let claim = |kind| Claim { key: ClaimKey::new(kind, 1, "x"), strength: Strength::Verified };
    let taken = |kind| ClaimChanges { take: vec![claim(kind)], release: vec![] };
    let released = ClaimChanges { take: vec![], release: vec![claim(ClaimKind::Mailbox).key] };
    assert!(ClaimChanges::default().is_empty() && !ClaimChanges::default().takes_slot());
    assert!(!released.is_empty() && !released.takes_slot());
    for (kind, is_slot) in [(ClaimKind::Email, false), (ClaimKind::Username, false), (ClaimKind::Mailbox, true)] {
        assert_eq!((taken(kind).takes_slot(), taken(kind).is_empty()), (is_slot, false), "{kind:?}");
    }
}

#[test]
fn a_commit_whose_parts_do_not_belong_together_is_refused() {
    assert_eq!(planned().check(), Ok(()));
    refused("not numbered", |commit| commit.events.clear());
    refused("not numbered", |commit| commit.events.reverse());
    refused("not numbered", |commit| commit.expected = Expected::At(Version(1)));
    refused("not numbered", |commit| commit.expected = Expected::At(Version(u64::MAX)));
    refused("what the user was before", |commit| {
        commit.expected = Expected::At(Version(1));
        commit.events.iter_mut().for_each(|recorded| recorded.number += 1);
    });
    refused("differs", |commit| commit.key.user = UserId::parse("eve").unwrap());
    refused("differs", |commit| commit.after = Some(given().user.into()));
    let claim = Claim { key: email("ada@example.com").claim_key(), strength: Strength::Unverified };
    refused("twice", |commit| {
        let stronger = Claim { strength: Strength::Verified, ..claim.clone() };
        commit.claims.take = vec![claim, stronger];
    });
    refused("U+0000", |commit| {
        let key = ClaimKey::new(ClaimKind::Username, 1, "a\0da");
        commit.claims.take = vec![Claim { key, strength: Strength::Verified }];
    });
    refused("one id", |commit| {
        commit.messages = vec![letter(commit); 2];
    });
    // What the commit says of another user is checked as well.
    let other = || {
        let mut other = planned();
        other.key.user = UserId::parse("bob").unwrap();
        other.after = None;
        other.claims.take.clear();
        other
    };
    let also = |commit: &mut Commit, spoil: fn(&mut Commit)| {
        let mut other = other();
        spoil(&mut other);
        commit.also = Some(Box::new(other));
    };
    let mut both = planned();
    also(&mut both, |_| {});
    assert_eq!(both.check(), Ok(()));
    refused("another one of the tenant", |commit| {
        also(commit, |other| other.key.tenant = TenantId::parse("x").unwrap())
    });
    refused("another one of the tenant", |commit| {
        let user = commit.key.user.clone();
        commit.also = Some(Box::new(Commit { key: UserKey { user, ..commit.key.clone() }, ..other() }));
    });
    refused("comes with a third", |commit| also(commit, |other| other.also = Some(Box::new(planned()))));
    refused("not numbered", |commit| also(commit, |other| other.events.clear()));
    refused("twice", |commit| {
        let claim = Claim { key: email("x@example.com").claim_key(), strength: Strength::Verified };
        commit.claims.take.push(claim.clone());
        commit.also = Some(Box::new(Commit { claims: ClaimChanges { take: vec![claim], release: vec![] }, ..other() }));
    });
    refused("one id", |commit| {
        commit.messages = vec![letter(commit)];
        commit.also = Some(Box::new(Commit { messages: commit.messages.clone(), ..other() }));
    });
    let charge = |when_exhausted| Charge {
        kind: BudgetKind::Guesses,
        quota: "ada".to_owned(),
        amount: 1,
        budget: Budget::new(1, Duration::from_secs(60)),
        at: planned().events[0].event.at,
        when_exhausted,
    };
    refused("withhold", |commit| commit.charges.push(charge(WhenExhausted::Withhold)));
    for allowed in [WhenExhausted::Refuse, WhenExhausted::Record] {
        let mut commit = planned();
        commit.charges.push(charge(allowed));
        assert_eq!(commit.check(), Ok(()));
    }
}

#[test]
fn the_second_record_is_written_when_it_changed_and_goes_with_its_contents() {
    let mut commit = planned();
    assert_eq!(commit.details(), Details::Stays, "a new user has no profile, and there is none that could go");

    // The user gets a profile, keeps it, and loses it.
    let bare = commit.after.take().unwrap();
    let mut bench = Bench::new(Policy::default());
    let change =
        ProfileChange { claims: serde_json::from_str(r#"{"name":"Ada"}"#).unwrap(), ..ProfileChange::default() };
    let changed = bench.on(&staff(), |context| bare.change_profile(&change, context)).unwrap();
    let named = std::sync::Arc::new(bare.after(&changed.events).unwrap());
    commit.expected = Expected::At(Version(1));
    (commit.before, commit.after) = (Some(bare.clone()), Some(named.clone()));
    let written = stored::details(&commit.key.tenant, &named).unwrap();
    assert_eq!(commit.details(), Details::Is(written));
    commit.before = Some(named.clone());
    assert_eq!(commit.details(), Details::Stays);
    commit.after = Some(bare);
    assert_eq!(commit.details(), Details::Goes);
    commit.after = None;
    assert_eq!((commit.details(), commit.record()), (Details::Goes, None));
    let kept = stored::read_events(&commit.key.user, &commit.kept_events()).unwrap();
    assert!(kept.iter().all(|event| matches!(event.change, Change::Stripped { .. })) && !kept.is_empty());
}
