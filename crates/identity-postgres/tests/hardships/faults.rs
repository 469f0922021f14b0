//! The connection breaks at every message of a commit, in either direction: the commit is written as a whole or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use identity_conformance::kit::{
    Bench, NOW, Person, change, create, key, letter, mail_key, paid, put, verified, withholding,
};
use identity_core::{Code, Confirmation, Email, IdentifierId, NewUser, Policy, Strength, UserId, UserKey, Version};
use identity_ports::{Commit, CommitError, StoreError, UserRepository as _};
use identity_postgres::{PostgresStore, Statements};
use postgres_testbed::{Cluster, Database, Fault, Proxy, Side, What};

const FAULTS: [What; 4] = [What::CutBefore, What::CutAfter, What::Delay(Duration::from_millis(5)), What::Duplicate];

/// A store behind a line that breaks, and one that sees what is there.
struct Scene {
    database: Database,
    proxy: Proxy,
    behind: PostgresStore,
    beside: PostgresStore,
    users: AtomicU64,
}

impl Scene {
    async fn new(statements: Statements) -> Self {
        let database = Cluster::shared().database();
        let proxy = Proxy::start(Cluster::shared().port());
        let options = PostgresStore::options().with_pool_size(1).with_statements(statements).without_notifying();
        let options = options.with_reconnect(Duration::from_secs(2));
        let behind = options.connect(&database.url_at(proxy.port())).await.unwrap();
        let beside = PostgresStore::options().with_pool_size(2).connect(&database.url()).await.unwrap();
        Self { database, proxy, behind, beside, users: AtomicU64::new(1) }
    }

    /// A user of one event, and a commit that writes to every table.
    async fn change(&self) -> (u64, UserKey, Commit) {
        let number = self.users.fetch_add(1, Ordering::Relaxed);
        let key = key(&format!("user-{number}"));
        let address = format!("user.{number}@example.com");
        let stored = put(&self.beside, create(&key, &Person::default())).await;
        let person = Person::default().email(1, &address, verified()).primary(1).attempts(1);
        let message = paid(letter(number.into(), &key, NOW), vec![withholding(&format!("quota-{number}"), 3, NOW)]);
        let draft = change(&key, &stored, &person).take(&mail_key(&address), Strength::Verified).message(message);
        (number, key, draft.0)
    }

    /// What there is of such a commit: all of it, or nothing.
    async fn is_there(&self, number: u64, key: &UserKey) -> bool {
        let stored = self.beside.load(key).await.unwrap().unwrap();
        let after = match stored.version {
            Version(1) => false,
            Version(2) => true,
            other => panic!("user {number} has the version {other:?}"),
        };
        let expected = u64::from(after);
        let address = mail_key(&format!("user.{number}@example.com"));
        assert_eq!(Person::counted(&stored.user), expected, "{number}");
        assert_eq!(stored.user.emails().entries().len() as u64, expected, "{number}");
        assert_eq!(stored.claims.iter().filter(|claim| claim.key == address).count() as u64, expected, "{number}");
        assert_eq!(self.beside.history(key, 0, 9).await.unwrap().len() as u64, expected + 1, "{number}");
        let rows = self.beside.pool().get().await.unwrap();
        let counts = rows
            .query_one(
                "select (select count(*) from identity_outbox where user_id = $1), \
                 (select coalesce(sum(drawn), 0)::int8 from identity_budgets where quota = $2)",
                &[&key.user.as_str(), &format!("quota-{number}")],
            )
            .await
            .unwrap();
        let counts: (i64, i64) = (counts.get(0), counts.get(1));
        let expected = i64::from(after);
        assert_eq!(counts, (expected, expected), "message and budget of {number}");
        after
    }

