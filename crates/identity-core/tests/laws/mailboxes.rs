//! c87: how many users of a tenant may hold verified addresses of one mailbox.

use identity_core::policy::{DangerousPolicy, MailboxLimit, Mode};
use identity_core::{
    Claim, ClaimChanges, ClaimKey, ClaimKind, ClaimPolicy, Policy, PublicRefusal, Refusal, Strength, User,
};

use crate::kit::{email, given_under, phone};

fn limited(users: u8) -> Policy {
    Policy::default().with_mailbox_limit(Some(MailboxLimit::new(users, Mode::Refuse).unwrap()))
}

fn slot(mailbox: &str, number: u8) -> ClaimKey {
    ClaimKey::new(ClaimKind::Mailbox, 1, format!("{mailbox}/{number}"))
}

fn held(keys: &[ClaimKey]) -> Vec<Claim> {
    keys.iter().map(|key| Claim { key: key.clone(), strength: Strength::Verified }).collect()
}

/// The slots that these changes take and release.
fn slots(changes: &ClaimChanges) -> (Vec<&str>, Vec<&str>) {
    let of = |key: &&ClaimKey| key.kind() == ClaimKind::Mailbox;
    let take = changes.take.iter().map(|claim| &claim.key).filter(of).map(ClaimKey::as_str).collect();
    (take, changes.release.iter().filter(of).map(ClaimKey::as_str).collect())
}

#[test]
fn c87_a_user_holds_one_slot_of_each_mailbox_with_a_verified_address() {
    let policy = limited(2);
    let mut ada = given_under(policy.clone());
    let mut before = ada.user.clone();
    let mut claims: Vec<Claim> = Vec::new();
    let mut step = |user: &User| {
        let changes = ClaimChanges::between(&claims, Some(&before), Some(user), &policy);
        claims.retain(|claim| !changes.release.contains(&claim.key));
        claims.extend(changes.take.iter().cloned());
        before = user.clone();
        let (take, release) = slots(&changes);
        (take.join(" "), release.join(" "))
    };
    let told = |take: &str, release: &str| (take.to_owned(), release.to_owned());
    let open = ada.pending(email("Ada.L+open@googlemail.com"));
    assert_eq!(step(&ada.user), told("", ""), "an unverified address counts for nothing");
    ada.right(open).done();
    assert_eq!(step(&ada.user), told("adal@gmail.com/1", ""));
    let second = ada.add_verified(email("a.dal@gmail.com"));
    assert_eq!(step(&ada.user), told("", ""), "a user counts once");
    ada.add_verified(phone("+441514960453"));
    ada.add_verified(email("ada+1@example.com"));
    assert_eq!(step(&ada.user), told("ada@example.com/1", ""));
    ada.remove(open).done();
    assert_eq!(step(&ada.user), told("", ""), "the other address is of the mailbox too");
    ada.admin(|user, context| user.mark_unverified(second, context)).done();
    assert_eq!(step(&ada.user), told("", "adal@gmail.com/1"));
    let changes = ClaimChanges::between(&claims, Some(&ada.user), None, &policy);
    assert_eq!(slots(&changes).1, ["ada@example.com/1"], "an erasure leaves nothing");
    let sent = ada.post.first().unwrap().message.to.as_str();
    assert_eq!(sent, "Ada.L+open@googlemail.com", "messages go to the address as it was typed");
}

#[test]
fn c87_slots_follow_the_limit() {
    let mut ada = given_under(Policy::default());
    ada.add_verified(email("ada+1@example.com"));
    let [first, third] = [slot("ada@example.com", 1), slot("ada@example.com", 3)];
    let needed = |held: &[Claim], policy: &Policy| ClaimChanges::needed(held, &ada.user, policy);
    let own = email("ada+1@example.com").claim_key();
    let with = |key: Option<&ClaimKey>| held(&Vec::from_iter([&own].into_iter().chain(key).cloned()));
    assert_eq!(needed(&with(None), &Policy::default()), ClaimChanges::default(), "there is no limit by default");
    assert_eq!(slots(&needed(&with(None), &limited(3))), (vec![first.as_str()], vec![]));
    assert_eq!(needed(&with(Some(&third)), &limited(3)), ClaimChanges::default(), "every slot is as good");
    assert_eq!(slots(&needed(&with(Some(&third)), &limited(2))), (vec![first.as_str()], vec![third.as_str()]));
    assert_eq!(slots(&needed(&with(Some(&first)), &Policy::default())), (vec![], vec![first.as_str()]));
    let older = ClaimKey::new(ClaimKind::Mailbox, 0, "ada@example.com/1");
    assert_eq!(slots(&needed(&with(Some(&older)), &limited(3))), (vec![first.as_str()], vec![older.as_str()]));
    // A user is not made to take a slot by a change that has nothing to do with it.
    let between = ClaimChanges::between(&with(None), Some(&ada.user), Some(&ada.user), &limited(1));
    assert_eq!(between, ClaimChanges::default());
    assert!(ada.user.has_mailbox(&third) && !ada.user.has_mailbox(&slot("ada+1@example.com", 1)));
    assert!(!ada.user.has_mailbox(&own) && !ada.user.has_mailbox(&older));
}

#[test]
fn c87_of_a_limit_of_n_users_exactly_n_slots_are_tried() {
    let mut ada = given_under(Policy::default());
    let before = ada.user.clone();
    ada.add_verified(email("ada@example.com"));
    for users in [1, 2, 16] {
        let planned = ClaimChanges::between(&[], Some(&before), Some(&ada.user), &limited(users));
        let mut changes = planned.clone();
        for number in 1..users {
            assert_eq!(slots(&changes).0, [format!("ada@example.com/{number}")]);
            changes.pass_over(&slot("ada@example.com", number), users).unwrap();
        }
        let last = slot("ada@example.com", users);
        assert!(changes.takes_slot() && changes.take.iter().any(|claim| claim.key == last));
        assert_eq!(changes.pass_over(&last, users), Err(slot("ada@example.com", 1)), "there is no further one");
        assert_eq!(changes.take.len(), planned.take.len());
        // What is no slot is not passed over.
        let address = email("ada@example.com").claim_key();
        assert_eq!(changes.pass_over(&address, users), Err(address));
    }
}

#[test]
fn c87_whoever_is_refused_for_a_mailbox_is_told_what_is_told_for_an_address() {
    let of = |key| Refusal::from(&Claim { key, strength: Strength::Verified });
    let [mailbox, address] = [of(slot("ada@example.com", 1)), of(email("ada@example.com").claim_key())];
    assert_eq!((mailbox.public(), address.public()), (PublicRefusal::Unavailable, PublicRefusal::Unavailable));
    assert_eq!((mailbox.code(), mailbox.kind()), ("mailbox_taken", address.kind()), "an administrator is told which");
}

#[test]
fn a_mailbox_limit_is_of_1_to_16_users() {
    for users in 1..=16 {
        assert_eq!(MailboxLimit::new(users, Mode::Record).map(MailboxLimit::users), Ok(users));
    }
    for users in [0, 17, 255] {
        assert_eq!(MailboxLimit::new(users, Mode::Refuse), Err(DangerousPolicy::MailboxLimit(users)));
    }
    // It is independent of who may hold an address.
    let mut ada = given_under(Policy::default());
    let before = ada.user.clone();
    ada.add_verified(email("ada@example.com"));
    let open = limited(1).with_claim(ClaimPolicy::None);
    let changes = ClaimChanges::between(&[], Some(&before), Some(&ada.user), &open);
    assert_eq!((slots(&changes).0, changes.take.len()), (vec!["ada@example.com/1"], 1));
}
