//! Commits that share a transaction, futures that are dropped, readers beside a writer, and a full disk.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on ends")]

mod common;

use std::sync::mpsc;

use common::{Place, creation, disable, is_conflict, key, stored, verify};
use identity_core::{Claim, ClaimKind, Strength};
use identity_ports::{CommitError, StoreError, UserRepository as _};
use identity_sqlite::rusqlite::Transaction;
use identity_sqlite::{Durability, SqliteStore};
use tokio::task::JoinHandle;

/// Keeps the writer busy until it is told to go on, so that what comes meanwhile waits together.
struct Busy {
    go_on: mpsc::Sender<()>,
    task: JoinHandle<Result<(), StoreError>>,
}

impl Busy {
    async fn with(store: &SqliteStore) -> Self {
        let (go_on, wait) = mpsc::channel();
        let (began, begun) = tokio::sync::oneshot::channel();
        let store = store.clone();
        let task = tokio::spawn(async move {
            let hold = move |_: &Transaction<'_>| {
                began.send(()).unwrap();
                let _ = wait.recv();
                Ok::<_, StoreError>(())
            };
            store.transaction(hold).await
        });
        begun.await.unwrap();
        Self { go_on, task }
    }

    async fn end(self) {
        self.go_on.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

/// Lets every task run until it waits.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

const BOTH: [Durability; 2] = [Durability::Full, Durability::Normal];

async fn open(place: &Place, durability: Durability) -> SqliteStore {
    SqliteStore::options().with_durability(durability).open(place.path()).await.unwrap()
}

#[tokio::test]
async fn commits_that_share_a_transaction_succeed_and_fail_each_on_their_own() {
    for durability in BOTH {
        let place = Place::new();
        let store = open(&place, durability).await;
        store.commit(creation("ada", 1)).await.unwrap();
        store.commit(verify(&stored(&store, "ada").await, 2)).await.unwrap();
        let ada = stored(&store, "ada").await;

        let busy = Busy::with(&store).await;
        let mut taking = creation("thief", 3);
        let key_of_ada = ada.claims[0].key.clone();
        assert_eq!(key_of_ada.kind(), ClaimKind::Email);
        taking.claims.take.push(Claim { key: key_of_ada.clone(), strength: Strength::Verified });
        let commits = [
            creation("bob", 4),
            creation("ada", 5),
            disable(&ada, 6),
            taking,
            verify(&ada_again(&ada), 7),
            creation("cyd", 8),
            creation("bob", 9),
        ];
        let spawn = |commit| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(commit).await })
        };
        let tasks: Vec<_> = commits.into_iter().map(spawn).collect();
        settle().await;
        busy.end().await;
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        assert!(answers[0].is_ok() && answers[2].is_ok() && answers[5].is_ok(), "{answers:?}");
        assert!([1, 4, 6].into_iter().all(|index| is_conflict(&answers[index])), "{answers:?}");
        assert!(matches!(&answers[3], Err(CommitError::Taken(claim)) if claim.key == key_of_ada), "{answers:?}");

        assert!(store.load(&key("thief")).await.unwrap().is_none());
        assert!(store.history(&key("thief"), 0, 10).await.unwrap().is_empty());
        assert!(stored(&store, "ada").await.user.is_disabled());
        assert_eq!(stored(&store, "bob").await.version.0, 3);
        assert!(store.load(&key("cyd")).await.unwrap().is_some());
    }
}

/// The same user at a version that is gone by then.
fn ada_again(ada: &identity_ports::Stored) -> identity_ports::Stored {
    let mut other = ada.clone();
    let commit = common::decide(
        50,
        |context| ada.user.mark_unverified(ada.user.emails().entries()[0].id, context),
        Some(ada),
        &key("ada"),
    );
    other.user = commit.0.after.unwrap();
    other
}

#[tokio::test]
async fn a_future_that_is_dropped_takes_nobody_along() {
    for durability in BOTH {
        let place = Place::new();
        let store = open(&place, durability).await;
        let busy = Busy::with(&store).await;
        let spawn = |user: String, number| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(creation(&user, number)).await })
        };
        let tasks: Vec<_> = (0..20).map(|number| spawn(format!("user-{number}"), number)).collect();
        settle().await;
        for (number, task) in tasks.iter().enumerate() {
            if number % 2 == 0 {
                task.abort();
            }
        }
        settle().await;
        busy.end().await;
        for (number, task) in tasks.into_iter().enumerate() {
            match task.await {
                Ok(answer) => {
                    answer.unwrap();
                    assert!(store.load(&key(&format!("user-{number}"))).await.unwrap().is_some());
                }
                Err(error) => {
                    assert!(error.is_cancelled() && number % 2 == 0);
                    let user = store.load(&key(&format!("user-{number}"))).await.unwrap();
                    assert!(user.is_none(), "nobody waited for it any more when its turn came");
                }
            }
        }
        store.commit(creation("last", 100)).await.unwrap();
    }
}

