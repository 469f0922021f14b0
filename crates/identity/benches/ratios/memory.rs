//! The flow on the store in memory.

use std::hint::black_box;

use identity_memory::MemoryStore;

use crate::decisions::Rules;
use crate::flow::Host;
use crate::measure::{each, in_turns, nanos_each, timed};
use crate::people::People;
use crate::table::{Row, Target, Unit};

pub(crate) fn rows() -> Vec<Row> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let people = People::default().some(2_000);
    let rules = Rules::new();
    let stored = || {
        let host = Host::new(MemoryStore::new());
        let (took, ()) = timed(|| {
            runtime.block_on(async {
                for person in &people {
                    black_box(host.flow(person).await.unwrap());
                }
            });
        });
        each(took, people.len())
    };
    let decided = || {
        nanos_each(people.len(), |at| {
            black_box(rules.flow(people.get(at).unwrap()));
        })
    };
    vec![Row {
        what: "the flow, in memory".to_owned(),
        than: "its decisions alone".to_owned(),
        unit: Unit::Time,
        pair: in_turns(15, stored, decided),
        target: Target::Nanos(10_000.0),
    }]
}
