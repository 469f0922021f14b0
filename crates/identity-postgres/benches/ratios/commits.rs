//! Commits a second: a user with a verified address, its claim, an event and a message.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use identity_conformance::kit::{NOW, Person, create, key, letter, mail_key, paid, verified};
use identity_core::Strength;
use identity_ports::{Commit, UserRepository as _};
use identity_postgres::PostgresStore;
use postgres_testbed::{Cluster, Database};
use tokio::runtime::Runtime;

use crate::crowd::repeat;
use crate::measure::{in_turns, per_second, timed};
use crate::pgbench::Pgbench;
use crate::table::{Row, Target, Unit};

const ROUNDS: usize = 7;
const CLIENTS: usize = 16;
const TIME: Duration = Duration::from_secs(3);

pub(crate) fn rows(cluster: &Cluster, runtime: &Runtime) -> Vec<Row> {
    let database = cluster.database();
    let options = PostgresStore::options().with_pool_size(CLIENTS);
    let store = runtime.block_on(options.connect(&database.url())).unwrap();
    let script = Pgbench::like(cluster, &database, |sentinel| {
        let url = database.url();
        runtime.block_on(async move {
            // A connection of its own: the settings of a database are read when it begins.
            let store = PostgresStore::options().with_pool_size(1).connect(&url).await.unwrap();
            store.commit(creation(sentinel)).await.unwrap();
        });
    });
    let next = AtomicU64::new(1);
    let than = format!("pgbench -M prepared, {CLIENTS} clients, the same flight");
    let mut rows = Vec::new();
    for (tasks, target) in [(CLIENTS, 2.0), (64, 4.0)] {
        let pair = in_turns(ROUNDS, || ours(runtime, &store, &next, tasks), || script.run(&database, CLIENTS, TIME));
        rows.push(Row {
            what: format!("commits, {tasks} tasks in one process"),
            than: than.clone(),
            unit: Unit::Rate,
            pair,
            target: Target::RatioAtLeast(target),
        });
    }
    rows
}

/// A commit that creates a user of this number.
pub(crate) fn creation(number: u64) -> Commit {
    let user = key(&format!("user-{number}"));
    let address = format!("user-{number}@example.com");
    let person = Person::default().email(1, &address, verified()).primary(1);
    let draft = create(&user, &person).take(&mail_key(&address), Strength::Verified);
    draft.message(paid(letter(1, &user, NOW), vec![])).0
}

fn ours(runtime: &Runtime, store: &PostgresStore, next: &AtomicU64, tasks: usize) -> f64 {
    // Numbers lie scattered, as those of `random()` do: the factor is prime to the modulus.
    let start = next.fetch_add(1 << 32, Ordering::Relaxed);
    let store = store.clone();
    let work = move |task: usize, done: usize| {
        let number = (start + (task + done * tasks) as u64).wrapping_mul(618_033_988_749_895);
        let (store, commit) = (store.clone(), creation(number % 999_999_999_999_989));
        async move { drop(store.commit(commit).await.unwrap()) }
    };
    let (took, done) = timed(|| runtime.block_on(repeat(tasks, TIME, work)));
    per_second(took, done)
}

/// The name of a database, for settings of its own.
pub(crate) fn set(cluster: &Cluster, database: &Database, setting: &str) {
    cluster.sql("postgres", &format!("alter database {} {setting}", database.name()));
}
