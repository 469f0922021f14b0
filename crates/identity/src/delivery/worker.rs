//! The worker of one channel: it leases messages, hands them over and settles them.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use identity_core::{Channel, MessageId, TenantId};
use identity_ports::{Clock as _, Lease, LeaseId, Leased, Settled, Settlement, StoreError};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::hand_over::Handed;
use super::lanes::Lane;
use super::{Delivered, Delivery, LONGEST_POLL, POLL};
use crate::{Error, Identity};

/// The length of a lease.
const LEASE: Duration = Duration::from_secs(120);
/// The number of attempts to settle, and the first wait between them.
const SETTLE_TRIES: u32 = 6;
const SETTLE_WAIT: Duration = Duration::from_millis(50);
/// An attempt that takes longer than this counts as slow.
const SLOW: Duration = Duration::from_secs(1);
/// How long a message is released for when its provider is already handed as many messages as this worker may.
const FULL: Duration = Duration::from_secs(1);
/// How long a message waits when its outcome could not be stored with the user.
const NOT_NOTED: Duration = Duration::from_secs(5);

/// When a worker ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Until nothing is due.
    Once,
    /// Until it is stopped.
    Forever,
}

/// A message that is being handed over.
struct InHand {
    tenant: TenantId,
    lease: LeaseId,
    id: MessageId,
    lane: Lane,
    attempts: u32,
    provider: Option<String>,
    began: Instant,
}

/// Messages to settle, under the leases that hold them.
type Finished = Vec<(LeaseId, Settled)>;
type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A request to lease: its name, the monotonic time at which it was made, and its answer.
type Leasing<'a> = (LeaseId, Duration, Later<'a, Result<Vec<Leased>, Error>>);
/// Messages that are being settled, and the result to come.
type Settling<'a> = (Arc<Finished>, Later<'a, Result<(), StoreError>>);

/// The settlements and leases that workers of this process left unfinished because their runtime ended or the store failed.
/// The next worker takes them over.
#[derive(Debug, Default)]
pub(crate) struct Left(Mutex<Undone>);

#[derive(Debug, Default)]
struct Undone {
    finished: Finished,
    /// Requests to lease whose answer was lost: they may hold messages.
    unanswered: Vec<(Channel, LeaseId)>,
}

impl Left {
    fn with<T>(&self, change: impl FnOnce(&mut Undone) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) struct Worker<'a> {
    identity: &'a Identity,
    options: &'a Delivery,
    channel: Channel,
    mode: Mode,
    stopped: watch::Receiver<bool>,
    in_hand: JoinSet<Result<Handed, Error>>,
    whose: HashMap<Id, InHand>,
    /// The number of messages that are being handed over, by provider.
    busy: HashMap<Lane, usize>,
    finished: Finished,
    leasing: Option<Leasing<'a>>,
    settling: Option<Settling<'a>>,
    /// Whether nothing was due at the last lease, and nothing has happened since that could have changed that.
    dry: bool,
    /// Whether something was settled after the last lease was requested, so that its answer may be out of date.
    settled_since: bool,
    /// Whether the present request leaves tenants out, and of how many messages it asks for.
    fair: Option<usize>,
    /// Until when the tenants with their share may have more of the worker, because the others had nothing due.
    others_idle: Option<Instant>,
    /// How long to wait before the store is asked again.
    wait: Duration,
    /// Whether settling failed; it is tried again after the wait.
    store_failed: bool,
    error: Option<Error>,
    delivered: Delivered,
}

impl<'a> Worker<'a> {
    pub(super) fn new(identity: &'a Identity, channel: Channel, mode: Mode, stopped: watch::Receiver<bool>) -> Self {
        Self {
            identity,
            options: &identity.parts.delivery,
            channel,
            mode,
            stopped,
            in_hand: JoinSet::new(),
            whose: HashMap::new(),
            busy: HashMap::new(),
            finished: identity.parts.left.with(|left| std::mem::take(&mut left.finished)),
            leasing: None,
            settling: None,
            dry: false,
            settled_since: false,
            fair: None,
            others_idle: None,
            wait: POLL,
            store_failed: false,
            error: None,
            delivered: Delivered::default(),
        }
    }

