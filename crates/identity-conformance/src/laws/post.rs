//! Laws of a user's messages: their order, and what remains of them after they were sent.

use std::time::Duration;

use identity_core::{Content, DeliveryState, Email, Message, MessageId, Report, Timestamp, UserKey};
use identity_ports::{Lease, LeaseId, Leased, PostState, Posted, Settled, Settlement};
use uuid::Uuid;

use crate::kit::{
    Person, at, challenge, change, create, id, key, key_in, lease, letter, message_id, paid, pending, put,
};
use crate::{Harness, Store};

async fn take(store: &dyn Store, number: u128, from: u64, until: u64) -> Vec<Leased> {
    store.lease(lease(number, at(from), at(until), 1_000)).await.unwrap()
}

async fn taken(store: &dyn Store, number: u128, from: u64, until: u64) -> Vec<MessageId> {
    take(store, number, from, until).await.into_iter().map(|leased| leased.message.id).collect()
}

async fn settle(store: &dyn Store, lease: u128, message: u128, outcome: Settlement) -> usize {
    let settled = vec![Settled { id: message_id(message), outcome }];
    store.settle(LeaseId(Uuid::from_u128(lease)), settled).await.unwrap()
}

fn retry(secs: u64, provider: Option<&str>, uncertain: bool) -> Settlement {
    let provider = provider.map(str::to_owned);
    Settlement::Retry { due_at: at(secs), error: "not now".to_owned(), provider, uncertain }
}

fn sent(secs: u64, reference: &str) -> Settlement {
    Settlement::Sent { at: at(secs), provider: Some("first".to_owned()), reference: Some(reference.to_owned()) }
}

fn failed(secs: u64) -> Settlement {
    Settlement::Failed { at: at(secs), error: "never".to_owned() }
}

fn to(message: Message, address: &str) -> Message {
    Message { to: Email::parse(address).unwrap().into(), ..message }
}

async fn enqueue(store: &dyn Store, user: &UserKey, messages: Vec<Message>) {
    let draft = create(user, &Person::default());
    put(store, messages.into_iter().fold(draft, |draft, message| draft.message(paid(message, vec![])))).await;
}

async fn message(store: &dyn Store, number: u128) -> Posted {
    store.message(message_id(number)).await.unwrap().expect("the message is there")
}

/// A lease holds one message of a user, and while it does, no other lease holds a later message of this user. Other
/// users do not wait for it, nor does the user with the same id in another tenant.
pub async fn a_lease_holds_one_message_of_a_user(harness: &dyn Harness) {
    let store = harness.open().await;
    let (ada, bob, other) = (key("ada"), key("bob"), key_in("globex", "ada"));
    // The earlier message is the one that was created earlier or, at the same time, has the smaller id.
    let of_ada = [(3, 0), (1, 0), (2, 1)].map(|(number, secs)| letter(number, &ada, at(secs)));
    enqueue(&*store, &ada, of_ada.into()).await;
    enqueue(&*store, &bob, vec![letter(4, &bob, at(2))]).await;
    enqueue(&*store, &other, vec![letter(5, &other, at(2))]).await;
    assert_eq!(
        taken(&*store, 1, 10, 60).await,
        [1, 4, 5].map(message_id),
        "a lease holds the first message of a user only"
    );
    assert_eq!(taken(&*store, 2, 11, 61).await, [], "no message behind a leased one is leased");
    assert_eq!(settle(&*store, 1, 1, Settlement::Done).await, 1);
    assert_eq!(taken(&*store, 3, 12, 62).await, [message_id(3)], "the next message follows when the first is settled");
    assert_eq!(settle(&*store, 3, 3, failed(12)).await, 1);
    assert_eq!(
        taken(&*store, 4, 13, 63).await,
        [message_id(2)],
        "the last message follows when the second is a dead letter"
    );
    assert_eq!(taken(&*store, 5, 63, 99).await, [2, 4, 5].map(message_id), "an ended lease delays nobody");
}

