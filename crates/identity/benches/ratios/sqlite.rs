//! The flow on SQLite by one task, without a sync: what the adapter costs beyond its statements.

use std::hint::black_box;
use std::path::Path;

use identity_sqlite::rusqlite::Connection;
use identity_sqlite::{Durability, SqliteStore};
use tokio::runtime::Runtime;

use crate::bare::{self, Bare};
use crate::flow::Host;
use crate::measure::{each, in_turns, nanos_each, timed};
use crate::people::{People, Person};
use crate::places;
use crate::table::{Row, Target, Unit};

const FLOWS: usize = 400;

pub(crate) fn rows() -> Vec<Row> {
    let (folder, place) = places::in_memory(512);
    let [ours, theirs] = ["ours.db", "theirs.db"].map(|name| folder.path().join(name));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let host = Host::new(open(&runtime, &ours, Durability::Normal));
    let program = Bare::open(&theirs, Durability::Normal);

    let [mut our_people, mut their_people] = [People::default(), People::default()];
    let [our_frames, their_frames] = [our_people.some(40), their_people.some(40)];
    let by_us = || run(&runtime, &host, &our_people.some(FLOWS));
    let by_them = || {
        let people = their_people.some(FLOWS);
        nanos_each(FLOWS, |at| {
            black_box(bare::flow(|| &program, people.get(at).unwrap()));
        })
    };
    let pair = in_turns(15, by_us, by_them);
    let our_frames = frames(&ours, 40, || _ = run(&runtime, &host, &our_frames));
    let their_frames = frames(&theirs, 40, || {
        their_frames.iter().for_each(|person| _ = bare::flow(|| &program, person));
    });
    eprintln!("frames of the write-ahead log in a flow: {our_frames:.1}, of the bare program {their_frames:.1}");
    vec![Row {
        what: format!("the flow on SQLite, {place}, synchronous NORMAL, one task"),
        than: "the bare program".to_owned(),
        unit: Unit::Time,
        pair,
        target: Target::RatioAtMost(4.0),
    }]
}

pub(crate) fn open(runtime: &Runtime, path: &Path, durability: Durability) -> SqliteStore {
    runtime.block_on(SqliteStore::options().with_durability(durability).open(path)).unwrap()
}

/// Nanoseconds of one flow.
pub(crate) fn run(runtime: &Runtime, host: &Host, people: &[Person]) -> f64 {
    let (took, ()) = timed(|| {
        runtime.block_on(async {
            for person in people {
                black_box(host.flow(person).await.unwrap());
            }
        });
    });
    each(took, people.len())
}

/// The frames of the write-ahead log that each of some flows writes.
fn frames(path: &Path, flows: usize, run: impl FnOnce()) -> f64 {
    let connection = Connection::open(path).unwrap();
    let log = |sql| connection.query_row(sql, [], |row| row.get::<_, u32>(1)).unwrap();
    log("PRAGMA wal_checkpoint(TRUNCATE)");
    run();
    f64::from(log("PRAGMA wal_checkpoint(PASSIVE)")) / f64::from(u32::try_from(flows).unwrap())
}
