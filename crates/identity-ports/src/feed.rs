use std::fmt;
use std::pin::Pin;
use std::str::FromStr;

use async_trait::async_trait;
use identity_core::{Recorded, UserKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::StoreError;

/// A position in the feed of one store. Its text (`Display`, `FromStr`, serde) is short and opaque; a consumer keeps it to go on
/// later.
///
/// ```
/// use identity_ports::FeedCursor;
/// let cursor = FeedCursor::at(7, 12);
/// assert_eq!(cursor.to_string().parse(), Ok(cursor));
/// assert_eq!("start".parse(), Ok(FeedCursor::START));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FeedCursor(Place);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Start,
    Now,
    At { store: u64, position: u64 },
}

impl FeedCursor {
    /// The position before the first event of any store.
    pub const START: Self = Self(Place::Start);

    /// The position behind all events that there are when a page is read. That page is empty, and its `next` is the position to
    /// keep: this value means a later position each time.
    pub const NOW: Self = Self(Place::Now);

    /// A position in the store with this id. For authors of stores; others have it from a [`FeedPage`].
    #[must_use]
    pub const fn at(store: u64, position: u64) -> Self {
        Self(Place::At { store, position })
    }

    /// The position in the store with this id, whose last position is `end`: 0 is before the first event. For authors of
    /// stores.
    ///
    /// # Errors
    /// * [`FeedError::AnotherStore`] when the cursor belongs to a store with another id.
    /// * [`FeedError::Ahead`] when the position is behind `end`.
    pub const fn position(self, store: u64, end: u64) -> Result<u64, FeedError> {
        match self.0 {
            Place::Start => Ok(0),
            Place::Now => Ok(end),
            Place::At { store: other, .. } if other != store => Err(FeedError::AnotherStore),
            Place::At { position, .. } if position > end => Err(FeedError::Ahead),
            Place::At { position, .. } => Ok(position),
        }
    }
}

impl fmt::Display for FeedCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Place::Start => f.write_str("start"),
            Place::Now => f.write_str("now"),
            Place::At { store, position } => write!(f, "{store:016x}-{position}"),
        }
    }
}

/// The text is not a cursor of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the text of a cursor of a feed")]
pub struct BadCursor;

impl FromStr for FeedCursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let place = match text.split_once('-') {
            None if text == "start" => Place::Start,
            None if text == "now" => Place::Now,
            None => return Err(BadCursor),
            Some((store, position)) => Place::At {
                store: u64::from_str_radix(store, 16).map_err(|_| BadCursor)?,
                position: position.parse().map_err(|_| BadCursor)?,
            },
        };
        // One text for each cursor: no sign, no leading zero, no capital letter.
        Some(Self(place)).filter(|cursor| cursor.to_string() == text).ok_or(BadCursor)
    }
}

impl Serialize for FeedCursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FeedCursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An event of a user in the feed. Tenant, user and number together name it: they never name another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEvent {
    /// The tenant and the user.
    pub key: UserKey,
    /// The event with its number among those of the user.
    pub recorded: Recorded,
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPage {
    /// The events of whole commits, in the order of the feed. Empty when there are no more at the moment.
    pub events: Vec<FeedEvent>,
    /// The position behind them, to keep once they are dealt with.
    pub next: FeedCursor,
}

/// The reason why the feed cannot be read from a cursor.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// The cursor belongs to another store: one from which this store was copied, or another database.
    #[error("the cursor belongs to the feed of another store; read this store's feed from its start")]
    AnotherStore,
    /// The cursor is behind the last event: the store went back, as it does when it is restored from a backup.
    #[error(
        "the cursor is behind the last event of the store, which must have been restored from an older copy; read the feed from its start"
    )]
    Ahead,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A future that ends when the feed may have more events. It may also end without a reason.
pub type Changed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The events of all users of all tenants, in an order that never changes.
///
/// Every event of every commit is in the feed once. The events of one user are in the order of their numbers, those of one
/// commit side by side. An implementation must never put a commit before a position that it has returned as
/// [`FeedPage::next`]: whatever commits side by side, a consumer that goes on from there meets every event.
///
/// The events of an erased user are in their places, as [`Event::stripped`](identity_core::Event::stripped) leaves them.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EventFeed: Send + Sync + 'static {
    /// Reads the events of at most `limit` commits that follow this position. The page has whole commits, and is empty when
    /// there are no more, or when `limit` is 0. It must not wait for events.
    ///
    /// # Errors
    /// * [`FeedError::AnotherStore`] and [`FeedError::Ahead`] as [`FeedCursor::position`].
    /// * [`FeedError::Store`] with [`StoreError::Corrupt`] when an event on the page cannot be read, and with any other
    ///   [`StoreError`] when the store fails.
    async fn events_after(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError>;

    /// A future that ends after the next commit through this value or one of its clones. A commit that is written after this
    /// call ends it, also one that is written before the future is first polled. It need not notice commits of other
    /// processes, nor those of transactions of the host: who waits reads again after a second in any case.
    fn changed(&self) -> Changed;
}
