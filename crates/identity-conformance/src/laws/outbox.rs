//! Laws of the outbox: leases and settlements.

use std::time::Duration;

use identity_core::{Address, Channel, DeliveryState, Message, MessageId, Phone, Report};
use identity_ports::{Backlog, CommitError, Lease, LeaseId, Leased, Posted, Settled, Settlement};
use uuid::Uuid;

use crate::kit::{Person, at, change, create, erase, key, key_in, lease, letter, message_id, paid, put, tenant};
use crate::{Harness, Store};

async fn take(store: &dyn Store, number: u128, from: u64, until: u64) -> Vec<(MessageId, u32)> {
    let leased = store.lease(lease(number, at(from), at(until), 1_000)).await.unwrap();
    leased.into_iter().map(|Leased { message, attempts, .. }| (message.id, attempts)).collect()
}

async fn settle(store: &dyn Store, number: u128, outcomes: Vec<(u128, Settlement)>) -> usize {
    let settled = outcomes.into_iter().map(|(number, outcome)| Settled { id: message_id(number), outcome });
    store.settle(LeaseId(Uuid::from_u128(number)), settled.collect()).await.unwrap()
}

fn retry(secs: u64) -> Settlement {
    Settlement::Retry {
        due_at: at(secs),
        error: "temporarily refused: the line is busy".to_owned(),
        provider: None,
        uncertain: false,
    }
}

fn failed(secs: u64) -> Settlement {
    Settlement::Failed { at: at(secs), error: "permanently refused: no such number".to_owned() }
}

/// Enqueues messages with these numbers, created this many seconds after the beginning.
async fn enqueue(store: &dyn Store, tenant: &str, messages: &[(u128, u64)]) {
    for (number, secs) in messages {
        let user = key_in(tenant, &format!("reader {number}"));
        let message = letter(*number, &user, at(*secs));
        put(store, create(&user, &Person::default()).message(paid(message, vec![]))).await;
    }
}

fn numbers(leased: &[(MessageId, u32)]) -> Vec<MessageId> {
    leased.iter().map(|(id, _)| *id).collect()
}

/// A new message is due at its creation. Messages are leased in the order of their due times, and equal ones in the
/// order of their ids.
pub async fn messages_are_leased_in_the_order_in_which_they_are_due(harness: &dyn Harness) {
    let store = harness.open().await;
    enqueue(&*store, "acme", &[(5, 10), (3, 20), (2, 10), (9, 0)]).await;
    enqueue(&*store, "globex", &[(4, 10), (1, 30)]).await;
    let early = store.lease(lease(1, at(0) - Duration::from_micros(1), at(5), 10)).await.unwrap();
    assert_eq!(early, [], "no message is due before its creation");
    let none = store.lease(lease(2, at(40), at(99), 0)).await.unwrap();
    assert_eq!(none, [], "a lease with limit 0 holds nothing");
    let three = store.lease(lease(3, at(20), at(99), 3)).await.unwrap();
    let ids: Vec<MessageId> = three.iter().map(|leased| leased.message.id).collect();
    assert_eq!(
        ids,
        [9, 2, 4].map(message_id),
        "messages of all tenants are leased in the order of due time and id, up to the limit"
    );
    let rest = take(&*store, 4, 20, 99).await;
    assert_eq!(numbers(&rest), [5, 3].map(message_id), "the remaining due messages are leased, and none twice");
    assert_eq!(
        numbers(&take(&*store, 5, 30, 99).await),
        [message_id(1)],
        "a message that is due later is leased later"
    );
}

