//! A damaged row is reported under its table and key, and never guessed at.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;

use common::{Place, at, creation, key, start, stored, verify};
use identity_core::TenantId;
use identity_ports::{CommitError, ListOrder, ListQuery, Outbox as _, StoreError, UserRepository as _};

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
    let damage = [
        ("identity_users", "UPDATE identity_users SET version = -1"),
        ("identity_users", "UPDATE identity_users SET disabled = 2"),
        ("identity_users", "UPDATE identity_users SET primary_email = x'00'"),
        ("identity_users", "UPDATE identity_users SET primary_phone = zeroblob(16)"),
        ("identity_users", "UPDATE identity_users SET retired = '{\"secret@example.com\": 1}'"),
        ("identity_users", "PRAGMA foreign_keys = OFF; DELETE FROM identity_users"),
        ("identity_users", "UPDATE identity_identifiers SET position = 3"),
        ("identity_users", "UPDATE identity_identifiers SET replaces = zeroblob(16)"),
        ("identity_identifiers", "UPDATE identity_identifiers SET kind = 'fax'"),
        ("identity_identifiers", "UPDATE identity_identifiers SET kind = 'phone'"),
        ("identity_identifiers", "UPDATE identity_identifiers SET id = x'0102'"),
        ("identity_identifiers", "UPDATE identity_identifiers SET address = 'secret'"),
        ("identity_identifiers", "UPDATE identity_identifiers SET address = 'ada@example.cos' WHERE user_id = 'ada'"),
        (
            "identity_identifiers",
            "UPDATE identity_identifiers SET claim_key = 'secret@example.com' WHERE user_id = 'ada'",
        ),
        ("identity_identifiers", "UPDATE identity_identifiers SET address = CAST(x'ff' AS TEXT)"),
        ("identity_identifiers", "UPDATE identity_identifiers SET typed = ''"),
        ("identity_identifiers", "UPDATE identity_identifiers SET unrestricted = -1"),
        ("identity_identifiers", "UPDATE identity_identifiers SET sign_in = 'secret'"),
        ("identity_identifiers", "UPDATE identity_identifiers SET verified_at = 1, verified_by = NULL"),
        ("identity_identifiers", "UPDATE identity_identifiers SET verified_at = 1, verified_by = 'secret'"),
        ("identity_identifiers", "UPDATE identity_identifiers SET verified_at = 1, verified_by = 'code'"),
        ("identity_identifiers", "UPDATE identity_identifiers SET verified_at = NULL, verified_by = 'code'"),
        ("identity_identifiers", "UPDATE identity_identifiers SET failed_in_a_row = -1"),
        ("identity_identifiers", "UPDATE identity_identifiers SET failed_at = '[\"secret\"]'"),
        ("identity_identifiers", "UPDATE identity_identifiers SET sent_at = '[1,'"),
        ("identity_identifiers", "UPDATE identity_identifiers SET challenge_nonce = x'00'"),
        ("identity_identifiers", "UPDATE identity_identifiers SET challenge_key = ''"),
        ("identity_identifiers", "UPDATE identity_identifiers SET challenge_purpose = 'secret'"),
        ("identity_identifiers", "UPDATE identity_identifiers SET challenge_proof = NULL"),
        ("identity_identifiers", "UPDATE identity_identifiers SET challenge_length = 0"),
        ("identity_identifiers", "UPDATE identity_identifiers SET challenge_length = 300"),
        ("identity_identifiers", "UPDATE identity_identifiers SET challenge_alphabet = 'emoji'"),
        ("identity_identifiers", "UPDATE identity_identifiers SET challenge_issued_at = NULL"),
        ("identity_identifiers", "UPDATE identity_identifiers SET challenge_tries = 256"),
        ("identity_identifiers", "UPDATE identity_identifiers SET undeliverable = '{\"why\":\"secret\"}'"),
        ("identity_profiles", "UPDATE identity_profiles SET claims = '[]'"),
        ("identity_profiles", "UPDATE identity_profiles SET credentials = '{\"passkeys\": \"secret\"}'"),
        ("identity_profiles", "UPDATE identity_profiles SET sign_ins = 'null '"),
    ];
    for (table, sql) in damage {
        let (place, store) = with_rows().await;
        place.raw().execute_batch(sql).unwrap();
        is_corrupt(store.load(&key("ada")).await, table, sql);
        let all = ListQuery { order: ListOrder::Created, after: None, limit: 10, prefix: None };
        if sql.contains("DELETE") {
            assert!(store.list(&TenantId::default(), &all).await.unwrap().users.is_empty());
        } else {
            is_corrupt(store.list(&TenantId::default(), &all).await, table, sql);
        }
    }
}

