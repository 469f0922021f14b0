//! The feed of all events.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use identity_ports::{Changed, EventFeed, FeedCursor, FeedError, FeedEvent, FeedPage, StoreError};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::cells::{Bad, Cells, capped};
use crate::link::Link;
use crate::mail::{self, Herald};
use crate::sql::Sql;
use crate::users::recorded;

/// The channel of notifications of commits.
const CHANNEL: &str = "identity_events";

/// How long a reader lets commits gather once it was woken, so that it does not read for each of them.
const GATHER: Duration = Duration::from_millis(5);

/// Tells of commits: the readers of the feed in this process at once, and other processes through the server.
pub(crate) struct Bell {
    commits: Arc<watch::Sender<()>>,
    /// Of new events and of new messages; absent when the options say so.
    heralds: Option<[Herald; 2]>,
    /// Hears of the commits of other processes, once somebody reads the feed.
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl Bell {
    pub(crate) fn new(notify: bool) -> Self {
        let heralds = notify.then(|| [CHANNEL, mail::MESSAGES].map(Herald::new));
        Self { commits: Arc::new(watch::Sender::new(())), heralds, listening: Mutex::default() }
    }

    /// Tells of new events, and of new messages if there are any.
    pub(crate) fn ring(&self, link: &Link, messages: bool) {
        // An error says that nobody of this process reads.
        let _ = self.commits.send(());
        self.heralds.iter().flatten().take(if messages { 2 } else { 1 }).for_each(|herald| herald.tell(link));
    }

    fn changed(&self, link: &Link) -> Changed {
        let mut listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        // The runtime on which it listened may have ended.
        let runtime = Handle::try_current().ok().filter(|_| !link.proxied);
        if let Some(runtime) = runtime.filter(|_| listening.as_ref().is_none_or(JoinHandle::is_finished)) {
            let (link, commits) = (link.clone(), Arc::clone(&self.commits));
            let wake = move || commits.send_replace(());
            *listening = Some(runtime.spawn(async move { drop(mail::listen(&link, CHANNEL, wake).await) }));
        }
        let mut commits = self.commits.subscribe();
        Box::pin(async move {
            drop(commits.changed().await);
            tokio::time::sleep(GATHER).await;
        })
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        let listening = self.listening.get_mut().unwrap_or_else(PoisonError::into_inner);
        listening.iter().for_each(JoinHandle::abort);
    }
}

#[async_trait]
impl EventFeed for PostgresStore {
    async fn events_after(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError> {
        let (link, store) = (self.link(), self.0.feed);
        let page = |events, next: i64| Ok(FeedPage { events, next: FeedCursor::at(store, next.cast_unsigned()) });
        let mut after = capped(cursor.position(store, u64::MAX)?);
        // Almost every position has a row: those without one were drawn by transactions that were rolled back.
        let mut width = capped(limit).saturating_add(64);
        loop {
            let until = after.saturating_add(width);
            let statements = [
                Sql::new(&link.texts.feed_last),
                Sql::new(&link.texts.feed_settled),
                Sql::new(&link.texts.feed).with((after, until, capped(limit))),
            ];
            let answers = link.queries(&statements, false).await?;
            let [last, settled] = [(0, "last"), (1, "settled")].map(|(place, name)| number(&answers, place, name));
            let (last, settled, rows) = (last?, settled?, answers.last().map(Vec::as_slice).unwrap_or_default());
            if cursor == FeedCursor::NOW {
                return page(Vec::new(), settled);
            }
            cursor.position(store, last.cast_unsigned())?;
            let mut events = Vec::new();
            for row in rows {
                let bad = |bad: Bad| bad.at("identity_events", String::new);
                let key = Cells(row).key("user_id").map_err(bad)?;
                let commit = recorded(&key, row, |_| true)?.into_iter();
                events.extend(commit.map(|recorded| FeedEvent { key: key.clone(), recorded }));
                after = Cells(row).int("position").map_err(bad)?;
            }
            if rows.len() < limit {
                after = after.max(until.min(settled));
            }
            if !events.is_empty() || after >= settled || limit == 0 {
                return page(events, after);
            }
            width = width.saturating_mul(2);
        }
    }

    fn changed(&self) -> Changed {
        self.0.bell.changed(&self.0.link)
    }
}

fn number(answers: &[Vec<Row>], place: usize, name: &str) -> Result<i64, StoreError> {
    let row = answers.get(place).and_then(|rows| rows.first()).ok_or_else(|| Bad::from("it is missing"));
    row.and_then(|row| Cells(row).int(name)).map_err(|bad| bad.at("identity_positions", || name.to_owned()))
}