/// A lease looks behind any number of messages that it may not take: those that wait for another one, and those of a channel
/// that was not asked for.
pub async fn a_lease_finds_what_is_due_behind_any_number_of_others(harness: &dyn Harness) {
    let store = harness.open().await;
    let [ada, bob] = ["ada", "bob"].map(key);
    let draft = (1..=300).fold(create(&ada, &Person::default()), |draft, number| {
        draft.message(paid(letter(number, &ada, at(0)), vec![]))
    });
    put(&*store, draft).await;
    let text = Message { to: Phone::from_e164("+447400123456").unwrap().into(), ..letter(302, &bob, at(2)) };
    let draft = create(&bob, &Person::default()).message(paid(letter(301, &bob, at(1)), vec![]));
    put(&*store, draft.message(paid(text, vec![]))).await;
    let of = |number, channel| Lease { channel, ..lease(number, at(10), at(60), 1) };
    for (number, channel, expected) in [(1, Some(Channel::Phone), 302), (2, None, 1), (3, None, 301)] {
        assert_eq!(
            numbers_of(store.lease(of(number, channel)).await.unwrap()),
            [message_id(expected)],
            "a lease finds what is due, however many messages that it may not take come before"
        );
    }
    assert_eq!(store.lease(of(4, None)).await.unwrap(), [], "the other 299 messages wait for the first one");
}

/// While a lease holds a message, no other lease gets it. From the end of the lease on, another one does.
pub async fn leases_are_exclusive_and_expire(harness: &dyn Harness) {
    let store = harness.open().await;
    let other = harness.open().await;
    enqueue(&*store, "acme", &[(1, 0), (2, 0)]).await;
    assert_eq!(take(&*store, 1, 0, 60).await.len(), 2);
    let until = at(60) - Duration::from_micros(1);
    for now in [at(0), at(30), until] {
        for store in [&store, &other] {
            let leased = store.lease(lease(2, now, at(99), 10)).await.unwrap();
            assert_eq!(leased, [], "at {now:?} another lease holds the messages");
        }
    }
    assert_eq!(take(&*other, 3, 60, 120).await.len(), 2, "a lease has ended at its end time");
    assert_eq!(take(&*store, 4, 61, 121).await, [], "the next lease then holds the messages");
}

/// Every lease of a message counts as an attempt, also across a restart.
pub async fn attempts_are_counted(harness: &dyn Harness) {
    let store = harness.open().await;
    enqueue(&*store, "acme", &[(1, 0)]).await;
    assert_eq!(take(&*store, 1, 0, 10).await, [(message_id(1), 1)], "the first lease counts as attempt 1");
    assert_eq!(take(&*store, 2, 10, 20).await, [(message_id(1), 2)], "an attempt that was not settled counts");
    assert_eq!(settle(&*store, 2, vec![(1, retry(30))]).await, 1);
    let store = harness.restart(store).await;
    assert_eq!(take(&*store, 3, 30, 40).await, [(message_id(1), 3)], "an attempt before a restart counts");
    assert_eq!(settle(&*store, 3, vec![(1, failed(31))]).await, 1);
    let dead = store.dead_letters(&key("ada").tenant, None, 10).await.unwrap();
    assert_eq!(dead[0].attempts, 3, "a dead letter keeps its number of attempts");
}

