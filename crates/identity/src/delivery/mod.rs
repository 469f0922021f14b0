//! The delivery loop: messages are leased, handed over concurrently and settled in groups.

mod hand_over;
mod lanes;
mod options;
mod terminal;
mod unheard;
mod worker;

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use identity_core::{Channel, Refusal, Timestamp};
pub use identity_core::{
    DeliveryState, DeliveryTicket, Fate, Message, MessageId, Report, TicketError, Undeliverable, UndeliverableReason,
};
pub use identity_ports::{PostState, Posted};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinError;
use tracing::Instrument as _;

pub(crate) use hand_over::is_visitors;
#[cfg(feature = "metrics")]
pub(crate) use lanes::Lane;
pub(crate) use lanes::Lanes;
pub use options::{Delivered, Delivery};
pub use terminal::Terminal;
pub(crate) use unheard::Unheard;
pub(crate) use worker::Left;
use worker::{Mode, Worker};

pub use crate::router::{RouteError, Router, RouterBuilder};
use crate::{Error, Identity};

/// The interval at which an idle loop looks for messages of other processes.
const POLL: Duration = Duration::from_secs(1);
/// The longest wait for a store that cannot be reached.
const LONGEST_POLL: Duration = Duration::from_secs(60);
/// The interval at which records are pruned.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);
/// The largest number of records that one call prunes.
const PRUNE_BATCH: usize = 1_000;

impl Identity {
    /// Delivers every message that is due, of all tenants, and says what became of them; needs tokio, with its time enabled. A
    /// script or a test that asks for a code calls this afterwards; a service spawns [`deliver_forever`](Self::deliver_forever).
    ///
    /// When the future is dropped, the messages being handed over are finished and settled in the background.
    ///
    /// # Errors
    /// [`Error::NoRuntime`] without tokio. [`Error::Store`] when the store fails; a later call delivers what was leased.
    pub async fn deliver_due(&self) -> Result<Delivered, Error> {
        let runtime = Handle::try_current().map_err(|_| Error::NoRuntime)?;
        self.parts.unheard.heard();
        let (_running, stopped) = watch::channel(false);
        let identity = self.clone();
        let work = async move {
            let worker = |channel| Worker::new(&identity, channel, Mode::Once, stopped.clone()).run();
            let mut delivered = Delivered::default();
            loop {
                let (emails, texts) = tokio::join!(worker(Channel::Email), worker(Channel::Phone));
                let emails = emails?;
                delivered.add(emails);
                delivered.add(texts?);
                // What was sent on to a number may have come when the other worker had ended.
                if emails.sent_on == 0 {
                    return Ok(delivered);
                }
            }
        };
        finished(runtime.spawn(work.in_current_span()).await).unwrap_or_else(|| Ok(Delivered::default()))
    }

    /// Delivers messages as they fall due, of all tenants, and never returns; needs tokio, with its time enabled. Any number of
    /// tasks and processes may call it. When the store fails it is tried again.
    ///
    /// When the future is dropped, this ends as [`deliver_until`](Self::deliver_until) does.
    pub async fn deliver_forever(&self) {
        self.deliver_until(std::future::pending()).await;
    }

    /// Delivers messages as they fall due until `stop` is ready; needs tokio, with its time enabled. Then the messages being
    /// handed over are finished, the other leased ones are released, and this returns. Without tokio it logs an error and
    /// returns at once.
    ///
    /// When the future is dropped the same happens in the background, as long as the runtime lives.
    pub async fn deliver_until(&self, stop: impl Future<Output = ()>) {
        let Ok(runtime) = Handle::try_current() else {
            let error = Error::<Refusal>::NoRuntime;
            tracing::error!(target: "identity::delivery", event = "no_runtime", %error, "nothing is delivered");
            return;
        };
        let mut stop = pin!(stop);
        self.parts.unheard.heard();
        let (stopping, stopped) = watch::channel(false);
        let identity = self.clone();
        let work = async move {
            let worker = |channel| Worker::new(&identity, channel, Mode::Forever, stopped.clone()).run();
            let _ = tokio::join!(worker(Channel::Email), worker(Channel::Phone), identity.look_after(stopped.clone()));
        };
        let mut work = runtime.spawn(work.in_current_span());
        tokio::select! {
            // The stop is polled first, so that work which never has to wait cannot starve it.
            biased;
            () = &mut stop => {}
            ended = &mut work => {
                finished(ended);
                return;
            }
        }
        let _ = stopping.send(true);
        finished(work.await);
    }

    /// Prunes records, and watches the outbox, until it is stopped.
    async fn look_after(&self, mut stopped: watch::Receiver<bool>) {
        let mut pruned_at: Option<Timestamp> = None;
        #[cfg(feature = "metrics")]
        let mut watched_at: Option<Timestamp> = None;
        loop {
            let now = self.now();
            #[cfg(feature = "metrics")]
            if is_time(watched_at, now, crate::metrics::WATCH_EVERY) {
                watched_at = Some(now);
                // Whoever asks the outbox for messages meets the same error, and reports it.
                if let Ok(backlog) = self.parts.store.backlog().await {
                    crate::metrics::backlog(&backlog, now);
                }
            }
            if is_time(pruned_at, now, PRUNE_EVERY) {
                pruned_at = Some(now);
                if let Err(error) = self.prune_records(now).await {
                    tracing::warn!(
                        target: "identity::delivery", event = "prune_failed", %error,
                        "old records could not be removed; it is tried again in an hour",
                    );
                }
            }
            tokio::select! {
                biased;
                // The stop is also reached when the caller has dropped the future.
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    async fn prune_records(&self, now: Timestamp) -> Result<(), Error> {
        let mut count = 0;
        loop {
            let pruned = self.parts.store.prune(now - self.parts.delivery.retention, PRUNE_BATCH).await?;
            count += pruned;
            if pruned < PRUNE_BATCH {
                break;
            }
        }
        if count > 0 {
            tracing::debug!(target: "identity::delivery", event = "pruned", count);
        }
        Ok(())
    }
}

/// Whether this long has passed since the last time; also when the clock stepped back behind it.
fn is_time(last: Option<Timestamp>, now: Timestamp, every: Duration) -> bool {
    last.is_none_or(|at| now.since(at) >= every || at > now)
}

/// The result of a task; `None` when its runtime ended before it did. A panic goes on in the caller.
fn finished<T>(ended: Result<T, JoinError>) -> Option<T> {
    match ended {
        Ok(result) => Some(result),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => None,
    }
}
