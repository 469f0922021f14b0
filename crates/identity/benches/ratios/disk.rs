//! Many tasks that commit to one file on disk, each commit synced: what it is worth that they share the sync.

use std::hint::black_box;
use std::sync::Mutex;

use identity_sqlite::Durability;
use tokio::runtime::Runtime;

use crate::bare::{self, Bare};
use crate::flow::{COMMITS, Host};
use crate::measure::{in_turns, per_second, timed};
use crate::people::{People, Person};
use crate::table::{Row, Target, Unit};
use crate::{places, sqlite};

/// How many tasks there are, of how many flows each in each round, and how often they have to commit as the program does.
const TASKS: [(usize, usize, f64); 3] = [(1, 40, 0.9), (16, 10, 4.0), (64, 4, 5.0)];

pub(crate) fn rows() -> Vec<Row> {
    TASKS.map(|(tasks, flows, least)| row(tasks, flows, least)).into()
}

fn row(tasks: usize, flows: usize, least: f64) -> Row {
    let folder = places::on_disk();
    let [ours, shared, own] = ["ours.db", "shared.db", "own.db"].map(|name| folder.path().join(name));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let host = Host::new(sqlite::open(&runtime, &ours, Durability::Full));
    let mut our_people = People::default();
    let mut by_us = || spawned(&runtime, &host, &our_people.some(tasks * flows), flows);

    let one = Mutex::new(Bare::open(&shared, Durability::Full));
    let mut people = People::default();
    let by_one = || threads(&vec![&one; tasks], &people.some(tasks * flows), flows);
    let each: Vec<_> = (0..tasks).map(|_| Mutex::new(Bare::open(&own, Durability::Full))).collect();
    let mut people = People::default();
    let by_each = || threads(&each.iter().collect::<Vec<_>>(), &people.some(tasks * flows), flows);
    // Either is what somebody would write; the faster one is the one to beat.
    let one = ("one connection behind a mutex", in_turns(7, &mut by_us, by_one));
    let each = ("one connection a thread", in_turns(7, &mut by_us, by_each));
    let (than, pair) = if one.1.theirs > each.1.theirs { one } else { each };
    Row {
        what: format!("commits on SQLite, file on disk, synchronous FULL, {tasks} tasks"),
        than: format!("the bare program, {than}"),
        unit: Unit::Rate,
        pair,
        target: Target::RatioAtLeast(least),
    }
}

fn rate(took: std::time::Duration, flows: usize) -> f64 {
    per_second(took, flows * COMMITS)
}

fn spawned(runtime: &Runtime, host: &Host, people: &[Person], flows: usize) -> f64 {
    let (took, ()) = timed(|| {
        runtime.block_on(async {
            let task = |people: &[Person]| {
                let (host, people) = (host.clone(), people.to_vec());
                runtime.spawn(async move {
                    for person in people {
                        black_box(host.flow(&person).await.unwrap());
                    }
                })
            };
            for task in people.chunks(flows).map(task).collect::<Vec<_>>() {
                task.await.unwrap();
            }
        });
    });
    rate(took, people.len())
}

fn threads(programs: &[&Mutex<Bare>], people: &[Person], flows: usize) -> f64 {
    let (took, ()) = timed(|| {
        std::thread::scope(|scope| {
            for (program, people) in programs.iter().zip(people.chunks(flows)) {
                scope.spawn(move || {
                    for person in people {
                        // The others may write between one call and the next.
                        black_box(bare::flow(|| program.lock().unwrap(), person));
                    }
                });
            }
        });
    });
    rate(took, people.len())
}