/// A message that is settled as done is removed and cannot be settled again. Every outcome goes to its own message, also behind
/// one that the lease does not hold.
pub async fn a_message_settled_as_done_is_removed(harness: &dyn Harness) {
    let store = harness.open().await;
    enqueue(&*store, "acme", &[(1, 0), (2, 0), (3, 0)]).await;
    take(&*store, 1, 0, 60).await;
    let done = || Settlement::Done;
    assert_eq!(settle(&*store, 1, vec![]).await, 0, "an empty settlement settles nothing");
    assert_eq!(
        settle(&*store, 1, vec![(1, done()), (7, done()), (2, done())]).await,
        2,
        "only the two messages that the lease holds are settled"
    );
    assert_eq!(
        settle(&*store, 1, vec![(1, done()), (2, failed(1))]).await,
        0,
        "a removed message is not settled again"
    );
    assert_eq!(numbers(&take(&*store, 2, 1_000, 2_000).await), [message_id(3)], "a message that was not settled stays");
    assert_eq!(
        store.dead_letters(&key("ada").tenant, None, 10).await.unwrap(),
        [],
        "a message settled as done is not a dead letter"
    );
    enqueue(&*store, "acme", &[(4, 5), (5, 5), (6, 5)]).await;
    assert_eq!(take(&*store, 3, 10, 60).await.len(), 3);
    let outcomes = vec![(4, retry(500)), (99, failed(1)), (5, failed(12)), (3, retry(7)), (6, done())];
    assert_eq!(settle(&*store, 3, outcomes).await, 3, "only the three messages that the lease holds are settled");
    let mut left = Vec::new();
    for number in 4..=6 {
        let posted = store.message(message_id(number)).await.unwrap();
        left.push(posted.map(|posted| (posted.failed_at, posted.error.is_some())));
    }
    assert_eq!(
        left,
        [Some((None, true)), Some((Some(at(12)), true)), None],
        "an outcome is that of the message that it names, whatever stands before it"
    );
}

/// A lease whose messages went to another lease settles nothing. A lease that ended still settles messages that no
/// other lease took.
pub async fn a_stale_lease_settles_nothing(harness: &dyn Harness) {
    let store = harness.open().await;
    enqueue(&*store, "acme", &[(1, 0), (2, 0), (3, 0)]).await;
    take(&*store, 1, 0, 60).await;
    let second = store.lease(lease(2, at(60), at(120), 2)).await.unwrap();
    assert_eq!(second.len(), 2);
    for outcome in [Settlement::Done, retry(61), failed(61)] {
        assert_eq!(
            settle(&*store, 1, vec![(1, outcome.clone()), (2, outcome)]).await,
            0,
            "the second lease holds them"
        );
    }
    assert_eq!(
        settle(&*store, 9, vec![(1, Settlement::Done), (3, Settlement::Done)]).await,
        0,
        "an unknown lease settles nothing"
    );
    assert_eq!(store.dead_letters(&key("ada").tenant, None, 10).await.unwrap(), [], "there is no dead letter");
    let free = store.lease(lease(3, at(119), at(200), 10)).await.unwrap();
    assert_eq!(
        free.iter().map(|leased| leased.message.id).collect::<Vec<_>>(),
        [message_id(3)],
        "no other message became free"
    );
    assert_eq!(
        settle(&*store, 2, vec![(1, Settlement::Done), (2, Settlement::Done)]).await,
        2,
        "the lease that holds the messages settles them"
    );
    enqueue(&*store, "acme", &[(4, 0)]).await;
    assert_eq!(numbers(&take(&*store, 4, 130, 140).await), [message_id(4)]);
    assert_eq!(
        settle(&*store, 4, vec![(4, Settlement::Done)]).await,
        1,
        "an ended lease settles a message that no other lease took"
    );
}

/// A message to be tried again is due at the time of the retry and is not leased until then.
pub async fn a_retry_is_due_at_its_time(harness: &dyn Harness) {
    let store = harness.open().await;
    enqueue(&*store, "acme", &[(1, 0), (2, 100)]).await;
    take(&*store, 1, 0, 60).await;
    assert_eq!(settle(&*store, 1, vec![(1, retry(200))]).await, 1);
    assert_eq!(settle(&*store, 1, vec![(1, Settlement::Done)]).await, 0, "the lease of the message has ended");
    let just_before = at(200) - Duration::from_micros(1);
    let leased = store.lease(lease(2, just_before, just_before, 10)).await.unwrap();
    assert_eq!(
        leased.iter().map(|leased| leased.message.id).collect::<Vec<_>>(),
        [message_id(2)],
        "a retry is not due before its time"
    );
    let both = take(&*store, 3, 200, 260).await;
    assert_eq!(
        both,
        [(message_id(2), 2), (message_id(1), 2)],
        "a retry that is due comes after messages that were due earlier"
    );
    // The retry may also be due while its lease would have lasted.
    assert_eq!(settle(&*store, 3, vec![(1, retry(50))]).await, 1);
    assert_eq!(
        take(&*store, 4, 201, 260).await,
        [(message_id(1), 3)],
        "no lease holds a message that waits for a retry"
    );
}

