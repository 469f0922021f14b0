//! A database of an earlier version migrates, and keeps everything.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;
#[path = "common/town.rs"]
mod town;

use std::path::Path;
use std::time::Duration;

use common::{Place, raw};
use identity_conformance::kit::{
    Person, Sight, at, change, create, erase, every_change, key, look, mail_key, phone_key, put, raw_key,
};
use identity_core::{ClaimKey, ClaimKind, Event, Timestamp};
use identity_ports::{
    Clock, Directory as _, DirectoryOrder, DirectoryQuery, ListOrder, ListQuery, Outbox as _, SortKey, StoreError,
    UserRepository as _,
};
use identity_sqlite::rusqlite::Connection;
use identity_sqlite::{SqliteStore, migrate};

/// The tables as they were at version 1, and what led to version 2.
const FIRST: &str = include_str!("../migrations/0001_users.sql");
const SECOND: &str = include_str!("../migrations/0002_delivery.sql");

/// The rows of the town in the tables of version 2, as the last program of that version wrote them.
const TOWN: &str = include_str!("files/version_2.sql");

/// The keys by which somebody may be found.
fn keys() -> Vec<ClaimKey> {
    let mut keys = vec![
        mail_key("o'brien%_@example.com"),
        mail_key("gone@example.com"),
        mail_key("nobody@example.com"),
        phone_key("+441514960453"),
        raw_key(ClaimKind::Username, "countess"),
        raw_key(ClaimKind::Email, "claimed@example.com"),
    ];
    keys.extend((0..40).map(|number| mail_key(&format!("e{number}@example.com"))));
    keys.extend((0..6).map(|number| mail_key(&format!("user.{number}@example.com"))));
    keys
}

/// The store's clock, by which leases are measured.
struct At;

impl Clock for At {
    fn now(&self) -> Timestamp {
        at(20)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

async fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::options().with_clock(At).open(path).await
}

/// A file of version 1 or 2 with the town in it.
fn old(path: &Path, version: u32, marked: bool) {
    let connection = raw(path);
    connection.execute_batch(FIRST).unwrap();
    connection.execute_batch(SECOND).unwrap();
    connection.execute_batch(TOWN).unwrap();
    if version == 1 {
        // What the second migration adds goes again.
        let added = ["uncertain", "provider", "reference", "sent_at", "report", "reported_at", "report_detail"];
        connection
            .execute_batch(
                "DROP INDEX identity_outbox_due; DROP INDEX identity_outbox_ended; DROP INDEX identity_outbox_id;",
            )
            .unwrap();
        for column in ["identifier"].iter().chain(&added) {
            connection.execute_batch(&format!("ALTER TABLE identity_outbox DROP COLUMN {column}")).unwrap();
        }
        connection
            .execute_batch(
                "ALTER TABLE identity_identifiers DROP COLUMN undeliverable;
                 CREATE INDEX identity_outbox_due ON identity_outbox (due_at, id) WHERE failed_at IS NULL;
                 CREATE INDEX identity_outbox_leased ON identity_outbox (lease, id) WHERE lease IS NOT NULL;",
            )
            .unwrap();
    }
    connection.execute("INSERT INTO identity_meta VALUES ('schema', ?1)", [version]).unwrap();
    if marked {
        connection.pragma_update(None, "application_id", i32::from_be_bytes(*b"IDNT")).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
    }
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
}

/// Everything that the ports show of the town, the budgets and the orders included.
async fn sight(store: &SqliteStore, path: &Path) -> (Sight, Vec<String>) {
    let seen = look(store, &town::everybody(), &keys()).await;
    let mut lines = Vec::new();
    for tenant in [key("ada").tenant, identity_conformance::kit::tenant("other")] {
        for order in [ListOrder::Created, ListOrder::LatestUpdated] {
            let query = ListQuery { order, after: None, limit: 100, prefix: None };
            let page = store.list(&tenant, &query).await.unwrap();
            lines.extend(page.users.iter().map(|stored| format!("{order:?} {:?}", stored.user.id())));
        }
        let by = |path| DirectoryOrder::Reported(SortKey::new(path));
        let reported = [by(&["sign_ins", "attempts_count"]), by(&["credentials", "password_updated_at"])];
        for order in [DirectoryOrder::Created, DirectoryOrder::Updated].into_iter().chain(reported) {
            let query = DirectoryQuery { order, limit: 100, ..DirectoryQuery::default() };
            let page = store.browse(&tenant, &query).await.unwrap();
            lines.extend(page.users.iter().map(|stored| format!("{order:?} {:?}", stored.user.id())));
        }
        lines.extend(store.dead_letters(&tenant, None, 100).await.unwrap().iter().map(|dead| format!("{dead:?}")));
    }
    let raw = raw(path);
    let sql = "SELECT concat_ws('|', tenant, quota, kind, began_at, ends_at, drawn) FROM identity_budgets ORDER BY 1";
    let mut budgets = raw.prepare(sql).unwrap();
    lines.extend(budgets.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap));
    (seen, lines)
}

