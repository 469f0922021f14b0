use std::ops::RangeInclusive;

use async_trait::async_trait;
use identity_core::{Recorded, UserKey};
use identity_ports::{Changed, EventFeed, FeedCursor, FeedError, FeedEvent, FeedPage};

use crate::MemoryStore;

/// A commit: its user, and the numbers of its events.
pub(crate) type Entry = (UserKey, RangeInclusive<u64>);

#[async_trait]
impl EventFeed for MemoryStore {
    async fn events_after(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError> {
        let tables = self.read()?;
        let start = cursor.position(self.id, tables.feed.len() as u64)?;
        let entries = tables.feed.iter().skip(usize::try_from(start).unwrap_or(usize::MAX)).take(limit);
        let next = FeedCursor::at(self.id, start + entries.len() as u64);
        let events = entries.flat_map(|(key, numbers)| {
            let row = tables.people(&key.tenant).rows.get(&key.user);
            let event = move |number: u64| row?.events.get(usize::try_from(number - 1).ok()?).cloned();
            let event = move |number| event(number).map(|event| Recorded { number, event });
            numbers.clone().filter_map(event).map(|recorded| FeedEvent { key: key.clone(), recorded })
        });
        Ok(FeedPage { events: events.collect(), next })
    }

    fn changed(&self) -> Changed {
        let mut commits = self.commits.subscribe();
        Box::pin(async move { drop(commits.changed().await) })
    }
}