/// A message that failed for good is listed with the reason and the time, and is never leased again.
pub async fn a_failed_message_becomes_a_dead_letter_and_is_listed(harness: &dyn Harness) {
    let store = harness.open().await;
    enqueue(&*store, "acme", &[(5, 0), (1, 0), (3, 0), (4, 0)]).await;
    enqueue(&*store, "globex", &[(2, 0)]).await;
    take(&*store, 1, 0, 60).await;
    let odd = "permanently refused: \u{201e}gone\u{201c} \u{1f4ed}\n'; drop table".to_owned();
    let gone = Settlement::Failed { at: at(7), error: odd.clone() };
    let outcomes = vec![(5, failed(5)), (1, gone), (3, failed(3)), (2, failed(2)), (4, Settlement::Done)];
    assert_eq!(settle(&*store, 1, outcomes).await, 5);
    assert_eq!(settle(&*store, 1, vec![(5, Settlement::Done), (1, retry(9))]).await, 0, "no lease holds a dead letter");
    assert_eq!(take(&*store, 2, 1_000_000, 2_000_000).await, [], "a dead letter is never leased again");
    let store = harness.restart(store).await;
    let acme = key("ada").tenant;
    let dead = store.dead_letters(&acme, None, 10).await.unwrap();
    let ids: Vec<MessageId> = dead.iter().map(|letter| letter.message.id).collect();
    assert_eq!(ids, [1, 3, 5].map(message_id), "the tenant's dead letters are listed in the order of their ids");
    assert_eq!(dead[0].message, letter(1, &key("reader 1"), at(0)), "the message is unchanged");
    assert_eq!((dead[0].failed_at, dead[0].error.as_ref(), dead[0].attempts), (Some(at(7)), Some(&odd), 1));
    let page = |after: u128, limit| store.dead_letters(&acme, Some(message_id(after)), limit);
    let ids = |letters: Vec<identity_ports::Posted>| -> Vec<MessageId> {
        letters.into_iter().map(|letter| letter.message.id).collect()
    };
    assert_eq!(
        ids(page(1, 1).await.unwrap()),
        [message_id(3)],
        "a page begins after the given id and has at most the limit"
    );
    assert_eq!(ids(page(2, 10).await.unwrap()), [3, 5].map(message_id));
    assert_eq!(ids(page(5, 10).await.unwrap()), []);
    assert_eq!(ids(store.dead_letters(&acme, None, 2).await.unwrap()), [1, 3].map(message_id));
    assert_eq!(ids(store.dead_letters(&acme, None, 0).await.unwrap()), []);
    let other = store.dead_letters(&key_in("globex", "x").tenant, None, 10).await.unwrap();
    assert_eq!(ids(other), [message_id(2)], "another tenant's dead letters are listed there only");
}

/// The backlog is the pending messages of all tenants, leased or not, with the earliest of their due times.
pub async fn a_backlog_is_what_is_pending(harness: &dyn Harness) {
    let store = harness.open().await;
    assert_eq!(store.backlog().await.unwrap(), Backlog::default(), "nothing is pending");
    enqueue(&*store, "acme", &[(5, 10), (3, 20)]).await;
    enqueue(&*store, "globex", &[(4, 0)]).await;
    let all = Backlog { pending: 3, oldest_due: Some(at(0)) };
    assert_eq!(store.backlog().await.unwrap(), all, "the messages of all tenants are pending");
    assert_eq!(take(&*store, 1, 20, 60).await.len(), 3);
    assert_eq!(store.backlog().await.unwrap(), all, "a leased message is pending");
    let sent = Settlement::Sent { at: at(21), provider: None, reference: Some("1".to_owned()) };
    assert_eq!(settle(&*store, 1, vec![(4, sent), (3, failed(21)), (5, retry(40))]).await, 3);
    let one = Backlog { pending: 1, oldest_due: Some(at(40)) };
    assert_eq!(store.backlog().await.unwrap(), one, "what was sent or has failed is pending no more");
    let store = harness.restart(store).await;
    assert_eq!(store.backlog().await.unwrap(), one, "a restart changes nothing");
}