fn count(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The tables of version 2 are gone, and the versions are noted.
fn is_done(connection: &Connection) {
    assert_eq!(
        count(connection, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'identity\\_old%' ESCAPE '\\'"),
        0
    );
    assert_eq!(count(connection, "SELECT value FROM identity_meta WHERE name = 'schema'"), 4);
    assert_eq!(count(connection, "SELECT value FROM identity_meta WHERE name = 'compatible_since'"), 4);
}

#[tokio::test]
async fn a_database_of_version_2_keeps_everything() {
    let (new, old_place) = (Place::new(), Place::new());
    let before = open(&new.path()).await.unwrap();
    town::fill(&before).await;
    old(&old_place.path(), 2, true);
    let after = open(&old_place.path()).await.unwrap();
    let (expected, found) = (sight(&before, &new.path()).await, sight(&after, &old_place.path()).await);
    assert_eq!(found.1, expected.1);
    assert_eq!(format!("{:#?}", found.0), format!("{:#?}", expected.0));
    assert_eq!(found.0, expected.0);
    assert!(found.1.len() > 50, "{:?}", found.1);
    let raw = old_place.raw();
    is_done(&raw);
    assert_eq!(count(&raw, "SELECT * FROM pragma_user_version"), 4);
    drop(after);
    assert_eq!(sight(&open(&old_place.path()).await.unwrap(), &old_place.path()).await, expected, "and it opens again");
}

#[tokio::test]
async fn a_database_of_version_1_keeps_what_version_1_knew() {
    let (second, first) = (Place::new(), Place::new());
    old(&second.path(), 2, true);
    old(&first.path(), 1, true);
    let (second_store, first_store) = (open(&second.path()).await.unwrap(), open(&first.path()).await.unwrap());
    for key in town::everybody() {
        let strip = |text: String| text.replace("undeliverable: None", "");
        let read = |stored: Option<identity_ports::Stored>| {
            let stored = stored?;
            let mut person = identity_conformance::kit::Person::of(&stored.user);
            person.entries.iter_mut().for_each(|entry| entry.undeliverable = None);
            Some(strip(format!(
                "{:?} {:?} {:?}",
                person.with_id(stored.user.id()).user(),
                stored.version,
                stored.claims
            )))
        };
        let (later, earlier) = (second_store.load(&key).await.unwrap(), first_store.load(&key).await.unwrap());
        assert_eq!(read(earlier), read(later), "{key:?}");
        let history = first_store.history(&key, 0, 1_000).await.unwrap();
        assert_eq!(history, second_store.history(&key, 0, 1_000).await.unwrap());
        let posted = first_store.posted(&key, None, 100).await.unwrap();
        let messages =
            |posted: Vec<identity_ports::Posted>| posted.into_iter().map(|posted| posted.message).collect::<Vec<_>>();
        assert_eq!(messages(posted), messages(second_store.posted(&key, None, 100).await.unwrap()));
    }
    is_done(&first.raw());
    let challenges = "SELECT count(*) FROM identity_outbox WHERE identifier IS NOT NULL";
    assert_eq!(count(&first.raw(), challenges), 3, "a challenge of then can be withdrawn");
}

#[tokio::test]
async fn tables_of_an_earlier_version_in_a_hosts_database_migrate_too() {
    for version in [1, 2] {
        let place = Place::new();
        old(&place.path(), version, false);
        let mut connection = place.raw();
        connection
            .execute_batch(
                "CREATE TABLE orders (tenant TEXT, user_id TEXT, FOREIGN KEY (tenant, user_id) REFERENCES identity_users
                 (tenant, id)); INSERT INTO orders VALUES ('acme', 'ada'); PRAGMA user_version = 9;
                 CREATE VIEW buyers AS SELECT u.version FROM orders JOIN identity_users u ON u.id = orders.user_id",
            )
            .unwrap();
        let keys = count(&connection, "PRAGMA foreign_keys");
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        is_done(&connection);
        assert_eq!(count(&connection, "SELECT * FROM pragma_user_version"), 9, "the host's own number stays");
        assert_eq!(count(&connection, "PRAGMA foreign_keys"), keys);
        assert_eq!(count(&connection, "SELECT version FROM buyers"), 3, "the host's view reads the new table");
        let keys = "SELECT count(*) FROM pragma_foreign_key_list('orders') WHERE \"table\" = 'identity_users'";
        assert_eq!(count(&connection, keys), 2, "and its foreign key refers to it");
        assert_eq!(count(&connection, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    }
}

#[tokio::test]
async fn a_claim_that_somebody_took_from_a_user_who_stayed_behind_is_theirs() {
    let place = Place::new();
    old(&place.path(), 2, true);
    let harm = |cell: &str| {
        let tables = ["identity_identifiers", "identity_old_identifiers"];
        let sql = |table| format!("UPDATE {table} SET failed_at = {cell} WHERE kind = 'email' AND user_id = 'ada'");
        tables.map(|table| place.raw().execute(&sql(table), []).unwrap_or_default()).iter().sum::<usize>()
    };
    assert!(harm("'[1,'") > 0);
    assert!(open(&place.path()).await.unwrap().load(&key("ada")).await.is_err());
    let taken = "UPDATE identity_claims SET user_id = 'plain', strength = 'verified' WHERE key = 'claimed@example.com'";
    assert_eq!(place.raw().execute(taken, []).unwrap(), 1);
    assert!(harm("NULL") > 0);
    let store = open(&place.path()).await.unwrap();
    let held = store.load(&key("ada")).await.unwrap().unwrap().claims;
    assert_eq!(held.iter().map(|claim| claim.key.as_str()).collect::<Vec<_>>(), ["e0@example.com", "e1@example.com"]);
    assert_eq!(count(&place.raw(), "SELECT count(*) FROM identity_claims WHERE user_id = 'plain'"), 1);
}

/// A file with many users of version 2.
fn many(path: &Path, users: u32) {
    old(path, 2, true);
    let connection = raw(path);
    let copy = format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {users})
         INSERT INTO identity_users (tenant, id, version, created_at, updated_at, disabled)
         SELECT 'many', 'u' || n, 1, n, n, 0 FROM n;
         INSERT INTO identity_events (tenant, user_id, number, format, at, type, change)
         SELECT tenant, id, 1, 1, created_at, 'created', json_object('type', 'created', 'user', id)
         FROM identity_users WHERE tenant = 'many'"
    );
    connection.execute_batch(&copy).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_migration_that_was_killed_in_the_middle_goes_on() {
    const USERS: u32 = 4_000;
    let (new, old_place, killed) = (Place::new(), Place::new(), Place::new());
    let before = open(&new.path()).await.unwrap();
    town::fill(&before).await;
    many(&old_place.path(), USERS);
    let path = old_place.path();
    let migration = tokio::spawn(async move { open(&path).await.map(drop) });
    // What a process leaves that is killed now: a snapshot of the file between two of its transactions.
    let raw = old_place.raw();
    let copied = loop {
        assert!(!migration.is_finished(), "the migration ended before it was seen under way");
        let _ = std::fs::remove_file(killed.path());
        if raw.execute("VACUUM INTO ?1", [killed.path().to_str().unwrap()]).is_err() {
            continue;
        }
        let copy = killed.raw();
        let under_way = "SELECT count(*) FROM sqlite_schema WHERE name = 'identity_old_users'";
        if count(&copy, under_way) == 1 {
            let moved = count(&copy, "SELECT count(*) FROM identity_users");
            if moved > 0 && count(&copy, "SELECT count(*) FROM identity_old_users") > 0 {
                break moved;
            }
        }
    };
    migration.await.unwrap().unwrap();
    let half = killed.raw();
    // A program of the earlier version that opens it now, or that still has it open, writes nothing.
    assert_eq!(count(&half, "SELECT value FROM identity_meta WHERE name = 'schema'"), 4);
    let event = "INSERT INTO identity_events (tenant, user_id, number, format, at, actor, type, change) \
                 VALUES ('acme', 'ada', 9, 1, 1, NULL, 'disabled', '{}')";
    assert!(half.execute(event, []).is_err());
    drop(half);
    let expected = sight(&before, &new.path()).await;
    for place in [&killed, &old_place] {
        let store = open(&place.path()).await.unwrap();
        assert_eq!(sight(&store, &place.path()).await, expected, "{copied} were moved before");
        is_done(&place.raw());
        let verification = store.verify().await.unwrap();
        assert_eq!(count(&place.raw(), "SELECT count(*) FROM identity_users WHERE tenant = 'many'"), i64::from(USERS));
        let strange: Vec<_> = verification.problems.iter().filter(|problem| problem.contains("many/")).collect();
        assert!(strange.is_empty(), "{strange:?}");
    }
}

#[tokio::test]
async fn a_user_whose_old_rows_are_damaged_stays_behind_and_hinders_nobody() {
    let place = Place::new();
    old(&place.path(), 2, true);
    let odd = town::everybody().remove(1);
    place
        .raw()
        .execute(
            "UPDATE identity_identifiers SET failed_at = '[1,' WHERE kind = 'email' AND user_id = ?1",
            [odd.user.as_str()],
        )
        .unwrap();
    for _ in 0..2 {
        let store = open(&place.path()).await.unwrap();
        let error = store.load(&odd).await.unwrap_err();
        assert!(matches!(&error, StoreError::Corrupt { key, .. } if *key == format!("acme/{}", odd.user)), "{error:?}");
        assert_eq!(store.load(&key("ada")).await.unwrap().unwrap().version.0, 3);
        let taken = raw_key(ClaimKind::Username, "countess");
        let found = store.find(&odd.tenant, &[taken]).await;
        assert!(found.is_err(), "nobody else is said to have the name");
    }
    // Once the rows are mended, the next one to open the file moves the user.
    place
        .raw()
        .execute(
            "UPDATE identity_old_identifiers SET failed_at = NULL WHERE kind = 'email' AND user_id = ?1",
            [odd.user.as_str()],
        )
        .unwrap();
    let store = open(&place.path()).await.unwrap();
    assert_eq!(store.load(&odd).await.unwrap().unwrap().claims.len(), 1);
    is_done(&place.raw());
}

/// The tables of version 3 are those of version 4; their events are arrays of whole events.
#[tokio::test]
async fn events_of_version_3_are_read_and_stripped() {
    let place = Place::new();
    let store = open(&place.path()).await.unwrap();
    let ada = key("ada");
    let draft = create(&ada, &Person::default()).events(at(1), every_change(&ada));
    let mut written = draft.0.events.clone();
    put(&store, draft).await;
    drop(store);
    let raw = place.raw();
    let events: Vec<&Event> = written.iter().map(|recorded| &recorded.event).collect();
    let before = serde_json::to_string(&events).unwrap();
    assert_eq!(raw.execute("UPDATE identity_events SET events = ?1", [before]).unwrap(), 1);
    raw.execute_batch("UPDATE identity_meta SET value = 3; PRAGMA user_version = 3").unwrap();

    let store = open(&place.path()).await.unwrap();
    is_done(&raw);
    let stored = store.load(&ada).await.unwrap().unwrap();
    let draft = change(&ada, &stored, &Person::default()).events(at(2), every_change(&ada));
    written.extend(draft.0.events.clone());
    let stored = put(&store, draft).await;
    assert_eq!(store.history(&ada, 0, 1_000).await.unwrap(), written);
    let draft = erase(&ada, &stored);
    written.extend(draft.0.events.clone());
    store.commit(draft.0).await.unwrap();
    for recorded in &mut written {
        recorded.event = recorded.event.clone().stripped();
    }
    assert_eq!(store.history(&ada, 0, 1_000).await.unwrap(), written, "in both forms");
}
