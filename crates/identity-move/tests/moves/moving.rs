//! Everything arrives, whatever comes in between.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::town::{Town, command};
use identity_conformance::kit::{Bench, key, key_in, look, mail_key};
use identity_core::{Confirmation, Policy, UserKey};
use identity_move::{Move, MoveError, Step, Watch};
use identity_postgres::PostgresStore;
use identity_sqlite::SqliteStore;
use postgres_testbed::Cluster;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_moved_reads_the_same_and_works_on() {
    let town = Town::of(40).await;
    let database = Cluster::shared().database();
    let report = Move::new(town.path(), database.url()).run(&mut ()).await.unwrap();
    for table in &report.tables {
        assert_eq!(table.rows, town.rows(table.table), "{table:?}");
        assert_eq!(table.digest.len(), 64);
    }
    let rows = |name: &str| report.tables.iter().find(|table| table.table == name).unwrap().rows;
    assert!(rows("identity_users") > 30 && rows("identity_outbox") > 0 && rows("identity_budgets") > 0);

    let old = SqliteStore::open(town.path()).await.unwrap();
    let new = Arc::new(PostgresStore::options().connect(&database.url()).await.unwrap());
    let mut keys: Vec<UserKey> = town.users.iter().map(|user| key(user.as_str())).collect();
    keys.push(key_in("other", "strange\"name\"\\N\\t\u{e4}\u{1f600}"));
    let claims = [mail_key("some.one+1@example.com"), mail_key("ada@example.com"), mail_key("nobody@example.com")];
    assert_eq!(look(&old, &keys, &claims).await, look(&*new, &keys, &claims).await);

    // The code that the person holds since before the move.
    let (identifier, code) = &town.in_hand;
    let bench = Bench::new(new.clone(), Policy::default());
    let confirmed = bench.identity.account(town.users.first().unwrap()).confirm(*identifier, code).await.unwrap();
    assert_eq!(confirmed.outcome, Confirmation::Verified);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_into_a_schema_leaves_the_others_alone() {
    let town = Town::of(3).await;
    let database = Cluster::shared().database();
    let schema = "of \"mine\"";
    let moving = Move::new(town.path(), database.url()).with_schema(schema);
    moving.run(&mut ()).await.unwrap();
    assert_eq!(database.sql("select count(*) from \"of \"\"mine\"\"\".identity_users"), "4");
    assert_eq!(database.sql("select to_regclass('public.identity_users') is null"), "t");
    moving.compare(&mut ()).await.unwrap();
}

/// Every table that a file has is moved, or is known not to be.
#[tokio::test(flavor = "multi_thread")]
async fn no_table_is_forgotten() {
    let town = Town::of(1).await;
    let database = Cluster::shared().database();
    let report = Move::new(town.path(), database.url()).run(&mut ()).await.unwrap();
    let tables = town.raw().query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name LIKE 'identity%' AND name <> 'identity_meta'",
        [],
        |row| row.get::<_, i64>(0),
    );
    assert_eq!(i64::try_from(report.tables.len()).unwrap(), tables.unwrap());
    // One that a later program would bring is not passed over in silence.
    town.raw().execute_batch("CREATE TABLE identity_novelties (x)").unwrap();
    let other = Cluster::shared().database();
    let refused = Move::new(town.path(), other.url()).run(&mut ()).await.unwrap_err();
    assert!(matches!(&refused, MoveError::Tables { reason, .. } if reason.contains("identity_novelties")), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_killed_goes_on_where_it_was() {
    let town = Town::of(300).await;
    let total: u64 = ["users", "profiles", "lookup", "claims", "events", "outbox", "budgets"]
        .iter()
        .map(|table| town.rows(&format!("identity_{table}")))
        .sum();
    let database = Cluster::shared().database();
    // On a connection that is open: a program for each look would take longer than the move.
    let watching = PostgresStore::connect(&database.url()).await.unwrap();
    let watching = watching.pool().get().await.unwrap();
    let copied = async || -> u64 {
        let there = watching.query_one("select to_regclass('identity_move') is not null", &[]).await.unwrap();
        if !there.get::<_, bool>(0) {
            return 0;
        }
        let sum = watching.query_one("select coalesce(sum(copied), 0)::bigint from identity_move", &[]).await.unwrap();
        u64::try_from(sum.get::<_, i64>(0)).unwrap()
    };
    let mut done = 0;
    let mut killed = 0;
    for stop in [total / 5, total * 2 / 5, total * 3 / 5] {
        let mut child = command(&town, &database).args(["--batch", "1"]).stderr(Stdio::null()).spawn().unwrap();
        while copied().await < stop && child.try_wait().unwrap().is_none() {}
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let now = copied().await;
        assert!(now >= done, "what has come stays");
        done = now;
    }
    assert_eq!(killed, 3, "it was killed while it copied");
    assert!(done > 0 && done < total, "{done} of {total}");

    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut watch = Seen(Arc::clone(&seen));
    let report = Move::new(town.path(), database.url()).run(&mut watch).await.unwrap();
    assert_eq!(report.tables.iter().map(|table| table.rows).sum::<u64>(), total);
    let seen = seen.lock().unwrap().clone();
    let (step, of, from) = *seen.first().unwrap();
    assert_eq!((step, of), (Step::Copying, total));
    assert!(from >= done && from < total, "it did not begin anew: at {from}, of which {done} had come");
    assert_eq!(database.sql("select to_regclass('identity_move') is null"), "t", "the note is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_interrupted_says_how_to_go_on() {
    let town = Town::of(100).await;
    let database = Cluster::shared().database();
    let mut child = command(&town, &database).args(["--batch", "1"]).stderr(Stdio::piped()).spawn().unwrap();
    let begun = "select to_regclass('identity_move') is not null";
    while database.sql(begun) != "t" && child.try_wait().unwrap().is_none() {}
    // As Ctrl-C does; by the shell's built-in, because the standard library sends SIGKILL alone.
    let told = Command::new("sh").arg("-c").arg(format!("kill -INT {}", child.id())).status();
    assert!(told.unwrap().success(), "it was copying");
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{said}");
    assert!(said.contains("run the same command again to go on"), "{said}");
    assert!(command(&town, &database).output().unwrap().status.success());
}

struct Seen(Arc<Mutex<Vec<(Step, u64, u64)>>>);

impl Watch for Seen {
    fn begin(&mut self, step: Step, total: u64, done: u64) {
        self.0.lock().unwrap().push((step, total, done));
    }

    fn rows(&mut self, _: u64) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_what_both_sides_hold() {
    let town = Town::of(3).await;
    let database = Cluster::shared().database();
    let moved = command(&town, &database).output().unwrap();
    let said = String::from_utf8(moved.stdout).unwrap();
    assert!(moved.status.success(), "{}", String::from_utf8_lossy(&moved.stderr));
    let report = Move::new(town.path(), database.url()).compare(&mut ()).await.unwrap();
    for table in report.tables {
        assert!(said.contains(table.table) && said.contains(&table.digest), "{said}");
    }
    let again = command(&town, &database).output().unwrap();
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("not empty"));
    assert!(command(&town, &database).arg("--compare").status().unwrap().success());
}
