//! What the flow costs in a file of many users, against a file of few.

use identity::import::Imported;
use identity::rules::Seed;
use identity::store::Store;
use identity::{Identity, Timestamp};
use identity_sqlite::Durability;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::flow::{Host, Nobody, keys};
use crate::measure::in_turns;
use crate::people::People;
use crate::table::{Row, Target, Unit};
use crate::{places, sqlite};

const MANY: usize = 1_000_000;
const FEW: usize = 10_000;
const FLOWS: usize = 300;
/// Users that are imported at a time.
const BATCH: usize = 1_000;

pub(crate) fn rows() -> Vec<Row> {
    let (folder, place) = places::in_memory(6_144);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let [mut in_many, mut in_few] = [("many.db", MANY), ("few.db", FEW)].map(|(name, users)| {
        let path = folder.path().join(name);
        let mut people = People::default();
        fill(&runtime, sqlite::open(&runtime, &path, Durability::Normal), users, &mut people);
        let host = Host::new(sqlite::open(&runtime, &path, Durability::Normal));
        let runtime = &runtime;
        move || sqlite::run(runtime, &host, &people.some(FLOWS))
    });
    vec![Row {
        what: format!("the same flow, {MANY} users in the {place}"),
        than: format!("{FEW} users"),
        unit: Unit::Time,
        pair: in_turns(21, &mut in_many, &mut in_few),
        target: Target::RatioAtMost(1.3),
    }]
}

/// Imports users into a new file, each with what the flow leaves.
fn fill(runtime: &Runtime, store: impl Store, users: usize, people: &mut People) {
    let identity = Identity::new(store, Nobody, keys());
    let began = Timestamp::from_secs(1_700_000_000).as_micros();
    for first in (0..users).step_by(BATCH) {
        let record = |number: usize| {
            let (person, at) = (people.one(), began + 10_000_000 * i64::try_from(number).unwrap());
            let mut bytes = [0; 32];
            bytes.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
            let user = Seed::new(bytes).uuid(Timestamp::from_micros(at), 500);
            serde_json::from_value(json!({
                "id": user, "created_at": at, "updated_at": at,
                "emails": [{"address": person.email, "verified": {"by": "administrator"}}],
                "phones": [{"address": person.phone, "primary": true, "verified": {"by": "code"}}],
            }))
            .unwrap()
        };
        let batch: Vec<_> = (first..users.min(first + BATCH)).map(record).collect();
        let imported = runtime.block_on(identity.admin("import").import(batch)).unwrap();
        assert!(imported.iter().all(|one| *one == Imported::New), "{imported:?}");
    }
}
