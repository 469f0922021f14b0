//! SQLite, in two processes.

use std::process::{Command, Stdio};
use std::sync::Arc;

use identity_sqlite::SqliteStore;

use crate::checker::Op;
use crate::load::{begin, judged, length, load, now};

const FILE: &str = "IDENTITY_LAB_HISTORY_FILE";
const UNTIL: &str = "IDENTITY_LAB_HISTORY_UNTIL";
/// The number of callers of each process.
const CALLERS: u64 = 4;

async fn calls(store: Arc<SqliteStore>, first: u64, until: u64) -> Vec<Op> {
    let callers = (first..first + CALLERS).map(|client| tokio::spawn(load(store.clone(), client, until)));
    let mut ops = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        ops.extend(caller.await.expect("nothing panics"));
    }
    ops
}

/// The other process; alone it has nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a second process of the test below"]
async fn other_process() {
    let (Ok(file), Ok(until)) = (std::env::var(FILE), std::env::var(UNTIL)) else { return };
    let store = Arc::new(SqliteStore::open(file).await.expect("the file opens"));
    for op in calls(store, 1_000, until.parse().expect("a time")).await {
        println!("\n{}", serde_json::to_string(&op).expect("an operation is written"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_file_are_as_one_call_after_the_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("identity.db");
    let store = Arc::new(SqliteStore::open(&file).await.expect("the file opens"));
    begin(&*store).await;
    let until = now() + u64::try_from(length().as_nanos()).expect("a short time");
    let other = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "sqlite::other_process", "--ignored", "--nocapture"])
        .env(FILE, &file)
        .env(UNTIL, until.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts once more");
    let other = tokio::task::spawn_blocking(move || other.wait_with_output());
    let mut ops = calls(store.clone(), 1, until).await;
    let told = other.await.expect("nothing panics").expect("it ends");
    assert!(told.status.success());
    let told = String::from_utf8(told.stdout).expect("text");
    let others: Vec<Op> = told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    // A busy machine may keep one of them from its turn for some time.
    assert!(!others.is_empty() && !ops.is_empty(), "{} and {}", ops.len(), others.len());
    ops.extend(others);
    let judged = judged(&*store, &ops).await;
    assert!(judged.writes > 0 && judged.refused > 0 && judged.unknown <= judged.writes, "{judged:?}");
}