/// A message that waits for a retry lets messages of its user to other addresses pass, and no others.
pub async fn a_message_that_waits_lets_only_other_addresses_pass(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    let messages = vec![
        letter(1, &ada, at(0)),
        // The same address as it may also be typed.
        to(letter(2, &ada, at(1)), "ada@EXAMPLE.com"),
        to(letter(3, &ada, at(2)), "other@example.com"),
        to(letter(4, &ada, at(3)), "other@example.com"),
        to(letter(5, &ada, at(4)), "third@example.com"),
    ];
    enqueue(&*store, &ada, messages).await;
    assert_eq!(taken(&*store, 1, 10, 60).await, [message_id(1)]);
    assert_eq!(settle(&*store, 1, 1, retry(100, None, false)).await, 1);
    assert_eq!(
        taken(&*store, 2, 11, 61).await,
        [message_id(3)],
        "the first message to another address passes, and 2 waits for 1: addresses are compared in canonical form"
    );
    assert_eq!(taken(&*store, 3, 12, 62).await, [], "4 and 5 wait for a leased message");
    assert_eq!(settle(&*store, 2, 3, retry(200, None, false)).await, 1);
    assert_eq!(taken(&*store, 4, 13, 63).await, [message_id(5)], "4 waits for 3, and 5 for no message");
    assert_eq!(settle(&*store, 4, 5, Settlement::Done).await, 1);
    assert_eq!(
        taken(&*store, 5, 99, 100).await,
        [],
        "a message that waits for a retry holds back later ones to its address"
    );
    assert_eq!(taken(&*store, 6, 100, 160).await, [message_id(1)], "the first message is due again");
    assert_eq!(settle(&*store, 6, 1, Settlement::Done).await, 1);
    assert_eq!(taken(&*store, 7, 101, 161).await, [message_id(2)], "the message that waited for it follows");
}

/// A retry names the provider for the next attempt, and whether this attempt may have been accepted. A lease that ended
/// unsettled counts as such an attempt.
pub async fn the_provider_stays_with_the_message(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    enqueue(&*store, &ada, vec![letter(1, &ada, at(0))]).await;
    let known = |leased: Vec<Leased>| {
        let [Leased { attempts, uncertain, provider, .. }] = &leased[..] else { panic!("one message: {leased:?}") };
        (*attempts, *uncertain, provider.clone())
    };
    assert_eq!(known(take(&*store, 1, 0, 10).await), (1, 0, None));
    settle(&*store, 1, 1, retry(1, Some("second"), false)).await;
    let store = harness.restart(store).await;
    let second = Some("second".to_owned());
    assert_eq!(
        known(take(&*store, 2, 1, 10).await),
        (2, 0, second.clone()),
        "the provider is the one that the retry named"
    );
    settle(&*store, 2, 1, retry(2, Some("second"), true)).await;
    assert_eq!(known(take(&*store, 3, 2, 10).await), (3, 1, second.clone()), "an uncertain attempt is counted");
    assert_eq!(
        known(take(&*store, 4, 10, 20).await),
        (4, 2, second),
        "an attempt that was not settled is counted as uncertain"
    );
    settle(&*store, 4, 1, retry(11, None, false)).await;
    assert_eq!(known(take(&*store, 5, 11, 20).await), (5, 2, None), "a retry replaces the noted provider");
    let posted = message(&*store, 1).await;
    assert_eq!((posted.attempts, posted.uncertain, posted.state()), (5, 2, PostState::Waiting));
    assert_eq!(posted.error.as_deref(), Some("not now"));
}

