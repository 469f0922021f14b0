//! A damaged row is reported under its table and key, and never guessed at.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;

use common::{Place, at, creation, key, start, stored, verify};
use identity_conformance::kit::refusing;
use identity_core::{Claim, Email, Strength, TenantId, Timestamp};
use identity_ports::{
    Budgets as _, CommitError, EventFeed as _, FeedCursor, FeedError, ListOrder, ListQuery, Outbox as _, StoreError,
    UserRepository as _,
};

async fn with_rows() -> (Place, identity_sqlite::SqliteStore) {
    let place = Place::new();
    let store = place.open().await;
    for (number, user) in [(1, "ada"), (2, "bob")] {
        store.commit(creation(user, number)).await.unwrap();
        store.commit(start(&stored(&store, user).await, 10 + number)).await.unwrap();
    }
    store.commit(verify(&stored(&store, "bob").await, 20)).await.unwrap();
    (place, store)
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
    // The record has a checksum over itself, the user and the version.
    let damage = [
        "UPDATE identity_users SET version = version + 1",
        "UPDATE identity_users SET version = -1",
        "UPDATE identity_users SET record = ''",
        "UPDATE identity_users SET record = 'secret'",
        "UPDATE identity_users SET record = replace(record, 'example', 'exampel')",
        "UPDATE identity_users SET record = replace(record, '\"v\":1', '\"v\":2')",
        "UPDATE identity_users SET record = (SELECT record FROM identity_users WHERE id = 'bob')",
        "UPDATE identity_users SET record = CAST(x'ff' AS TEXT)",
        "UPDATE identity_users SET claims = 'secret@example.com'",
        "UPDATE identity_users SET claims = '[[\"fax\",1,\"a\",\"verified\"]]'",
        "UPDATE identity_users SET claims = '[[\"email\",300,\"a\",\"verified\"]]'",
        "DELETE FROM identity_profiles",
        "UPDATE identity_profiles SET record = replace(record, 'en-GB', 'en-US')",
        "UPDATE identity_profiles SET record = (SELECT record FROM identity_profiles WHERE user = 2)",
    ];
    for sql in damage {
        let (place, store) = with_rows().await;
        let others = stored(&store, "bob").await;
        let sql = if sql.starts_with("DELETE") || sql.contains("identity_profiles SET") {
            format!("{sql} WHERE user = 1")
        } else {
            format!("{sql} WHERE id = 'ada'")
        };
        place.raw().execute_batch(&sql).unwrap();
        is_corrupt(store.load(&key("ada")).await, "identity_users", &sql);
        assert_eq!(stored(&store, "bob").await, others, "others are as they were");
        let all = ListQuery { order: ListOrder::Created, after: None, limit: 10, prefix: None };
        is_corrupt(store.list(&TenantId::default(), &all).await, "identity_users", &sql);
    }
}

#[tokio::test]
async fn a_damaged_event_is_named_by_the_feed_and_never_passed_over() {
    for sql in [
        "UPDATE identity_events SET events = 'secret@example.com' WHERE event = 2",
        "UPDATE identity_events SET first = 9223372036854775807 WHERE event = 2",
        "UPDATE identity_events SET last = last + 1 WHERE event = 2",
        "UPDATE identity_events SET user = 9 WHERE event = 2",
        "UPDATE identity_users SET id = '' WHERE user = 2",
    ] {
        let (place, store) = with_rows().await;
        place.raw().execute_batch(sql).unwrap();
        let first = store.events_after(FeedCursor::START, 1).await.unwrap();
        assert!(!first.events.is_empty(), "what is before it is read: {sql}");
        let next = store.events_after(first.next, 9).await.map_err(|error| match error {
            FeedError::Store(error) => error,
            other => panic!("{sql}: {other}"),
        });
        is_corrupt(next, "identity_events", sql);
    }
}

#[tokio::test]
async fn a_record_in_a_newer_form_is_refused_with_both_versions() {
    let (place, store) = with_rows().await;
    let sql = "UPDATE identity_users SET record = '{\"v\":7,\"later\":1}' WHERE id = 'ada'";
    place.raw().execute_batch(sql).unwrap();
    let error = store.load(&key("ada")).await.unwrap_err().to_string();
    assert!(error.contains("default/ada") && error.contains('7') && error.contains("up to 3"), "{error}");
    assert_eq!(stored(&store, "bob").await.version.0, 6);
}