    /// Works until nothing is due and everything is settled, or until it is stopped.
    pub(super) async fn run(mut self) -> Result<Delivered, Error> {
        let mut stopped = self.stopped.clone();
        let new_mail = || {
            let mut mail = Box::pin(self.identity.parts.mail.notified());
            // From here on no commit with a message is missed.
            mail.as_mut().enable();
            mail
        };
        let mut mail = new_mail();
        loop {
            // Messages that finished while the last settlement was under way are settled together.
            if self.settling.is_none() && !self.finished.is_empty() && !self.store_failed {
                let finished = Arc::new(std::mem::take(&mut self.finished));
                self.settling = Some((Arc::clone(&finished), Box::pin(settle(self.identity, finished))));
            }
            if let Some(limit) = self.wants_more() {
                self.settled_since = false;
                self.ask(limit);
            }
            let idle = self.in_hand.is_empty() && self.settling.is_none() && self.leasing.is_none();
            if idle && (self.is_stopped() || (self.mode == Mode::Once && (self.dry || self.error.is_some()))) {
                break;
            }
            let waits = self.mode == Mode::Forever && !self.is_stopped();
            // A hand-over that has become slow makes room for other providers.
            let looks = waits || !self.in_hand.is_empty();
            tokio::select! {
                biased;
                Some(joined) = self.in_hand.join_next_with_id(), if !self.in_hand.is_empty() => self.end(joined),
                leased = ready(self.leasing.as_mut().map(|(_, _, later)| later)), if self.leasing.is_some() => {
                    self.answered(leased);
                }
                settled = ready(self.settling.as_mut().map(|(_, later)| later)), if self.settling.is_some() => {
                    self.settled(settled);
                }
                _ = stopped.wait_for(|stopped| *stopped), if waits => {}
                () = &mut mail, if waits => {
                    mail = new_mail();
                    (self.dry, self.others_idle) = (false, None);
                }
                () = tokio::time::sleep(self.wait), if looks => {
                    (self.dry, self.store_failed) = (false, false);
                }
            }
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => Ok(self.delivered),
        }
    }

    /// Whether the worker was told to stop, or its caller has dropped the future.
    fn is_stopped(&self) -> bool {
        *self.stopped.borrow() || self.stopped.has_changed().is_err()
    }

    /// The number of messages to lease now; `None` when none are to be leased.
    fn wants_more(&self) -> Option<usize> {
        if self.leasing.is_some() || self.dry || self.is_stopped() || self.error.is_some() {
            return None;
        }
        // Where the notifier names providers, a slow one must not use up the concurrency of the others. The provider of a
        // message is not known before it is leased.
        let several = self.busy.keys().any(|lane| lane.provider.is_some());
        let is_slow = |in_hand: &&InHand| in_hand.began.elapsed() >= SLOW;
        let slow = if several { self.whose.values().filter(is_slow).count() } else { 0 };
        let free = self.options.concurrency.saturating_sub(self.whose.len() - slow);
        Some(free.min(self.options.batch)).filter(|limit| *limit > 0)
    }

    /// The tenants that have their share of this worker: what each would have if one more tenant came. Their messages wait while
    /// somebody else has one that is due. None when the others had none a moment ago.
    fn full_tenants(&self) -> Vec<TenantId> {
        if self.others_idle.is_some_and(|until| Instant::now() < until) {
            return Vec::new();
        }
        let mut held: HashMap<&TenantId, usize> = HashMap::new();
        for in_hand in self.whose.values() {
            *held.entry(&in_hand.tenant).or_default() += 1;
        }
        let share = (self.options.concurrency / (held.len() + 1)).max(1);
        held.into_iter().filter(|(_, count)| *count >= share).map(|(tenant, _)| tenant.clone()).collect()
    }

