//! Loads a second, and what changes of users cost: bytes of the write-ahead log, the share of HOT updates, and the time that
//! others take while two users' rows are locked.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and waits")]

use std::time::{Duration, Instant};

use identity_conformance::kit::{
    NOW, Person, change, create, key, letter, mail_key, paid, pending, put, refusing, verified,
};
use identity_core::Strength;
use identity_ports::{Stored, UserRepository as _};
use identity_postgres::PostgresStore;
use postgres_testbed::{Cluster, Database};
use tokio::runtime::Runtime;

use crate::crowd::repeat;

const USERS: usize = 2_000;
const CLIENTS: usize = 16;
const TIME: Duration = Duration::from_secs(3);
const ROUNDS: usize = 5;

pub(crate) fn print(cluster: &Cluster, runtime: &Runtime) {
    let database = cluster.database();
    let options = PostgresStore::options().with_pool_size(CLIENTS);
    let store = runtime.block_on(options.connect(&database.url())).unwrap();
    runtime.block_on(async {
        for number in 0..USERS {
            let user = key(&format!("user-{number}"));
            let mail = format!("user-{number}@example.com");
            let person = Person::default().email(1, &mail, verified()).primary(1).username(2, &format!("name{number}"));
            put(&store, create(&user, &person).take(&mail_key(&mail), Strength::Verified)).await;
        }
    });
    database.sql("vacuum analyze");
    let mut loads: Vec<u64> = (0..ROUNDS).map(|_| per_second(runtime, &store)).collect();
    loads.sort_unstable();
    println!("loads, {CLIENTS} tasks: {loads:?} a second");

    database.sql("select pg_stat_reset(); checkpoint");
    let (at, count) = (database.sql("select pg_current_wal_lsn()"), 4);
    // The first change of a page after a checkpoint logs the whole page: every page is changed before it is counted.
    runtime.block_on(changes(&store, 0..USERS, 1));
    let at_last = database.sql("select pg_current_wal_lsn()");
    let took = Instant::now();
    runtime.block_on(changes(&store, 0..USERS, count));
    let took = took.elapsed();
    let commits = USERS * count;
    let bytes = |from: &str| database.sql(&format!("select pg_current_wal_lsn() - '{from}'::pg_lsn"));
    let rate = commits as f64 / took.as_secs_f64();
    println!("{commits} changes with a message and two budgets, {CLIENTS} at once: {rate:.0} a second");
    println!("bytes of the log: {} for them, {} with whole pages before", bytes(&at_last), bytes(&at));
    std::thread::sleep(Duration::from_millis(1_500));
    println!("updates of users, of which HOT: {}", database.sql(
        "select n_tup_upd || ', ' || n_tup_hot_upd from pg_stat_user_tables where relname = 'identity_users'",
    ));
    let p99 = |what: &str| {
        let mut times = runtime.block_on(timed(&store));
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
        println!("{what}: {} changes, p50 {:?}, p99 {:?}", times.len(), at(50), at(99));
    };
    p99("undisturbed");
    let locks = lock(&database, runtime);
    p99("two users' rows locked");
    drop(locks);
    p99("undisturbed again");
}

fn per_second(runtime: &Runtime, store: &PostgresStore) -> u64 {
    let store = store.clone();
    let work = move |task: usize, done: usize| {
        let (store, number) = (store.clone(), (task * 131 + done * 17) % USERS);
        async move { assert!(store.load(&key(&format!("user-{number}"))).await.unwrap().is_some()) }
    };
    runtime.block_on(repeat(CLIENTS, TIME, work)) as u64 / TIME.as_secs()
}

/// A user asks for a code: the address has a challenge, and its message draws on two budgets.
async fn ask(store: &PostgresStore, number: usize, stored: &Stored) {
    let user = key(&format!("user-{number}"));
    let person = Person::of(&stored.user);
    let person =
        if stored.version.0 % 2 == 1 { person.email(3, "b@example.com", pending()) } else { person.without(3) };
    let id = ((number as u128) << 64) + u128::from(stored.version.0);
    let charges = ["short", "long"].map(|name| refusing(&format!("{name}-{number}"), 1_000_000, NOW));
    put(store, change(&user, stored, &person).message(paid(letter(id, &user, NOW), charges.to_vec()))).await;
}

async fn changes(store: &PostgresStore, users: std::ops::Range<usize>, times: usize) {
    for _ in 0..times {
        let at_work: Vec<_> = (0..CLIENTS)
            .map(|task| {
                let (store, users) = (store.clone(), users.clone());
                tokio::spawn(async move {
                    for number in users.skip(task).step_by(CLIENTS) {
                        let stored = store.load(&key(&format!("user-{number}"))).await.unwrap().unwrap();
                        ask(&store, number, &stored).await;
                    }
                })
            })
            .collect();
        for task in at_work {
            task.await.unwrap();
        }
    }
}

/// What changes of users take, but for the first two; those are changed too, and wait when they are locked.
async fn timed(store: &PostgresStore) -> Vec<Duration> {
    let locked: Vec<_> = (0..2)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let user = key(&format!("user-{number}"));
                let stored = store.load(&user).await.unwrap().unwrap();
                let _ = store.commit(change(&user, &stored, &Person::of(&stored.user)).0).await;
            })
        })
        .collect();
    let at_work: Vec<_> = (0..CLIENTS)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                let (mut times, began) = (Vec::new(), Instant::now());
                while began.elapsed() < TIME {
                    let number = 2 + (task + times.len() * CLIENTS) % (USERS - 2);
                    let stored = store.load(&key(&format!("user-{number}"))).await.unwrap().unwrap();
                    let at = Instant::now();
                    ask(&store, number, &stored).await;
                    times.push(at.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in at_work {
        times.extend(task.await.unwrap());
    }
    locked.iter().for_each(tokio::task::JoinHandle::abort);
    times
}

/// Locks two users' rows as long as it lives.
fn lock(database: &Database, runtime: &Runtime) -> tokio::task::JoinHandle<()> {
    let url = database.url();
    let (sender, locked) = std::sync::mpsc::channel();
    let held = runtime.spawn(async move {
        let store = PostgresStore::options().with_pool_size(1).connect(&url).await.unwrap();
        let mut connection = store.pool().get().await.unwrap();
        let transaction = connection.transaction().await.unwrap();
        let sql = "select 1 from identity_users where id in ('user-0', 'user-1') for update";
        transaction.query(sql, &[]).await.unwrap();
        sender.send(()).unwrap();
        tokio::time::sleep(TIME + Duration::from_secs(1)).await;
        transaction.rollback().await.unwrap();
    });
    locked.recv().unwrap();
    held
}
