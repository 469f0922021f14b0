//! One worker: what it has leased, what it has in hand, and what it has not settled yet.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::time::Duration;

use identity_core::{MessageId, Timestamp};
use identity_ports::{Lease, LeaseId, Leased, Settled, Settlement, StoreError};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tracing::Instrument as _;

use super::hand_over::{HAND_OVER, Handed};
use super::{Delivered, Delivery};
use crate::{Error, Identity};

/// How long a message is this worker's alone.
const LEASE: Duration = Duration::from_secs(120);
/// How often it is tried to settle before the messages are left to their leases' end, and the first wait in between.
const SETTLE_TRIES: u32 = 6;
const SETTLE_WAIT: Duration = Duration::from_millis(50);

/// A message that was leased and not begun.
struct Waiting {
    lease: LeaseId,
    until: Timestamp,
    leased: Leased,
}

/// What is known of a message that is in hand.
struct InHand {
    lease: LeaseId,
    id: MessageId,
    attempts: u32,
    provider: Option<String>,
}

/// Messages to settle, under the leases that hold them.
type Finished = Vec<(LeaseId, Settled)>;
type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub(super) struct Worker<'a> {
    identity: &'a Identity,
    options: &'a Delivery,
    stopped: watch::Receiver<bool>,
    waiting: VecDeque<Waiting>,
    in_hand: JoinSet<Result<Handed, Error>>,
    whose: HashMap<Id, InHand>,
    finished: Finished,
    leasing: Option<Later<'a, Result<Vec<Waiting>, Error>>>,
    settling: Option<Later<'a, Result<(), StoreError>>>,
    /// Nothing was due when it was last asked, and nothing was settled since.
    dry: bool,
    /// Something was settled since it was last asked what is due: the answer may be of before that.
    settled_since: bool,
    error: Option<Error>,
    delivered: Delivered,
}

impl<'a> Worker<'a> {
    pub(super) fn new(identity: &'a Identity, stopped: watch::Receiver<bool>) -> Self {
        Self {
            identity,
            options: &identity.parts.delivery,
            stopped,
            waiting: VecDeque::new(),
            in_hand: JoinSet::new(),
            whose: HashMap::new(),
            finished: Vec::new(),
            leasing: None,
            settling: None,
            dry: false,
            settled_since: false,
            error: None,
            delivered: Delivered::default(),
        }
    }

    /// Works until nothing is due and everything is settled, or until it is stopped.
    pub(super) async fn run(mut self) -> Result<Delivered, Error> {
        loop {
            self.begin();
            // What has finished while the last settlement was under way goes together.
            if self.settling.is_none() && !self.finished.is_empty() {
                let finished = std::mem::take(&mut self.finished);
                self.settling = Some(Box::pin(settle(self.identity, finished)));
            }
            if self.wants_more() {
                self.settled_since = false;
                self.leasing = Some(Box::pin(lease(self.identity)));
            }
            if self.in_hand.is_empty() && self.settling.is_none() && self.leasing.is_none() {
                break;
            }
            tokio::select! {
                biased;
                Some(joined) = self.in_hand.join_next_with_id(), if !self.in_hand.is_empty() => self.end(joined),
                leased = ready(&mut self.leasing), if self.leasing.is_some() => {
                    self.leasing = None;
                    match leased {
                        Ok(leased) => {
                            self.dry = leased.is_empty() && !self.settled_since;
                            self.waiting.extend(leased);
                        }
                        Err(error) => self.error = Some(error),
                    }
                }
                settled = ready(&mut self.settling), if self.settling.is_some() => {
                    self.settling = None;
                    match settled {
                        // Others may have stood behind these.
                        Ok(()) => (self.dry, self.settled_since) = (false, true),
                        Err(error) => self.error = Some(error.into()),
                    }
                }
            }
        }
        self.error.map_or(Ok(self.delivered), Err)
    }

    fn is_stopped(&self) -> bool {
        *self.stopped.borrow() || self.error.is_some()
    }