#[tokio::test]
async fn readers_do_not_wait_for_the_writer_and_see_nothing_unfinished() {
    let place = Place::new();
    let store = place.open().await;
    store.commit(creation("ada", 1)).await.unwrap();
    let (go_on, wait) = mpsc::channel::<()>();
    let (began, begun) = tokio::sync::oneshot::channel();
    let writing = store.clone();
    let task = tokio::spawn(async move {
        let write = move |transaction: &Transaction<'_>| {
            identity_sqlite::commit_in(transaction, &creation("bob", 2))?;
            began.send(()).unwrap();
            let _ = wait.recv();
            Ok::<_, CommitError>(())
        };
        writing.transaction(write).await
    });
    begun.await.unwrap();
    assert!(store.load(&key("ada")).await.unwrap().is_some());
    assert!(store.load(&key("bob")).await.unwrap().is_none());
    assert!(store.history(&key("bob"), 0, 10).await.unwrap().is_empty());
    go_on.send(()).unwrap();
    task.await.unwrap().unwrap();
    assert!(store.load(&key("bob")).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_who_saw_the_same_version_wins() {
    for durability in BOTH {
        let place = Place::new();
        let store = open(&place, durability).await;
        store.commit(creation("ada", 1)).await.unwrap();
        for round in 0..20_u64 {
            let ada = stored(&store, "ada").await;
            let spawn = |number| {
                let (store, ada) = (store.clone(), ada.clone());
                tokio::spawn(async move { store.commit(disable(&ada, 10 + round * 16 + number)).await })
            };
            let tasks: Vec<_> = (0..16_u64).map(spawn).collect();
            let mut won = 0;
            for task in tasks {
                match task.await.unwrap() {
                    Ok(_) => won += 1,
                    Err(error) => assert!(matches!(error, CommitError::Conflict), "{error:?}"),
                }
            }
            assert_eq!(won, 1);
        }
        assert_eq!(stored(&store, "ada").await.version.0, 23);
    }
}

#[tokio::test]
async fn a_full_disk_refuses_whole_commits_and_goes_on_when_there_is_room() {
    for durability in BOTH {
        let place = Place::new();
        let store = open(&place, durability).await;
        let limit = |pages: Option<i64>| {
            let set = move |transaction: &Transaction<'_>| {
                let there: i64 = transaction.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
                let most = pages.map_or(1_000_000, |more| there + more);
                transaction.query_row(&format!("PRAGMA max_page_count = {most}"), [], |_| Ok(())).unwrap();
                Ok::<_, StoreError>(())
            };
            store.transaction(set)
        };
        limit(Some(6)).await.unwrap();
        let mut written = Vec::new();
        let mut refused = None;
        for number in 1..10_000 {
            let user = format!("user-{number}");
            match store.commit(creation(&user, number)).await {
                Ok(_) => written.push(user),
                Err(CommitError::Store(StoreError::Full)) => {
                    refused = Some((user, number));
                    break;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        let (user, number) = refused.expect("the room is limited");
        assert!(!written.is_empty());
        assert!(store.load(&key(&user)).await.unwrap().is_none());
        assert!(store.history(&key(&user), 0, 10).await.unwrap().is_empty());
        for user in &written {
            assert!(store.load(&key(user)).await.unwrap().is_some());
        }

        // Together too: each commit is refused or written whole.
        let busy = Busy::with(&store).await;
        let spawn = |number| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(creation(&format!("late-{number}"), number)).await })
        };
        let tasks: Vec<_> = (20_000..20_040).map(spawn).collect();
        settle().await;
        busy.end().await;
        for (number, task) in (20_000..).zip(tasks) {
            let answer = task.await.unwrap();
            let there = store.load(&key(&format!("late-{number}"))).await.unwrap();
            match answer {
                Ok(_) => assert_eq!(there.unwrap().version.0, 3),
                Err(CommitError::Store(StoreError::Full)) => assert!(there.is_none()),
                Err(other) => panic!("{other:?}"),
            }
        }

        limit(None).await.unwrap();
        store.commit(creation(&user, number)).await.unwrap();
        assert!(store.load(&key(&user)).await.unwrap().is_some());
    }
}

/// c90: the deadline of a call is the busy timeout.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "the law is about time: the least of three runs")]
async fn c90_while_another_process_writes_every_call_ends_in_time_and_nothing_is_written_afterwards() {
    let mut least = std::time::Duration::MAX;
    for _ in 0..3 {
        let place = Place::new();
        let timeout = std::time::Duration::from_millis(500);
        let store = SqliteStore::options().with_busy_timeout(timeout).open(place.path()).await.unwrap();
        store.commit(creation("ada", 1)).await.unwrap();
        let other = place.raw();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let began = std::time::Instant::now();
        let (bob, ada) = tokio::join!(store.commit(creation("bob", 2)), async {
            store.commit(disable(&stored(&store, "ada").await, 3)).await
        });
        least = least.min(began.elapsed());
        for refused in [bob, ada] {
            assert!(matches!(&refused, Err(CommitError::Store(_))), "{refused:?}");
        }
        other.execute_batch("ROLLBACK").unwrap();
        store.commit(creation("eve", 4)).await.unwrap();
        assert!(store.load(&key("bob")).await.unwrap().is_none(), "nothing is written afterwards");
        assert_eq!(stored(&store, "ada").await.version.0, stored(&store, "eve").await.version.0);
    }
    assert!(least < std::time::Duration::from_millis(1_500), "{least:?}");
}