#[tokio::test]
async fn damaged_claims_events_and_quotas_are_reported() {
    for sql in ["UPDATE identity_claims SET strength = 'strong'", "UPDATE identity_claims SET claim_rule = 300"] {
        let (place, store) = with_rows().await;
        place.raw().execute_batch(sql).unwrap();
        is_corrupt(store.load(&key("bob")).await, "identity_claims", sql);
        assert!(store.load(&key("ada")).await.unwrap().is_some(), "others are as they were");
    }
    for sql in [
        "UPDATE identity_events SET format = 2",
        "UPDATE identity_events SET type = 'verified' WHERE number = 1",
        "UPDATE identity_events SET change = '{\"type\":\"secret\"}'",
        "UPDATE identity_events SET change = '{'",
    ] {
        let (place, store) = with_rows().await;
        place.raw().execute_batch(sql).unwrap();
        is_corrupt(store.history(&key("ada"), 0, 10).await, "identity_events", sql);
    }
    let (place, store) = with_rows().await;
    place.raw().execute_batch("UPDATE identity_quotas SET drawn = -5").unwrap();
    let ada = stored(&store, "ada").await;
    match store.commit(start(&ada, 100)).await {
        Err(CommitError::Store(error)) => is_corrupt::<()>(Err(error), "identity_quotas", "drawn"),
        other => panic!("{other:?}"),
    }
    assert_eq!(stored(&store, "ada").await, ada, "and nothing was written");
}

#[tokio::test]
async fn a_damaged_message_is_reported_once_and_holds_up_nobody() {
    for sql in [
        "format = 0",
        "channel = 'fax'",
        "address = 'secret'",
        "content = '{\"type\":\"secret@example.com\"}'",
        "attempts = -1",
        "uncertain = -1",
        "provider = CAST(x'ff' AS TEXT)",
    ] {
        let (place, store) = with_rows().await;
        place.raw().execute_batch(&format!("UPDATE identity_outbox SET {sql} WHERE user_id = 'ada'")).unwrap();
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
    place.raw().execute_batch("DELETE FROM identity_identifiers WHERE user_id = 'ada'").unwrap();
    match store.commit(verify(&ada, 100)).await {
        Err(CommitError::Store(error)) => is_corrupt::<()>(Err(error), "identity_identifiers", "vanished"),
        other => panic!("{other:?}"),
    }
}

/// It expires in the year 2255.
const NEWER: &str = "UPDATE identity_outbox SET format = 2, expires_at = 9000000000000000 WHERE user_id = 'ada'";

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
        let sql = "SELECT attempts, failed_at IS NULL, coalesce(error, '') FROM identity_outbox WHERE user_id = 'ada'";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        place.raw().query_row::<(i64, bool, String), _, _>(sql, [], read).unwrap()
    };
    assert_eq!(row(), (0, true, String::new()), "as the newer program left it");
    assert!(store.posted(&key("ada"), None, 10).await.unwrap().is_empty(), "nor is it listed");
    place.raw().execute_batch("UPDATE identity_outbox SET expires_at = 1000 WHERE user_id = 'ada'").unwrap();
    store.prune(identity_core::Timestamp::from_secs(0), 10).await.unwrap();
    let (attempts, waits, error) = row();
    assert!(attempts == 0 && !waits && error.contains("format 2"), "{error}");
}