#[tokio::test]
async fn damaged_keys_claims_events_and_budgets_are_reported() {
    let bob = identity_conformance::kit::mail_key("bob@example.com");
    for (table, sql) in [
        ("identity_lookup", "UPDATE identity_lookup SET user_id = 'ada' WHERE user_id = 'bob'"),
        ("identity_lookup", "UPDATE identity_lookup SET verified = 0 WHERE user_id = 'bob'"),
        ("identity_lookup", "UPDATE identity_lookup SET identifier = zeroblob(16) WHERE user_id = 'bob'"),
        ("identity_lookup", "UPDATE identity_lookup SET identifier = x'00' WHERE user_id = 'bob'"),
        ("identity_lookup", "UPDATE identity_lookup SET checksum = -1 WHERE user_id = 'bob'"),
        ("identity_lookup", "UPDATE identity_lookup SET key = 'ada@example.com' WHERE user_id = 'bob'"),
        ("identity_lookup", "DELETE FROM identity_lookup WHERE user_id = 'bob'"),
        ("identity_claims", "UPDATE identity_claims SET strength = 'strong'"),
    ] {
        let (place, store) = with_rows().await;
        place.raw().execute_batch(sql).unwrap();
        is_corrupt(store.find(&TenantId::default(), std::slice::from_ref(&bob)).await, table, sql);
        assert!(!store.verify().await.unwrap().is_sound(), "{sql}");
    }
    for sql in [
        "events = replace(events, '[2,', '[9,')",
        "events = '[{\"type\":\"secret\"}]'",
        "events = '['",
        "events = '[]'",
        "user = 2",
        "first = first - 1",
        "last = last + 1",
        "earlier = 77",
        "earlier = event",
    ] {
        let (place, store) = with_rows().await;
        let sql = format!(
            "UPDATE identity_events SET {sql} WHERE event = (SELECT last_event FROM identity_users WHERE id = 'ada')"
        );
        place.raw().execute_batch(&sql).unwrap();
        is_corrupt(store.history(&key("ada"), 0, 10).await, "identity_events", &sql);
        assert_eq!(store.history(&key("bob"), 0, 10).await.unwrap().len(), 6);
        assert!(!store.verify().await.unwrap().is_sound(), "{sql}");
    }
    let (place, store) = with_rows().await;
    place.raw().execute_batch("UPDATE identity_budgets SET drawn = -5").unwrap();
    let ada = stored(&store, "ada").await;
    match store.commit(start(&ada, 100)).await {
        Err(CommitError::Store(error)) => is_corrupt::<()>(Err(error), "identity_budgets", "drawn"),
        other => panic!("{other:?}"),
    }
    assert_eq!(stored(&store, "ada").await, ada, "and nothing was written");
}

#[tokio::test]
async fn a_damaged_message_is_reported_once_and_holds_up_nobody() {
    for sql in [
        "format = 0",
        "address = 'secret'",
        "message = '{\"type\":\"secret@example.com\"}'",
        "message = replace(message, 'ada@example.com', 'adb@example.com')",
        "attempts = -1",
        "uncertain = -1",
        "provider = CAST(x'ff' AS TEXT)",
    ] {
        let (place, store) = with_rows().await;
        place.raw().execute_batch(&format!("UPDATE identity_outbox SET {sql} WHERE user = 1")).unwrap();
        let lease = |number| identity_conformance::kit::lease(number, at(1_000), at(2_000), 10);
        is_corrupt(store.lease(lease(1)).await, "identity_outbox", sql);
        let leased = store.lease(lease(2)).await.unwrap();
        assert_eq!(leased.len(), 1, "{sql}");
        assert_eq!(leased[0].message.key, key("bob"));
        // A dead letter does not show how it was sent.
        if !sql.starts_with("uncertain") && !sql.starts_with("provider") {
            is_corrupt(store.dead_letters(&TenantId::default(), None, 10).await, "identity_outbox", sql);
        }
        is_corrupt(store.posted(&key("ada"), None, 10).await, "identity_outbox", sql);
    }
}