    fn wants_more(&self) -> bool {
        self.leasing.is_none() && !self.dry && !self.is_stopped() && self.waiting.len() < self.options.concurrency
    }

    /// Takes into hand what there are hands for. Whoever is stopped, or cannot finish before the lease runs out, leaves the
    /// message to the next one.
    fn begin(&mut self) {
        let stopped = self.is_stopped();
        while (stopped || self.in_hand.len() < self.options.concurrency)
            && let Some(Waiting { lease, until, leased }) = self.waiting.pop_front()
        {
            let now = self.identity.now();
            let Leased { message, attempts, provider, .. } = &leased;
            let id = message.id;
            if stopped || now + HAND_OVER >= until {
                let outcome = Settlement::Retry {
                    due_at: now,
                    error: "given back".to_owned(),
                    provider: provider.clone(),
                    uncertain: false,
                };
                self.finished.push((lease, Settled { id, outcome }));
                continue;
            }
            let of = InHand { lease, id, attempts: *attempts, provider: provider.clone() };
            let tenant = &message.key.tenant;
            let span = tracing::info_span!("identity", use_case = "deliver", %tenant, %id);
            let identity = self.identity.clone();
            let task = async move { identity.hand_over(leased).await };
            let handle = self.in_hand.spawn(task.instrument(span));
            self.whose.insert(handle.id(), of);
        }
    }

    fn end(&mut self, joined: Result<(Id, Result<Handed, Error>), JoinError>) {
        let id = joined.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(InHand { lease, id, attempts, provider }) = self.whose.remove(&id) else { return };
        let handed = match joined {
            Ok((_, handed)) => handed,
            // It may have been sent before it panicked.
            Err(_) => self.identity.panicked(attempts, provider),
        };
        match handed {
            Ok(Handed { outcome, delivered }) => {
                self.delivered.add(delivered);
                self.finished.push((lease, Settled { id, outcome }));
            }
            // Its lease runs out.
            Err(error) => self.error = Some(error),
        }
    }
}

async fn ready<T>(later: &mut Option<Later<'_, T>>) -> T {
    match later {
        Some(later) => later.await,
        None => std::future::pending().await,
    }
}

async fn lease(identity: &Identity) -> Result<Vec<Waiting>, Error> {
    let now = identity.now();
    let id = LeaseId(identity.parts.entropy.seed()?.uuid(now, 0));
    let until = now + LEASE;
    let limit = identity.parts.delivery.batch;
    let leased = identity.parts.store.lease(Lease::new(id, now, LEASE, limit)).await?;
    if !leased.is_empty() {
        tracing::debug!(target: "identity::delivery", event = "leased", count = leased.len());
    }
    Ok(leased.into_iter().map(|leased| Waiting { lease: id, until, leased }).collect())
}

/// Settles under each lease what it holds. What a provider took on is not to be sent again because a database was busy for a
/// moment: it is tried again for some seconds.
async fn settle(identity: &Identity, mut finished: Finished) -> Result<(), StoreError> {
    let count = finished.len();
    finished.sort_by_key(|(lease, _)| *lease);
    let mut finished = finished.into_iter().peekable();
    while let Some((lease, first)) = finished.next() {
        let mut group = vec![first];
        while let Some((_, next)) = finished.next_if(|(other, _)| *other == lease) {
            group.push(next);
        }
        for tried in 1..=SETTLE_TRIES {
            let attempt = if tried == SETTLE_TRIES { std::mem::take(&mut group) } else { group.clone() };
            match identity.parts.store.settle(lease, attempt).await {
                Ok(_) => break,
                Err(error) if tried == SETTLE_TRIES => return Err(error),
                Err(error) => {
                    tracing::warn!(target: "identity::delivery", event = "settle_failed", tried, %error);
                    tokio::time::sleep(SETTLE_WAIT * 2_u32.pow(tried)).await;
                }
            }
        }
    }
    tracing::debug!(target: "identity::delivery", event = "settled", count);
    Ok(())
}
