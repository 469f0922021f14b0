//! Laws of merging two users.

use std::sync::Arc;

use identity_core::policy::{Conversion, RestPolicy};
use identity_core::{
    Actor, Address, BudgetKind, Change, Channel, Claim, ClaimPolicy, Commit, Event, EventFormat, Expected,
    MAX_IDENTIFIERS, MergeConflict, Method, NewAddress, NewUser, Policy, Profile, Refusal, Reported, SendPolicy,
    Stored, UndeliverableReason, User, UserId, UserKey, Username, Verified, Version, plan,
};
use serde_json::json;

use crate::kit::{Bench, email, kinds, phone, secs, staff};

/// A user with these addresses, verified or not, of which the first verified one becomes primary.
fn person(bench: &mut Bench, name: &str, addresses: &[(Address, bool)], username: Option<&str>, claims: &str) -> User {
    let addresses = addresses.iter().map(|(address, verified)| {
        let new = NewAddress::from(address.clone());
        if *verified { new.verified().with_verified_source("desk") } else { new }
    });
    let claims = Arc::new(serde_json::from_str(claims).unwrap());
    let new = NewUser {
        id: Some(UserId::parse(name).unwrap()),
        username: username.map(|name| Username::parse(name).unwrap()),
        addresses: addresses.collect(),
        profile: Profile { claims, ..Profile::default() },
        source: Some("leaflet".into()),
    };
    User::from_events(&bench.on(&staff(), |context| User::create(&new, context)).unwrap().events).unwrap()
}

fn merged(bench: &mut Bench, into: &User, from: &User, accepted: &[MergeConflict]) -> (User, Vec<&'static str>) {
    let (stays, gone) = bench.on(&staff(), |context| into.merge(from, accepted, context)).unwrap();
    assert_eq!((stays.outcome.as_slice(), kinds(&gone.events)), (&[][..], vec!["merged_into"]));
    assert_eq!(from.after(&gone.events), None, "nothing is left of the merged user");
    let kept = gone.events.iter().all(|event| event.clone().stripped() == *event);
    assert!(kept, "what became of the merged user outlives the erasure");
    (into.after(&stays.events).unwrap(), kinds(&stays.events))
}

