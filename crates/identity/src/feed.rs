use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use identity_ports::{Changed, FeedCursor, FeedError, FeedPage, StoreError};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use crate::Identity;
use crate::identity::Store;

/// The longest time between two looks for events that nobody told of: those of other processes, where the store cannot tell.
const POLL: Duration = Duration::from_secs(1);

/// The events of all users of all tenants of a store, from a cursor on: those of each user in their order, every one at least
/// once.
///
/// The consumer keeps the cursor: [`FeedPage::next`], together with what it made of the page, or after that. When it begins again
/// from the cursor that it kept, it meets every event that it has not dealt with, however long it was away, and may meet the last
/// ones once more. Tenant, user and number name an event. The manual's page [`events`](crate::manual::events) has more.
pub struct Feed {
    store: Arc<dyn Store>,
    cursor: FeedCursor,
    /// Present when the last page was not full: what ends when there may be more, and when to look in any case.
    more: Option<(Changed, Instant)>,
}

impl Identity {
    /// The feed of events from a cursor on: one that was kept, [`FeedCursor::START`], or [`FeedCursor::NOW`].
    ///
    /// ```
    /// use identity::history::{Change, FeedCursor};
    /// use identity::{CodeKeys, Identity, NewUser};
    /// # use identity::{Accepted, Notice, Notifier, NotifyError};
    /// # struct Terminal;
    /// # #[identity::async_trait]
    /// # impl Notifier for Terminal {
    /// #     async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> { Ok(Accepted::default()) }
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # let identity = Identity::new(identity_memory::MemoryStore::new(), Terminal, CodeKeys::parse(&"5a".repeat(32))?);
    /// let ada = identity.admin("signup").create(NewUser::default()).await?.outcome;
    ///
    /// let page = identity.feed(FeedCursor::START).next(100).await?;
    /// assert_eq!(page.events[0].key.user, ada);
    /// assert!(matches!(page.events[0].recorded.event.change, Change::Created { .. }));
    /// let kept = page.next.to_string();
    ///
    /// identity.admin("support").disable(&ada).await?;
    /// let page = identity.feed(kept.parse()?).next(100).await?;
    /// assert_eq!(page.events[0].recorded.event.change, Change::Disabled);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn feed(&self, cursor: FeedCursor) -> Feed {
        Feed { store: Arc::clone(&self.parts.store), cursor, more: None }
    }
}

impl Feed {
    /// The next events: those of at most `limit` commits, of 1 when `limit` is 0; needs tokio, with its time enabled. It waits
    /// until there are some, and may be dropped meanwhile. Commits of this process wake it at once, those of others as the store's
    /// adapter says, within a second in any case.
    ///
    /// # Errors
    /// * [`FeedError::AnotherStore`] and [`FeedError::Ahead`] when the feed cannot go on from the cursor.
    /// * [`FeedError::Store`] without tokio, when the store fails, or when it holds an event that this program cannot read. The
    ///   same events come when the call is repeated.
    pub async fn next(&mut self, limit: usize) -> Result<FeedPage, FeedError> {
        let reason =
            "there is no tokio runtime here; read the feed within one, such as a function under `#[tokio::main]`";
        Handle::try_current().map_err(|_| StoreError::unavailable(reason))?;
        let limit = limit.max(1);
        loop {
            if let Some((changed, at)) = &mut self.more {
                // It does not matter which of the two ends first.
                let _ = timeout_at(*at, changed).await;
            }
            // What has ended must not be waited for again; so there is one read for each time that it wakes.
            self.more = None;
            let more = (self.store.changed(), Instant::now() + POLL);
            let page = self.store.events_after(self.cursor, limit).await?;
            self.cursor = page.next;
            // Each commit has an event at least.
            self.more = Some(more).filter(|_| page.events.len() < limit);
            if !page.events.is_empty() {
                return Ok(page);
            }
        }
    }

    /// The position behind the last page, or the cursor with which the feed began. [`FeedCursor::NOW`] becomes a position when
    /// [`next`](Self::next) first reads.
    #[must_use]
    pub const fn cursor(&self) -> FeedCursor {
        self.cursor
    }
}

/// Shows the cursor.
impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("cursor", &self.cursor).finish_non_exhaustive()
    }
}
