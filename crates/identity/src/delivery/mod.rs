//! Messages on their way: leased, handed over side by side, settled in groups, until a stop.

mod hand_over;
mod options;
mod worker;

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use identity_core::Timestamp;
pub use identity_core::{
    DeliveryState, DeliveryTicket, Fate, Message, MessageId, Report, TicketError, Undeliverable, UndeliverableReason,
};
pub use identity_ports::{DeadLetter, PostState, Posted};
use tokio::sync::watch;

pub use options::{Delivered, Delivery};
use worker::Worker;

pub use crate::router::{RouteError, Router, RouterBuilder};
use crate::{Error, Identity};

/// How often an idle loop looks for messages of other processes.
const POLL: Duration = Duration::from_secs(1);
/// The longest wait for a store that cannot be reached.
const LONGEST_POLL: Duration = Duration::from_secs(60);
/// How often records are pruned.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);
/// How many records are pruned at once.
const PRUNE_BATCH: usize = 1_000;

impl Identity {
    /// Delivers every message that is due, of all tenants, and says what became of them. Whoever asks for a code in a script
    /// or a test calls this after; a service spawns [`deliver_forever`](Self::deliver_forever).
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails; what was leased is delivered by a later call.
    pub async fn deliver_due(&self) -> Result<Delivered, Error> {
        let (_running, stopped) = watch::channel(false);
        Worker::new(self, stopped).run().await
    }

    /// Delivers messages as they fall due, of all tenants, for ever. Any number of tasks and processes may do so. A store that
    /// fails is tried again.
    pub async fn deliver_forever(&self) {
        self.deliver_until(std::future::pending()).await;
    }

    /// Delivers messages as they fall due until `stop` is ready: then the messages in hand are finished, the others that were
    /// leased are given back, and this returns.
    pub async fn deliver_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let (stopping, stopped) = watch::channel(false);
        let mut work = pin!(self.deliver_while(&stopped));
        tokio::select! {
            // Asked first each time: work that never has to wait must not outrun a stop.
            biased;
            () = &mut stop => {}
            () = &mut work => return,
        }
        let _ = stopping.send(true);
        work.await;
    }

    async fn deliver_while(&self, stopped: &watch::Receiver<bool>) {
        let mut wait = POLL;
        let mut pruned_at: Option<Timestamp> = None;
        while !*stopped.borrow() {
            // Registered before looking, so that a message that comes in between is not slept over.
            let mail = self.parts.mail.notified();
            match self.deliver_once(stopped, &mut pruned_at).await {
                Ok(delivered) if delivered.is_nothing() => wait = POLL,
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(target: "identity::delivery", event = "store_failed", %error);
                    wait = (wait * 2).min(LONGEST_POLL);
                }
            }
            let mut stopped = stopped.clone();
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => {}
                () = mail => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    async fn deliver_once(
        &self,
        stopped: &watch::Receiver<bool>,
        pruned_at: &mut Option<Timestamp>,
    ) -> Result<Delivered, Error> {
        let delivered = Worker::new(self, stopped.clone()).run().await?;
        let now = self.now();
        if pruned_at.is_none_or(|at| now.since(at) >= PRUNE_EVERY) {
            *pruned_at = Some(now);
            self.prune_records(now).await?;
        }
        Ok(delivered)
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