/// Sent messages and dead letters stay as records, are never leased again, and are removed when they are pruned. A
/// pending message is kept however old it is.
pub async fn sent_messages_are_kept_until_they_are_pruned(harness: &dyn Harness) {
    let store = harness.open().await;
    for number in 1..=4 {
        let user = key(&format!("reader {number}"));
        enqueue(&*store, &user, vec![letter(number, &user, at(0))]).await;
    }
    assert_eq!(take(&*store, 1, 0, 60).await.len(), 4);
    assert_eq!(settle(&*store, 1, 1, sent(5, "number 1")).await, 1);
    assert_eq!(settle(&*store, 1, 2, sent(7, "n\u{fc}mber '2'")).await, 1);
    assert_eq!(settle(&*store, 1, 3, failed(6)).await, 1);
    assert_eq!(settle(&*store, 1, 1, Settlement::Done).await, 0, "the lease of the message has ended");
    let store = harness.restart(store).await;
    assert_eq!(taken(&*store, 2, 1_000, 2_000).await, [message_id(4)], "a sent message is never leased again");
    let posted = message(&*store, 2).await;
    assert_eq!(posted.message, letter(2, &key("reader 2"), at(0)), "the message is unchanged");
    assert_eq!(
        (posted.sent_at, posted.failed_at, posted.state()),
        (Some(at(7)), None, PostState::Sent(DeliveryState::Accepted))
    );
    assert_eq!((posted.provider.as_deref(), posted.reference.as_deref()), (Some("first"), Some("n\u{fc}mber '2'")));
    let failed = message(&*store, 3).await;
    assert_eq!((failed.sent_at, failed.failed_at, failed.state()), (None, Some(at(6)), PostState::DeadLetter));
    // What a settlement as sent does not name is not what an earlier attempt left.
    assert_eq!(settle(&*store, 2, 4, retry(3_000, Some("second"), true)).await, 1);
    assert_eq!(taken(&*store, 3, 3_000, 4_000).await, [message_id(4)]);
    let nameless = Settlement::Sent { at: at(3_000), provider: None, reference: None };
    assert_eq!(settle(&*store, 3, 4, nameless).await, 1);
    let posted = message(&*store, 4).await;
    assert_eq!((posted.attempts, posted.sent_at), (3, Some(at(3_000))));
    assert_eq!(
        (posted.provider, posted.reference, posted.error.as_deref()),
        (None, None, Some("not now")),
        "provider and reference are those of the settlement, and the error is that of the last attempt that failed"
    );
    let user = key("reader 5");
    enqueue(&*store, &user, vec![letter(5, &user, at(0))]).await;
    assert_eq!(store.prune(at(5), 10).await.unwrap(), 0, "no message was finished before that time");
    assert_eq!(store.prune(at(7), 0).await.unwrap(), 0, "a limit of 0 removes nothing");
    assert_eq!(store.prune(at(7), 1).await.unwrap(), 1, "a limit of 1 removes one message");
    assert_eq!(store.prune(at(7), 10).await.unwrap(), 1, "the other message is removed by the next call");
    for number in [1, 3] {
        assert_eq!(store.message(message_id(number)).await.unwrap(), None, "message {number} is removed");
    }
    assert_eq!(store.dead_letters(&key("ada").tenant, None, 10).await.unwrap(), []);
    assert_eq!(message(&*store, 2).await.sent_at, Some(at(7)), "a message that was finished later stays");
    assert_eq!(store.prune(at(1_000_000), 10).await.unwrap(), 2);
    assert_eq!(message(&*store, 5).await.state(), PostState::Waiting, "a pending message stays");
}

