//! Changes that take effect later.

use std::time::Duration;

use identity_core::policy::{By, ChangePolicy, DisavowalPolicy, LimitPolicy};
use identity_core::{
    Actor, Change, Channel, Content, Context, Decision, Event, EventFormat, IdentifierId, Message, Method, NoticeKind,
    NoticePolicy, Outgoing, Policy, PrimaryPolicy, Refusal, Scheduled, Stored, TenantId, Timestamp,
    UndeliverableReason, User, UserKey, Version, WhenExhausted, plan, stored,
};

use crate::kit::{Person, email, given, given_under, kinds, phone, secs};

const DAY: Duration = Duration::from_secs(86_400);

impl Person {
    /// Decides on these changes, whatever the rules say of them.
    fn force(&mut self, changes: &[Change]) {
        let decide = |_: &User, context: &Context<'_>| {
            let event = |change: &Change| Event {
                v: EventFormat,
                at: context.now,
                actor: Actor::Holder,
                change: change.clone(),
            };
            Ok(Decision { events: changes.iter().map(event).collect(), outcome: () })
        };
        self.holder(decide).done();
    }

    fn keep(&mut self, id: IdentifierId) -> crate::kit::When<()> {
        self.holder(|user, context| user.keep(id, context))
    }

    /// What the delivery loop does with something due: the time at which it is due later.
    pub(crate) fn carry_out(&mut self, id: IdentifierId) -> crate::kit::When<Option<Timestamp>> {
        self.holder(|user, context| Ok(user.carry_out(id, context)))
    }

    /// What is due later by the last decision.
    fn dues(&self) -> Vec<&Message> {
        let is_due = |message: &&Message| matches!(message.content, Content::Due { .. });
        self.news.iter().map(|outgoing| &outgoing.message).filter(is_due).collect()
    }
}

/// Ada with the verified addresses a, primary, and b.
fn ada() -> (Person, IdentifierId, IdentifierId) {
    let mut ada = given();
    let a = ada.add_verified(email("a@example.com"));
    let b = ada.add_verified(email("b@example.com"));
    (ada, a, b)
}

#[test]
fn what_is_due_is_a_message_of_that_time_which_costs_nothing() {
    let (mut ada, a, b) = ada();
    let due = ada.bench.now + DAY;
    ada.force(&[Change::ChangeScheduled { id: a, by: Some(b), due }]);
    let [message] = ada.dues()[..] else { panic!("{:?}", ada.news) };
    assert_eq!(message.content, Content::Due { identifier: a });
    assert_eq!((message.created_at, message.to.clone()), (due, email("a@example.com")));
    assert!(
        ada.news.iter().filter(|it| matches!(it.message.content, Content::Due { .. })).all(|it| it.charges.is_empty())
    );
    ada.pass(1);
    ada.force(&[Change::AnswerRejected { id: b }]);
    assert_eq!(ada.dues(), [] as [&Message; 0], "it was enqueued before");
}

#[test]
fn what_is_no_longer_due_is_withdrawn() {
    let (mut ada, a, b) = ada();
    let due = ada.bench.now + DAY;
    ada.force(&[Change::ChangeScheduled { id: a, by: Some(b), due }]);
    let key = UserKey { tenant: TenantId::default(), user: ada.user.id().clone() };
    let stored =
        Stored { user: ada.user.clone().into(), version: Version(ada.history.len() as u64), claims: Vec::new() };
    let later = Change::ChangeScheduled { id: a, by: None, due: due + DAY };
    for (change, withdraw, enqueued) in [
        (Change::ChangeStopped { id: a }, vec![a], 0),
        (Change::Removed { id: a }, vec![a], 0),
        (Change::Removed { id: b }, vec![a], 0),
        (Change::Unverified { id: a }, vec![a], 0),
        (Change::Unverified { id: b }, vec![a], 0),
        (later, vec![a], 1),
        (Change::Disabled, vec![], 0),
        (Change::Erased, vec![a], 0),
    ] {
        let commit = ada.bench.on(&Actor::Holder, |context| {
            let event = Event { v: EventFormat, at: context.now, actor: Actor::Holder, change: change.clone() };
            plan(&key, Some(&stored), Decision { events: vec![event], outcome: () }, context).unwrap().commit.unwrap()
        });
        let due = commit.messages.iter().filter(|outgoing| matches!(outgoing.message.content, Content::Due { .. }));
        assert_eq!((commit.withdraw, due.count()), (withdraw, enqueued), "{change:?}");
    }
}

