//! A producer and a consumer of the feed that are killed, as processes of an adapter's own tests.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use async_trait::async_trait;
use identity::store::Store;
use identity::{Accepted, Email, Identity, NewAddress, NewUser, Notice, Notifier, NotifyError, UserId};
use identity_core::{Event, Recorded, TenantId, User, UserKey};
use identity_ports::{FeedCursor, FeedEvent, ListOrder, ListQuery};

use super::code_keys;

/// What became of the consumer's events.
#[derive(Debug, Default)]
pub struct Fed {
    /// The number of users, those who were erased included.
    pub users: usize,
    /// The number of events.
    pub events: usize,
    /// The number of events that came more than once.
    pub repeated: usize,
}

struct Nobody;

#[async_trait]
impl Notifier for Nobody {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        Ok(Accepted::default())
    }
}

/// What a process of this name does, until it is killed: `produce` or `consume`.
///
/// # Panics
/// When a call fails.
pub async fn work(job: &str, store: impl Store, file: &Path) {
    let identity = Identity::new(store, Nobody, code_keys());
    if job == "produce" { produce(&identity).await } else { consume(&identity, file).await }
}

/// Creates, changes and erases users, four at a time.
async fn produce(identity: &Identity) {
    let tasks = (0..4).map(|_| {
        let identity = identity.clone();
        tokio::spawn(async move {
            let mut users: Vec<UserId> = Vec::new();
            for number in 0_usize.. {
                let admin = identity.admin("producer");
                let mail = |name: &str| Email::parse(&format!("{name}@{}.example.com", std::process::id())).unwrap();
                let addresses = vec![NewAddress::from(mail("first"))];
                let new = NewUser { addresses, ..NewUser::default() };
                let user = admin.create(new).await.expect("a user is created").outcome;
                let id = identity.account(&user).add(mail("second")).await.expect("an address is added").outcome;
                identity.account(&user).remove(id).await.expect("it is removed");
                users.push(user);
                let old = &users[number / 2];
                if number % 5 == 4 {
                    admin.erase(&users[number - 1]).await.expect("a user is erased");
                } else if number % 5 == 0 {
                    admin.disable(old).await.map(drop).unwrap_or_default();
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("no task panics");
    }
}

/// Appends the events of the feed to a file, and after each page its cursor.
async fn consume(identity: &Identity, file: &Path) {
    let text = fs::read_to_string(file).unwrap_or_default();
    // A line that was cut off is written again.
    let end = text.rfind('\n').map_or(0, |end| end + 1);
    // The file grows, and is not parsed anew each time. A cursor is the only text.
    let last = text[..end].lines().rev().find(|line| line.starts_with('"'));
    let cursor = last.map_or(FeedCursor::START, |line| serde_json::from_str(line).expect("a cursor"));
    let mut out = OpenOptions::new().create(true).truncate(false).write(true).open(file).unwrap();
    out.set_len(end as u64).unwrap();
    out.seek(SeekFrom::End(0)).unwrap();
    let mut feed = identity.feed(cursor);
    loop {
        let page = feed.next(20).await.expect("the feed is read");
        for FeedEvent { key, recorded } in &page.events {
            writeln!(out, "{}", serde_json::to_string(&(&key.tenant, &key.user, recorded)).unwrap()).unwrap();
        }
        writeln!(out, "{}", serde_json::to_string(&page.next).unwrap()).unwrap();
    }
}

/// The events and the last cursor in the consumer's file.
fn kept(file: &Path) -> (Vec<FeedEvent>, FeedCursor) {
    let (mut events, mut cursor) = (Vec::new(), FeedCursor::START);
    let text = fs::read_to_string(file).unwrap_or_default();
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        if let Ok(next) = serde_json::from_str(line) {
            cursor = next;
        } else {
            let (tenant, user, recorded) = serde_json::from_str(line).expect("an event");
            events.push(FeedEvent { key: UserKey { tenant, user }, recorded });
        }
    }
    (events, cursor)
}

/// Lets a producer and a consumer work as processes that `spawn` starts by name, and kills one of them so many times, each time
/// a little after the consumer got on.
///
/// # Panics
/// When a process cannot be started, or the consumer does not get on for a minute.
pub async fn kill(kills: usize, file: &Path, spawn: impl Fn(&str) -> Child) {
    let jobs = ["produce", "consume"];
    let mut processes = jobs.map(&spawn);
    let length = || fs::metadata(file).map_or(0, |file| file.len());
    for kill in 0..kills {
        let (before, mut waited) = (length(), 0_u32);
        while length() <= before {
            waited += 1;
            assert!(waited < 60_000, "the consumer gets on");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let later = kill.wrapping_mul(0x9e37_79b9) >> 8;
        tokio::time::sleep(Duration::from_millis((later % 23) as u64)).await;
        let whose = later / 23 % 2;
        processes[whose].kill().unwrap();
        processes[whose].wait().unwrap();
        processes[whose] = spawn(jobs[whose]);
    }
    for mut process in processes {
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

/// Reads what the consumer did not meet any more, folds the events of each user, and compares them with the store.
///
/// # Panics
/// When an event was forgotten or came in another order, or a user is not what the events say.
pub async fn judge(store: &dyn Store, file: &Path) -> Fed {
    let (mut events, mut cursor) = kept(file);
    loop {
        let page = store.events_after(cursor, 1_000).await.expect("the feed is read");
        cursor = page.next;
        if page.events.is_empty() {
            break;
        }
        events.extend(page.events);
    }
    let mut fed = Fed::default();
    let mut users = BTreeMap::<UserKey, Vec<Event>>::new();
    for FeedEvent { key, recorded: Recorded { number, event } } in events {
        let met = users.entry(key.clone()).or_default();
        assert!(number <= met.len() as u64 + 1, "an event of {} before event {number} was forgotten", key.user);
        if number <= met.len() as u64 {
            fed.repeated += 1;
        } else {
            met.push(event);
            fed.events += 1;
        }
    }
    fed.users = users.len();
    let mut present = 0;
    for (key, events) in &users {
        let stored = store.load(key).await.expect("the store loads");
        let last = store.history(key, 0, 1_000).await.expect("the store reads").len();
        assert_eq!(last, events.len(), "every event of {} is met", key.user);
        let Some(stored) = stored else {
            assert_eq!(events.last().map(|event| event.change.kind()), Some("erased"), "{} is there", key.user);
            continue;
        };
        assert_eq!(User::from_events(events).as_ref(), Some(&*stored.user), "the fold of {}", key.user);
        present += 1;
    }
    let all = ListQuery { order: ListOrder::Created, after: None, limit: 1_000_000, prefix: None };
    let listed = store.list(&TenantId::default(), &all).await.expect("the store lists").users.len();
    assert_eq!(present, listed, "every user of the store is met");
    fed
}

/// How often the tests of an adapter kill: `IDENTITY_TEST_KILLS`, or 20 times.
#[must_use]
pub fn kills() -> usize {
    std::env::var("IDENTITY_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(20)
}