    /// Asks for messages, or again for those of a request whose answer was lost. What another worker left meanwhile is settled
    /// as well.
    fn ask(&mut self, limit: usize) {
        self.finished.append(&mut self.identity.parts.left.with(|left| std::mem::take(&mut left.finished)));
        let now = self.identity.now();
        let lost = self.identity.parts.left.with(|left| {
            let place = left.unanswered.iter().position(|(channel, _)| *channel == self.channel)?;
            Some(left.unanswered.swap_remove(place).1)
        });
        let id = match lost {
            Some(id) => id,
            None => match self.identity.parts.entropy.seed() {
                Ok(seed) => LeaseId(seed.uuid(now, 0)),
                Err(error) => return self.store_error(error.into()),
            },
        };
        let except = self.full_tenants();
        self.fair = Some(limit).filter(|_| !except.is_empty());
        let again = lost.is_some();
        let lease = Lease { again, channel: Some(self.channel), except, ..Lease::new(id, now, LEASE, limit) };
        let asked_at = self.identity.parts.clock.monotonic();
        self.leasing = Some((id, asked_at, Box::pin(lease_twice(self.identity, lease))));
    }

    fn answered(&mut self, leased: Result<Vec<Leased>, Error>) {
        let Some((id, asked_at, _)) = self.leasing.take() else { return };
        match leased {
            Ok(leased) => {
                let fair = self.fair.take();
                if fair.is_some_and(|limit| leased.len() < limit) {
                    self.others_idle = Some(Instant::now() + POLL);
                }
                self.dry = leased.is_empty() && fair.is_none() && !self.settled_since;
                self.wait = POLL;
                leased.into_iter().for_each(|leased| self.begin(id, asked_at, leased));
            }
            Err(error) => {
                self.identity.parts.left.with(|left| left.unanswered.push((self.channel, id)));
                self.store_error(error);
            }
        }
    }

    fn settled(&mut self, settled: Result<(), StoreError>) {
        let Some((finished, _)) = self.settling.take() else { return };
        match settled {
            // Later messages of the same users may be due now.
            Ok(()) => (self.dry, self.settled_since) = (false, true),
            Err(error) => {
                // Settling under a lease that has ended changes nothing, so it is safe to repeat.
                self.finished.extend(Arc::unwrap_or_clone(finished));
                self.store_failed = true;
                self.store_error(error.into());
            }
        }
    }

    /// Handles an error of the store: a single pass ends with it, the loop goes on after a wait that doubles.
    fn store_error(&mut self, error: Error) {
        self.dry = true;
        match self.mode {
            Mode::Once => self.error = Some(error),
            Mode::Forever => {
                self.wait = (self.wait * 2).min(LONGEST_POLL);
                let (channel, wait_ms) = (self.channel.as_str(), self.wait.as_millis());
                tracing::warn!(
                    target: "identity::delivery", event = "store_failed", channel, wait_ms, %error,
                    "the store failed; it is asked again after the wait",
                );
            }
        }
    }

    /// Hands a message over, or releases it where that cannot be: the worker is stopped, the answer to the lease came late,
    /// the provider has no free hand here, or its breaker is open.
    fn begin(&mut self, lease: LeaseId, asked_at: Duration, leased: Leased) {
        let parts = &self.identity.parts;
        let now = self.identity.now();
        let Leased { message, attempts, provider, .. } = &leased;
        let (id, expires_at) = (message.id, message.expires_at);
        let lane = Lane { channel: self.channel, provider: parts.notifier.lane(&leased) };
        let passed = parts.clock.monotonic().saturating_sub(asked_at);
        let busy = self.busy.entry(lane.clone()).or_default();
        let release_until = if *self.stopped.borrow()
            || self.stopped.has_changed().is_err()
            || passed + self.options.deadline(self.channel) >= LEASE
        {
            Some(now)
        } else if *busy >= self.options.concurrency {
            Some((now + FULL).min(expires_at))
        } else {
            // A message that has expired needs no provider.
            let open = if now < expires_at { parts.lanes.begin(&lane, now).err() } else { None };
            open.map(|until| until.min(expires_at))
        };
        if let Some(due_at) = release_until {
            self.finished.push((lease, Settled { id, outcome: Settlement::Release { due_at } }));
            return;
        }
        *busy += 1;
        let tenant = message.key.tenant.clone();
        let span = tracing::info_span!("identity", use_case = "deliver", %tenant, %id);
        let (attempts, provider) = (*attempts, provider.clone());
        let of = InHand { tenant, lease, id, lane, attempts, provider, began: Instant::now() };
        let identity = self.identity.clone();
        let task = async move { identity.hand_over(lease, leased).await };
        let handle = self.in_hand.spawn(task.instrument(span));
        self.whose.insert(handle.id(), of);
    }

