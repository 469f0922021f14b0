//! The tables come about once, whoever makes them, and only if they are ours.

use crate::common::Place;
use identity_conformance::kit::{Person, create, key, put};
use identity_ports::{StoreError, UserRepository as _};

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
        assert_eq!(steps.len(), 4, "each step is noted once");
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
            Err(StoreError::Newer { database: 7, program: 4 }) => {}
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
    place.sql("INSERT INTO identity_meta VALUES (5, 'of a later program', 4)").await;
    for options in [place.options(), place.options().without_migrating()] {
        let store = options.connect(&place.url()).await.unwrap();
        assert!(store.load(&key("ada")).await.unwrap().is_some());
    }
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
