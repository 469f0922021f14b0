//! What cannot be moved is refused with a sentence that says what to do, and nothing is lost by it.

use crate::town::Town;
use identity_move::{Move, MoveError};
use identity_ports::StoreError;
use postgres_testbed::{Cluster, Database};

async fn refused(town: &Town, database: &Database) -> MoveError {
    Move::new(town.path(), database.url()).run(&mut ()).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowhere.db");
    let error = Move::new(&path, Cluster::shared().database().url()).run(&mut ()).await.unwrap_err();
    assert!(matches!(error, MoveError::NoFile(_)), "{error}");
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_later_program_is_refused() {
    let town = Town::of(1).await;
    town.raw().pragma_update(None, "user_version", 1_000).unwrap();
    let database = Cluster::shared().database();
    let error = refused(&town, &database).await;
    assert!(matches!(error, MoveError::Source { reason: StoreError::Newer { database: 1_000, .. }, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_somebody_elses_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let other = identity_sqlite::rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE orders (x)").unwrap();
    drop(other);
    let error = Move::new(&path, Cluster::shared().database().url()).run(&mut ()).await.unwrap_err();
    assert!(matches!(error, MoveError::Source { reason: StoreError::NotOurs(_), .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_somebody_writes_to_is_refused() {
    let town = Town::of(1).await;
    let writer = town.raw();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = refused(&town, &Cluster::shared().database()).await;
    assert!(matches!(error, MoveError::Busy(_)), "{error}");
    assert!(error.to_string().contains("stop every program"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_address_is_told_without_its_password() {
    let town = Town::of(1).await;
    let wrong = [
        "postgres://ada:swordfish@127.0.0.1:1/nothing-listens-here",
        "mysql://ada:swordfish@127.0.0.1/other",
        "postgres://ada:swordfish@127.0.0.1:port/typo",
    ];
    for url in wrong {
        let moving = Move::new(town.path(), url);
        let error = moving.run(&mut ()).await.unwrap_err();
        assert!(matches!(error, MoveError::Target(_)), "{error}");
        assert!(!format!("{error} {error:?} {moving:?}").contains("swordfish"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_with_somebody_in_it_is_refused() {
    let (first, second) = (Town::of(1).await, Town::of(2).await);
    let database = Cluster::shared().database();
    Move::new(first.path(), database.url()).run(&mut ()).await.unwrap();
    let error = refused(&second, &database).await;
    assert!(matches!(error, MoveError::NotEmpty { .. }), "{error}");
    assert_eq!(database.sql("select to_regclass('identity_move') is null"), "t", "and is left as it is");
    Move::new(first.path(), database.url()).compare(&mut ()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_in_between_is_not_moved_on() {
    let town = Town::of(5).await;
    let database = Cluster::shared().database();
    stopped(&town, &database).await;
    town.raw().execute("DELETE FROM identity_budgets WHERE tenant = 'other'", []).unwrap();
    let error = refused(&town, &database).await;
    assert!(matches!(error, MoveError::AnotherMove { table: "identity_budgets", .. }), "{error}");
}

/// What no count shows, the digests show.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_changed_in_between_is_found() {
    let town = Town::of(5).await;
    let database = Cluster::shared().database();
    stopped(&town, &database).await;
    town.raw().execute("UPDATE identity_events SET events = replace(events, '[2,', '[2, ')", []).unwrap();
    let error = refused(&town, &database).await;
    assert!(matches!(error, MoveError::Different { table: "identity_events", .. }), "{error}");
    assert_eq!(database.sql("select to_regclass('identity_move') is null"), "f", "it is not called done");
}

/// Begins a move that ends before its last table.
async fn stopped(town: &Town, database: &Database) {
    Move::new(town.path(), database.url()).run(&mut ()).await.unwrap();
    let tables = "events profiles lookup claims outbox budgets users";
    database.sql("create table identity_move (name text primary key, total bigint not null, copied bigint not null)");
    for table in tables.split(' ') {
        let table = format!("identity_{table}");
        if table == "identity_users" {
            database.sql("delete from identity_users");
        }
        database
            .sql(&format!("insert into identity_move select '{table}', {}, count(*) from {table}", town.rows(&table)));
    }
    // Which is what a run finds that goes on.
}

#[tokio::test(flavor = "multi_thread")]
async fn every_difference_is_found() {
    let town = Town::of(12).await;
    let database = Cluster::shared().database();
    let moving = Move::new(town.path(), database.url());
    moving.run(&mut ()).await.unwrap();
    let tampering = [
        ("identity_users", "update {t} set version = version + 1 where id = (select max(id) from {t})"),
        ("identity_events", "delete from {t} where number = (select max(number) from {t})"),
        ("identity_claims", "delete from {t} where key = (select max(key) from {t})"),
        ("identity_claims", "delete from {t} where key = (select min(key) from {t})"),
        (
            "identity_lookup",
            "update {t} set verified = not verified where identifier = (select identifier from {t} limit 1)",
        ),
        ("identity_profiles", "insert into {t} values ('acme', 'stranger', '{}')"),
        ("identity_profiles", "insert into {t} values ('zzz', 'stranger', '{}')"),
        ("identity_outbox", "update {t} set attempts = attempts + 1"),
        ("identity_budgets", "update {t} set drawn = drawn + 1 where quota = (select max(quota) from {t})"),
    ];
    for (table, sql) in tampering {
        let sql = sql.replace("{t}", table);
        let kept = format!("create table kept as select * from {table}; {sql}");
        database.sql(&kept);
        let error = moving.compare(&mut ()).await.unwrap_err();
        assert!(matches!(error, MoveError::Different { table: found, .. } if found == table), "{sql}: {error}");
        database.sql(&format!("delete from {table}; insert into {table} select * from kept; drop table kept"));
    }
    moving.compare(&mut ()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_moves_into_one_target_one_alone_goes_on() {
    let town = Town::of(60).await;
    let database = Cluster::shared().database();
    // The tables are there, so that both begin with the note.
    Move::new(town.path(), database.url()).compare(&mut ()).await.unwrap_err();
    let copy = tempfile::tempdir().unwrap();
    let twin = copy.path().join("identity.db");
    town.raw().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    std::fs::copy(town.path(), &twin).unwrap();
    let one = Move::new(town.path(), database.url()).with_batch(1);
    let other = Move::new(&twin, database.url()).with_batch(1);
    let (mut watch_one, mut watch_other) = ((), ());
    let (first, second) = tokio::join!(one.run(&mut watch_one), other.run(&mut watch_other));
    assert!(first.is_ok() || second.is_ok() || one.run(&mut ()).await.is_ok(), "{first:?} {second:?}");
    one.compare(&mut ()).await.unwrap();
}
