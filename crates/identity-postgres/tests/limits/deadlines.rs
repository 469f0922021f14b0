//! Deadlines: what a call answers, and what it leaves behind, while rows are locked or the server is silent.

use std::time::{Duration, Instant};

use identity_conformance::kit::{
    NOW, Person, change, create, key, letter, mail_key, paid, put, refusing, tenant, verified,
};
use identity_core::{Strength, UserKey};
use identity_ports::{Commit, CommitError, Committed, ListOrder, ListQuery, StoreError, Stored, UserRepository as _};
use identity_postgres::PostgresStore;
use identity_postgres::tokio_postgres::{Client, NoTls, connect};
use postgres_testbed::{Cluster, Database, Fault, Proxy, Side, What};
use tokio::task::JoinHandle;

type Timed = (Duration, Result<Committed, CommitError>);

/// Sends a commit, and takes the time.
fn timed(store: &PostgresStore, commit: Commit) -> JoinHandle<Timed> {
    let store = store.clone();
    tokio::spawn(async move {
        let began = Instant::now();
        let answer = store.commit(commit).await;
        (began.elapsed(), answer)
    })
}

async fn raw(database: &Database) -> Client {
    let (client, connection) = connect(&database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A connection that holds the rows that this statement locks.
async fn locking(database: &Database, sql: &str) -> Client {
    let client = raw(database).await;
    client.batch_execute(&format!("begin; {sql} for update")).await.unwrap();
    client
}

async fn store(database: &Database, timeout: Duration) -> PostgresStore {
    let options = PostgresStore::options().with_pool_size(4).with_timeout(timeout);
    options.connect(&database.url()).await.unwrap()
}

async fn user(store: &PostgresStore, name: &str) -> (UserKey, Stored) {
    let user = key(name);
    let stored = put(store, create(&user, &Person::default())).await;
    (user, stored)
}

fn touch((user, stored): &(UserKey, Stored)) -> Commit {
    change(user, stored, &Person::default().attempts(1)).0
}

const BUSY: &str = "select count(*) from pg_stat_activity where datname = current_database() and state = 'active' \
                    and pid <> pg_backend_pid()";

fn said_no(answer: &Result<Committed, CommitError>) -> bool {
    matches!(answer, Err(CommitError::Store(StoreError::Unavailable(_))))
}

#[tokio::test(flavor = "multi_thread")]
async fn c90_while_rows_are_locked_every_call_ends_in_time_and_nothing_is_written_afterwards() {
    locked_rows("").await;
}

/// As behind a proxy, where the store cannot set time limits for its sessions: it cancels what it gives up.
#[tokio::test(flavor = "multi_thread")]
async fn c90_a_statement_that_is_given_up_is_cancelled() {
    locked_rows("?options=-c%20lock_timeout%3D0%20-c%20statement_timeout%3D0").await;
}

async fn locked_rows(settings: &str) {
    let database = Cluster::shared().database();
    let timeout = Duration::from_secs(2);
    let options = PostgresStore::options().with_pool_size(4).with_timeout(timeout);
    let store = options.connect(&format!("{}{settings}", database.url())).await.unwrap();
    let locked = user(&store, "locked").await;
    let claim = mail_key("ada@example.com");
    put(&store, create(&key("holder"), &Person::default()).take(&claim, Strength::Unverified)).await;
    let claiming = user(&store, "claiming").await;
    let spent = |number, user: &UserKey| paid(letter(number, user, NOW), vec![refusing("+49", 9, NOW)]);
    put(&store, create(&key("spender"), &Person::default()).message(spent(1, &key("spender")))).await;
    let spending = user(&store, "spending").await;
    let _user = locking(&database, "select 1 from identity_users where id = 'locked'").await;
    let _claim = locking(&database, "select 1 from identity_claims").await;
    let budget = locking(&database, "select 1 from identity_budgets").await;

    let mut calls: Vec<_> = (0..10).map(|_| timed(&store, touch(&locked))).collect();
    let person = Person::default().email(1, "ada@example.com", verified());
    calls.push(timed(&store, change(&claiming.0, &claiming.1, &person).take(&claim, Strength::Verified).0));
    let draft = change(&spending.0, &spending.1, &Person::default().attempts(1));
    calls.push(timed(&store, draft.message(spent(2, &spending.0)).0));
    for call in calls {
        let (took, answer) = call.await.unwrap();
        assert!(took < timeout + Duration::from_secs(1), "answered after {took:?}");
        assert!(said_no(&answer), "{answer:?}");
    }
    assert_eq!(database.sql(BUSY), "0", "no session of the server is left waiting");
    drop((_user, _claim, budget));
    for (user, stored) in [locked, claiming, spending] {
        assert_eq!(store.load(&user).await.unwrap(), Some(stored), "what was refused is not written later");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c90_while_the_server_is_silent_every_call_ends_in_time_and_only_what_was_sent_is_unknown() {
    let cluster = Cluster::builder().start();
    let database = cluster.database();
    let timeout = Duration::from_secs(1);
    let store = store(&database, timeout).await;
    let mut users = Vec::new();
    for number in 0..24 {
        users.push(user(&store, &format!("user {number}")).await);
    }
    let silence = cluster.pause();
    let mut calls = Vec::new();
    for user in &users {
        calls.push(timed(&store, touch(user)));
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    let query = ListQuery { order: ListOrder::Created, after: None, limit: 5, prefix: None };
    let tenant = tenant("acme");
    let (loaded, listed) = tokio::join!(store.load(&users[0].0), store.list(&tenant, &query));
    assert!(began.elapsed() < timeout + Duration::from_secs(1), "{:?}", began.elapsed());
    assert!(matches!(loaded, Err(StoreError::Unavailable(_))), "a load leaves nothing unknown: {loaded:?}");
    assert!(matches!(listed, Err(StoreError::Unavailable(_))), "{listed:?}");
    let mut answers = Vec::new();
    for call in calls {
        let (took, answer) = call.await.unwrap();
        assert!(took < timeout + Duration::from_secs(1), "answered after {took:?}");
        assert!(answer.is_err(), "{answer:?}");
        answers.push(answer);
    }
    drop(silence);
    // The server reads what was sent to it, and ends it.
    while database.sql(BUSY) != "0" {
        tokio::task::yield_now().await;
    }
    let mut refused = 0;
    for ((user, stored), answer) in users.into_iter().zip(&answers) {
        match answer {
            Err(CommitError::Store(StoreError::Failed(error))) => {
                assert!(error.to_string().contains("is unknown; load the user"), "{error}");
            }
            answer => {
                assert!(said_no(answer), "{answer:?}");
                assert_eq!(store.load(&user).await.unwrap(), Some(stored), "what was refused is not written later");
                refused += 1;
            }
        }
    }
    assert!(refused > 0, "what was not sent is not unknown");
}

/// A load that waits for the only connection gets its place when another load has given the connection up, 100 ms before its own
/// deadline, and then has to connect to a silent server.
#[tokio::test(flavor = "multi_thread")]
async fn c90_a_call_that_gets_a_connection_late_still_ends_at_its_own_deadline() {
    let cluster = Cluster::builder().start();
    let (database, timeout) = (cluster.database(), Duration::from_secs(1));
    let options = PostgresStore::options().with_pool_size(1).with_timeout(timeout);
    let store = options.connect(&database.url()).await.unwrap();
    let (ada, _) = user(&store, "ada").await;
    let _silence = cluster.pause();
    let early = tokio::spawn({
        let (store, ada) = (store.clone(), ada.clone());
        async move { store.load(&ada).await }
    });
    tokio::time::sleep(Duration::from_millis(600)).await;
    let began = Instant::now();
    let late = store.load(&ada).await;
    assert!(began.elapsed() < Duration::from_millis(1_500), "answered after {:?}", began.elapsed());
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
    assert!(matches!(early.await.unwrap(), Err(StoreError::Unavailable(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn c91_rows_that_somebody_else_has_locked_hold_up_nobody_else() {
    let database = Cluster::shared().database();
    let store = store(&database, Duration::from_secs(30)).await;
    let mut locked = Vec::new();
    for number in 0..3 {
        locked.push(user(&store, &format!("locked {number}")).await);
    }
    let claims = [mail_key("a@example.com"), mail_key("b@example.com")];
    for (claim, holder) in claims.iter().zip(["one", "two"]) {
        put(&store, create(&key(holder), &Person::default()).take(claim, Strength::Unverified)).await;
    }
    let mut free = Vec::new();
    for number in 0..30 {
        free.push(user(&store, &format!("free {number}")).await);
    }
    let rows = locking(&database, "select 1 from identity_users where id like 'locked%'").await;
    let claimed = locking(&database, "select 1 from identity_claims").await;
    let mut waiting: Vec<_> = locked.iter().map(|user| timed(&store, touch(user))).collect();
    let mut longest = Duration::ZERO;
    for (number, user) in free.iter().enumerate() {
        if let (10, Some(claim)) | (20, Some(claim)) = (number, claims.get(number / 20)) {
            let draft = create(&key(&format!("claiming {number}")), &Person::default());
            waiting.push(timed(&store, draft.take(claim, Strength::Verified).0));
        }
        let (took, answer) = timed(&store, touch(user)).await.unwrap();
        assert!(answer.is_ok(), "{answer:?}");
        longest = longest.max(took);
    }
    println!("others waited {longest:?} at most");
    assert!(longest < Duration::from_secs(2), "others waited {longest:?}");
    assert!(waiting.iter().all(|call| !call.is_finished()), "the rows were locked all the time");
    drop((rows, claimed));
    for call in waiting {
        let (_, answer) = call.await.unwrap();
        assert!(answer.is_ok(), "what waited goes through when the row is free: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_finds_the_queue_full_is_refused_at_once() {
    let database = Cluster::shared().database();
    let options = PostgresStore::options().with_queue(4).with_timeout(Duration::from_secs(30));
    let store = options.connect(&database.url()).await.unwrap();
    let locked = user(&store, "locked").await;
    let lock = locking(&database, "select 1 from identity_users").await;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(timed(&store, touch(&locked)));
        // Each is sent, or waits, before the next one.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (took, answer) = timed(&store, touch(&locked)).await.unwrap();
    assert!(said_no(&answer) && took < Duration::from_secs(1), "{took:?}: {answer:?}");
    assert!(waiting.iter().all(|call| !call.is_finished()), "one is on its way, four wait");
    drop(lock);
    let mut won = 0;
    for call in waiting {
        won += usize::from(call.await.unwrap().1.is_ok());
    }
    assert_eq!(won, 1, "one of those at the same version");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_connections_is_tried_for_as_long_as_the_options_say() {
    let database = Cluster::shared().database();
    let proxy = Proxy::start(Cluster::shared().port());
    let options = PostgresStore::options().without_notifying();
    let url = database.url_at(proxy.port());
    let patient = options.clone().connect(&url).await.unwrap();
    let hasty = options.with_reconnect(Duration::from_millis(300)).connect(&url).await.unwrap();
    let ada = user(&patient, "ada").await;
    assert!(hasty.load(&ada.0).await.unwrap().is_some());
    proxy.refuse(true);
    let cut = Fault { side: Side::Client, number: 1, what: What::CutBefore };

    proxy.reset(cut);
    let began = Instant::now();
    let loaded = hasty.load(&ada.0).await;
    assert!(matches!(loaded, Err(StoreError::Unavailable(_))), "{loaded:?}");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());

    proxy.reset(cut);
    let began = Instant::now();
    let back = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        proxy.refuse(false);
    };
    let (loaded, ()) = tokio::join!(patient.load(&ada.0), back);
    assert!(loaded.unwrap().is_some(), "the server came back in time");
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
}
