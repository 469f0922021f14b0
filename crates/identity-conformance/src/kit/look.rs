use std::time::Duration;

use crate::Store;
use identity_core::{ClaimKey, Message, Recorded, TenantId, Timestamp, User, UserKey};
use identity_ports::{Found, ListOrder, ListQuery, Page, PostState, Posted, Stored};

use super::NOW;

/// A time after everything that happens in a test.
pub const FAR: Timestamp = Timestamp::from_secs(NOW.as_secs() + 1_000_000_000);

/// Every order of a list.
pub(crate) const ORDERS: [ListOrder; 4] =
    [ListOrder::Created, ListOrder::NewestCreated, ListOrder::Updated, ListOrder::LatestUpdated];

/// Everything that the ports show of a store, except its budgets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    users: Vec<Seen>,
    found: Vec<(TenantId, Vec<Found>)>,
    lists: Vec<(TenantId, Vec<Page>)>,
    dead_letters: Vec<(TenantId, Vec<Posted>)>,
    /// Pending messages. Their attempts are not compared, because reading them counts as an attempt.
    queued: Vec<Message>,
}

/// A user, its typed forms and its history.
type Seen = (UserKey, Option<Stored>, Vec<String>, Vec<Recorded>);

impl Sight {
    /// Everything except the pending messages, which are read for all tenants at once.
    #[must_use]
    pub fn without_queued(self) -> Self {
        Self { queued: Vec::new(), ..self }
    }
}

/// Reads everything: these users, these addresses and usernames, and the lists, dead letters and pending messages of
/// the users' tenants. This ends open leases and counts as an attempt of every message.
///
/// # Panics
/// When the store fails.
pub async fn look(store: &dyn Store, keys: &[UserKey], claims: &[ClaimKey]) -> Sight {
    let mut sight =
        Sight { users: Vec::new(), found: Vec::new(), lists: Vec::new(), dead_letters: Vec::new(), queued: Vec::new() };
    let mut tenants: Vec<TenantId> = keys.iter().map(|key| key.tenant.clone()).collect();
    tenants.sort();
    tenants.dedup();
    for key in keys {
        let stored = store.load(key).await.expect("the store loads");
        let texts = stored.as_ref().map(|stored| typed(&stored.user)).unwrap_or_default();
        let events = store.history(key, 0, usize::from(u16::MAX)).await.expect("the store returns the history");
        sight.users.push((key.clone(), stored, texts, events));
    }
    for tenant in tenants {
        let found = store.find(&tenant, claims).await.expect("the store finds");
        sight.found.push((tenant.clone(), found));
        let mut pages = Vec::new();
        for order in ORDERS {
            let query = ListQuery { order, after: None, limit: 1_000, prefix: None };
            pages.push(store.list(&tenant, &query).await.expect("the store lists"));
        }
        sight.lists.push((tenant.clone(), pages));
        let dead = store.dead_letters(&tenant, None, 1_000).await.expect("the store lists its dead letters");
        sight.dead_letters.push((tenant, dead));
    }
    sight.queued = queued(store).await.into_iter().map(|leased| leased.message).collect();
    sight.queued.sort_by_key(|message| message.id);
    sight
}

/// All pending messages in the order of their ids. This ends open leases and counts as an attempt of each user's first
/// message.
///
/// # Panics
/// When the store fails.
pub async fn queued(store: &dyn Store) -> Vec<Posted> {
    let far = FAR + Duration::from_secs(1);
    // The lease ends at once, whatever the time is then.
    let lease = super::lease(1, far, far, 10_000);
    let mut waiting = Vec::new();
    // A lease holds one message of a user; the others are listed behind it.
    for leased in store.lease(lease).await.expect("the store leases") {
        let posted =
            store.posted(&leased.message.key, None, 10_000).await.expect("the store lists the messages of a user");
        waiting.extend(posted.into_iter().filter(|posted| posted.state() == PostState::Waiting));
    }
    waiting.sort_by_key(|posted| posted.message.id);
    waiting
}

/// The typed forms of a user's identifiers, which the equality of users ignores.
#[must_use]
pub fn typed(user: &User) -> Vec<String> {
    let addresses = user.identifiers().map(|entry| entry.address.typed().to_owned());
    addresses.chain(user.username().map(|entry| entry.username.typed().to_owned())).collect()
}