    fn end(&mut self, joined: Result<(Id, Result<Handed, Error>), JoinError>) {
        let id = joined.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(InHand { lease, id, lane, attempts, provider, began, .. }) = self.whose.remove(&id) else { return };
        if let Some(busy) = self.busy.get_mut(&lane) {
            *busy = busy.saturating_sub(1);
        }
        let handed = match joined {
            Ok((_, handed)) => handed,
            // It may have been sent before it panicked.
            Err(_) => self.identity.panicked(attempts, provider.clone()),
        };
        let now = self.identity.now();
        let answered = handed.as_ref().ok().and_then(|handed| handed.answered);
        self.identity.parts.lanes.end(&lane, answered, began, now);
        match handed {
            Ok(Handed { outcome, delivered, .. }) => {
                #[cfg(feature = "metrics")]
                crate::metrics::message(&lane, delivered);
                self.delivered.add(delivered);
                self.finished.push((lease, Settled { id, outcome }));
            }
            // The outcome could not be stored with the user, so the message is handed over again.
            Err(error) => {
                let (due_at, reason) = (now + NOT_NOTED, error.to_string());
                let outcome = Settlement::Retry { due_at, error: reason, provider, uncertain: false };
                self.finished.push((lease, Settled { id, outcome }));
                self.store_error(error);
            }
        }
    }
}

/// Leaves what is not settled to the next worker of this process.
impl Drop for Worker<'_> {
    fn drop(&mut self) {
        let mut finished = std::mem::take(&mut self.finished);
        if let Some((settling, _)) = self.settling.take() {
            finished.extend(Arc::unwrap_or_clone(settling));
        }
        let due_at = self.identity.now();
        let error = "the worker was ended while it handed the message over";
        finished.extend(self.whose.drain().map(|(_, InHand { lease, id, provider, .. })| {
            let outcome = Settlement::Retry { due_at, error: error.to_owned(), provider, uncertain: true };
            (lease, Settled { id, outcome })
        }));
        let unanswered = self.leasing.take().map(|(id, _, _)| (self.channel, id));
        self.identity.parts.left.with(|left| {
            left.finished.extend(finished);
            left.unanswered.extend(unanswered);
        });
    }
}

async fn ready<T>(later: Option<&mut Later<'_, T>>) -> T {
    match later {
        Some(later) => later.await,
        None => std::future::pending().await,
    }
}

/// Leases messages. When the store fails it is asked again under the same name: it may have leased before it failed.
async fn lease_twice(identity: &Identity, lease: Lease) -> Result<Vec<Leased>, Error> {
    let store = &identity.parts.store;
    let leased = match store.lease(lease.clone()).await {
        Err(error) => {
            tracing::debug!(target: "identity::delivery", event = "lease_failed", %error, "leasing is tried again");
            store.lease(Lease { again: true, ..lease }).await?
        }
        Ok(leased) => leased,
    };
    if !leased.is_empty() {
        tracing::debug!(target: "identity::delivery", event = "leased", count = leased.len(), "leased messages");
    }
    Ok(leased)
}

/// Settles the messages of each lease. A failing store is tried again for some seconds, so that a message which a provider
/// accepted is not sent twice because the database was busy for a moment.
async fn settle(identity: &Identity, finished: Arc<Finished>) -> Result<(), StoreError> {
    let count = finished.len();
    let mut by_lease: HashMap<LeaseId, Vec<Settled>> = HashMap::new();
    for (lease, settled) in finished.iter() {
        by_lease.entry(*lease).or_default().push(settled.clone());
    }
    for (lease, group) in by_lease {
        let mut tried = 1;
        while let Err(error) = identity.parts.store.settle(lease, group.clone()).await {
            if tried == SETTLE_TRIES {
                return Err(error);
            }
            tracing::warn!(
                target: "identity::delivery", event = "settle_failed", tried, %error,
                "the outcome of messages could not be stored; it is tried again",
            );
            tokio::time::sleep(SETTLE_WAIT * 2_u32.pow(tried)).await;
            tried += 1;
        }
    }
    tracing::debug!(target: "identity::delivery", event = "settled", count, "settled messages");
    Ok(())
}
