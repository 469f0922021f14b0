//! Other programs that use the file, or the target, while it is moved: nothing that they write is lost in silence.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use identity_conformance::kit::Bench;
use identity_core::{NewUser, Policy};
use identity_move::{Move, MoveError, Step, Watch};
use identity_postgres::PostgresStore;
use identity_sqlite::SqliteStore;
use postgres_testbed::Cluster;
use tokio::sync::oneshot;

use crate::town::Town;

const FILE: &str = "IDENTITY_MOVE_TEST_FILE";

/// This test binary once more, as a host of the file.
fn host(town: &Town) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "others::other_process", "--ignored", "--nocapture"])
        .env(FILE, town.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // It misses its output once that was read.
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A host that opens the file, says so, and does nothing until its input ends. Alone it has nothing to do.
#[tokio::test]
#[ignore = "runs as a second process of the tests beside it"]
async fn other_process() {
    let Ok(file) = std::env::var(FILE) else { return };
    match SqliteStore::options().with_busy_timeout(Duration::ZERO).open(file).await {
        Ok(_store) => {
            println!("\nopened");
            let _ = std::io::stdin().read(&mut [0]);
        }
        Err(error) => println!("\nrefused: {error}"),
    }
}

/// What the host says.
fn said(host: &mut Child) -> String {
    let lines = BufReader::new(host.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.into_iter().find(|line| line.starts_with("opened") || line.starts_with("refused")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_an_idle_host_has_open_is_refused() {
    let town = Town::of(1).await;
    let database = Cluster::shared().database();
    let moving = Move::new(town.path(), database.url());
    let mut other = host(&town);
    assert_eq!(said(&mut other), "opened");
    for error in [moving.run(&mut ()).await.unwrap_err(), moving.compare(&mut ()).await.unwrap_err()] {
        assert!(matches!(error, MoveError::Busy(_)), "{error}");
        assert!(error.to_string().contains("stop every program that uses it"), "{error}");
    }
    drop(other.stdin.take());
    other.wait().unwrap();
    // The same from within this process.
    let store = SqliteStore::open(town.path()).await.unwrap();
    assert!(matches!(moving.run(&mut ()).await.unwrap_err(), MoveError::Busy(_)));
    drop(store);
    moving.run(&mut ()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_use_is_not_migrated() {
    let town = Town::of(1).await;
    let host = town.raw();
    host.execute_batch("UPDATE identity_meta SET value = value - 1 WHERE name = 'schema'").unwrap();
    let query = "SELECT value FROM identity_meta WHERE name = 'schema'";
    let schema = || host.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
    let before = schema();
    let error = Move::new(town.path(), Cluster::shared().database().url()).run(&mut ()).await.unwrap_err();
    assert!(matches!(error, MoveError::Busy(_)), "{error}");
    assert_eq!(schema(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_opens_the_file_during_a_move_is_refused() {
    struct Opening<'a>(&'a Town, Vec<(Step, String)>);
    impl Watch for Opening<'_> {
        fn begin(&mut self, step: Step, _: u64, _: u64) {
            let mut other = host(self.0);
            self.1.push((step, said(&mut other)));
            drop(other.stdin.take());
            other.wait().unwrap();
        }

        fn rows(&mut self, _: u64) {}
    }
    let town = Town::of(1).await;
    let mut watch = Opening(&town, Vec::new());
    Move::new(town.path(), Cluster::shared().database().url()).run(&mut watch).await.unwrap();
    let steps: Vec<Step> = watch.1.iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, [Step::Copying, Step::Comparing]);
    for (step, said) in watch.1 {
        assert!(said.contains("another process was using the database"), "{step:?}: {said}");
    }
    SqliteStore::open(town.path()).await.unwrap();
}

/// A move that was interrupted has moved messages already, which a host would send a second time.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_takes_no_writes_of_others_until_the_move_has_ended() {
    struct First(Option<oneshot::Sender<()>>);
    impl Watch for First {
        fn begin(&mut self, _: Step, _: u64, _: u64) {}

        fn rows(&mut self, _: u64) {
            let _ = self.0.take().map(|sender| sender.send(()));
        }
    }
    let town = Town::of(20).await;
    let database = Cluster::shared().database();
    // A host that is connected before the move.
    let store = Arc::new(PostgresStore::connect(&database.url()).await.unwrap());
    let admin = Bench::new(store.clone(), Policy::default()).identity.admin("early");
    let (sender, first) = oneshot::channel();
    let (moving, mut watch) = (Move::new(town.path(), database.url()).with_batch(1), First(Some(sender)));
    tokio::select! {
        moved = moving.run(&mut watch) => panic!("{moved:?}"),
        _ = first => {}
    }
    let mut error: &dyn std::error::Error = &admin.create(NewUser::default()).await.unwrap_err();
    let mut said = error.to_string();
    while let Some(cause) = error.source() {
        said = cause.to_string();
        error = cause;
    }
    assert!(said.contains("a move into this database is not finished"), "{said}");
    assert_eq!(database.sql("select count(*) from identity_users"), "0");

    Move::new(town.path(), database.url()).run(&mut ()).await.unwrap();
    admin.create(NewUser::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_own_tables_are_named_and_left() {
    let town = Town::of(1).await;
    town.raw()
        .execute_batch("CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TABLE \"a b\" (x)")
        .unwrap();
    let database = Cluster::shared().database();
    let told = crate::town::command(&town, &database).output().unwrap();
    let said = String::from_utf8(told.stdout).unwrap();
    assert!(said.contains("not moved, because these tables are not of this library: a b, orders\n"), "{said}");
    let report = Move::new(town.path(), database.url()).compare(&mut ()).await.unwrap();
    assert_eq!(report.left, ["a b", "orders"]);
    assert_eq!(database.sql("select to_regclass('orders') is null"), "t");
}
