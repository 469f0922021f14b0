//! Laws of the feed of all events.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use identity_core::{Change, Recorded, UserKey};
use identity_ports::{CommitError, FeedCursor, FeedError, FeedEvent};
use tokio::time::timeout;

use super::races::race;
use crate::kit::{Person, at, change, create, erase, every_change, id, key, key_in, put};
use crate::{Harness, Store};

/// Everything from a cursor on, in pages of so many commits, and the position behind it.
async fn read(store: &dyn Store, mut cursor: FeedCursor, limit: usize) -> (Vec<FeedEvent>, FeedCursor) {
    let mut events = Vec::new();
    loop {
        let page = store.events_after(cursor, limit).await.expect("the feed is read");
        cursor = page.next;
        if page.events.is_empty() {
            return (events, cursor);
        }
        events.extend(page.events);
    }
}

fn of(key: &UserKey, written: &[Recorded]) -> Vec<FeedEvent> {
    written.iter().map(|recorded| FeedEvent { key: key.clone(), recorded: recorded.clone() }).collect()
}

/// The feed has every event of every user of every tenant once, in the order of the commits, whatever the times of the events.
/// A page has at most as many commits as it may, and each as a whole.
pub async fn the_feed_has_every_event_of_every_tenant_in_the_order_of_the_commits(harness: &dyn Harness) {
    let store = harness.open().await;
    assert_eq!(read(&*store, FeedCursor::START, 10).await.0, [], "a new store has no events");
    let users = [key("ada"), key_in("globex", "ada"), key("bob")];
    let mut commits = Vec::new();
    for turn in 0..7_u8 {
        for user in &users {
            let stored = store.load(user).await.unwrap();
            let draft = match &stored {
                Some(stored) => change(user, stored, &Person::default()),
                None => create(user, &Person::default()),
            };
            // The time goes back from turn to turn.
            let changes = vec![Change::AnswerRejected { id: id(turn.into()) }; 1 + usize::from(turn % 3)];
            let draft = draft.events(at(9 - u64::from(turn)), changes);
            commits.push(of(user, &draft.0.events));
            put(&*store, draft).await;
        }
    }
    for limit in [1, 2, 20, 21, 22, 1_000] {
        let (mut cursor, mut left) = (FeedCursor::START, commits.iter());
        loop {
            let page = store.events_after(cursor, limit).await.unwrap();
            let expected: Vec<FeedEvent> = left.by_ref().take(limit).flatten().cloned().collect();
            assert_eq!(page.events, expected, "a page of {limit} has that many whole commits, in their order");
            cursor = page.next;
            if expected.is_empty() {
                break;
            }
        }
    }
}

/// A page of no commits is empty and moves no cursor, and the position at the end is a position: from there the feed goes on with
/// what is written next, also when what was there last is erased.
pub async fn the_feed_goes_on_from_any_position(harness: &dyn Harness) {
    let store = harness.open().await;
    put(&*store, create(&key("ada"), &Person::default())).await;
    let none = store.events_after(FeedCursor::START, 0).await.unwrap();
    assert_eq!(none.events, [], "a page of no commits is empty");
    assert_eq!(read(&*store, none.next, 1).await.0.len(), 1, "a page of no commits moves no cursor");

    let (_, end) = read(&*store, FeedCursor::START, 1).await;
    assert_eq!(store.events_after(end, 0).await.unwrap().events, []);
    let stored = store.load(&key("ada")).await.unwrap().unwrap();
    let draft = erase(&key("ada"), &stored);
    let erased = of(&key("ada"), &draft.0.events);
    store.commit(draft.0).await.unwrap();
    let (events, end) = read(&*store, end, 1).await;
    assert_eq!(events, erased, "the feed goes on from its end");
    let draft = create(&key("bob"), &Person::default());
    let created = of(&key("bob"), &draft.0.events);
    put(&*store, draft).await;
    assert_eq!(read(&*store, end, 1).await.0, created, "the feed goes on behind an erasure");
}

/// A cursor outlives its process: as a text it means the same position after a restart.
pub async fn a_cursor_outlives_a_restart(harness: &dyn Harness) {
    let store = harness.open().await;
    put(&*store, create(&key("ada"), &Person::default())).await;
    let (_, cursor) = read(&*store, FeedCursor::START, 1).await;
    let text = cursor.to_string();
    let draft = create(&key("bob"), &Person::default());
    let created = of(&key("bob"), &draft.0.events);
    put(&*store, draft).await;
    let store = harness.restart(store).await;
    let (events, _) = read(&*store, text.parse().expect("the text of a cursor"), 1).await;
    assert_eq!(events, created, "after a restart the feed goes on where it was");
}

/// A cursor of another store, and one behind the last event, are refused: they would skip events in silence.
pub async fn a_cursor_of_another_store_is_refused(harness: &dyn Harness) {
    let store = harness.open().await;
    put(&*store, create(&key("ada"), &Person::default())).await;
    let (_, end) = read(&*store, FeedCursor::START, 1).await;
    let text = end.to_string();
    let (name, position) = text.split_once('-').expect("a store and a position");
    let (name, position) = (u64::from_str_radix(name, 16).unwrap(), position.parse::<u64>().unwrap());
    let refused = store.events_after(FeedCursor::at(name ^ 1, position), 1).await;
    assert!(matches!(refused, Err(FeedError::AnotherStore)), "a cursor of another store is refused: {refused:?}");
    for ahead in [position + 1_000, u64::MAX] {
        let refused = store.events_after(FeedCursor::at(name, ahead), 1).await;
        assert!(matches!(refused, Err(FeedError::Ahead)), "a cursor behind the last event is refused: {refused:?}");
    }
}