#[test]
fn a_merge_brings_addresses_with_their_ids_and_evidence() {
    let mut bench = Bench::new(Default::default());
    let into = person(&mut bench, "ada", &[], None, r#"{"name":"Ada"}"#);
    let addresses = [(email("a@example.com"), true), (email("b@example.com"), false), (phone("+44 1514 960453"), true)];
    let from = person(&mut bench, "eve", &addresses, Some("countess"), r#"{"name":"Ada","locale":"de"}"#);
    assert_eq!(into.merge_conflicts(&from), []);
    bench.now = bench.now + crate::kit::secs(5);
    let (after, kinds) = merged(&mut bench, &into, &from, &[]);
    let expected = ["merged", "added", "verified", "primary_changed", "added", "added", "verified", "primary_changed"];
    assert_eq!(kinds, [&expected[..], &["username_set", "profile_changed"]].concat());
    let parts = |user: &User| {
        let parts = |entry: &identity_core::Identifier| {
            (entry.id, entry.address.clone(), entry.status.clone(), entry.source.clone(), entry.unrestricted)
        };
        user.identifiers().map(parts).collect::<Vec<_>>()
    };
    assert_eq!(parts(&after), parts(&from), "ids, evidence and sources are those of the merged user");
    for channel in [Channel::Email, Channel::Phone] {
        assert_eq!(
            after.book(channel).primary().map(|entry| entry.id),
            from.book(channel).primary().map(|entry| entry.id)
        );
    }
    assert_eq!(
        after.username().map(|name| (name.id, &name.username)),
        from.username().map(|name| (name.id, &name.username))
    );
    assert_eq!(json!(after.profile().claims.as_map()), json!({"name": "Ada", "locale": "de"}));
}

#[test]
fn a_merge_names_every_conflict_and_decides_nothing_until_each_is_accepted() {
    let mut bench = Bench::new(Default::default());
    let [a, b, c] = ["a", "b", "c"].map(|name| email(&format!("{name}@example.com")));
    let own = [(a, true), (c.clone(), false)];
    let into = person(&mut bench, "ada", &own, Some("ada"), r#"{"locale":"en","name":"Ada"}"#);
    let theirs = [(b, true), (c, true)];
    let from = person(&mut bench, "eve", &theirs, Some("eve"), r#"{"locale":"de","name":"Ada","zip":1}"#);
    let both = into.emails().entries()[1].id;
    let conflicts = [
        MergeConflict::Primary(Channel::Email),
        MergeConflict::Address(both),
        MergeConflict::Username,
        MergeConflict::Member("claims.locale".to_owned()),
    ];
    assert_eq!(into.merge_conflicts(&from), conflicts);
    for left in 0..conflicts.len() {
        let accepted: Vec<_> =
            conflicts.iter().enumerate().filter(|(at, _)| *at != left).map(|(_, it)| it.clone()).collect();
        let (stays, gone) = bench.on(&staff(), |context| into.merge(&from, &accepted, context)).unwrap();
        assert_eq!((gone.events, stays.events), (vec![], vec![]), "what is not accepted keeps it from happening");
        assert_eq!(stays.outcome, [conflicts[left].clone()]);
    }
    let (after, kinds) = merged(&mut bench, &into, &from, &conflicts);
    assert_eq!(kinds, ["merged", "added", "verified", "verified", "profile_changed"]);
    assert_eq!(after.primary_email(), into.primary_email(), "the primary address stays");
    assert_eq!(after.username(), into.username(), "the username stays");
    assert!(after.identifier(both).unwrap().is_verified(), "an address of both is verified when either was");
    assert_eq!(json!(after.profile().claims.as_map()), json!({"locale": "en", "name": "Ada", "zip": 1}));
}

/// The commit of a merge, as the library plans it.
fn planned(bench: &mut Bench, into: &User, from: &User, accepted: &[MergeConflict]) -> Commit {
    let key = |user: &User| UserKey { tenant: bench.tenant.clone(), user: user.id().clone() };
    let [into_key, from_key] = [key(into), key(from)];
    let stored = |user: &User| {
        let claims = user.claims(ClaimPolicy::Verified).into_iter().map(|(key, strength)| Claim { key, strength });
        Stored { user: Arc::new(user.clone()), version: Version(3), claims: claims.collect() }
    };
    let commit = bench.on(&staff(), |context| {
        let (stays, gone) = into.merge(from, accepted, context).unwrap();
        let gone = plan(&from_key, Some(&stored(from)), gone, context).unwrap();
        plan(&into_key, Some(&stored(into)), stays, context).unwrap().with(gone, context).commit.unwrap()
    });
    assert_eq!(commit.check(), Ok(()));
    commit
}

fn happened(bench: &Bench, change: Change) -> Event {
    Event { v: EventFormat, at: bench.now, actor: staff(), change }
}

#[test]
fn a_merge_is_one_commit_in_which_nothing_that_is_handed_over_rests() {
    let mut bench = Bench::new(Policy::default().with_rest(RestPolicy::default().with_email(secs(60))));
    let own = [(email("a@example.com"), true), (email("c@example.com"), false)];
    let into = person(&mut bench, "ada", &own, Some("ada"), "{}");
    let theirs = [(email("b@example.com"), true), (email("c@example.com"), true), (phone("+44 1514 960453"), true)];
    let from = person(&mut bench, "eve", &theirs, Some("eve"), "{}");
    let commit = planned(&mut bench, &into, &from, &into.merge_conflicts(&from));
    let also = commit.also.as_ref().unwrap();
    assert_eq!((also.expected, also.after.is_none(), also.messages.len()), (Expected::At(Version(3)), true, 0));
    let taken: Vec<_> = commit.claims.take.iter().map(|claim| claim.key.as_str()).collect();
    assert_eq!(taken, ["b@example.com", "c@example.com", "+441514960453"]);
    assert_eq!(also.claims.release.len(), 4, "the merged user holds nothing");
    let kept = bench.keys.clone();
    let rests: Vec<_> = commit.charges.iter().chain(&also.charges).map(|charge| (charge.kind, charge.amount)).collect();
    assert_eq!(rests, [(BudgetKind::Rest, 1); 2], "the username alone is given up");
    let quota = kept.pseudonym(&bench.tenant, "rest of username eve");
    assert!(also.charges.iter().all(|charge| charge.quota == quota));
}

#[test]
fn a_merge_neither_pays_for_a_proof_nor_gets_anything_back_for_it() {
    let send = SendPolicy::builder().conversion(Some(Conversion::new(50, 9, secs(3_600)))).build().unwrap();
    let mut bench = Bench::new(Policy::default().with_send(send).with_rest(RestPolicy::none()));
    let number = phone("+44 1514 960453");
    let into = person(&mut bench, "ada", &[(number.clone(), false)], None, "{}");
    let from = person(&mut bench, "eve", &[(number, false)], None, "{}");
    let id = from.phones().entries()[0].id;
    // At the very time of the merge.
    let verified = Verified { at: bench.now, by: Method::Code, source: None };
    let from = from.after(&[happened(&bench, Change::Verified { id, verified })]).unwrap();
    let commit = planned(&mut bench, &into, &from, &into.merge_conflicts(&from));
    assert!(commit.after.as_ref().unwrap().phones().entries()[0].is_verified());
    assert_eq!((commit.charges.len(), commit.refunds.len()), (0, 0));
}

#[test]
fn a_merge_keeps_what_is_known_of_an_address_and_drops_what_is_said_of_one_that_is_gone() {
    let mut bench = Bench::new(Default::default());
    let [a, b] = ["a", "b"].map(|name| email(&format!("{name}@example.com")));
    let into = person(&mut bench, "ada", &[(b.clone(), false)], Some("ada"), "{}");
    let from = person(&mut bench, "eve", &[(a, true), (b, true)], Some("eve"), "{}");
    let [moved, both] = [0, 1].map(|at| from.emails().entries()[at].id);
    let name = from.username().unwrap().id;
    let found = [moved, both].map(|id| {
        let why = Some(UndeliverableReason::Bounced);
        happened(&bench, Change::DeliveryFailed { id, sent_at: None, why })
    });
    let said = json!({moved.to_string(): "used", both.to_string(): "gone", name.to_string(): "gone", "plan": "free"});
    let members = Arc::new(serde_json::from_value(said).unwrap());
    let from = from.after(&found).unwrap();
    let from = from.after(&[happened(&bench, Change::ExtensionReported(Reported { members }))]).unwrap();
    bench.now = bench.now + secs(5);
    let (after, _) = merged(&mut bench, &into, &from, &into.merge_conflicts(&from));
    for entry in after.identifiers() {
        assert!(entry.is_verified());
        assert!(entry.evidence().unwrap().ended_at.is_some(), "freshness that ended does not begin again");
    }
    assert_eq!(json!(after.extension().as_map()), json!({moved.to_string(): "used", "plan": "free"}));
}

#[test]
fn an_address_that_a_merge_verifies_takes_the_place_that_it_was_to_take() {
    let mut bench = Bench::new(Default::default());
    let [old, new] = ["old", "new"].map(|name| email(&format!("{name}@example.com")));
    let into = person(&mut bench, "ada", &[(old, true)], None, "{}");
    let id = into.emails().entries()[0].id;
    let new = NewAddress::from(new);
    let replaced = bench.on(&Actor::Holder, |context| into.replace(id, &new, context)).unwrap();
    let into = into.after(&replaced.events).unwrap();
    let from = person(&mut bench, "eve", &[(new.address, true)], None, "{}");
    let (after, kinds) = merged(&mut bench, &into, &from, &into.merge_conflicts(&from));
    assert_eq!(kinds, ["merged", "verified", "replaced", "primary_changed"]);
    assert_eq!(after.primary_email().map(|entry| entry.id), Some(replaced.outcome));
    assert_eq!(after.emails().entries().len(), 1);
}

#[test]
fn a_disabled_user_becomes_a_part_of_another_one_only_by_name() {
    let mut bench = Bench::new(Default::default());
    let into = person(&mut bench, "ada", &[], None, "{}");
    let from = person(&mut bench, "eve", &[], None, "{}");
    let off = |user: &User| user.after(&[happened(&bench, Change::Disabled)]).unwrap();
    let [off_into, off_from] = [off(&into), off(&from)];
    assert_eq!(off_into.merge_conflicts(&off_from), []);
    for (into, from) in [(&into, &off_from), (&off_into, &from)] {
        let conflicts = into.merge_conflicts(from);
        assert_eq!(conflicts, [MergeConflict::Disabled]);
        let (after, _) = merged(&mut bench, into, from, &conflicts);
        assert_eq!(after.is_disabled(), into.is_disabled());
    }
}

#[test]
fn a_merge_is_an_administrators_and_keeps_the_bounds_of_a_user() {
    let mut bench = Bench::new(Default::default());
    let many = |name: &str| -> Vec<_> {
        (0..MAX_IDENTIFIERS).map(|number| (email(&format!("{name}{number}@example.com")), false)).collect()
    };
    let into = person(&mut bench, "ada", &many("a"), None, "{}");
    let from = person(&mut bench, "eve", &many("e")[..1], None, "{}");
    let too_many = [MergeConflict::TooMany(Channel::Email)];
    assert_eq!(into.merge_conflicts(&from), too_many);
    let refused = bench.on(&staff(), |context| into.merge(&from, &too_many, context)).unwrap_err();
    assert_eq!(refused, Refusal::TooMany(Channel::Email), "no acceptance settles it");
    let again = bench.on(&staff(), |context| into.merge(&into, &[], context)).unwrap_err();
    assert_eq!(again, Refusal::Unchanged);
    let holder = bench.on(&Actor::Holder, |context| into.merge(&from, &[], context)).unwrap_err();
    assert_eq!(holder, Refusal::AdministratorOnly);
}