/// A report replaces the known one when its state has a higher rank. Repeated and late reports change nothing.
pub async fn reports_only_go_forward(harness: &dyn Harness) {
    use DeliveryState::{Accepted, Bounced, Complained, Delivered, Failed};
    let store = harness.open().await;
    let states = [Accepted, Delivered, Failed, Bounced, Complained];
    let mut number = 0;
    for first in states {
        for second in states {
            number += 1;
            let user = key(&format!("reader {number}"));
            enqueue(&*store, &user, vec![letter(number, &user, at(0))]).await;
            take(&*store, number, 0, 60).await;
            settle(&*store, number, number, sent(1, "r")).await;
            let [one, two] = [(first, 2), (second, 3)].map(|(state, secs)| Report::new(state, at(secs)));
            let one = one.with_detail("4.2.2 \u{201e}voll\u{201c}");
            let noted = store.report(message_id(number), &one).await.unwrap().unwrap();
            assert_eq!(noted.report.as_ref(), Some(&one));
            let expected = if second.rank() > first.rank() { &two } else { &one };
            let noted = store.report(message_id(number), &two).await.unwrap().unwrap();
            assert_eq!(noted.report.as_ref(), Some(expected), "{second:?} after {first:?}");
            assert_eq!(
                (noted.sent_at, noted.reference.as_deref()),
                (Some(at(1)), Some("r")),
                "the record of the sent message stays"
            );
            assert_eq!(message(&*store, number).await, noted, "the answer is the stored message");
        }
    }
    let store = harness.restart(store).await;
    assert_eq!(
        message(&*store, 1).await.report.map(|report| report.at),
        Some(at(2)),
        "a repeated report changes nothing"
    );
    let stranger = message_id(99);
    assert_eq!(
        store.report(stranger, &Report::new(Delivered, at(1))).await.unwrap(),
        None,
        "a report on an unknown message returns none"
    );
    assert_eq!(store.message(stranger).await.unwrap(), None);
}

/// A pending message that is reported on counts as sent: it is never leased again, whatever the holder of its lease
/// reports afterwards. How it was sent is noted all the same.
pub async fn a_report_finishes_a_pending_message(harness: &dyn Harness) {
    let store = harness.open().await;
    let users: Vec<UserKey> = (1..=7).map(|number| key(&format!("reader {number}"))).collect();
    for (number, user) in (1..).zip(&users) {
        enqueue(&*store, user, vec![letter(number, user, at(0))]).await;
    }
    // 1 to 5 are leased while they are reported on, 6 waits for a retry, 7 is a dead letter.
    assert_eq!(take(&*store, 1, 0, 60).await.len(), 7);
    settle(&*store, 1, 6, retry(30, Some("second"), true)).await;
    settle(&*store, 1, 7, failed(1)).await;
    let reported = DeliveryState::Delivered;
    for number in 1..=7 {
        let posted = store.report(message_id(number), &Report::new(reported, at(3))).await.unwrap().unwrap();
        assert_eq!((posted.sent_at, posted.failed_at), (Some(at(3)), None), "message {number} was sent");
    }
    assert_eq!(
        store.dead_letters(&users[0].tenant, None, 10).await.unwrap(),
        [],
        "a dead letter that was accepted counts as sent"
    );
    let outcomes = [(1, sent(4, "one")), (2, Settlement::Done), (3, retry(5, None, true)), (4, failed(6))];
    for (number, outcome) in outcomes {
        assert_eq!(
            settle(&*store, 1, number, outcome.clone()).await,
            1,
            "the lease that held the message may still settle it"
        );
        assert_eq!(settle(&*store, 1, number, outcome).await, 0, "a message is settled once");
    }
    assert_eq!(taken(&*store, 2, 1_000, 2_000).await, [], "a message that was reported on is never leased again");
    for number in 1..=7 {
        let posted = message(&*store, number).await;
        assert_eq!(posted.state(), PostState::Sent(reported), "message {number} stays sent");
        assert_eq!(posted.sent_at, Some(at(3)), "the time of sending is that of the report");
    }
    assert_eq!(message(&*store, 1).await.reference.as_deref(), Some("one"), "the provider's reference is noted");
    assert_eq!(message(&*store, 6).await.provider.as_deref(), Some("second"));
    // A reported failure finishes a message as well, because its reporter had the message.
    let ada = key("ada");
    enqueue(&*store, &ada, vec![letter(8, &ada, at(0)), letter(9, &ada, at(1))]).await;
    let bounced = Report::new(DeliveryState::Bounced, at(9));
    assert_eq!(store.report(message_id(8), &bounced).await.unwrap().unwrap().sent_at, Some(at(9)));
    assert_eq!(taken(&*store, 3, 10, 70).await, [message_id(9)], "no message waits for a finished one");
    settle(&*store, 3, 9, failed(11)).await;
    let posted = store.report(message_id(9), &bounced).await.unwrap().unwrap();
    assert_eq!(
        (posted.state(), posted.report),
        (PostState::DeadLetter, Some(bounced)),
        "a dead letter that bounced stays a dead letter"
    );
}

