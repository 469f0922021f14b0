//! Two processes on one file, and one that is killed.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{Place, creation, disable, key, stored};
use identity_conformance::kit::killed;
use identity_ports::{CommitError, UserRepository as _};
use identity_sqlite::{Durability, SqliteStore};

const FILE: &str = "IDENTITY_SQLITE_TEST_FILE";
const JOB: &str = "IDENTITY_SQLITE_TEST_JOB";
const LONG: Duration = Duration::from_secs(60);

/// This test binary once more, doing one of the jobs below.
fn spawn(place: &Place, job: &str) -> Child {
    spawn_as("other_process", place, job)
}

fn spawn_as(test: &str, place: &Place, job: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(FILE, place.path())
        .env(JOB, job)
        .stdout(Stdio::piped())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What the other process does; alone it has nothing to do.
#[tokio::test]
#[ignore = "runs as a second process of the tests beside it"]
async fn other_process() {
    let (Ok(file), Ok(job)) = (std::env::var(FILE), std::env::var(JOB)) else { return };
    let store = SqliteStore::open(file).await.unwrap();
    if job == "count" {
        count(&store, 500_000).await;
        return;
    }
    // Until it is killed.
    for number in 1.. {
        store.commit(creation(&format!("user-{number}"), number)).await.unwrap();
        println!("acknowledged {number}");
    }
}

/// A producer or a consumer of the feed, as a process of the test below.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a process of the test below"]
async fn feed_process() {
    let (Ok(file), Ok(job)) = (std::env::var(FILE), std::env::var(JOB)) else { return };
    let options = SqliteStore::options().with_durability(Durability::Normal).with_busy_timeout(LONG);
    killed::work(&job, options.open(&file).await.unwrap(), Path::new(&format!("{file}.fed"))).await;
}

#[tokio::test]
async fn c98_a_consumer_and_a_producer_that_are_killed_forget_nothing() {
    let place = Place::new();
    let file = PathBuf::from(format!("{}.fed", place.path().display()));
    drop(place.open().await);
    killed::kill(killed::kills(), &file, |job| spawn_as("feed_process", &place, job)).await;
    let fed = killed::judge(&place.open().await, &file).await;
    println!("{fed:?}");
    assert!(fed.events > killed::kills(), "{fed:?}");
}

const EACH: usize = 150;

/// Changes one user as often as asked, starting over at every conflict.
async fn count(store: &SqliteStore, base: u64) {
    let mut done = 0;
    for number in base.. {
        match store.commit(disable(&stored(store, "ada").await, number)).await {
            Ok(_) => done += 1,
            Err(CommitError::Conflict) => {}
            Err(other) => panic!("{other:?}"),
        }
        if done == EACH {
            return;
        }
    }
}

#[tokio::test]
async fn two_processes_lose_no_update() {
    let place = Place::new();
    let store = place.open().await;
    store.commit(creation("ada", 1)).await.unwrap();
    let mut other = spawn(&place, "count");
    count(&store, 1_000).await;
    assert!(tokio::task::spawn_blocking(move || other.wait()).await.unwrap().unwrap().success());
    assert_eq!(stored(&store, "ada").await.version.0, 3 + 2 * EACH as u64);
    assert_eq!(store.history(&key("ada"), 0, 1_000).await.unwrap().len(), 3 + 2 * EACH);
}

#[tokio::test]
async fn a_process_that_is_killed_has_kept_what_it_acknowledged() {
    let place = Place::new();
    let mut other = spawn(&place, "create");
    let mut lines = BufReader::new(other.stdout.take().unwrap());
    let mut acknowledged = 0_u64;
    let mut note = |line: &str| {
        if let Some(number) = line.trim().strip_prefix("acknowledged ") {
            acknowledged = acknowledged.max(number.parse().unwrap());
        }
        acknowledged
    };
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        if note(&line) >= 200 {
            break;
        }
        line.clear();
    }
    other.kill().unwrap();
    other.wait().unwrap();
    // What it had written into the pipe before it died counts as well; its last line may be torn.
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    let whole = rest.rfind('\n').map_or("", |end| &rest[..end]);
    let acknowledged = whole.lines().map(&mut note).last().unwrap_or_else(|| note(""));
    assert!(acknowledged >= 200);

    let store = place.open().await;
    for number in 1..=acknowledged {
        assert_eq!(stored(&store, &format!("user-{number}")).await.version.0, 3);
        assert_eq!(store.history(&key(&format!("user-{number}")), 0, 10).await.unwrap().len(), 3);
    }
    store.commit(creation("ada", 1_000_000)).await.unwrap();
}

/// Without its lock another process takes the file for one that nobody uses, and removes the log.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_second_store_in_one_process_leaves_the_locks_of_the_first() {
    use std::os::unix::fs::MetadataExt as _;

    let place = Place::new();
    let store = place.open().await;
    store.commit(creation("ada", 1)).await.unwrap();
    let file = format!(":{} ", std::fs::metadata(place.path()).unwrap().ino());
    let locks = || {
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        locks.lines().filter(|lock| lock.contains(&file)).count()
    };
    assert_eq!(locks(), 1);
    drop(place.open().await);
    assert_eq!(locks(), 1);
    store.commit(creation("bob", 2)).await.unwrap();
}
