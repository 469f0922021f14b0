use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use identity_core::{Recorded, UserKey};
use identity_ports::{Changed, EventFeed, FeedCursor, FeedError, FeedEvent, FeedPage};

use crate::MemoryStore;

/// A commit: its user, and the places of its events among those of the user, of which memory has no room for 2³².
pub(crate) type Entry = (Arc<UserKey>, Range<u32>);

#[async_trait]
impl EventFeed for MemoryStore {
    async fn events_after(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError> {
        let tables = self.read()?;
        let start = cursor.position(self.id, tables.feed.len() as u64)?;
        let entries = tables.feed.iter().skip(usize::try_from(start).unwrap_or(usize::MAX)).take(limit);
        let next = FeedCursor::at(self.id, start + entries.len() as u64);
        let events = entries.flat_map(|(key, places)| {
            let row = tables.people(&key.tenant).rows.get(&key.user);
            let places = places.start as usize..places.end as usize;
            let numbered = (places.start as u64 + 1..)
                .zip(row.and_then(|row| row.events.get(places)).unwrap_or_default())
                .map(|(number, event)| (number, event.clone()));
            numbered.map(|(number, event)| FeedEvent { key: UserKey::clone(key), recorded: Recorded { number, event } })
        });
        Ok(FeedPage { events: events.collect(), next })
    }

    fn changed(&self) -> Changed {
        let mut commits = self.commits.subscribe();
        Box::pin(async move { drop(commits.changed().await) })
    }
}
