//! Changes that take effect later.

use std::time::Duration;

use identity_core::policy::{By, LimitPolicy};
use identity_core::{
    Actor, Change, Channel, Content, Decision, Event, EventFormat, IdentifierId, Message, Policy, PrimaryPolicy,
    Scheduled, Stored, TenantId, Timestamp, User, UserKey, Version, plan, stored,
};

use crate::kit::{Person, email, given, secs};

const DAY: Duration = Duration::from_secs(86_400);

impl Person {
    /// Decides on these changes, whatever the rules say of them.
    fn force(&mut self, changes: &[Change]) {
        let decide = |_: &User, context: &identity_core::Context<'_>| {
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

    /// What the delivery loop does with something due: the time at which it is due later.
    fn carry_out(&mut self, id: IdentifierId) -> crate::kit::When<Option<Timestamp>> {
        self.holder(|user, context| user.carry_out(id, context))
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
        parts.emails = identity_core::Book::restore(identity_core::Channel::Email, strange(by, place), None).unwrap();
        assert!(User::restore(parts.clone()).is_err(), "{by:?}");
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
