//! The feed: for each commit a row behind those of all earlier ones, which one writer at a time makes.

use std::ops::Bound::Excluded;

use async_trait::async_trait;
use identity_core::{Recorded, UserKey};
use identity_ports::{Changed, Commit, EventFeed, FeedCursor, FeedError, FeedEvent, FeedPage, StoreError};

use crate::store::{END, RedbStore, Rows, Texts, Writing, corrupt, key, number};

const FEED: &str = "\0feed";

/// A row: its position, the user, and the numbers of the first and the last event.
type Entry = (u64, UserKey, u64, u64);

/// The position of the last commit; 0 when there is none.
fn end(rows: &Rows<impl Texts>) -> Result<u64, StoreError> {
    rows.below(FEED)?.next_back().map_or(Ok(0), |last| last.map(|(position, ..): Entry| position))
}

pub(crate) fn append(rows: &mut Writing<'_>, commit: &Commit) -> Result<(), StoreError> {
    let (position, first) = (end(rows)? + 1, commit.version().0 + 1 - commit.events.len() as u64);
    rows.put(&format!("{FEED}\0{}", number(position)), &(position, &commit.key, first, commit.version()))
}

fn page(rows: &Rows<impl Texts>, store: u64, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError> {
    let mut position = cursor.position(store, end(rows)?)?;
    let mut events = Vec::new();
    let after = format!("{FEED}\0{}", number(position));
    for row in rows.range(Excluded(&after), Excluded(&format!("{FEED}{END}")))?.take(limit) {
        let (at, of, first, last): Entry = row?;
        for event in first..=last {
            let place = key(&of.tenant, &["events", of.user.as_str(), &number(event)]);
            let (number, event) = rows.get(&place)?.ok_or_else(|| corrupt(&place, "the event is missing"))?;
            events.push(FeedEvent { key: of.clone(), recorded: Recorded { number, event } });
        }
        position = at;
    }
    Ok(FeedPage { events, next: FeedCursor::at(store, position) })
}

#[async_trait]
impl EventFeed for RedbStore {
    async fn events_after(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError> {
        let id = self.id;
        self.read(move |rows| Ok(page(rows, id, cursor, limit))).await?
    }

    fn changed(&self) -> Changed {
        let mut commits = self.commits.subscribe();
        Box::pin(async move { drop(commits.changed().await) })
    }
}
