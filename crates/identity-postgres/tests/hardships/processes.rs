//! Several processes on one database: they migrate together, and lose nothing of each other's.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use identity_conformance::kit::{Person, change, create, key, killed, put};
use identity_ports::{CommitError, StoreError, UserRepository as _};
use identity_postgres::PostgresStore;
use postgres_testbed::{Cluster, Database};

const DATABASE: &str = "IDENTITY_POSTGRES_TEST_DATABASE";
const JOB: &str = "IDENTITY_POSTGRES_TEST_JOB";
const FED: &str = "IDENTITY_POSTGRES_TEST_FED";
const EACH: u64 = 40;

fn spawn(database: &Database, job: &str) -> Child {
    spawn_with(&database.url(), job, Path::new(""))
}

fn spawn_with(url: &str, job: &str, file: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::other_process", "--ignored", "--nocapture"])
        .env(DATABASE, url)
        .env(FED, file)
        .env(JOB, job)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// What the other processes do; alone it has nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as one of the processes of the tests beside it"]
async fn other_process() {
    let (Ok(database), Ok(job)) = (std::env::var(DATABASE), std::env::var(JOB)) else { return };
    let store = PostgresStore::connect(&database).await.unwrap();
    match job.as_str() {
        "migrate" => {}
        "count" => count(&store).await,
        job => killed::work(job, store, Path::new(&std::env::var(FED).unwrap())).await,
    }
}

#[tokio::test]
async fn c98_a_consumer_and_a_producer_that_are_killed_forget_nothing() {
    let database = Cluster::shared().database();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fed");
    drop(PostgresStore::connect(&database.url()).await.unwrap());
    let spawn = |job: &str| spawn_with(&database.url(), job, &file);
    killed::kill(killed::kills(), &file, spawn).await;
    // The server may still be at what a process that was killed had asked for.
    let others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    while database.sql(others) != "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let fed = killed::judge(&PostgresStore::connect(&database.url()).await.unwrap(), &file).await;
    println!("{fed:?}");
    assert!(fed.events > killed::kills(), "{fed:?}");
}

/// Changes one user as often as asked, starting over at every conflict.
async fn count(store: &PostgresStore) {
    let mut done = 0;
    while done < EACH {
        let stored = store.load(&key("ada")).await.unwrap().unwrap();
        let next = Person::of(&stored.user).attempts(Person::counted(&stored.user) + 1);
        match store.commit(change(&key("ada"), &stored, &next).0).await {
            Ok(_) => done += 1,
            Err(CommitError::Conflict) => tokio::time::sleep(Duration::from_millis(done % 3)).await,
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_processes_migrate_at_once() {
    for round in 0..3 {
        let database = Cluster::shared().database();
        let processes: Vec<Child> = (0..10).map(|_| spawn(&database, "migrate")).collect();
        for mut process in processes {
            assert!(tokio::task::spawn_blocking(move || process.wait()).await.unwrap().unwrap().success(), "{round}");
        }
        let notes = "select count(*) = max(value) and min(value) = 1 from identity_meta";
        assert_eq!(database.sql(notes), "t", "every step was done once");
        let store = PostgresStore::connect(&database.url()).await.unwrap();
        put(&store, create(&key("ada"), &Person::default())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_lose_no_update() {
    let database = Cluster::shared().database();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    put(&store, create(&key("ada"), &Person::default())).await;
    let processes: Vec<Child> = (0..3).map(|_| spawn(&database, "count")).collect();
    count(&store).await;
    for mut process in processes {
        assert!(tokio::task::spawn_blocking(move || process.wait()).await.unwrap().unwrap().success());
    }
    let stored = store.load(&key("ada")).await.unwrap().unwrap();
    assert_eq!((Person::counted(&stored.user), stored.version.0), (4 * EACH, 4 * EACH + 1));
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let database = Cluster::shared().database();
    let url = database.url();
    drop(PostgresStore::connect(&url).await.unwrap());
    let before = database.dump();
    let newest = database.sql("select max(value) from identity_meta").parse::<u32>().unwrap();
    database.sql(
        "insert into identity_meta select max(value) + 1, 'of a later program', max(value) + 1 from identity_meta",
    );
    for options in [PostgresStore::options(), PostgresStore::options().without_migrating()] {
        match options.connect(&url).await {
            Err(StoreError::Newer { database, program }) => assert_eq!((database, program), (newest + 1, newest)),
            other => panic!("{other:?}"),
        }
    }
    database.sql("delete from identity_meta where checksum = 'of a later program'");
    assert_eq!(database.dump(), before, "nothing of it was touched");
}