/// How long a lease lasts is measured by the store's own clock: a worker whose clock is years ahead gets nothing that
/// another one holds, and one whose clock is years behind holds as long as any other.
pub async fn leases_last_by_the_stores_own_clock(harness: &dyn Harness) {
    let store = harness.open().await;
    let other = harness.open().await;
    enqueue(&*store, "acme", &[(1, 0), (2, 0), (3, 0)]).await;
    let hour = Duration::from_secs(3_600);
    let lease = |number, now, lasts, limit| Lease::new(LeaseId(Uuid::from_u128(number)), now, lasts, limit);
    let (early, late) = (at(1), at(1) + Duration::from_secs(20 * 365 * 86_400));
    for (number, now) in [(1, early), (2, late)] {
        assert_eq!(store.lease(lease(number, now, hour, 1)).await.unwrap().len(), 1, "each gets one");
    }
    assert_eq!(other.lease(lease(3, late, hour, 1)).await.unwrap().len(), 1, "and the third one is free");
    for now in [early, late] {
        for store in [&store, &other] {
            assert_eq!(store.lease(lease(4, now, hour, 10)).await.unwrap(), [], "no clock of a worker ends a lease");
        }
    }
    assert_eq!(settle(&*store, 2, vec![(2, retry(1)), (1, Settlement::Done)]).await, 1, "each holder has its own");
    // A lease that lasts no time holds nothing.
    for number in 5..8 {
        let leased = other.lease(lease(number, early, Duration::ZERO, 10)).await.unwrap();
        assert_eq!(leased.len(), 1, "the message is free again at once");
    }
}

/// A lease that is asked for again, because its answer was lost, gets the messages that it holds, also after a restart, and
/// nothing is counted twice. One that holds nothing is as new.
pub async fn a_lease_asked_for_again_gets_the_same_messages(harness: &dyn Harness) {
    let store = harness.open().await;
    enqueue(&*store, "acme", &[(1, 0), (2, 1), (3, 2), (4, 3)]).await;
    let first = store.lease(lease(1, at(10), at(60), 2)).await.unwrap();
    assert_eq!(first.len(), 2);
    let store = harness.restart(store).await;
    assert_eq!(
        numbers(&take(&*store, 2, 11, 61).await),
        [3, 4].map(message_id),
        "a lease is durable before its messages are returned: no other one gets them after a restart"
    );
    for now in [at(10), at(59)] {
        let again = Lease { again: true, ..lease(1, now, now + Duration::from_secs(50), 2) };
        assert_eq!(
            store.lease(again).await.unwrap(),
            first,
            "a lease is durable, with its counts, before its messages are returned"
        );
    }
    assert_eq!(settle(&*store, 1, vec![(1, Settlement::Done)]).await, 1);
    let again = Lease { again: true, ..lease(1, at(12), at(62), 2) };
    let left = store.lease(again).await.unwrap();
    assert_eq!(left, first[1..], "what was settled is not held any more");
    // The lease ended: another one takes the message, and the first holds nothing.
    assert_eq!(take(&*store, 3, 60, 99).await, [(message_id(2), 2)]);
    let again = |number| Lease { again: true, ..lease(number, at(61), at(99), 2) };
    assert_eq!(numbers_of(store.lease(again(1)).await.unwrap()), [3, 4].map(message_id), "as a first request");
    assert_eq!(store.lease(again(9)).await.unwrap(), [], "nothing is left for one that never was");
}