#[tokio::test]
async fn an_identifier_that_vanished_is_reported_when_it_is_written() {
    let (place, store) = with_rows().await;
    let ada = stored(&store, "ada").await;
    place.raw().execute_batch("DELETE FROM identity_lookup WHERE user_id = 'ada'").unwrap();
    match store.commit(verify(&ada, 100)).await {
        Err(CommitError::Store(error)) => is_corrupt::<()>(Err(error), "identity_lookup", "vanished"),
        other => panic!("{other:?}"),
    }
}

/// It expires in the year 2255.
const NEWER: &str = "UPDATE identity_outbox SET format = 2, expires_at = 9000000000000000 WHERE user = 1";

#[tokio::test]
async fn windows_of_budgets_go_when_messages_are_pruned_a_week_after_their_end() {
    let place = Place::new();
    let store = place.open().await;
    let far = Timestamp::from_micros(i64::MAX / 2);
    for (quota, at) in [("ended", at(0)), ("open", at(10)), ("ahead", far)] {
        store.draw(&TenantId::default(), &[], &[refusing(quota, 5, at)]).await.unwrap();
    }
    let week = std::time::Duration::from_secs(7 * 86_400);
    let left = || -> String {
        let sql = "SELECT group_concat(quota, ' ' ORDER BY quota) FROM identity_budgets";
        place.raw().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    store.prune(at(60) + week, 10).await.unwrap();
    assert_eq!(left(), "ahead ended open", "it ended a week ago and not before");
    store.prune(at(61) + week, 10).await.unwrap();
    assert_eq!(left(), "ahead open");
    store.prune(Timestamp::from_micros(i64::MAX), 10).await.unwrap();
    assert_eq!(left(), "ahead", "the clock of a worker that is ahead does not open new windows");
}

#[tokio::test]
async fn c93_a_message_in_a_newer_format_is_left_for_a_newer_program_until_an_hour_after_it_expired() {
    let (place, store) = with_rows().await;
    place.raw().execute_batch(NEWER).unwrap();
    let lease = |number| identity_conformance::kit::lease(number, at(1_000), at(1_010), 10);
    for number in 1..4 {
        let leased = store.lease(lease(number)).await.unwrap();
        assert!(leased.iter().all(|leased| leased.message.key == key("bob")), "it is nobody's here");
        store.prune(identity_core::Timestamp::from_secs(0), 10).await.unwrap();
    }
    let row = || {
        let sql = "SELECT attempts, failed_at IS NULL, coalesce(error, '') FROM identity_outbox WHERE user = 1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        place.raw().query_row::<(i64, bool, String), _, _>(sql, [], read).unwrap()
    };
    assert_eq!(row(), (0, true, String::new()), "as the newer program left it");
    assert!(store.posted(&key("ada"), None, 10).await.unwrap().is_empty(), "nor is it listed");
    place.raw().execute_batch("UPDATE identity_outbox SET expires_at = 1000 WHERE user = 1").unwrap();
    store.prune(identity_core::Timestamp::from_secs(0), 10).await.unwrap();
    let (attempts, waits, error) = row();
    assert!(attempts == 0 && !waits && error.contains("format 2"), "{error}");
}

#[tokio::test]
async fn a_slot_of_a_mailbox_is_sound_on_a_verified_address_of_it() {
    for (mailbox, is_sound) in [("ada@example.com", true), ("other@example.com", false)] {
        let place = Place::new();
        let store = place.open().await;
        store.commit(creation("ada", 1)).await.unwrap();
        let mut commit = verify(&stored(&store, "ada").await, 2);
        let key = Email::parse(mailbox).unwrap().mailbox_key().slot(2);
        commit.claims.take.push(Claim { key, strength: Strength::Verified });
        store.commit(commit).await.unwrap();
        let verification = store.verify().await.unwrap();
        assert_eq!(verification.is_sound(), is_sound, "{mailbox}: {verification}");
    }
}