    /// Waits until nothing that was sent is still being done.
    async fn settle(&self) {
        let ask = "select count(*) from pg_stat_activity where datname = current_database() \
                   and state <> 'idle' and pid <> pg_backend_pid()";
        for _ in 0..2_000 {
            let connection = self.beside.pool().get().await.unwrap();
            if connection.query_one(ask, &[]).await.unwrap().get::<_, i64>(0) == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("something is still being done: {}", self.database.sql("select query from pg_stat_activity"));
    }

    /// What there is of a commit of these users: all of it, or nothing.
    async fn are_there(&self, users: &[(u64, UserKey)]) -> bool {
        let mut there = Vec::new();
        for (number, key) in users {
            there.push(self.is_there(*number, key).await);
        }
        assert!(there.iter().all(|other| *other == there[0]), "the commit is torn: {there:?}");
        there[0]
    }

    /// Commits under a fault, of one user or of two; false when the line had no such message.
    async fn commit_under(&self, fault: Fault, of_two: bool) -> bool {
        let (number, key, mut commit) = self.change().await;
        let mut users = vec![(number, key.clone())];
        if of_two {
            let (number, key, also) = self.change().await;
            users.push((number, key));
            commit.also = Some(Box::new(also));
        }
        // A line that works, with its statements known.
        assert!(self.behind.load(&key).await.unwrap().is_some());
        self.proxy.reset(fault);
        let answer = self.behind.commit(commit.clone()).await;
        let struck = self.proxy.struck();
        self.proxy.reset(None);
        self.settle().await;
        let there = self.are_there(&users).await;
        match &answer {
            Ok(_) => assert!(there, "{fault:?}: what is acknowledged is there"),
            Err(CommitError::Store(StoreError::Failed(_))) => {}
            Err(other) => panic!("{fault:?}: nobody else was there, and yet {other:?}"),
        }
        if answer.is_err() {
            // Whoever was not told asks for the version, or tries again: it happens once.
            let again = self.behind.commit(commit).await;
            assert_eq!(matches!(again, Err(CommitError::Conflict)), there, "{fault:?}: {again:?}");
            assert_eq!(again.is_ok(), !there, "{fault:?}: {again:?}");
            assert!(self.are_there(&users).await);
        }
        struck
    }
}

async fn at_every_message(statements: Statements, of_two: bool) {
    let scene = Scene::new(statements).await;
    for _ in 0..2 {
        assert!(
            !scene.commit_under(Fault { side: Side::Client, number: 1_000_000, what: What::CutBefore }, of_two).await
        );
    }
    let mut places = 0;
    for side in [Side::Client, Side::Server] {
        for number in 1.. {
            let mut struck = false;
            for what in FAULTS.into_iter().filter(|what| side == Side::Client || *what != What::Duplicate) {
                struck |= scene.commit_under(Fault { side, number, what }, of_two).await;
            }
            if !struck {
                assert!(number > 3, "a commit is more than {number} messages");
                break;
            }
            places += 1;
        }
    }
    println!("{statements:?}, of two: {of_two}: {places} places");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unprepared_commit_is_before_or_after_at_every_message() {
    at_every_message(Statements::Unprepared, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prepared_commit_is_before_or_after_at_every_message() {
    at_every_message(Statements::Prepared, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_two_is_before_or_after_at_every_message() {
    at_every_message(Statements::Prepared, true).await;
}

/// A server that is gone for good is an error, and no commit is made up.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_stays_cut_is_an_error() {
    let scene = Scene::new(Statements::Unprepared).await;
    let (number, key, commit) = scene.change().await;
    assert!(scene.behind.load(&key).await.unwrap().is_some());
    // The last message of the server says that the transaction is done.
    let (_, _, other) = scene.change().await;
    scene.proxy.reset(None);
    scene.behind.commit(other).await.unwrap();
    let last = scene.proxy.heard().server.len() as u64;
    for (side, place) in [(Side::Client, 1), (Side::Server, last)] {
        scene.proxy.reset(Fault { side, number: place, what: What::CutBefore });
        scene.proxy.refuse(true);
        let answer = scene.behind.commit(commit.clone()).await;
        assert!(matches!(answer, Err(CommitError::Store(StoreError::Failed(_)))), "{answer:?}");
        scene.proxy.refuse(false);
        scene.proxy.reset(None);
        scene.settle().await;
        let there = scene.is_there(number, &key).await;
        assert_eq!(there, side == Side::Server, "what was heard is done, what was not heard is not");
        assert!(scene.behind.load(&key).await.unwrap().is_some(), "and it goes on when the line is back");
    }
    assert!(matches!(scene.behind.commit(commit).await, Err(CommitError::Conflict)), "the version tells");
}

struct Asked {
    bench: Bench,
    user: UserId,
    email: IdentifierId,
    code: Code,
}

async fn asked(store: &Arc<PostgresStore>, number: u64) -> Asked {
    let bench = Bench::new(store.clone(), Policy::default());
    let id = UserId::parse(&format!("asked-{number}")).unwrap();
    let new = NewUser { id: Some(id), ..NewUser::default() };
    let user = bench.identity.admin("host").create(new).await.unwrap().outcome;
    let account = bench.identity.account(&user);
    let email = Email::parse(&format!("asked.{number}@example.com")).unwrap();
    let email = account.add(email).await.unwrap().outcome;
    account.start_verification(email).await.unwrap();
    let code = bench.read_mail().await.0.unwrap();
    Asked { bench, user, email, code }
}

/// A wrong code costs a try even if the line breaks, and only one; the right one works once.
#[tokio::test(flavor = "multi_thread")]
async fn tries_are_exact_at_every_message() {
    let scene = Scene::new(Statements::Unprepared).await;
    let store = Arc::new(scene.behind.clone());
    let mut users = 0;
    for side in [Side::Client, Side::Server] {
        for number in 1.. {
            let mut struck = false;
            for what in [What::CutBefore, What::CutAfter] {
                users += 1;
                let Asked { bench, user, email, code } = asked(&store, users).await;
                let account = bench.identity.account(&user);
                let wrong = Code::parse(if code.reveal() == "000000" { "000001" } else { "000000" }).unwrap();
                let fault = Fault { side, number, what };
                scene.proxy.reset(fault);
                let answer = account.confirm(email, &wrong).await;
                struck |= scene.proxy.struck();
                scene.proxy.reset(None);
                scene.settle().await;
                let counted = |kind: &'static str| {
                    let (store, user) = (scene.beside.clone(), key(user.as_str()));
                    async move {
                        let history = store.history(&user, 0, 100).await.unwrap();
                        history.iter().filter(|recorded| recorded.event.change.kind() == kind).count()
                    }
                };
                let tries = counted("answer_rejected").await;
                match &answer {
                    Ok(receipt) => {
                        assert!(matches!(receipt.outcome, Confirmation::Rejected { .. }));
                        assert_eq!(tries, 1, "{fault:?}: an answer that was judged is counted, once");
                    }
                    Err(identity::Error::Store(_)) => assert!(tries <= 1, "{fault:?}"),
                    Err(other) => panic!("{fault:?}: {other:?}"),
                }
                scene.proxy.reset(fault);
                let first = account.confirm(email, &code).await;
                scene.proxy.reset(None);
                scene.settle().await;
                let second = account.confirm(email, &code).await;
                let won = [first.is_ok(), second.is_ok()].into_iter().filter(|won| *won).count();
                assert!(won <= 1, "{fault:?}: {first:?} {second:?}");
                assert_eq!(counted("verified").await, 1, "{fault:?}: {first:?} {second:?}");
            }
            if !struck {
                assert!(number > 5, "a load and a commit are more than {number} messages");
                break;
            }
        }
    }
}