/// A user's messages are listed in the order of their ids and in pages, in whatever state they are, without those of
/// others.
pub async fn a_users_messages_are_listed_in_pages(harness: &dyn Harness) {
    let store = harness.open().await;
    let (ada, bob, other) = (key("ada"), key("bob"), key_in("globex", "ada"));
    let messages = [5, 1, 3, 4].map(|number| to(letter(number, &ada, at(0)), &format!("a{number}@example.com")));
    enqueue(&*store, &ada, messages.into()).await;
    enqueue(&*store, &bob, vec![letter(2, &bob, at(0))]).await;
    enqueue(&*store, &other, vec![letter(6, &other, at(0))]).await;
    for (lease, outcome) in [(1, sent(1, "x")), (3, failed(1)), (4, retry(50, None, false))] {
        assert!(taken(&*store, lease, 0, 60).await.contains(&message_id(lease)));
        settle(&*store, lease, lease, outcome).await;
    }
    let ids = |posted: Vec<Posted>| posted.into_iter().map(|posted| posted.message.id).collect::<Vec<_>>();
    let page = |after: Option<u128>, limit| store.posted(&ada, after.map(message_id), limit);
    assert_eq!(
        ids(page(None, 10).await.unwrap()),
        [1, 3, 4, 5].map(message_id),
        "messages are listed in the order of their ids"
    );
    assert_eq!(ids(page(None, 2).await.unwrap()), [1, 3].map(message_id));
    assert_eq!(ids(page(Some(3), 10).await.unwrap()), [4, 5].map(message_id), "a page begins after the given id");
    assert_eq!(ids(page(Some(2), 1).await.unwrap()), [message_id(3)]);
    assert_eq!(ids(page(None, 0).await.unwrap()), []);
    assert_eq!(ids(page(Some(5), 10).await.unwrap()), []);
    let states: Vec<PostState> = page(None, 10).await.unwrap().iter().map(Posted::state).collect();
    use PostState::{DeadLetter, Sent, Waiting};
    assert_eq!(states, [Sent(DeliveryState::Accepted), DeadLetter, Waiting, Waiting]);
    for posted in page(None, 10).await.unwrap() {
        assert_eq!(store.message(posted.message.id).await.unwrap(), Some(posted), "each message can be read by its id");
    }
    assert_eq!(ids(store.posted(&other, None, 10).await.unwrap()), [message_id(6)]);
    assert_eq!(ids(store.posted(&key("nobody"), None, 10).await.unwrap()), []);
}