/// A lease that is asked for again gets all that it holds, whatever limit and channel it names then, but for what was reported
/// on meanwhile. When nothing else is left, it is as new.
pub async fn a_lease_asked_for_again_gets_all_that_is_still_pending(harness: &dyn Harness) {
    let store = harness.open().await;
    enqueue(&*store, "acme", &[(1, 0), (2, 1), (3, 2)]).await;
    assert_eq!(take(&*store, 1, 10, 60).await.len(), 3);
    let report = |number| {
        let report = Report::new(DeliveryState::Delivered, at(11));
        let store = &store;
        async move { store.report(message_id(number), &report).await.unwrap() }
    };
    report(2).await;
    for (limit, channel) in [(3, None), (1, None), (0, None), (3, Some(Channel::Phone))] {
        let again = Lease { again: true, channel, ..lease(1, at(12), at(62), limit) };
        let left = numbers_of(store.lease(again).await.unwrap());
        assert_eq!(left, [1, 3].map(message_id), "all that it holds and that is pending: {limit}, {channel:?}");
    }
    report(1).await;
    report(3).await;
    enqueue(&*store, "acme", &[(4, 3)]).await;
    let again = Lease { again: true, ..lease(1, at(12), at(62), 3) };
    assert_eq!(numbers_of(store.lease(again).await.unwrap()), [message_id(4)], "it holds nothing and is as new");
    let sent = Settlement::Sent { at: at(13), provider: None, reference: Some("late".to_owned()) };
    assert_eq!(settle(&*store, 1, vec![(2, sent)]).await, 1, "what was reported on can still be settled");
}

/// A lease passes over the messages of the tenants that it leaves out, however many there are, and takes those of all others in
/// their order. Tenants are compared by all their bytes.
pub async fn a_lease_leaves_out_the_tenants_that_it_names(harness: &dyn Harness) {
    let store = harness.open().await;
    let flood: Vec<(u128, u64)> = (10..300).map(|number| (number, 0)).collect();
    enqueue(&*store, "acme", &flood).await;
    for (name, number) in [("Acme", 1), ("acme ", 2), ("globex", 3), ("o'\"[,]{}\\%", 4)] {
        enqueue(&*store, name, &[(number, 5)]).await;
    }
    for (number, except, limit, expected) in [
        (1, &["acme", "globex"][..], 2, &[1, 2][..]),
        (2, &["acme"], 1, &[3]),
        (3, &["o'\"[,]{}\\%", "acme", "nobody"], 9, &[]),
        (4, &["ACME"], 2, &[10, 11]),
        (5, &["acme", "acm", "acme2"], 9, &[4]),
    ] {
        let except = except.iter().copied().map(tenant).collect();
        let leased = store.lease(Lease { except, ..lease(number, at(10), at(60), limit) }).await.unwrap();
        let expected: Vec<MessageId> = expected.iter().copied().map(message_id).collect();
        assert_eq!(numbers_of(leased), expected, "who is left out is passed over, and nobody else");
    }
}

/// An id of a message is used once. An enqueued message whose id is there already changes nothing, whatever it says; a commit
/// that brings one, or brings two with one id, is refused as a whole.
pub async fn an_id_of_a_message_is_used_once(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    let stored = put(&*store, create(&ada, &Person::default()).message(paid(letter(1, &ada, at(0)), vec![]))).await;
    let phone = Address::from(Phone::from_e164("+447400123456").unwrap());
    let other = |number| paid(Message { to: phone.clone(), ..letter(number, &ada, at(1)) }, vec![]);
    store.enqueue(other(1).message).await.expect("a message whose id is there already is no error");
    let draft = || change(&ada, &stored, &Person::default().attempts(1));
    for (numbers, why) in [(&[1][..], "an id that is there already"), (&[2, 2], "two messages with one id")] {
        let draft = numbers.iter().fold(draft(), |draft, number| draft.message(other(*number)));
        let refused = store.commit(draft.0).await;
        assert!(matches!(refused, Err(CommitError::Store(_))), "an id is used once: {why}: {refused:?}");
        assert_eq!(store.load(&ada).await.unwrap(), Some(stored.clone()), "nothing is written: {why}");
        assert_eq!(store.history(&ada, 0, 10).await.unwrap().len(), 1, "no event is written: {why}");
    }
    let posted = store.posted(&ada, None, 10).await.unwrap();
    let messages: Vec<Message> = posted.into_iter().map(|posted| posted.message).collect();
    assert_eq!(messages, [letter(1, &ada, at(0))], "the first message of an id stays as it is");
    store.commit(draft().message(other(2)).0).await.expect("the next commit finds no trace of the refused ones");
}

