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

const TASKS: usize = 16;
/// Of each task, in each round.
const FLOWS: usize = 10;

pub(crate) fn rows() -> Vec<Row> {
    let folder = places::on_disk();
    let [ours, shared, own] = ["ours.db", "shared.db", "own.db"].map(|name| folder.path().join(name));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let host = Host::new(sqlite::open(&runtime, &ours, Durability::Full));
    let mut our_people = People::default();
    let mut by_us = || tasks(&runtime, &host, &our_people.some(TASKS * FLOWS));

    let one = Mutex::new(Bare::open(&shared, Durability::Full));
    let one = [&one; TASKS];
    let mut people = People::default();
    let by_one = || threads(&one, &people.some(TASKS * FLOWS));
    let each = [(); TASKS].map(|()| Mutex::new(Bare::open(&own, Durability::Full)));
    let each = each.each_ref();
    let mut people = People::default();
    let by_each = || threads(&each, &people.some(TASKS * FLOWS));
    // Either is what somebody would write; the faster one is the one to beat.
    let one = ("one connection behind a mutex", in_turns(7, &mut by_us, by_one));
    let each = ("one connection a thread", in_turns(7, &mut by_us, by_each));
    let (than, pair) = if one.1.theirs > each.1.theirs { one } else { each };
    vec![Row {
        what: format!("commits on SQLite, file on disk, synchronous FULL, {TASKS} tasks"),
        than: format!("the bare program, {than}"),
        unit: Unit::Rate,
        pair,
        target: Target::RatioAtLeast(3.0),
    }]
}

fn rate(took: std::time::Duration) -> f64 {
    per_second(took, TASKS * FLOWS * COMMITS)
}

fn tasks(runtime: &Runtime, host: &Host, people: &[Person]) -> f64 {
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
            for task in people.chunks(FLOWS).map(task).collect::<Vec<_>>() {
                task.await.unwrap();
            }
        });
    });
    rate(took)
}

fn threads(programs: &[&Mutex<Bare>], people: &[Person]) -> f64 {
    let (took, ()) = timed(|| {
        std::thread::scope(|scope| {
            for (program, people) in programs.iter().zip(people.chunks(FLOWS)) {
                scope.spawn(move || {
                    for person in people {
                        // The others may write between one call and the next.
                        black_box(bare::flow(|| program.lock().unwrap(), person));
                    }
                });
            }
        });
    });
    rate(took)
}