/// The present is a position behind every event that there is, and before every event that follows.
pub async fn the_feed_can_begin_now(harness: &dyn Harness) {
    let store = harness.open().await;
    let began = store.events_after(FeedCursor::NOW, 10).await.unwrap();
    assert_eq!(began.events, [], "there is nothing yet");
    let draft = create(&key("ada"), &Person::default());
    let ada = of(&key("ada"), &draft.0.events);
    put(&*store, draft).await;
    let now = store.events_after(FeedCursor::NOW, 10).await.unwrap();
    assert_eq!(now.events, [], "what there is now is in the past");
    let draft = create(&key("bob"), &Person::default());
    let bob = of(&key("bob"), &draft.0.events);
    put(&*store, draft).await;
    assert_eq!(read(&*store, now.next, 10).await.0, bob, "only what follows comes");
    assert_eq!(read(&*store, began.next, 10).await.0, [ada, bob].concat(), "the beginning of an empty store is kept");
}

/// The events of an erased user stay in their places, and only as [`Event::stripped`](identity_core::Event::stripped) leaves
/// them.
pub async fn the_feed_has_events_of_erased_users_stripped(harness: &dyn Harness) {
    let store = harness.open().await;
    let [ada, bob] = [key("ada"), key("bob")];
    let mut written = Vec::new();
    for user in [&ada, &bob] {
        let draft = create(user, &Person::default()).events(at(1), every_change(user));
        written.extend(of(user, &draft.0.events));
        put(&*store, draft).await;
    }
    let stored = store.load(&ada).await.unwrap().unwrap();
    let draft = erase(&ada, &stored).events(at(2), vec![Change::Disabled, Change::Erased]);
    written.extend(of(&ada, &draft.0.events));
    store.commit(draft.0).await.unwrap();
    for event in written.iter_mut().filter(|event| event.key == ada) {
        event.recorded.event = event.recorded.event.clone().stripped();
    }
    let (events, _) = read(&*store, FeedCursor::START, 1).await;
    assert_eq!(events, written, "the events of an erased user are stripped, and those of others whole");
}

/// While many commit at once, a consumer that goes on from one position to the next meets every event once, and those of a user
/// in their order.
pub async fn c98_the_feed_forgets_nothing_while_many_commit(harness: &dyn Harness) {
    const WRITERS: u128 = 8;
    const EACH: u64 = 24;
    let writing = Arc::new(AtomicUsize::new(usize::try_from(WRITERS).unwrap()));
    let results = race(harness, WRITERS + 2, |store, task| {
        let writing = Arc::clone(&writing);
        async move {
            let (mut cursor, mut events) = (FeedCursor::START, Vec::new());
            if task < WRITERS {
                for turn in 0..EACH {
                    // Each has a user of its own, and all share one.
                    let user = if turn % 3 == 0 { key("shared") } else { key(&format!("user {task}")) };
                    while let Err(error) = commit_once(&*store, &user).await {
                        assert!(matches!(error, CommitError::Conflict), "a commit is written or conflicts: {error}");
                        tokio::task::yield_now().await;
                    }
                }
                writing.fetch_sub(1, Ordering::SeqCst);
                return events;
            }
            loop {
                let last = writing.load(Ordering::SeqCst) == 0;
                let page = store.events_after(cursor, 3).await.expect("the feed is read");
                cursor = page.next;
                if page.events.is_empty() && last {
                    return events;
                }
                if page.events.is_empty() {
                    tokio::task::yield_now().await;
                }
                events.extend(page.events);
            }
        }
    })
    .await;
    let store = harness.open().await;
    for events in results.iter().skip(usize::try_from(WRITERS).unwrap()) {
        let mut met = BTreeMap::<UserKey, Vec<Recorded>>::new();
        for FeedEvent { key, recorded } in events {
            met.entry(key.clone()).or_default().push(recorded.clone());
        }
        assert_eq!(met.len(), usize::try_from(WRITERS).unwrap() + 1, "every user is met");
        for (user, met) in met {
            let history = store.history(&user, 0, 10_000).await.unwrap();
            let numbers = |events: &[Recorded]| events.iter().map(|recorded| recorded.number).collect::<Vec<_>>();
            assert_eq!(numbers(&met), numbers(&history), "every event is met once and in its order");
            assert!(met == history, "the events are those of the history");
        }
    }
}

/// Creates or changes a user once.
async fn commit_once(store: &dyn Store, user: &UserKey) -> Result<(), CommitError> {
    let stored = store.load(user).await?;
    let draft = match &stored {
        Some(stored) => change(user, stored, &Person::of(&stored.user).attempts(Person::counted(&stored.user) + 1)),
        None => create(user, &Person::default()),
    };
    store.commit(draft.0).await.map(drop)
}

/// A reader that waits is woken by a commit, also when it only begins to wait after the commit.
pub async fn a_commit_wakes_the_readers_of_the_feed(harness: &dyn Harness) {
    let store = harness.open().await;
    let [before, after] = [store.changed(), store.changed()];
    let waiting = tokio::spawn(timeout(Duration::from_secs(10), before));
    put(&*store, create(&key("ada"), &Person::default())).await;
    assert!(waiting.await.unwrap().is_ok(), "a commit wakes who waits");
    assert!(timeout(Duration::from_secs(10), after).await.is_ok(), "a commit wakes who waits for it afterwards");
}
