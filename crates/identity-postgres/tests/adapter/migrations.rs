//! The tables come about once, whoever makes them, and only if they are ours.

use crate::common::Place;
use identity_conformance::kit::{Person, at, change, create, erase, every_change, key, put, tenant};
use identity_core::{Event, Recorded};
use identity_ports::{EventFeed as _, FeedCursor, ListOrder, ListQuery, StoreError, UserRepository as _};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_start_at_once_and_all_get_in() {
    for _ in 0..5 {
        let place = Place::new();
        let starting: Vec<_> = (0..10)
            .map(|_| {
                let (options, url) = (place.options(), place.url());
                tokio::spawn(async move { options.connect(&url).await })
            })
            .collect();
        for started in starting {
            let store = started.await.unwrap().unwrap();
            assert_eq!(store.load(&key("nobody")).await.unwrap(), None);
        }
        let steps = place.raw().await.query("SELECT value FROM identity_meta", &[]).await.unwrap();
        assert_eq!(steps.len(), 6, "each step is noted once");
    }
}

#[tokio::test]
async fn what_is_there_stays() {
    let place = Place::new();
    put(&place.store().await, create(&key("ada"), &Person::default())).await;
    assert!(place.store().await.load(&key("ada")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_alone() {
    let place = Place::new();
    put(&place.store().await, create(&key("ada"), &Person::default())).await;
    place.sql("INSERT INTO identity_meta VALUES (7, 'of a later program', 7)").await;
    for options in [place.options(), place.options().without_migrating()] {
        match options.connect(&place.url()).await {
            Err(StoreError::Newer { database: 7, program: 6 }) => {}
            other => panic!("{other:?}"),
        }
    }
    let users = place.raw().await.query("SELECT 1 FROM identity_users", &[]).await.unwrap();
    assert_eq!(users.len(), 1);
}

#[tokio::test]
async fn a_newer_database_that_this_program_can_live_with_is_used() {
    let place = Place::new();
    put(&place.store().await, create(&key("ada"), &Person::default())).await;
    place.sql("INSERT INTO identity_meta VALUES (7, 'of a later program', 6)").await;
    for options in [place.options(), place.options().without_migrating()] {
        let store = options.connect(&place.url()).await.unwrap();
        assert!(store.load(&key("ada")).await.unwrap().is_some());
    }
}

/// The tables as a program of version 5 left them.
async fn as_version_5(place: &Place) {
    place.sql("DELETE FROM identity_meta WHERE value = 6; ALTER TABLE identity_meta DROP store").await;
    place.sql("ALTER TABLE identity_events DROP position; DROP FUNCTION identity_position").await;
    place.sql("DROP SEQUENCE identity_positions").await;
}

#[tokio::test]
async fn commits_of_version_5_are_in_the_feed_each_users_in_their_order() {
    let place = Place::new();
    let store = place.store().await;
    let names = ["ada", "bob", "eve", "dan"];
    for _ in 0..20 {
        for name in names {
            let stored = store.load(&key(name)).await.unwrap();
            let draft = match &stored {
                Some(stored) => change(&key(name), stored, &Person::default()),
                None => create(&key(name), &Person::default()),
            };
            store.commit(draft.0).await.unwrap();
        }
    }
    drop(store);
    as_version_5(&place).await;
    // On the disk they lie in another order than that of the commits.
    place.sql("UPDATE identity_events SET updated_at = updated_at WHERE number % 3 = 1").await;

    let store = place.store().await;
    let theirs = "INSERT INTO identity_events (tenant, user_id, number, updated_at, commit_id, record) \
                  SELECT tenant, user_id, 21, updated_at, commit_id, record FROM identity_events WHERE number = 20";
    assert_eq!(place.raw().await.execute(theirs, &[]).await.unwrap(), 4, "a program of version 5 that still runs");
    let page = store.events_after(FeedCursor::START, 1_000).await.unwrap();
    for name in names {
        let met = page.events.iter().filter(|event| event.key == key(name)).map(|event| event.recorded.clone());
        assert_eq!(met.collect::<Vec<_>>(), store.history(&key(name), 0, 1_000).await.unwrap(), "those of {name}");
    }
    assert_eq!(page.events.len(), 84);
}

/// The tables as a program of version 4 left them, whose events are arrays of whole events.
async fn as_version_4(place: &Place, history: &[Vec<Recorded>]) {
    as_version_5(place).await;
    place
        .sql(
            "DELETE FROM identity_meta WHERE value = 5; ALTER TABLE identity_meta ALTER compatible_since SET DEFAULT 4",
        )
        .await;
    place.sql("DROP INDEX identity_events_updated; ALTER TABLE identity_events ADD first BIGINT").await;
    place.sql("ALTER TABLE identity_events RENAME record TO events").await;
    place.sql("CREATE INDEX identity_events_updated ON identity_events (tenant, updated_at, user_id)").await;
    let client = place.raw().await;
    for commit in history {
        let events: Vec<&Event> = commit.iter().map(|recorded| &recorded.event).collect();
        let [first, last] = [commit.first(), commit.last()].map(|recorded| recorded.unwrap().number.cast_signed());
        let sql =
            "UPDATE identity_events SET first = $1, events = $2::text::json WHERE user_id = 'ada' AND number = $3";
        client.execute(sql, &[&first, &serde_json::to_string(&events).unwrap(), &last]).await.unwrap();
    }
}

#[tokio::test]
async fn events_of_version_4_are_read_and_stripped_and_its_programs_write_no_more() {
    let place = Place::new();
    let store = place.store().await;
    let ada = key("ada");
    let draft = create(&ada, &Person::default()).events(at(1), every_change(&ada));
    let mut written = vec![draft.0.events.clone()];
    let stored = put(&store, draft).await;
    let draft = change(&ada, &stored, &Person::default().updated(at(2))).events(at(2), every_change(&ada));
    written.push(draft.0.events.clone());
    put(&store, draft).await;
    drop(store);
    as_version_4(&place, &written).await;

    let store = place.store().await;
    let theirs = "INSERT INTO identity_events (tenant, user_id, number, first, updated_at, commit_id, events) \
                  SELECT tenant, user_id, number + 1, number + 1, updated_at, commit_id, '[]' FROM identity_events";
    assert!(place.raw().await.execute(theirs, &[]).await.is_err(), "a program of version 4 that still runs");
    let stored = store.load(&ada).await.unwrap().unwrap();
    let draft = change(&ada, &stored, &Person::default()).events(at(3), every_change(&ada));
    written.push(draft.0.events.clone());
    let stored = put(&store, draft).await;
    let mut written = written.concat();
    assert_eq!(store.history(&ada, 0, 1_000).await.unwrap(), written);
    let query = ListQuery { order: ListOrder::Updated, after: None, limit: 10, prefix: None };
    assert_eq!(store.list(&tenant("acme"), &query).await.unwrap().users, std::slice::from_ref(&stored));

    let draft = erase(&ada, &stored);
    written.extend(draft.0.events.clone());
    store.commit(draft.0).await.unwrap();
    for recorded in &mut written {
        recorded.event = recorded.event.clone().stripped();
    }
    assert_eq!(store.history(&ada, 0, 1_000).await.unwrap(), written, "in both forms");
}

#[tokio::test]
async fn tables_of_somebody_else_are_refused_and_left_alone() {
    for theirs in [
        "CREATE TABLE identity_meta (name TEXT)",
        "CREATE TABLE identity_meta (value BIGINT, checksum TEXT); INSERT INTO identity_meta VALUES (1, 'another')",
        "CREATE TABLE identity_meta (value BIGINT, checksum TEXT); INSERT INTO identity_meta VALUES (-1, NULL)",
        "CREATE TABLE identity_meta (value TEXT, checksum TEXT); INSERT INTO identity_meta VALUES ('one', 'two')",
        "CREATE TABLE identity_events (theirs TEXT)",
    ] {
        let place = Place::new();
        place.raw().await.batch_execute(&format!("CREATE SCHEMA \"{}\"; {theirs}", place.schema)).await.unwrap();
        match place.options().connect(&place.url()).await {
            Err(StoreError::NotOurs(_)) => {}
            other => panic!("{theirs}: {other:?}"),
        }
        let sql = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()";
        let tables: i64 = place.raw().await.query_one(sql, &[]).await.unwrap().get(0);
        assert!(tables <= 2, "{theirs}: nothing but the table of versions came about");
    }
}

#[tokio::test]
async fn a_program_that_may_not_migrate_says_what_is_missing() {
    let place = Place::new();
    let error = place.options().without_migrating().connect(&place.url()).await.unwrap_err();
    assert!(error.to_string().contains("first run a program that may"), "{error}");
    drop(place.store().await);
    assert!(place.options().without_migrating().connect(&place.url()).await.is_ok());
}
