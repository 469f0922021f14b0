//! A row that cannot be read is reported with its table and key, and never guessed at.

use crate::common::Place;
use identity_conformance::kit::{
    NOW, Person, at, change, create, key, letter, mail_key, paid, pending, put, refusing, tenant, verified,
};
use identity_core::Strength;
use identity_ports::{
    Budgets as _, CommitError, ListOrder, ListQuery, Outbox as _, StoreError, Stored, UserRepository as _,
};
use identity_postgres::PostgresStore;

/// A user with a second record.
fn ada() -> Person {
    Person::default().email(1, "ada@example.com", pending()).attempts(1)
}

async fn with_rows() -> (Place, PostgresStore, Stored) {
    let place = Place::new();
    let store = place.store().await;
    let bob = create(&key("bob"), &Person::default().email(2, "bob@example.com", verified()));
    let bob = bob.take(&mail_key("bob@example.com"), Strength::Verified);
    put(&store, bob.message(paid(letter(2, &key("bob"), at(1)), vec![]))).await;
    let ada = create(&key("ada"), &ada());
    let ada = put(&store, ada.message(paid(letter(1, &key("ada"), NOW), vec![refusing("+49", 5, NOW)]))).await;
    (place, store, ada)
}

fn is_corrupt<T: std::fmt::Debug>(result: Result<T, StoreError>, table: &str, sql: &str) {
    match result {
        Err(StoreError::Corrupt { table: found, key, reason }) => {
            assert_eq!(found, table, "{sql}");
            assert!(
                !key.contains('@') && !reason.contains('@') && !reason.contains("secret"),
                "{sql}: {key}: {reason}"
            );
        }
        other => panic!("{sql}: {other:?}"),
    }
}

#[tokio::test]
async fn damaged_rows_of_a_user_are_reported() {
    let damage = [
        ("identity_users", "UPDATE identity_users SET version = -1"),
        ("identity_users", "UPDATE identity_users SET version = version + 1"),
        ("identity_users", "UPDATE identity_users SET record = replace(record, 'ada@', 'bob@')"),
        ("identity_users", "UPDATE identity_users SET record = '{\"secret@example.com\": 1}'"),
        ("identity_users", "UPDATE identity_users SET record = NULL"),
        ("identity_users", "DELETE FROM identity_users"),
        ("identity_users", "UPDATE identity_profiles SET record = '[]'"),
        ("identity_users", "DELETE FROM identity_profiles"),
        ("identity_users", "ALTER TABLE identity_users ALTER version TYPE text"),
    ];
    for (table, sql) in damage {
        let (place, store, _) = with_rows().await;
        if sql.starts_with("ALTER") {
            // The server refuses the statement itself then: an error all the same, and no guess.
            place.sql(sql).await;
            assert!(store.load(&key("ada")).await.is_err(), "{sql}");
            continue;
        }
        let only = if sql.contains("identity_users") { "id" } else { "user_id" };
        place.sql(&format!("{sql} WHERE {only} = 'ada'")).await;
        is_corrupt(store.load(&key("ada")).await, table, sql);
        assert!(store.load(&key("bob")).await.unwrap().is_some(), "{sql}: others are as they were");
        for order in [ListOrder::Created, ListOrder::Updated] {
            let all = ListQuery { order, after: None, limit: 10, prefix: None };
            let listed = store.list(&tenant("acme"), &all).await;
            // A list by the last change finds users by their events.
            if sql.contains("DELETE FROM identity_users") || (order == ListOrder::Updated && sql.contains("version = "))
            {
                assert_eq!(listed.unwrap().users.len(), 1, "{sql}");
            } else {
                is_corrupt(listed, table, sql);
            }
        }
    }
}