#[test]
fn a_scheduled_change_is_carried_out_at_its_time_and_once() {
    for (replaced, events, after) in [
        (true, ["replaced", "primary_changed"], "b@example.com+*"),
        (false, ["removed", "primary_changed"], "b@example.com+*"),
    ] {
        let (mut ada, a, b) = ada();
        let due = ada.bench.now + DAY;
        ada.force(&[Change::ChangeScheduled { id: a, by: Some(b).filter(|_| replaced), due }]);
        ada.bench.now = due - Duration::from_micros(1);
        assert_eq!(ada.carry_out(a).then(&[]), Some(due), "it waits");
        assert_eq!(ada.has(), "a@example.com+* b@example.com+");
        ada.bench.now = due;
        assert_eq!(ada.carry_out(a).then(&events), None);
        assert_eq!(ada.has(), after);
        assert_eq!(ada.carry_out(a).then(&[]), None, "it was carried out");
        assert_eq!(ada.carry_out(b).then(&[]), None);
    }
}

#[test]
fn a_scheduled_change_comes_back_from_a_record_that_says_that_it_is_newer() {
    let (mut ada, a, b) = ada();
    let key = UserKey { tenant: TenantId::default(), user: ada.user.id().clone() };
    let plain = stored::record(&key.tenant, &ada.user, Version(9));
    assert!(plain.starts_with(r#"{"v":1,"#), "a user without one is kept as before: {plain}");
    for by in [None, Some(b)] {
        let due = ada.bench.now + secs(5);
        ada.force(&[Change::ChangeScheduled { id: a, by, due }]);
        let record = stored::record(&key.tenant, &ada.user, Version(9));
        assert!(record.starts_with(r#"{"v":3,"#), "{record}");
        let read = stored::read(&key, Version(9), &record, None).unwrap();
        assert_eq!(read, ada.user);
        assert_eq!(
            read.scheduled().map(|(entry, it)| (entry.id, it)).collect::<Vec<_>>(),
            [(a, Scheduled { by, due })]
        );
    }
    let mut parts = ada.user.parts().clone();
    let entries = ada.user.emails().entries();
    let strange = |by, a_is: usize| {
        let mut entries = entries.to_vec();
        entries[a_is].scheduled = Some(Scheduled { by, due: ada.bench.now });
        entries[1].status = identity_core::Status::Unverified;
        entries
    };
    for (by, place) in [(Some(a), 0), (Some(b), 0), (Some(IdentifierId::from_uuid(uuid::Uuid::nil())), 0), (None, 1)] {
        parts.emails = identity_core::Book::restore(Channel::Email, strange(by, place), None).unwrap();
        assert!(User::restore(parts.clone()).is_err(), "{by:?}");
    }
}

/// A day with proof, a week without.
fn delays() -> Policy {
    let change = ChangePolicy::default().with_delay(DAY).unwrap().with_delay_without_proof(7 * DAY).unwrap();
    Policy::default().with_change(change)
}

/// Ada under these rules with the address a, verified by staff a year ago and primary.
fn under(policy: Policy) -> (Person, IdentifierId) {
    let mut ada = given_under(policy);
    let a = ada.add_verified(email("a@example.com"));
    ada.pass(365 * 86_400);
    (ada, a)
}

/// Somebody replaces the address by their own.
fn taken(ada: &mut Person, a: IdentifierId, by: &str) -> IdentifierId {
    let by = ada.replace(a, email(by)).done();
    ada.start(by).done();
    ada.right(by).then(&["verified", "change_scheduled"]);
    by
}

fn due(ada: &Person, id: IdentifierId) -> Timestamp {
    ada.entry(id).scheduled.unwrap().due
}

#[test]
fn a_replaced_address_stays_and_is_told_at_once() {
    let (mut ada, a) = under(delays());
    let t = taken(&mut ada, a, "t@example.com");
    assert_eq!(ada.has(), "a@example.com+* t@example.com+");
    let at = ada.bench.now + 7 * DAY;
    assert_eq!(ada.entry(a).scheduled, Some(Scheduled { by: Some(t), due: at }));
    assert_eq!(ada.notices(), [("a@example.com".to_owned(), NoticeKind::Scheduled, "a@example.com".to_owned())]);
    let notice = &ada.news[0].message;
    assert!(notice.disavowal(&ada.bench.keys).is_some(), "it has the link that stops it");
    assert_eq!((notice.created_at, notice.expires_at), (ada.bench.now, at), "it is worth sending until then");
    assert!(refuses(&ada.news[0]));
    ada.bench.now = at;
    ada.carry_out(a).then(&["replaced", "primary_changed"]);
    assert_eq!(ada.has(), "t@example.com+*");
    assert!(ada.notices().contains(&("a@example.com".to_owned(), NoticeKind::Replaced, "t@example.com".to_owned())));
}

/// Whether the change is refused when the message cannot be paid for.
fn refuses(outgoing: &Outgoing) -> bool {
    outgoing.charges.first().is_some_and(|charge| charge.when_exhausted == WhenExhausted::Refuse)
        && outgoing.charges.iter().all(|charge| charge.when_exhausted != WhenExhausted::Withhold)
}

#[test]
fn what_cannot_be_told_is_not_scheduled() {
    let (mut ada, a) = under(delays());
    let number = ada.add_verified(phone("+441514960453"));
    for (id, to) in [(a, "a@example.com"), (number, "+441514960453")] {
        ada.remove(id).then(&["change_scheduled"]);
        for outgoing in ada.news.iter().filter(|outgoing| matches!(outgoing.message.content, Content::Notice { .. })) {
            assert_eq!(refuses(outgoing), outgoing.message.to.as_str() == to, "{outgoing:?}");
        }
        ada.keep(id).done();
    }
}

#[test]
fn the_address_that_is_to_go_is_told_whatever_is_silenced() {
    let silent = NoticePolicy::builder().silence(Channel::Email, NoticeKind::ALL).tell(Channel::Phone, NoticeKind::ALL);
    let (mut ada, a) = under(delays().with_notice(silent.build().unwrap()));
    ada.add_verified(email("b@example.com"));
    taken(&mut ada, a, "t@example.com");
    assert_eq!(ada.notices(), [("a@example.com".to_owned(), NoticeKind::Scheduled, "a@example.com".to_owned())]);
}

#[test]
fn who_showed_the_address_within_the_hour_waits_for_the_shorter_time() {
    for (ago, ended, administrator, expected) in [
        (3_600, false, false, Some(DAY)),
        (3_601, false, false, Some(7 * DAY)),
        (60, true, false, Some(7 * DAY)),
        (60, false, true, None),
    ] {
        let (mut ada, a) = under(delays());
        ada.holder(|user, context| user.renew(&email("a@example.com"), Method::Code, context.now, context)).done();
        ada.pass(ago);
        if ended {
            let (at, why) = (Some(ada.bench.now), Some(UndeliverableReason::Bounced));
            ada.force(&[Change::DeliveryFailed { id: a, sent_at: at, why }]);
        }
        ada.add_verified(email("b@example.com"));
        let remove = |user: &User, context: &Context<'_>| user.remove(a, context);
        if administrator {
            ada.admin(remove).done()
        } else {
            ada.holder(remove).done()
        };
        let left = ada.user.identifier(a).map(|entry| entry.scheduled.unwrap().due.since(ada.bench.now));
        assert_eq!(left, expected, "{ago} {ended} {administrator}");
    }
    let (mut ada, a) = under(delays());
    ada.admin(|user, context| user.renew(&email("a@example.com"), Method::Import, context.now, context)).done();
    taken(&mut ada, a, "t@example.com");
    assert_eq!(due(&ada, a), ada.bench.now + 7 * DAY, "whose word it is shows nothing of who asks");
}

#[test]
fn only_the_longer_delay_applies_where_the_other_is_none() {
    let change = ChangePolicy::default().with_delay_without_proof(DAY).unwrap();
    let (mut ada, a) = under(Policy::default().with_change(change));
    ada.add_verified(email("b@example.com"));
    ada.holder(|user, context| user.renew(&email("a@example.com"), Method::Link, context.now, context)).done();
    ada.remove(a).then(&["removed", "primary_changed"]);
}

#[test]
fn a_change_waits_for_the_primary_address_and_for_the_last_that_counts() {
    let lax = PrimaryPolicy::builder().last_verified(By::Anyone).build().unwrap();
    let policy = || delays().with_primary(lax.clone());
    // Another one that is not primary goes at once, also to be replaced, as long as one stays that counts.
    let (mut ada, a) = under(policy());
    let b = ada.add_verified(email("b@example.com"));
    ada.remove(b).then(&["removed"]);
    let b = ada.add_verified(email("b@example.com"));
    let c = ada.replace(b, email("c@example.com")).done();
    ada.start(c).done();
    ada.right(c).then(&["verified", "replaced"]);
    // One of another kind counts; what was verified a moment ago does not, and neither does what is to go itself.
    let number = ada.add_verified(phone("+441514960453"));
    ada.remove(number).then(&["change_scheduled"]);
    ada.keep(number).then(&["change_stopped"]);
    ada.holder(|user, context| user.set_primary(c, context)).done();
    ada.remove(a).then(&["change_scheduled"]);
    ada.keep(a).then(&["change_stopped"]);
    ada.pass(7 * 86_400 - 1);
    ada.remove(a).then(&["change_scheduled"]);
    ada.keep(a).then(&["change_stopped"]);
    ada.pass(1);
    ada.remove(c).then(&["change_scheduled"]);
    ada.remove(number).then(&["change_scheduled"]);
    ada.remove(a).then(&["change_scheduled"]);
    for id in [c, number, a] {
        ada.keep(id).then(&["change_stopped"]);
    }
    ada.remove(a).then(&["removed"]);
    // An unverified one grants nothing.
    let d = ada.add(email("d@example.com")).done();
    ada.remove(d).then(&["removed"]);
}

#[test]
fn a_change_that_is_asked_for_again_is_not_postponed_and_another_one_begins_anew() {
    let (mut ada, a) = under(delays());
    ada.add_verified(email("b@example.com"));
    ada.remove(a).then(&["change_scheduled"]);
    let first = due(&ada, a);
    ada.pass(60);
    ada.remove(a).then(&[]);
    assert_eq!(due(&ada, a), first);
    let t = taken(&mut ada, a, "t@example.com");
    assert_eq!(ada.entry(a).scheduled, Some(Scheduled { by: Some(t), due: first + secs(60) }));
    ada.bench.now = first;
    assert_eq!(ada.carry_out(a).then(&[]), Some(first + secs(60)), "the first one is void");
    let u = taken(&mut ada, a, "u@example.com");
    assert_eq!(ada.entry(a).scheduled.unwrap().by, Some(u));
    ada.remove(u).done();
    assert_eq!(ada.entry(a).scheduled, None, "what was to take its place is gone");
}

#[test]
fn the_owner_stops_it_at_every_moment_before_it_is_due_and_undoes_it_afterwards() {
    let moments = (0..=7 * 24).map(|hour| hour * 3_600).chain([7 * 86_400 - 1]);
    for moment in moments {
        let (mut ada, a) = under(delays());
        let t = taken(&mut ada, a, "t@example.com");
        let token = ada.token("a@example.com", NoticeKind::Scheduled);
        let (since, at) = (ada.bench.now, due(&ada, a));
        ada.pass(moment);
        let is_late = ada.bench.now >= at;
        if is_late {
            ada.carry_out(a).done();
            // The window of what was the last verified address is a week, and it begins when the change is asked for.
            assert_eq!(ada.disavow(&token).refused(), Refusal::DisavowalOver);
            let token = ada.token("a@example.com", NoticeKind::Replaced);
            ada.disavow(&token).done();
        } else {
            let undone = ada.disavow(&token).then(&["disavowed", "change_stopped", "removed"]);
            assert_eq!(
                (undone.change, undone.about, undone.since),
                (NoticeKind::Scheduled, email("a@example.com"), since)
            );
            assert_eq!(ada.disavow(&token).refused(), Refusal::DisavowalUsed);
            let told: Vec<_> = ada.notices().into_iter().map(|(to, what, _)| (to, what)).collect();
            assert_eq!(told, [], "the refusal tells nobody");
            ada.bench.now = at;
            assert_eq!(ada.carry_out(a).then(&[]), None);
        }
        assert_eq!((ada.has().as_str(), ada.user.identifier(t)), ("a@example.com+*", None), "after {moment} s");
    }
}

#[test]
fn a_stopped_change_is_told_to_both_sides() {
    let (mut ada, a) = under(delays());
    taken(&mut ada, a, "t@example.com");
    let token = ada.token("a@example.com", NoticeKind::Scheduled);
    ada.disavow(&token).done();
    let told: Vec<_> = ada.notices().into_iter().map(|(to, what, _)| (to, what)).collect();
    assert_eq!(told, ["a@example.com", "t@example.com"].map(|to| (to.to_owned(), NoticeKind::Undone)));
}

#[test]
fn the_link_of_the_first_notice_undoes_what_was_carried_out_within_its_window() {
    let window = DisavowalPolicy::default().with_window(30 * DAY).unwrap();
    let (mut ada, a) = under(delays().with_disavowal(window));
    let b = ada.add_verified(email("b@example.com"));
    for by in [None, Some("t@example.com")] {
        match by {
            Some(by) => drop(taken(&mut ada, a, by)),
            None => ada.remove(a).done(),
        }
        let token = ada.token("a@example.com", NoticeKind::Scheduled);
        ada.bench.now = due(&ada, a);
        ada.carry_out(a).done();
        assert!(!ada.has().contains("a@"), "it took effect");
        ada.pass(60);
        ada.disavow(&token).done();
        assert_eq!(ada.has(), "a@example.com+* b@example.com+", "{by:?}");
        ada.pass(86_400);
    }
    // An administrator's removal is no part of it.
    ada.remove(a).done();
    let token = ada.token("a@example.com", NoticeKind::Scheduled);
    ada.admin(|user, context| user.remove(a, context)).done();
    assert_eq!(ada.disavow(&token).refused(), Refusal::NothingToUndo);
    assert!(ada.entry(b).is_verified());
}

#[test]
fn a_pending_change_can_be_stopped_after_the_window_of_what_is_done() {
    let change = ChangePolicy::default().with_delay(30 * DAY).unwrap();
    let window = DisavowalPolicy::default().with_window(secs(3_600)).unwrap();
    let (mut ada, a) = under(Policy::default().with_change(change).with_disavowal(window));
    taken(&mut ada, a, "t@example.com");
    let token = ada.token("a@example.com", NoticeKind::Scheduled);
    ada.pass(29 * 86_400);
    ada.disavow(&token).done();
    assert_eq!(ada.has(), "a@example.com+*");
    // Where nothing can be undone, no notice has a link; the holder and staff stop it.
    let (mut bob, a) = under(Policy::default().with_change(change).with_disavowal(DisavowalPolicy::off()));
    taken(&mut bob, a, "t@example.com");
    assert!(bob.news[0].message.disavowal(&bob.bench.keys).is_none());
    bob.keep(a).then(&["change_stopped"]);
}

#[test]
fn each_of_several_changes_is_stopped_by_its_own_link() {
    let (mut ada, a) = under(delays());
    let t = taken(&mut ada, a, "t@example.com");
    let first = ada.token("a@example.com", NoticeKind::Scheduled);
    ada.pass(60);
    let u = taken(&mut ada, a, "u@example.com");
    let second = ada.token("a@example.com", NoticeKind::Scheduled);
    ada.disavow(&first).then(&["disavowed", "removed"]);
    assert_eq!((ada.user.identifier(t), ada.entry(a).scheduled.unwrap().by), (None, Some(u)));
    ada.disavow(&second).then(&["disavowed", "change_stopped", "removed"]);
    assert_eq!(ada.has(), "a@example.com+*");
    // Whoever undoes that the new address was added stops it as well, and what was to take that one's place goes too.
    let t = ada.replace(a, email("t2@example.com")).done();
    let added = ada.token("a@example.com", NoticeKind::Added);
    ada.start(t).done();
    ada.right(t).done();
    let u = taken_at_once(&mut ada, t, "u2@example.com");
    ada.disavow(&added).done();
    assert_eq!((ada.has().as_str(), ada.user.identifier(u), ada.entry(a).scheduled), ("a@example.com+*", None, None));
}

fn taken_at_once(ada: &mut Person, old: IdentifierId, by: &str) -> IdentifierId {
    let by = ada.replace(old, email(by)).done();
    ada.start(by).done();
    ada.right(by).done();
    by
}

#[test]
fn the_holder_and_staff_stop_a_change_and_the_new_address_stays() {
    let (mut ada, a) = under(delays());
    for administrator in [false, true] {
        let t = taken(&mut ada, a, if administrator { "t@example.com" } else { "u@example.com" });
        let keep = |user: &User, context: &Context<'_>| user.keep(a, context);
        let when = if administrator { ada.admin(keep) } else { ada.holder(keep) };
        when.then(&["change_stopped"]);
        assert!(ada.entry(t).is_verified() && ada.entry(a).scheduled.is_none());
        ada.keep(a).then(&[]);
    }
    let nobody = IdentifierId::from_uuid(uuid::Uuid::nil());
    assert_eq!(ada.keep(nobody).refused(), Refusal::IdentifierNotFound);
    ada.admin(User::disable).done();
    assert_eq!(ada.keep(a).refused(), Refusal::Disabled);
}

#[test]
fn whatever_happens_meanwhile_is_lawful() {
    let lax = PrimaryPolicy::builder().last_verified(By::Anyone).build().unwrap();
    // Nobody takes anything from a user who was disabled: it is stopped.
    let (mut ada, a) = under(delays());
    taken(&mut ada, a, "t@example.com");
    ada.force(&[Change::Disabled]);
    ada.bench.now = due(&ada, a);
    ada.carry_out(a).then(&["change_stopped"]);
    ada.admin(User::enable).done();
    ada.carry_out(a).then(&[]);
    // A mailbox that bounces is a lost one.
    let (mut ada, a) = under(delays());
    taken(&mut ada, a, "t@example.com");
    ada.force(&[Change::DeliveryFailed { id: a, sent_at: None, why: Some(UndeliverableReason::Bounced) }]);
    ada.bench.now = due(&ada, a);
    ada.carry_out(a).then(&["replaced", "primary_changed"]);
    // The last verified address stays where the policy keeps it.
    for (policy, expected) in [(delays(), "change_stopped"), (delays().with_primary(lax), "removed")] {
        let (mut ada, a) = under(policy);
        let b = ada.add_verified(email("b@example.com"));
        ada.remove(a).then(&["change_scheduled"]);
        ada.admin(|user, context| user.mark_unverified(b, context)).done();
        ada.bench.now = due(&ada, a);
        assert_eq!(kinds(&ada.carry_out(a).events)[0], expected);
    }
    // What lost its evidence does not take anybody's place, and is not protected.
    for loses_place in [true, false] {
        let (mut ada, a) = under(delays());
        let t = taken(&mut ada, a, "t@example.com");
        let id = if loses_place { t } else { a };
        ada.admin(|user, context| user.mark_unverified(id, context)).done();
        assert_eq!(ada.entry(a).scheduled, None);
    }
}

#[test]
fn a_removal_that_would_leave_too_few_is_stopped_when_it_is_due() {
    let (mut ada, a, b) = ada();
    let limit = LimitPolicy::default().with(Channel::Email, 1..=50).unwrap();
    let primary = PrimaryPolicy::builder().last_verified(By::Anyone).build().unwrap();
    ada.bench.policy = Policy::default().with_limit(limit).with_primary(primary);
    let due = ada.bench.now + DAY;
    ada.force(&[Change::ChangeScheduled { id: a, by: None, due }, Change::ChangeScheduled { id: b, by: None, due }]);
    ada.pass(86_400);
    ada.carry_out(a).then(&["removed", "primary_changed"]);
    ada.carry_out(b).then(&["change_stopped"]);
    assert_eq!(ada.user.emails().verified().count(), 1);
}
