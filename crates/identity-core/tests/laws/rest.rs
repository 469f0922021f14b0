//! What is given up rests: which charges follow from which decisions.

use std::sync::Arc;

use identity_core::policy::{ClaimPolicy, RestPolicy};
use identity_core::record::{IdentifierRecord, VerifiedRecord};
use identity_core::{
    Actor, Answer, BudgetKind, Charge, Claim, ClaimChanges, ClaimKind, CodeKeys, Commit, Context, Decision, Exhausted,
    NewAddress, NewUser, Policy, Recorded, Refusal, Stored, Strength, User, UserKey, UserRecord, Username, held_before,
    plan, resting,
};

use crate::kit::{Bench, code, email, phone, secs, staff};

const DAY: u64 = 86_400;

/// A user whose decisions are planned.
struct Planner {
    bench: Bench,
    key: UserKey,
    stored: Option<Stored>,
    history: Vec<Recorded>,
}

impl Planner {
    fn new(policy: Policy) -> Self {
        let bench = Bench::new(policy);
        let key = UserKey { tenant: bench.tenant.clone(), user: identity_core::UserId::parse("ada").unwrap() };
        let mut planner = Self { bench, key, stored: None, history: Vec::new() };
        let id = Some(planner.key.user.clone());
        let new = NewUser { id, ..NewUser::default() };
        planner.act(&staff(), |_, context| {
            User::create(&new, context).map(|made| Decision { events: made.events, outcome: () })
        });
        planner
    }

    fn user(&self) -> Arc<User> {
        Arc::clone(&self.stored.as_ref().unwrap().user)
    }

