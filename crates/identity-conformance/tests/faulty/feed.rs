use identity_core::Recorded;
use identity_ports::{Commit, CommitError, Committed, EventFeed, FeedCursor, FeedError, FeedEvent, FeedPage};

use super::{Fault, FaultyStore};

impl FaultyStore {
    /// Commits, and notes what the feed is to tell of it.
    pub(super) async fn feeding(&self, commit: Commit) -> Result<Committed, CommitError> {
        let told = |recorded: &Recorded| FeedEvent { key: commit.key.clone(), recorded: recorded.clone() };
        let told: Vec<FeedEvent> = commit.events.iter().map(told).collect();
        let position = {
            let mut notes = self.notes.lock().unwrap();
            notes.drawn += 1;
            notes.drawn
        };
        if self.fault == Fault::PositionsAreDrawnEarly && position % 5 == 0 {
            self.pause().await;
        }
        let committed = self.faulty_commit(commit).await?;
        self.notes.lock().unwrap().feed.insert(position, told);
        Ok(committed)
    }

    pub(super) async fn faulty_feed(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError> {
        let mut commits: Vec<(u64, Vec<FeedEvent>)> = match self.fault {
            Fault::FeedIsByTime
            | Fault::FeedHasOneTenant
            | Fault::FeedTearsCommits
            | Fault::FeedTellsOfTheErased
            | Fault::PositionsAreDrawnEarly => self.notes.lock().unwrap().feed.clone().into_iter().collect(),
            Fault::EmptyPagesMove if limit == 0 => return self.inner.events_after(cursor, 1).await.map(emptied),
            Fault::NowIsTheStart if cursor == FeedCursor::NOW => {
                return self.inner.events_after(FeedCursor::START, 0).await;
            }
            _ => {
                return match (self.fault, self.inner.events_after(cursor, limit).await) {
                    (Fault::CursorsMayBeAhead, Err(FeedError::Ahead))
                    | (Fault::AnyCursorCounts, Err(FeedError::AnotherStore)) => {
                        Ok(FeedPage { events: Vec::new(), next: cursor })
                    }
                    (_, page) => page,
                };
            }
        };
        match self.fault {
            Fault::FeedIsByTime => commits.sort_by_key(|(_, events)| events[0].recorded.event.at),
            Fault::FeedHasOneTenant => commits.retain(|(_, events)| events[0].key.tenant.as_str() == "acme"),
            Fault::FeedTearsCommits => {
                commits = commits.into_iter().flat_map(|(_, events)| events).map(|event| (0, vec![event])).collect();
            }
            _ => {}
        }
        if self.fault != Fault::PositionsAreDrawnEarly {
            (1..).zip(&mut commits).for_each(|(place, commit)| commit.0 = place);
        }
        let after = cursor.position(STORE, u64::MAX)?;
        commits.retain(|(position, _)| *position > after);
        commits.truncate(limit);
        let next = commits.last().map_or(after, |(position, _)| *position);
        let events = commits.into_iter().flat_map(|(_, events)| events).collect();
        Ok(FeedPage { events, next: FeedCursor::at(STORE, next) })
    }
}

const STORE: u64 = 7;

fn emptied(page: FeedPage) -> FeedPage {
    FeedPage { events: Vec::new(), ..page }
}