/// A message that is released is pending as before: the lease does not count, and what earlier attempts left stays.
pub async fn a_release_is_no_attempt(harness: &dyn Harness) {
    let store = harness.open().await;
    enqueue(&*store, "acme", &[(1, 0)]).await;
    let release = |secs| Settlement::Release { due_at: at(secs) };
    assert_eq!(take(&*store, 1, 0, 60).await, [(message_id(1), 1)]);
    assert_eq!(settle(&*store, 1, vec![(1, retry(10))]).await, 1);
    let noted = store.message(message_id(1)).await.unwrap().unwrap();
    for number in 2..5 {
        assert_eq!(take(&*store, number, 10 * (number as u64), 600).await, [(message_id(1), 2)], "the second attempt");
        assert_eq!(settle(&*store, number, vec![(1, release(10 * (number as u64) + 10))]).await, 1);
        assert_eq!(settle(&*store, number, vec![(1, Settlement::Done)]).await, 0, "its lease is over");
        let before = Posted { due_at: at(10 * (number as u64) + 10), ..noted.clone() };
        assert_eq!(
            store.message(message_id(1)).await.unwrap().unwrap(),
            before,
            "as before the lease, but for its time"
        );
    }
    assert_eq!(take(&*store, 5, 49, 60).await, [], "it is due when the release says");
    // A lease that ended unsettled stays counted when the next one releases.
    assert_eq!(take(&*store, 6, 50, 60).await, [(message_id(1), 2)]);
    assert_eq!(take(&*store, 7, 60, 70).await, [(message_id(1), 3)]);
    assert_eq!(settle(&*store, 7, vec![(1, release(60))]).await, 1);
    let posted = store.message(message_id(1)).await.unwrap().unwrap();
    assert_eq!((posted.attempts, posted.uncertain), (2, 1));
}

/// A message that no commit brings is enqueued whether its user exists or not, due at its creation, and a restart changes
/// nothing. Those of one name and channel wait for each other as the messages of a user do.
pub async fn an_enqueued_message_needs_no_user(harness: &dyn Harness) {
    let mut store = harness.open().await;
    for (number, visitor, secs) in [(2, "visitor", 5), (1, "visitor", 6), (3, "another", 7)] {
        let message = letter(number, &key_in("acme", visitor), at(secs));
        store.enqueue(message).await.expect("a message needs no user");
    }
    store = harness.restart(store).await;
    assert_eq!(take(&*store, 1, 4, 50).await, [], "no message is due before its creation");
    let leased = numbers(&take(&*store, 2, 10, 50).await);
    assert_eq!(leased, [2, 3].map(message_id), "a message needs no user, and one of each name is leased");
    let expected = letter(2, &key_in("acme", "visitor"), at(5));
    let posted = store.message(message_id(2)).await.unwrap();
    assert_eq!(posted.map(|posted| posted.message), Some(expected), "the message is the one that was enqueued");
    assert_eq!(settle(&*store, 2, vec![(2, Settlement::Done), (3, Settlement::Done)]).await, 2, "the lease holds both");
    assert_eq!(numbers(&take(&*store, 3, 10, 50).await), [message_id(1)], "the next one of the name follows");
}

