//! The flow on SQLite by one task, without a sync: what the adapter costs beyond its statements.

use std::hint::black_box;
use std::path::Path;

use identity_sqlite::rusqlite::Connection;
use identity_sqlite::{Durability, SqliteStore};
use tokio::runtime::Runtime;

use crate::by_hand::{self, ByHand};
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
    drop(open(&runtime, &theirs, Durability::Normal));
    let program = ByHand::open(&theirs, Durability::Normal);

    let [mut our_people, mut their_people] = [People::default(), People::default()];
    let mut by_us = || run(&runtime, &host, &our_people.some(FLOWS));
    let mut by_them = || {
        let people = their_people.some(FLOWS);
        nanos_each(FLOWS, |at| {
            black_box(by_hand::flow(|| &program, people.get(at).unwrap()));
        })
    };
    by_us();
    by_them();
    assert_eq!(census(&ours), census(&theirs), "the program written by hand has to keep the same rows");
    vec![Row {
        what: format!("the flow on SQLite, {place}, synchronous NORMAL, one task"),
        than: "by hand, prepared statements".to_owned(),
        unit: Unit::Time,
        pair: in_turns(15, by_us, by_them),
        target: Target::RatioAtMost(2.0),
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

/// How many rows each table has, and how many bytes of text are in them.
fn census(path: &Path) -> Vec<(&'static str, i64, i64)> {
    const TEXTS: [(&str, &str); 7] = [
        ("identity_users", "id, retired, hex(primary_email), hex(primary_phone), version, disabled"),
        ("identity_profiles", "user_id"),
        (
            "identity_identifiers",
            "address, typed, claim_key, claim_rule, status, verified_by, verified_source, sent_at, failed_at, \
             hex(challenge_nonce), challenge_key, position, source",
        ),
        ("identity_claims", "kind, claim_key, claim_rule, user_id, strength"),
        ("identity_events", "user_id, number, format, actor, type, change"),
        ("identity_outbox", "hex(id), channel, address, typed, content, locale, attempts"),
        ("identity_quotas", "kind, quota, drawn, ends_at - began_at"),
    ];
    let connection = Connection::open(path).unwrap();
    let count = |(table, texts): (&'static str, &str)| {
        let sql = format!("SELECT count(*), coalesce(sum(length(concat_ws('|', {texts}))), 0) FROM {table}");
        let (rows, bytes): (i64, i64) = connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        // Nonces stand in JSON as numbers of one to three digits, so their length is a matter of chance.
        (table, rows, if texts.contains("change") || texts.contains("content") { bytes / rows / 8 } else { bytes })
    };
    TEXTS.map(count).to_vec()
}
