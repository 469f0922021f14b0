//! A database of an earlier version migrates, and keeps everything.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use std::path::Path;

use common::{Place, at, creation, key, raw, start, stored, verify};
use identity_core::{Change, Content, DeliveryState, Report};
use identity_ports::{Lease, LeaseId, Outbox as _, PostState, Settled, Settlement, UserRepository as _};
use identity_sqlite::{SqliteStore, migrate};
use uuid::Uuid;

/// The tables as they were at version 1.
const FIRST: &str = include_str!("../migrations/0001_users.sql");

fn lease(number: u128, from: i64, until: i64) -> Lease {
    let lasts = at(until).since(at(from));
    Lease { at: Some(at(from)), ..Lease::new(LeaseId(Uuid::from_u128(number)), at(from), lasts, 10) }
}

/// Users in every state, messages that are new, leased, waiting and dead letters, and budgets that are drawn from.
async fn fill(store: &SqliteStore) {
    for (number, user) in (1..).zip(["ada", "bob", "cyd", "dora"]) {
        store.commit(creation(user, number)).await.unwrap();
        store.commit(start(&stored(store, user).await, 10 + number)).await.unwrap();
    }
    store.commit(verify(&stored(store, "bob").await, 20)).await.unwrap();
    let leased = store.lease(Lease { limit: 3, ..lease(1, 100, 200) }).await.unwrap();
    let outcomes = [
        Settlement::Retry { due_at: at(500), error: "busy".to_owned(), provider: None, uncertain: false },
        Settlement::Failed { at: at(101), error: "never".to_owned() },
    ];
    let settled = leased.iter().zip(outcomes).map(|(leased, outcome)| Settled { id: leased.message.id, outcome });
    assert_eq!(store.settle(LeaseId(Uuid::from_u128(1)), settled.collect()).await.unwrap(), 2);
}

/// The same rows in a file of version 1.
fn as_version_1(from: &Path, to: &Path, marked: bool) {
    let connection = raw(to);
    connection.execute_batch(FIRST).unwrap();
    connection.execute("ATTACH ?1 AS later", [from.to_str().unwrap()]).unwrap();
    for table in ["users", "profiles", "identifiers", "claims", "events", "outbox", "quotas"] {
        let columns: String = connection
            .query_row(
                "SELECT group_concat(name, ', ') FROM pragma_table_info(?1, 'main')",
                [format!("identity_{table}")],
                |row| row.get(0),
            )
            .unwrap();
        let copied = connection
            .execute(
                &format!("INSERT INTO main.identity_{table} ({columns}) SELECT {columns} FROM later.identity_{table}"),
                [],
            )
            .unwrap();
        assert!(copied > 0, "identity_{table} has rows to keep");
    }
    connection.execute_batch("DETACH later; INSERT INTO identity_meta VALUES ('schema', 1)").unwrap();
    if marked {
        connection.pragma_update(None, "application_id", i32::from_be_bytes(*b"IDNT")).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
    }
}

#[tokio::test]
async fn a_database_of_version_1_keeps_everything() {
    let (new, old) = (Place::new(), Place::new());
    let before = new.open().await;
    fill(&before).await;
    as_version_1(&new.path(), &old.path(), true);
    let after = old.open().await;
    for user in ["ada", "bob", "cyd", "dora"] {
        assert_eq!(stored(&after, user).await, stored(&before, user).await, "the user as it was");
        let history = after.history(&key(user), 0, 100).await.unwrap();
        assert_eq!(history, before.history(&key(user), 0, 100).await.unwrap(), "and what happened to it");
        let posted = after.posted(&key(user), None, 100).await.unwrap();
        assert_eq!(posted, before.posted(&key(user), None, 100).await.unwrap(), "and its messages");
        assert_eq!(posted.len(), 1);
    }
    let budgets = |place: &Place| {
        let connection = place.raw();
        let mut statement = connection.prepare("SELECT * FROM identity_quotas ORDER BY 1, 2, 3").unwrap();
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?, row.get::<_, i64>(5)?))
        });
        rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    assert!(!budgets(&old).is_empty());
    assert_eq!(budgets(&old), budgets(&new), "and what was drawn");
    let version: i64 = old.raw().query_row("SELECT * FROM pragma_user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 2);
    assert_eq!(
        after.dead_letters(&key("ada").tenant, None, 10).await.unwrap(),
        before.dead_letters(&key("ada").tenant, None, 10).await.unwrap()
    );
    // Who held a message still does, and what came of it can be said.
    assert!(after.lease(lease(2, 150, 300)).await.unwrap().len() == 1, "what was not leased is leased");
    let held = after.posted(&key("cyd"), None, 10).await.unwrap()[0].message.id;
    let sent = Settlement::Sent { at: at(151), provider: None, reference: Some("9".to_owned()) };
    assert_eq!(after.settle(LeaseId(Uuid::from_u128(1)), vec![Settled { id: held, outcome: sent }]).await.unwrap(), 1);
    let report = Report::new(DeliveryState::Delivered, at(160));
    let reported = after.report(held, &report).await.unwrap().unwrap();
    assert_eq!(reported.state(), PostState::Sent(DeliveryState::Delivered));
    // A challenge of then is withdrawn as one of now.
    let ada = stored(&after, "ada").await;
    let waiting = after.posted(&key("ada"), None, 10).await.unwrap();
    let Content::Challenge { identifier, .. } = waiting[0].message.content else { unreachable!("a challenge") };
    let mut commit = verify(&ada, 400);
    assert!(matches!(commit.events[0].event.change, Change::Verified { .. }));
    commit.withdraw = vec![identifier];
    after.commit(commit).await.unwrap();
    assert_eq!(after.posted(&key("ada"), None, 10).await.unwrap(), [], "what it would have sent is void");
    drop(after);
    assert_eq!(stored(&old.open().await, "ada").await.version.0, ada.version.0 + 2, "and it opens again");
}

#[tokio::test]
async fn tables_of_version_1_in_a_hosts_database_migrate_too() {
    let (new, old) = (Place::new(), Place::new());
    fill(&new.open().await).await;
    as_version_1(&new.path(), &old.path(), false);
    let mut connection = old.raw();
    connection.execute_batch("CREATE TABLE orders (id INTEGER PRIMARY KEY); PRAGMA user_version = 9").unwrap();
    migrate(&mut connection).unwrap();
    migrate(&mut connection).unwrap();
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM identity_outbox WHERE identifier IS NOT NULL AND uncertain = 0"), 4);
    assert_eq!(count("SELECT value FROM identity_meta WHERE name = 'schema'"), 2);
    assert_eq!(count("SELECT * FROM pragma_user_version"), 9, "the host's own number stays");
}