#[tokio::test]
async fn damaged_claims_events_and_quotas_are_reported() {
    for sql in ["UPDATE identity_claims SET strength = 'strong'", "UPDATE identity_claims SET rule = 300"] {
        let (place, store, _) = with_rows().await;
        place.sql(sql).await;
        is_corrupt(store.load(&key("bob")).await, "identity_claims", sql);
        assert!(store.load(&key("ada")).await.unwrap().is_some(), "others are as they were");
    }
    for sql in [
        "UPDATE identity_events SET record = replace(record::text, '[2,', '[3,')::json",
        "UPDATE identity_events SET record = '[2,0,null,{\"type\":\"secret\"}]'",
        "UPDATE identity_events SET record = '[2,{\"e\":\"created\"}]'",
        "UPDATE identity_events SET record = '[2]'",
        "UPDATE identity_events SET record = '{}'",
        "UPDATE identity_events SET record = '[]'",
        "UPDATE identity_events SET number = number + 1",
    ] {
        let (place, store, _) = with_rows().await;
        place.sql(sql).await;
        is_corrupt(store.history(&key("ada"), 0, 10).await, "identity_events", sql);
    }
    let (place, store, ada) = with_rows().await;
    put(&store, change(&key("ada"), &ada, &self::ada())).await;
    place.sql("DELETE FROM identity_events WHERE user_id = 'ada' AND number = 1").await;
    is_corrupt(store.history(&key("ada"), 0, 10).await, "identity_events", "a commit is missing");
    let (place, store, ada) = with_rows().await;
    place.sql("UPDATE identity_budgets SET drawn = -5").await;
    let once = || paid(letter(3, &key("ada"), NOW), vec![refusing("+49", 5, NOW)]);
    let twice = || paid(letter(3, &key("ada"), NOW), vec![refusing("+49", 5, NOW), refusing("+49", 5, NOW)]);
    for message in [once(), twice()] {
        let draft = change(&key("ada"), &ada, &self::ada()).message(message);
        match store.commit(draft.0).await {
            Err(CommitError::Store(error)) => is_corrupt::<()>(Err(error), "identity_budgets", "drawn"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(store.load(&key("ada")).await.unwrap(), Some(ada), "and nothing was written");
}

#[tokio::test]
async fn an_event_beyond_the_version_of_its_user_is_reported() {
    let (place, store, ada) = with_rows().await;
    place
        .sql(
            "INSERT INTO identity_events SELECT 2, updated_at, commit_id, tenant, user_id, record FROM identity_events",
        )
        .await;
    match store.commit(change(&key("ada"), &ada, &self::ada()).0).await {
        Err(CommitError::Store(error)) => is_corrupt::<()>(Err(error), "identity_events", "beyond the version"),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.load(&key("ada")).await.unwrap(), Some(ada), "and nothing was written");
}

#[tokio::test]
async fn a_damaged_message_is_reported_once_and_delays_no_other() {
    for sql in ["format = 0", "channel = 'fax'", "address = 'secret'", "content = '{\"type\":\"secret@example.com\"}'"]
    {
        let (place, store, _) = with_rows().await;
        place.sql(&format!("UPDATE identity_outbox SET {sql} WHERE user_id = 'ada'")).await;
        let lease = |number| identity_conformance::kit::lease(number, at(1_000), at(2_000), 10);
        is_corrupt(store.lease(lease(1)).await, "identity_outbox", sql);
        let leased = store.lease(lease(2)).await.unwrap();
        assert_eq!(leased.len(), 1, "{sql}");
        assert_eq!((&leased[0].message.key, leased[0].attempts), (&key("bob"), 1));
        is_corrupt(store.dead_letters(&tenant("acme"), None, 10).await, "identity_outbox", sql);
    }
}

#[tokio::test]
async fn windows_of_budgets_go_when_messages_are_pruned_a_week_after_their_end() {
    let place = Place::new();
    let store = place.store().await;
    let (at, far) = (identity_core::Timestamp::from_secs, identity_core::Timestamp::from_micros(i64::MAX / 2));
    for (quota, at) in [("ended", at(0)), ("open", at(10)), ("ahead", far)] {
        store.draw(&tenant("acme"), &[], &[refusing(quota, 5, at)]).await.unwrap();
    }
    let week = std::time::Duration::from_secs(7 * 86_400);
    let left = async || {
        let rows = place.raw().await.query("SELECT quota FROM identity_budgets ORDER BY quota", &[]).await.unwrap();
        rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>()
    };
    store.prune(at(60) + week, 10).await.unwrap();
    assert_eq!(left().await, ["ahead", "ended", "open"], "it ended a week ago and not before");
    store.prune(at(61) + week, 10).await.unwrap();
    assert_eq!(left().await, ["ahead", "open"]);
    store.prune(identity_core::Timestamp::from_micros(i64::MAX), 10).await.unwrap();
    assert_eq!(left().await, ["ahead"], "the clock of a worker that is ahead does not open new windows");
}

#[tokio::test]
async fn c93_a_message_in_a_newer_format_is_left_for_a_newer_program_until_an_hour_after_it_expired() {
    let (place, store, _) = with_rows().await;
    // It expires in the year 2255.
    place.sql("UPDATE identity_outbox SET format = 2, expires_at = 9000000000000000 WHERE user_id = 'ada'").await;
    let lease = |number| identity_conformance::kit::lease(number, at(1_000), at(1_010), 10);
    for number in 1..4 {
        let leased = store.lease(lease(number)).await.unwrap();
        assert!(leased.iter().all(|leased| leased.message.key == key("bob")), "it is nobody's here");
        store.prune(identity_core::Timestamp::from_secs(0), 10).await.unwrap();
    }
    let row = async || {
        let sql = "SELECT attempts, failed_at IS NULL, coalesce(error, '') FROM identity_outbox WHERE user_id = 'ada'";
        let row = place.raw().await.query_one(sql, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, bool>(1), row.get::<_, String>(2))
    };
    assert_eq!(row().await, (0, true, String::new()), "as the newer program left it");
    assert!(store.posted(&key("ada"), None, 10).await.unwrap().is_empty(), "nor is it listed");
    place.sql("UPDATE identity_outbox SET expires_at = 1000 WHERE user_id = 'ada'").await;
    store.prune(identity_core::Timestamp::from_secs(0), 10).await.unwrap();
    let (attempts, waits, error) = row().await;
    assert!(attempts == 0 && !waits && error.contains("format 2"), "{error}");
}
