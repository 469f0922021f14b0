use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{TryStreamExt as _, stream};
use identity::Identity;
use identity::history::{FeedCursor, FeedError, FeedEvent};
use identity::system::{Clock, SystemClock};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Endpoint;
use crate::ledger::{DeadWebhook, Ledger, LedgerError};
use crate::post::{Client, Outcome};

/// The commits whose events are sent before the position is kept.
const PAGE: usize = 100;

/// The users whose events are sent side by side.
const SIDE_BY_SIDE: usize = 8;

const SECOND: u64 = 1;
const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;

/// The pauses, in seconds, between the tries of an event while the endpoint is away.
const PAUSES: [u64; 9] =
    [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR];

/// The tries of an event that the endpoint does not take.
const REFUSALS: usize = 3;

/// The longest pause that an endpoint may ask for.
const LONGEST: Duration = Duration::from_secs(24 * HOUR);

/// The namespace of the ids of events.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f4b_1c0e_53d0_4c4b_9d0f_5a1f_27b2_93c8);

type Data = Arc<dyn Fn(&FeedEvent) -> Option<Value> + Send + Sync>;

/// Sends the events of an [`Identity`]'s store to one endpoint; the crate's page describes the form and the tries.
pub struct Webhooks {
    identity: Identity,
    client: Client,
    ledger: Arc<dyn Ledger>,
    data: Data,
}

/// The reason why the sending ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Ended {
    /// The endpoint answered 410: it wants no more webhooks. What is on the page that was being sent is sent again when the sending
    /// begins anew.
    #[error("the endpoint answered 410: it wants no more webhooks; remove it, or ask its owner")]
    Gone,
    /// The feed cannot go on from the position that was kept: it is of another store, or of a later state of this one.
    #[error("the feed cannot go on from the position that was kept")]
    Feed(#[source] FeedError),
}

impl Webhooks {
    /// Sends to this endpoint, from the position in the ledger on, once [`run`](Self::run) is called.
    #[must_use]
    pub fn new(identity: Identity, endpoint: Endpoint, ledger: impl Ledger + 'static) -> Self {
        Self {
            identity,
            client: Client::new(endpoint),
            ledger: Arc::new(ledger),
            data: Arc::new(|event| Some(data(event))),
        }
    }

    /// Sends this as `data` of the body; `None` leaves the event out. An address that is sent cannot be erased at the receiver.
    #[must_use]
    pub fn with_data(mut self, data: impl Fn(&FeedEvent) -> Option<Value> + Send + Sync + 'static) -> Self {
        self.data = Arc::new(data);
        self
    }

    /// Sends until the endpoint wants no more, or the feed cannot go on; needs tokio, with its time enabled. It may be dropped at any
    /// time: what was sent since the position was kept is sent again, under the same ids.
    pub async fn run(&self) -> Ended {
        let kept = insist(|| self.ledger.cursor()).await;
        let mut feed = self.identity.feed(kept.unwrap_or(FeedCursor::START));
        let mut failures = 0;
        loop {
            match feed.next(PAGE).await {
                Ok(page) => {
                    failures = 0;
                    let mut users: BTreeMap<_, Vec<&FeedEvent>> = BTreeMap::new();
                    for event in &page.events {
                        users.entry((&event.key.tenant, &event.key.user)).or_default().push(event);
                    }
                    let sent = stream::iter(users.into_values().map(|events| Ok(self.send_all(events))));
                    if let Err(ended) = sent.try_buffer_unordered(SIDE_BY_SIDE).try_collect::<()>().await {
                        return ended;
                    }
                    insist(|| self.ledger.keep(page.next)).await;
                }
                Err(FeedError::Store(error)) => {
                    tracing::warn!(%error, "webhooks wait for the store");
                    pause(&mut failures).await;
                }
                Err(error) => return Ended::Feed(error),
            }
        }
    }

    /// Sends the events of a user, one after the other.
    async fn send_all(&self, events: Vec<&FeedEvent>) -> Result<(), Ended> {
        for event in events {
            if let Some(data) = (self.data)(event) {
                self.send(event, data).await?;
            }
        }
        Ok(())
    }

    /// Sends an event, or buries it after its last try.
    async fn send(&self, event: &FeedEvent, data: Value) -> Result<(), Ended> {
        let recorded = &event.recorded;
        let (kind, at) = (recorded.event.change.kind(), recorded.event.at);
        let body = json!({ "type": kind, "timestamp": at.to_string(), "data": data }).to_string();
        let id = id(event);
        let mut refusals = 0;
        let mut pauses = PAUSES.into_iter().map(Duration::from_secs);
        let reason = loop {
            let (reason, wait) = match self.client.post(id, SystemClock.now(), body.clone()).await {
                Outcome::Sent => return Ok(()),
                Outcome::Gone => return Err(Ended::Gone),
                Outcome::Away(reason, wait) => (reason, wait),
                Outcome::Refused(reason) => {
                    refusals += 1;
                    (reason, None)
                }
            };
            let Some(pause) = pauses.next().filter(|_| refusals < REFUSALS) else { break reason };
            let pause = wait.map_or(pause, |wait| wait.clamp(pause, LONGEST));
            tracing::warn!(%id, kind, %reason, ?pause, "a webhook was not taken, and is tried again");
            tokio::time::sleep(pause).await;
        };
        tracing::error!(%id, kind, %reason, "a webhook was not taken, and is not tried again");
        let (tenant, user) = (event.key.tenant.clone(), event.key.user.clone());
        let dead = DeadWebhook { id, tenant, user, number: recorded.number, reason };
        insist(|| self.ledger.bury(&dead)).await;
        Ok(())
    }
}

/// The endpoint; neither secrets nor positions.
impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks").field("client", &self.client).finish_non_exhaustive()
    }
}

/// The data that are sent unless the host says otherwise: names and numbers, no address.
fn data(event: &FeedEvent) -> Value {
    let FeedEvent { key, recorded } = event;
    let mut data = json!({ "tenant": key.tenant.as_str(), "user": key.user.as_str(), "number": recorded.number });
    if let (Some(identifier), Value::Object(members)) = (recorded.event.change.identifier(), &mut data) {
        members.insert("identifier".to_owned(), identifier.to_string().into());
    }
    data
}

/// The name of an event: the same at each try, and of no other event.
fn id(event: &FeedEvent) -> Uuid {
    // Ids may contain any character, so the length says where the tenant ends.
    let (tenant, user) = (event.key.tenant.as_str(), event.key.user.as_str());
    Uuid::new_v5(&NAMESPACE, format!("{} {} {tenant}{user}", event.recorded.number, tenant.len()).as_bytes())
}

/// Repeats what the host's ledger could not do.
async fn insist<'a, T, F>(call: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, LedgerError>> + Send + 'a,
{
    let mut failures = 0;
    loop {
        match call().await {
            Ok(value) => return value,
            Err(error) => {
                tracing::warn!(%error, "webhooks wait for the host's ledger");
                pause(&mut failures).await;
            }
        }
    }
}

/// Waits 1 s, then twice as long each time, 32 s at most.
async fn pause(failures: &mut u32) {
    tokio::time::sleep(Duration::from_secs(1 << *failures)).await;
    *failures = (*failures + 1).min(5);
}
