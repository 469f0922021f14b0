//! Several processes on one database: they migrate together, and lose nothing of each other's.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use identity_conformance::kit::{Person, change, create, key, put};
use identity_ports::{CommitError, StoreError, UserRepository as _};
use identity_postgres::PostgresStore;
use postgres_testbed::{Cluster, Database};

const DATABASE: &str = "IDENTITY_POSTGRES_TEST_DATABASE";
const JOB: &str = "IDENTITY_POSTGRES_TEST_JOB";
const EACH: u64 = 40;

fn spawn(database: &Database, job: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::other_process", "--ignored", "--nocapture"])
        .env(DATABASE, database.url())
        .env(JOB, job)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// What the other processes do; alone it has nothing to do.
#[tokio::test]
#[ignore = "runs as one of the processes of the tests beside it"]
async fn other_process() {
    let (Ok(database), Ok(job)) = (std::env::var(DATABASE), std::env::var(JOB)) else { return };
    let store = PostgresStore::connect(&database).await.unwrap();
    if job == "count" {
        count(&store).await;
    }
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