/// A commit that makes a challenge void removes its messages on which no lease is noted, not even one that ended: only those of
/// this identifier and this user, and not those of the commit itself. So does one by which something is no longer due.
pub async fn void_challenges_are_withdrawn(harness: &dyn Harness) {
    let store = harness.open().await;
    let of = |number: u128, user: &UserKey, identifier: u128, secs: u64| {
        let content = Content::Challenge { identifier: id(identifier), challenge: challenge() };
        let message = Message { content, ..letter(number, user, at(secs)) };
        to(message, &format!("a{identifier}@example.com"))
    };
    let (ada, bob) = (key("ada"), key("bob"));
    let person = Person::default().email(1, "a1@example.com", pending()).email(2, "a2@example.com", pending());
    // This lease ended before its message was settled, by any clock.
    let carl = key("carl");
    let stored = put(&*store, create(&carl, &person).message(paid(of(7, &carl, 1, 0), vec![]))).await;
    let ended = Lease { at: Some(Timestamp::from_secs(0)), ..lease(3, at(0), at(60), 10) };
    assert_eq!(store.lease(ended).await.unwrap().len(), 1);
    let mut draft = change(&carl, &stored, &person);
    draft.0.withdraw = vec![id(1)];
    put(&*store, draft).await;
    assert_eq!(
        settle(&*store, 3, 7, Settlement::Done).await,
        1,
        "a message on which a lease is noted stays, also when the lease ended, because its holder may have sent it"
    );
    let due = |number: u128, identifier: u128| Message {
        content: Content::Due { identifier: id(identifier) },
        ..letter(number, &ada, at(500))
    };
    let messages =
        [of(1, &ada, 1, 0), of(2, &ada, 1, 1), of(3, &ada, 2, 1), letter(4, &ada, at(1)), due(8, 1), due(9, 2)];
    let draft = create(&ada, &person);
    let stored =
        put(&*store, messages.into_iter().fold(draft, |draft, message| draft.message(paid(message, vec![])))).await;
    enqueue(&*store, &bob, vec![of(5, &bob, 1, 0)]).await;
    assert_eq!(taken(&*store, 1, 0, 60).await, [1, 5].map(message_id));
    settle(&*store, 1, 5, retry(90, None, false)).await;
    let mut draft = change(&ada, &stored, &person).message(paid(of(6, &ada, 1, 2), vec![]));
    draft.0.withdraw = vec![id(1), id(7)];
    put(&*store, draft).await;
    let left = store.posted(&ada, None, 10).await.unwrap();
    let left: Vec<MessageId> = left.into_iter().map(|posted| posted.message.id).collect();
    assert_eq!(
        left,
        [1, 3, 4, 6, 9].map(message_id),
        "2 is removed, and so is 8; 1 is leased, 3, 4 and 9 are about something else, 6 is new"
    );
    assert_eq!(
        message(&*store, 5).await.state(),
        PostState::Waiting,
        "another user's message with the same identifier stays"
    );
    // A sent message stays as a record.
    settle(&*store, 1, 1, sent(3, "x")).await;
    let stored = store.load(&ada).await.unwrap().unwrap();
    let mut draft = change(&ada, &stored, &person);
    draft.0.withdraw = vec![id(1)];
    put(&*store, draft).await;
    assert!(store.message(message_id(1)).await.unwrap().is_some(), "a sent message stays");
    assert_eq!(store.message(message_id(6)).await.unwrap(), None, "a message that was not sent is removed");
    let late = Timestamp::from_micros(i64::MAX) - Duration::from_secs(1);
    let lease = lease(9, late, late, 10);
    let ids = store.lease(lease).await.unwrap().into_iter().map(|leased| leased.message.id).collect::<Vec<_>>();
    assert_eq!(ids, [3, 5].map(message_id), "no removed message is leased");
}

/// What is due later waits for its time, and no message that is due before waits for it: not one to the same address, nor one
/// that is enqueued after it.
pub async fn what_is_due_later_holds_up_nobody(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    let due = Message { content: Content::Due { identifier: id(1) }, ..letter(1, &ada, at(500)) };
    let stored = put(&*store, create(&ada, &Person::default()).message(paid(due, vec![]))).await;
    put(&*store, change(&ada, &stored, &Person::default()).message(paid(letter(2, &ada, at(1)), vec![]))).await;
    assert_eq!(taken(&*store, 1, 1, 60).await, [message_id(2)], "what is due later waits, and nobody waits for it");
    settle(&*store, 1, 2, Settlement::Done).await;
    assert_eq!(taken(&*store, 2, 499, 600).await, [], "it is not leased before its time");
    assert_eq!(taken(&*store, 3, 500, 600).await, [message_id(1)], "it is leased at its time");
    settle(&*store, 3, 1, Settlement::Release { due_at: at(700) }).await;
    assert_eq!(taken(&*store, 4, 699, 800).await, [], "it is not leased before it is due again");
    assert_eq!(taken(&*store, 5, 700, 800).await, [message_id(1)]);
}
