//! Commits that arrive together share a statement, and each succeeds or fails on its own.

use std::sync::Arc;

use identity_conformance::kit::{
    NOW, Person, change, create, erase, key, letter, mail_key, paid, put, raw_key, refusing, varied, verified,
    withholding,
};
use identity_core::{ClaimKind, Strength};
use identity_ports::{Commit, CommitError, Committed, StoreError, UserRepository as _};
use identity_postgres::{PostgresStore, Statements};
use postgres_testbed::Proxy;
use tokio::sync::Barrier;

use crate::common::Place;

/// Submits all at the same moment.
async fn at_once(store: &PostgresStore, commits: Vec<Commit>) -> Vec<Result<Committed, CommitError>> {
    let barrier = Arc::new(Barrier::new(commits.len()));
    let running: Vec<_> = commits
        .into_iter()
        .map(|commit| {
            let (store, barrier) = (store.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                store.commit(commit).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for handle in running {
        answers.push(handle.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_many_succeeds_or_fails_on_its_own() {
    for round in 0..4_u64 {
        let store = Place::new().store().await;
        let claim = mail_key("ada@example.com");
        put(&store, create(&key("ada"), &Person::default()).take(&claim, Strength::Verified)).await;
        let full = |number, user: &str| paid(letter(number, &key(user), NOW), vec![refusing("+49", 1, NOW)]);
        put(&store, create(&key("eve"), &Person::default()).message(full(1, "eve"))).await;
        let going = put(&store, create(&key("going"), &Person::default())).await;

        let mut commits = Vec::new();
        for number in 0..60_u64 {
            let user = key(&format!("user {number}"));
            let new = create(&user, &Person::default().attempts(number));
            let message = |charges| paid(letter(1_000 + u128::from(number), &user, NOW), charges);
            let quota = format!("quota {number}");
            commits.push(match number % 6 {
                0 => new.0,
                1 => create(&key("ada"), &Person::default().attempts(number)).0,
                2 => new.take(&claim, Strength::Verified).0,
                3 => new.message(full(2_000 + u128::from(number), user.user.as_str())).0,
                4 => new.message(message(vec![withholding(&quota, 1, NOW), withholding(&quota, 1, NOW)])).0,
                _ => new.message(message(vec![withholding(&quota, 1, NOW)])).0,
            });
        }
        // One that the database cannot store, and one that erases, in between.
        let odd = create(&key("odd"), &Person::default()).take(&raw_key(ClaimKind::Email, "\0"), Strength::Verified);
        commits.insert(7 * usize::try_from(round).unwrap(), odd.0);
        commits.insert(30, erase(&key("going"), &going).0);
        let answers = at_once(&store, commits.clone()).await;
        for (commit, answer) in commits.iter().zip(&answers) {
            let name = commit.key.user.as_str();
            let there = store.load(&commit.key).await.unwrap().map(|stored| Person::counted(&stored.user));
            let number: Option<u64> = name.strip_prefix("user ").and_then(|number| number.parse().ok());
            match (name, number.map(|number| number % 6)) {
                ("ada", _) => assert!(matches!(answer, Err(CommitError::Conflict)), "{answer:?}"),
                ("odd", _) => {
                    assert!(matches!(answer, Err(CommitError::Store(StoreError::Failed(_)))), "{answer:?}");
                    assert_eq!(there, None);
                }
                ("going", _) => assert!(answer.is_ok() && there.is_none(), "{answer:?}"),
                (_, Some(2)) => assert!(matches!(answer, Err(CommitError::Taken(_))) && there.is_none(), "{answer:?}"),
                (_, Some(3)) => {
                    assert!(matches!(answer, Err(CommitError::Exhausted(_))) && there.is_none(), "{answer:?}");
                }
                (_, Some(4)) => {
                    assert_eq!(answer.as_ref().unwrap().exhausted.len(), 1, "the second draw finds no room");
                    assert_eq!(there, number);
                }
                _ => {
                    assert!(answer.as_ref().unwrap().exhausted.is_empty(), "{answer:?}");
                    assert_eq!(there, number, "what was told is what is there");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_changes_of_one_user_at_one_version_one_is_written() {
    let store = Place::new().store().await;
    for round in 0..10 {
        let user = key(&format!("user {round}"));
        let stored = put(&store, create(&user, &Person::default())).await;
        let changes = (1..=64).map(|number| change(&user, &stored, &Person::default().attempts(number)).0);
        let answers = at_once(&store, changes.collect()).await;
        let won: Vec<usize> = (0..64).filter(|index| answers[*index].is_ok()).collect();
        assert_eq!(won.len(), 1, "{answers:?}");
        assert!(answers.iter().flat_map(Result::as_ref).count() == 1);
        assert!(answers.iter().filter(|answer| matches!(answer, Err(CommitError::Conflict))).count() == 63);
        let count = Person::counted(&store.load(&user).await.unwrap().unwrap().user);
        assert_eq!(count, u64::try_from(won[0]).unwrap() + 1, "and it is the one that was told");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_caller_that_is_dropped_fails_no_other() {
    let store = Place::new().store().await;
    let running: Vec<_> = (0..64_u64)
        .map(|number| {
            let store = store.clone();
            let commit = create(&key(&format!("user {number}")), &Person::default()).0;
            tokio::spawn(async move { store.commit(commit).await })
        })
        .collect();
    for (number, handle) in running.iter().enumerate() {
        if number % 2 == 0 {
            handle.abort();
        }
    }
    for (number, handle) in running.into_iter().enumerate() {
        let told = handle.await;
        if number % 2 == 1 {
            told.unwrap().unwrap();
            assert!(store.load(&key(&format!("user {number}"))).await.unwrap().is_some());
        }
    }
}

/// The number of statements that are prepared on the only connection behind this line: each statement that is new to the
/// connection is parsed twice, once by name and once to run, and each that is forgotten is closed.
fn plans(line: &Proxy) -> usize {
    let sent = line.heard().client;
    sent.matches('P').count() / 2 - sent.matches('C').count()
}

/// A store with one connection, behind a line that counts.
async fn counted(place: &Place) -> (PostgresStore, Proxy) {
    let line = Proxy::start(place.database.port());
    let options = place.options().with_pool_size(1).with_statements(Statements::Prepared).without_notifying();
    let store = options.connect(&place.database.url_at(line.port())).await.unwrap();
    line.reset(None);
    (store, line)
}

/// Changes of as many users, no two of which bring the same.
async fn all_different(store: &PostgresStore) -> Vec<Commit> {
    let mut commits = Vec::new();
    for number in 0..128_u64 {
        let user = key(&format!("user {number}"));
        let mail = format!("{number}@example.com");
        let person = Person::default().email(1, &mail, verified());
        let stored = put(store, create(&user, &person).take(&mail_key(&mail), Strength::Verified)).await;
        commits.push(varied(&user, &stored, number).0);
    }
    commits
}

/// A plan of the statement that commits takes the server about a megabyte, for each connection that met it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_keeps_few_plans_however_commits_differ() {
    let (store, line) = counted(&Place::new()).await;
    for commit in all_different(&store).await {
        store.commit(commit).await.unwrap();
    }
    let kept = plans(&line);
    assert!((2..=64).contains(&kept), "{kept}");

    let (store, line) = counted(&Place::new()).await;
    for answer in at_once(&store, all_different(&store).await).await {
        answer.unwrap();
    }
    let plans = plans(&line);
    assert!(plans < 16, "what travels together is planned once for all: {plans}");
}
