//! The feed beside transactions that take their time, and the word of other processes.

use std::time::Duration;

use crate::common::Place;
use identity_conformance::kit::{Person, create, key, put};
use identity_core::UserKey;
use identity_ports::{EventFeed as _, FeedCursor};
use identity_postgres::PostgresStore;
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(30);

/// Whose commits follow, and the position behind them.
async fn read(store: &PostgresStore, cursor: FeedCursor) -> (Vec<UserKey>, FeedCursor) {
    let page = store.events_after(cursor, 1_000).await.unwrap();
    (page.events.into_iter().map(|event| event.key).collect(), page.next)
}

#[tokio::test]
async fn a_transaction_that_stays_open_holds_the_feed_up_and_nothing_of_it_is_skipped() {
    let place = Place::new();
    let store = place.store().await;
    let mut connection = store.pool().get().await.unwrap();
    put(&store, create(&key("ada"), &Person::default())).await;
    let (met, cursor) = read(&store, FeedCursor::START).await;
    assert_eq!(met, [key("ada")]);

    let mut transaction = connection.transaction().await.unwrap();
    // What is rolled back to a savepoint takes its position with it, and the lock.
    transaction.batch_execute("SAVEPOINT s").await.unwrap();
    store.commit_in(&mut transaction, &create(&key("nobody"), &Person::default()).0).await.unwrap();
    transaction.batch_execute("ROLLBACK TO s").await.unwrap();
    store.commit_in(&mut transaction, &create(&key("slow"), &Person::default()).0).await.unwrap();
    for name in ["bob", "eve"] {
        timeout(LONG, put(&store, create(&key(name), &Person::default()))).await.expect("nobody waits for it");
    }
    let now = store.events_after(FeedCursor::NOW, 9).await.unwrap().next;
    let (met, behind) = read(&store, cursor).await;
    assert_eq!(met, [], "what follows an open transaction waits for it");
    transaction.commit().await.unwrap();
    let all = ["slow", "bob", "eve"].map(key);
    for cursor in [cursor, behind, now] {
        assert_eq!(read(&store, cursor).await.0, all, "and comes with it, from {cursor}");
    }
}

#[tokio::test]
async fn positions_of_transactions_that_were_rolled_back_are_passed_over() {
    let place = Place::new();
    let store = place.store().await;
    put(&store, create(&key("ada"), &Person::default())).await;
    let (_, cursor) = read(&store, FeedCursor::START).await;
    place.sql("SELECT count(nextval('identity_positions')) FROM generate_series(1, 10000)").await;
    put(&store, create(&key("bob"), &Person::default())).await;
    let page = store.events_after(cursor, 1).await.unwrap();
    assert_eq!(page.events.first().map(|event| &event.key), Some(&key("bob")), "however many there are");
}

#[tokio::test]
async fn the_last_32_bits_of_a_position_may_wrap() {
    let place = Place::new();
    let store = place.store().await;
    place.sql("SELECT setval('identity_positions', 4294967294)").await;
    let mut cursor = store.events_after(FeedCursor::NOW, 1).await.unwrap().next;
    let mut connection = store.pool().get().await.unwrap();
    for turn in 0..4 {
        let mut transaction = connection.transaction().await.unwrap();
        let slow = key(&format!("slow {turn}"));
        store.commit_in(&mut transaction, &create(&slow, &Person::default()).0).await.unwrap();
        let fast = key(&format!("fast {turn}"));
        put(&store, create(&fast, &Person::default())).await;
        assert_eq!(read(&store, cursor).await.0, [], "the open transaction holds the feed up, turn {turn}");
        transaction.commit().await.unwrap();
        let (met, next) = read(&store, cursor).await;
        assert_eq!(met, [slow, fast], "turn {turn}");
        cursor = next;
    }
}

#[tokio::test]
async fn commits_of_other_processes_wake_the_readers() {
    let place = Place::new();
    let [here, there] = [place.store().await, place.store().await];
    // Until somebody listens, word is lost, and the reader looks again.
    let mut woken = false;
    for number in 0..100 {
        let changed = there.changed();
        put(&here, create(&key(&format!("user {number}")), &Person::default())).await;
        woken = timeout(Duration::from_secs(1), changed).await.is_ok();
        if woken {
            break;
        }
    }
    assert!(woken, "word of a commit comes");
}
