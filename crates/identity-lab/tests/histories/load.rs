//! Random load on a store, and what it was told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use identity::store::{CommitError, UserKey};
use identity::user::JsonObject;
use identity_conformance::Store;
use identity_conformance::kit::{self, Draft, Person};
use identity_core::{Change, Reported};
use identity_lab::world::Dice;
use serde_json::{Map, json};

use crate::checker::{Call, Judged, Op, Seen, judge};

/// The number of users: few, so that calls meet.
const USERS: u8 = 4;

/// How long the load lasts.
pub(crate) fn length() -> Duration {
    let secs = std::env::var("IDENTITY_LAB_HISTORY_SECS").map(|secs| secs.parse().expect("a number of seconds"));
    Duration::from_secs(secs.unwrap_or(5))
}

fn key(user: u8) -> UserKey {
    kit::key(&format!("user-{user}"))
}

/// A time that all processes of the machine have in common.
#[expect(clippy::disallowed_methods, reason = "two processes have no other clock in common")]
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    u64::try_from(since.as_nanos()).expect("it is before 2554")
}

fn marked(draft: Draft, mark: u64) -> Draft {
    let members = Map::from_iter([("mark".to_owned(), json!(mark))]);
    let members = Arc::new(JsonObject::new(members).expect("a small object"));
    draft.events(kit::NOW, vec![Change::ExtensionReported(Reported { members })])
}

/// The users, before anybody calls.
pub(crate) async fn begin(store: &dyn Store) {
    for user in 0..USERS {
        let draft = marked(kit::create(&key(user), &Person::default().attempts(0)), 0);
        store.commit(draft.0).await.expect("the store is empty and works");
    }
}

/// Calls a store until that time. `client` makes marks that no other client makes.
pub(crate) async fn load(store: Arc<dyn Store>, client: u64, until: u64) -> Vec<Op> {
    let (mut dice, mut ops) = (Dice::new(client), Vec::new());
    for number in 1.. {
        if now() >= until {
            break;
        }
        let mark = client * 1_000_000 + number;
        let user = u8::try_from(dice.roll(u32::from(USERS))).unwrap_or_default();
        // From the lower to the higher one, and the other way round.
        let other = (user + 1 + u8::try_from(dice.roll(u32::from(USERS) - 1)).unwrap_or_default()) % USERS;
        let users = match dice.roll(6) {
            0..=2 => vec![user],
            3 => vec![user, other],
            _ => {
                ops.extend(read(&*store, user).await.map(|(op, _)| op));
                continue;
            }
        };
        let mut wanted = Vec::new();
        let mut drafts = Vec::new();
        for user in users {
            let Some((op, stored)) = read(&*store, user).await else { break };
            let seen = Seen { user, version: stored.version.0 + 1, mark };
            drafts.push(marked(kit::change(&key(user), &stored, &Person::default().attempts(mark)), mark));
            wanted.push(seen);
            ops.push(op);
        }
        let Some(draft) = drafts.into_iter().rev().reduce(|other, draft| draft.also(other)) else { continue };
        let start = now();
        let told = store.commit(draft.0).await;
        let end = now();
        let call = match told {
            Ok(_) => Call::Wrote(wanted),
            Err(CommitError::Conflict) => Call::Refused(wanted),
            Err(CommitError::Store(_)) => Call::Perhaps(wanted),
            Err(other) => panic!("{other:?}"),
        };
        ops.push(Op { start, end, call });
    }
    ops
}

async fn read(store: &dyn Store, user: u8) -> Option<(Op, identity::directory::Stored)> {
    let start = now();
    let told = store.load(&key(user)).await;
    let end = now();
    let stored = told.ok()?.expect("nobody is removed");
    let seen = Seen { user, version: stored.version.0, mark: Person::counted(&stored.user) };
    Some((Op { start, end, call: Call::Read(seen) }, stored))
}

/// Judges what was told by what is there.
pub(crate) async fn judged(store: &dyn Store, ops: &[Op]) -> Judged {
    let mut last = BTreeMap::new();
    for user in 0..USERS {
        let history = store.history(&key(user), 0, usize::MAX >> 1).await.expect("the store reads");
        let marks = history.iter().map(|recorded| match &recorded.event.change {
            Change::ExtensionReported(reported) => reported.members.as_map().get("mark").and_then(|mark| mark.as_u64()),
            _ => None,
        });
        last.insert(user, marks.map(|mark| mark.expect("every event has its mark")).collect());
    }
    let judged = judge(ops, &last).unwrap_or_else(|anomaly| panic!("{anomaly:#?}"));
    println!("{judged:?}");
    judged
}