/// A message whose id is there already stays as it is, leased or not.
pub async fn a_message_is_enqueued_once(harness: &dyn Harness) {
    let store = harness.open().await;
    let message = letter(1, &key("visitor"), at(0));
    for _ in 0..2 {
        store.enqueue(message.clone()).await.expect("a call can be repeated");
    }
    assert_eq!(take(&*store, 1, 10, 50).await, [(message_id(1), 1)], "the message is leased once");
    store.enqueue(message).await.expect("a call can be repeated");
    assert_eq!(take(&*store, 2, 10, 50).await, [], "a message that is leased stays as it is");
    assert_eq!(settle(&*store, 1, vec![(1, Settlement::Done)]).await, 1, "the lease holds the message");
    assert_eq!(
        take(&*store, 3, 60, 90).await,
        [],
        "a message that is there already stays as it is, and no other comes"
    );
}

/// An enqueued message of a user who exists is one of the user's messages: it is listed with the others, waits for earlier
/// ones, and goes when the user is erased.
pub async fn an_enqueued_message_is_one_of_its_users(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    put(&*store, create(&ada, &Person::default()).message(paid(letter(1, &ada, at(0)), vec![]))).await;
    store.enqueue(letter(2, &ada, at(1))).await.expect("a message is enqueued");
    let listed = store.posted(&ada, None, 10).await.unwrap();
    let listed: Vec<MessageId> = listed.into_iter().map(|posted| posted.message.id).collect();
    assert_eq!(listed, [1, 2].map(message_id), "an enqueued message is one of the user's");
    assert_eq!(numbers(&take(&*store, 1, 10, 50).await), [message_id(1)], "it waits for the earlier one");
    let stored = store.load(&ada).await.unwrap().expect("ada is there");
    store.commit(erase(&ada, &stored).0).await.expect("ada is erased");
    let left = store.message(message_id(2)).await.unwrap();
    assert_eq!(left, None, "it is removed with the user");
}

/// Messages of one channel do not wait for those of another, of the same user either, and a lease takes those of the channel
/// that it names.
pub async fn channels_do_not_wait_for_each_other(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    let phone = Address::from(Phone::from_e164("+447400123456").unwrap());
    let text = |number, secs| Message { to: phone.clone(), ..letter(number, &ada, at(secs)) };
    let messages = [text(1, 0), letter(2, &ada, at(1)), text(3, 2), letter(4, &ada, at(3))];
    let draft = messages
        .into_iter()
        .fold(create(&ada, &Person::default()), |draft, message| draft.message(paid(message, vec![])));
    put(&*store, draft).await;
    let of = |number, channel, secs| Lease { channel: Some(channel), ..lease(number, at(secs), at(secs + 600), 10) };
    let email = of(1, Channel::Email, 10);
    assert_eq!(numbers_of(store.lease(email).await.unwrap()), [message_id(2)], "not behind the text message");
    let texts = store.lease(of(2, Channel::Phone, 10)).await.unwrap();
    assert_eq!(numbers_of(texts), [message_id(1)], "nor is a text behind an e-mail that is leased");
    assert_eq!(store.lease(of(3, Channel::Email, 11)).await.unwrap(), [], "within a channel there is an order");
    assert_eq!(settle(&*store, 1, vec![(2, Settlement::Done)]).await, 1);
    assert_eq!(numbers_of(store.lease(of(4, Channel::Email, 12)).await.unwrap()), [message_id(4)]);
    assert_eq!(settle(&*store, 2, vec![(1, Settlement::Done)]).await, 1);
    assert_eq!(numbers(&take(&*store, 5, 13, 99).await), [message_id(3)], "a lease that names none takes any");
}

fn numbers_of(leased: Vec<Leased>) -> Vec<MessageId> {
    leased.into_iter().map(|leased| leased.message.id).collect()
}