    fn act<T>(
        &mut self,
        actor: &Actor,
        decide: impl FnOnce(Option<&User>, &Context<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Commit {
        let (key, stored) = (&self.key, self.stored.as_ref());
        let commit = self.bench.on(actor, |context| {
            let decision = decide(stored.map(|stored| &*stored.user), context).unwrap();
            plan(key, stored, decision, context).unwrap().commit.unwrap()
        });
        self.history.extend(commit.events.iter().cloned());
        let held = self.stored.take().map(|stored| stored.claims).unwrap_or_default();
        let claims = commit.claims.clone().applied_to(held);
        self.stored = commit.after.clone().map(|user| Stored { user, version: commit.version(), claims });
        commit
    }

    fn on<T>(
        &mut self,
        actor: &Actor,
        decide: impl FnOnce(&User, &Context<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Commit {
        self.act(actor, |user, context| decide(user.unwrap(), context))
    }

    /// Adds an address and verifies it by its code; returns the commit of the answer.
    fn verify(&mut self, text: &str) -> Commit {
        self.bench.now = self.bench.now + secs(60);
        let new = NewAddress::from(address(text));
        let added = self.on(&Actor::Holder, |user, context| user.add(&new, context));
        let id = added.events.first().unwrap().event.change.identifier().unwrap();
        let started =
            self.on(&Actor::Holder, |user, context| user.start_verification(id, &Default::default(), context));
        assert_eq!(rests(&started), [], "who only asks for a code asks nothing else");
        let wrong = code("wrong");
        let rejected = self.on(&Actor::Holder, |user, context| user.confirm(id, Answer::Code(&wrong), context));
        assert_eq!(rests(&rejected), [], "who proves nothing asks nothing");
        let right = started.messages.first().unwrap().message.code(&self.bench.keys).unwrap();
        self.on(&Actor::Holder, |user, context| user.confirm(id, Answer::Code(&right), context))
    }

    fn id(&self, text: &str) -> identity_core::IdentifierId {
        let user = self.user();
        user.identifiers().find(|entry| entry.address == address(text)).unwrap().id
    }
}

fn address(text: &str) -> identity_core::Address {
    if text.contains('@') { email(text) } else { phone(text) }
}

/// The charges for what rests: amount, limit and window in seconds.
fn rests(commit: &Commit) -> Vec<(u64, u64, u64)> {
    let of = |charge: &Charge| (charge.amount, charge.budget.limit, charge.budget.window.as_secs());
    commit.charges.iter().filter(|charge| charge.kind == BudgetKind::Rest).map(of).collect()
}

fn quotas(commit: &Commit) -> Vec<String> {
    let mut all: Vec<_> = commit.charges.iter().filter(|charge| charge.kind == BudgetKind::Rest).collect();
    all.dedup_by(|next, kept| next.quota == kept.quota);
    all.into_iter().map(|charge| charge.quota.clone()).collect()
}

/// What a release draws: a window that begins anew, and its length.
fn released(days: u64) -> [(u64, u64, u64); 2] {
    [(1, u64::MAX, 0), (1, u64::MAX, days * DAY)]
}

#[test]
fn a_release_draws_of_a_budget_that_a_verification_by_the_holder_asks() {
    for (text, days) in [("ada@example.com", 30), ("+441514960453", 45)] {
        let mut ada = Planner::new(Policy::default());
        let verified = ada.verify(text);
        assert_eq!(rests(&verified), [(0, 0, days * DAY)], "{text}");
        let id = ada.id(text);
        let removed = ada.on(&staff(), |user, context| user.remove(id, context));
        assert_eq!(rests(&removed), released(days), "{text}");
        assert_eq!(quotas(&removed), quotas(&verified), "what is asked is what was drawn");
        let other = ada.verify("b@example.com");
        assert_ne!(quotas(&other), quotas(&verified), "each address rests by itself");
    }
}

#[test]
fn whatever_takes_a_verified_address_or_a_username_from_its_user_lets_it_rest() {
    let mut ada = Planner::new(Policy::default());
    ada.verify("+441514960453");
    ada.verify("a@example.com");
    let old = ada.id("a@example.com");
    let new = NewAddress::from(email("b@example.com"));
    ada.on(&Actor::Holder, |user, context| user.replace(old, &new, context));
    let id = ada.id("b@example.com");
    let started = ada.on(&Actor::Holder, |user, context| user.start_verification(id, &Default::default(), context));
    let right = started.messages[0].message.code(&ada.bench.keys).unwrap();
    let replaced = ada.on(&Actor::Holder, |user, context| user.confirm(id, Answer::Code(&right), context));
    let both = [released(30).as_slice(), &[(0, 0, 30 * DAY)]].concat();
    assert_eq!(rests(&replaced), both, "the old one rests, and the new one is asked for");
    let name = |text: &str| Username::parse(text).unwrap();
    let set = ada.on(&Actor::Holder, |user, context| user.set_username(&name("ada"), None, context));
    assert_eq!(rests(&set), [(0, 0, 90 * DAY)]);
    let spelt = ada.on(&Actor::Holder, |user, context| user.set_username(&name("Ada"), None, context));
    assert_eq!(rests(&spelt), [], "the same name");
    let renamed = ada.on(&Actor::Holder, |user, context| user.set_username(&name("lovelace"), None, context));
    assert_eq!(rests(&renamed), [released(90).as_slice(), &[(0, 0, 90 * DAY)]].concat());
    let erased = ada.on(&staff(), |user, context| user.erase(context));
    let mut all = rests(&erased);
    all.sort_unstable();
    let mut expected = [released(30), released(45), released(90)].concat();
    expected.sort_unstable();
    assert_eq!(all, expected, "both addresses and the name");
}

#[test]
fn administrators_neither_wait_nor_ask() {
    let mut ada = Planner::new(Policy::default());
    let new = NewAddress::from(email("a@example.com")).verified();
    assert_eq!(rests(&ada.on(&staff(), |user, context| user.add(&new, context))), []);
    ada.on(&staff(), |user, context| user.add(&email("b@example.com").into(), context));
    let id = ada.id("b@example.com");
    assert_eq!(rests(&ada.on(&staff(), |user, context| user.mark_verified(id, None, context))), []);
    let name = Username::parse("ada").unwrap();
    assert_eq!(rests(&ada.on(&staff(), |user, context| user.set_username(&name, None, context))), []);
}

#[test]
fn what_no_user_had_alone_does_not_rest() {
    let mut ada = Planner::new(Policy::default());
    ada.on(&Actor::Holder, |user, context| user.add(&email("a@example.com").into(), context));
    let id = ada.id("a@example.com");
    assert_eq!(rests(&ada.on(&Actor::Holder, |user, context| user.remove(id, context))), [], "never verified");
    ada.verify("b@example.com");
    let id = ada.id("b@example.com");
    let unverified = ada.on(&staff(), |user, context| user.mark_unverified(id, context));
    assert_eq!(rests(&unverified), [], "it stays with its user, and an administrator hands it on");
    assert_eq!(rests(&ada.on(&Actor::Holder, |user, context| user.remove(id, context))), []);
    for policy in [Policy::default().with_claim(ClaimPolicy::None), Policy::default().with_rest(RestPolicy::none())] {
        let mut bob = Planner::new(policy);
        assert_eq!(rests(&bob.verify("b@example.com")), []);
        let id = bob.id("b@example.com");
        assert_eq!(rests(&bob.on(&staff(), |user, context| user.remove(id, context))), []);
    }
    // A policy that claims no more, and claims that are brought in line with it, take nothing from anybody.
    let mut eve = Planner::new(Policy::default());
    eve.verify("e@example.com");
    eve.bench.policy = Policy::default().with_claim(ClaimPolicy::None);
    assert_eq!(rests(&eve.on(&staff(), |user, context| user.update_claims(context))), []);
}

#[test]
fn where_unverified_addresses_are_claimed_too_only_what_was_verified_rests() {
    let mut ada = Planner::new(Policy::default().with_claim(ClaimPolicy::All));
    let added = ada.on(&Actor::Holder, |user, context| user.add(&email("a@example.com").into(), context));
    assert_eq!((added.claims.take.len(), rests(&added)), (1, vec![]), "a claim that is not verified asks nothing");
    let id = ada.id("a@example.com");
    let removed = ada.on(&Actor::Holder, |user, context| user.remove(id, context));
    assert_eq!((removed.claims.release.len(), rests(&removed)), (1, vec![]), "and leaves nothing");
    assert_eq!(rests(&ada.verify("b@example.com")), [(0, 0, 30 * DAY)]);
}

#[test]
fn each_kind_rests_as_long_as_it_was_set_to() {
    let none = RestPolicy::none();
    let kinds = [ClaimKind::Email, ClaimKind::Phone, ClaimKind::Username, ClaimKind::Mailbox];
    let of = |policy: RestPolicy| kinds.map(|kind| policy.of(kind).map(|time| time.as_secs()));
    assert_eq!(of(none.with_email(secs(1))), [Some(1), None, None, None]);
    assert_eq!(of(none.with_phone(secs(2))), [None, Some(2), None, None]);
    assert_eq!(of(none.with_username(secs(3))), [None, None, Some(3), None]);
    assert_eq!(of(RestPolicy::default()), [Some(30 * DAY), Some(45 * DAY), Some(90 * DAY), None]);
}

#[test]
fn an_exhausted_rest_names_the_address_that_it_keeps_back() {
    let mut ada = Planner::new(Policy::default());
    let verified = ada.verify("a@example.com");
    let charge = verified.charges.iter().find(|charge| charge.kind == BudgetKind::Rest).unwrap();
    let rest = Exhausted::of(charge, 1, ada.bench.now);
    let other = Claim { key: email("b@example.com").claim_key(), strength: Strength::Verified };
    let take = [std::slice::from_ref(&other), verified.claims.take.as_slice()].concat();
    let [both, another] = [take, vec![other]].map(|take| ClaimChanges { take, release: Vec::new() });
    let guesses = Exhausted { kind: BudgetKind::Guesses, ..rest.clone() };
    let key = email("a@example.com").claim_key();
    ada.bench.on(&Actor::Holder, |context| {
        assert_eq!(resting(&both, &rest, context), Some(&key));
        assert_eq!(resting(&both, &guesses, context), None, "another budget");
        assert_eq!(resting(&another, &rest, context), None, "another address");
    });
}

#[test]
fn an_import_shows_what_its_user_held_and_later_events_show_the_rest() {
    let verified = |address: &str| {
        let verified = Some(VerifiedRecord::default());
        IdentifierRecord { verified, ..IdentifierRecord::new(address) }
    };
    let bench = Bench::new(Policy::default());
    let record = UserRecord {
        emails: vec![verified("a@example.com"), IdentifierRecord::new("b@example.com")],
        ..UserRecord::new(identity_core::UserId::parse("ada").unwrap(), bench.now)
    };
    let mut ada = Planner { stored: None, history: Vec::new(), ..Planner::new(Policy::default()) };
    ada.act(&staff(), |_, context| User::import(&record, context));
    let [a, b, c] = ["a", "b", "c"].map(|name| email(&format!("{name}@example.com")).claim_key());
    assert!(held_before(&ada.history, &a));
    assert!(!held_before(&ada.history, &b) && !held_before(&ada.history, &c));
    let id = ada.id("b@example.com");
    ada.on(&staff(), |user, context| user.mark_verified(id, None, context));
    assert!(held_before(&ada.history, &b) && !held_before(&ada.history, &c));
}

#[test]
fn a_rest_is_asked_for_under_every_key_and_kept_under_the_current_one() {
    let [old, new] = ["a5", "5a"].map(|byte| byte.repeat(32));
    let mut ada = Planner::new(Policy::default());
    ada.bench.keys = CodeKeys::parse(&format!("old:{old}")).unwrap();
    ada.verify("a@example.com");
    let id = ada.id("a@example.com");
    let kept = quotas(&ada.on(&staff(), |user, context| user.remove(id, context)));
    ada.bench.keys = CodeKeys::parse(&format!("new:{new},old:{old}")).unwrap();
    let asked = ada.verify("a@example.com");
    assert_eq!(rests(&asked), [(0, 0, 30 * DAY); 2]);
    assert!(quotas(&asked).contains(&kept[0]), "a rest outlives a rotation");
    let id = ada.id("a@example.com");
    let anew = quotas(&ada.on(&staff(), |user, context| user.remove(id, context)));
    assert_eq!(anew, quotas(&asked)[..1], "the current key");
}

#[test]
fn a_history_shows_who_held_what_before() {
    let mut ada = Planner::new(Policy::default());
    ada.verify("a@example.com");
    ada.on(&Actor::Holder, |user, context| user.add(&email("never@example.com").into(), context));
    let name = Username::parse("ada").unwrap();
    ada.on(&Actor::Holder, |user, context| user.set_username(&name, None, context));
    let id = ada.id("a@example.com");
    ada.on(&staff(), |user, context| user.remove(id, context));
    ada.on(&Actor::Holder, |user, context| user.remove_username(context));
    let shows = |key| held_before(&ada.history, &key);
    assert!(shows(email("A@example.com").claim_key()) && shows(name.claim_key()));
    assert!(!shows(email("never@example.com").claim_key()) && !shows(email("b@example.com").claim_key()));
}
