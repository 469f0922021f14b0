use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use identity_core::{Content, Message, Timestamp};
use identity_ports::{Accepted, Lease, LeaseId, Leased, Notice, NotifyError, Settled, Settlement};

use tracing::Instrument as _;

use crate::{Error, Identity};

/// How long a message is this worker's alone.
const LEASE: Duration = Duration::from_secs(120);
/// How long one hand-over may take.
const HAND_OVER: Duration = Duration::from_secs(30);
/// How many messages are leased at once.
const BATCH: usize = 32;
/// How often a message is tried before it is given up.
const ATTEMPTS: u32 = 12;
/// The first wait after a failure, and the longest.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// How often an idle loop looks for messages of other processes.
const POLL: Duration = Duration::from_secs(1);

/// What became of the messages that were due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Delivered {
    /// Handed over.
    pub sent: usize,
    /// To be tried again later.
    pub retried: usize,
    /// Given up; [`Admin::parked`](crate::Admin::parked) lists them.
    pub failed: usize,
    /// Not worth sending any more, and not sent.
    pub expired: usize,
}

impl Delivered {
    const fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.retried += other.retried;
        self.failed += other.failed;
        self.expired += other.expired;
    }

    const fn is_nothing(&self) -> bool {
        self.sent + self.retried + self.failed + self.expired == 0
    }
}

impl Identity {
    /// Delivers every message that is due, of all tenants, and says what became of them. Whoever asks for a code in a script
    /// or a test calls this after; a service spawns [`deliver_forever`](Self::deliver_forever).
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails; what was leased is delivered by a later call.
    pub async fn deliver_due(&self) -> Result<Delivered, Error> {
        let mut delivered = Delivered::default();
        loop {
            let batch = self.deliver_batch(&mut || false).await?;
            if batch.is_nothing() {
                return Ok(delivered);
            }
            delivered.add(batch);
        }
    }

    /// Delivers messages as they fall due, of all tenants, for ever. Any number of processes may do so. A store that fails is
    /// tried again.
    pub async fn deliver_forever(&self) {
        self.deliver_until(std::future::pending()).await;
    }

    /// Delivers messages as they fall due until `stop` is ready: then the message in hand is finished, the others of its
    /// batch are given back, and this returns.
    pub async fn deliver_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let (stopping, stopped) = tokio::sync::watch::channel(false);
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

    async fn deliver_while(&self, stopped: &tokio::sync::watch::Receiver<bool>) {
        let mut wait = POLL;
        while !*stopped.borrow() {
            // Registered before looking, so that a message that comes in between is not slept over.
            let mail = self.parts.mail.notified();
            match self.deliver_batch(&mut || *stopped.borrow()).await {
                Ok(batch) if batch.is_nothing() => wait = POLL,
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(%error, "delivery cannot reach the store");
                    wait = (wait * 2).min(Duration::from_secs(60));
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

    async fn deliver_batch(&self, stopped: &mut (dyn FnMut() -> bool + Send)) -> Result<Delivered, Error> {
        let now = self.now();
        let id = LeaseId(self.parts.entropy.seed()?.uuid(now, 0));
        let until = now + LEASE;
        let leased = self.parts.store.lease(Lease { id, now, until, limit: BATCH }).await?;
        let mut delivered = Delivered::default();
        let mut leased = leased.into_iter();
        for next in leased.by_ref() {
            let now = self.now();
            // Whoever cannot finish before the lease runs out leaves the message to the next one.
            if stopped() || now + HAND_OVER >= until {
                let rest = std::iter::once(next).chain(leased);
                let back = |leased: Leased| Settled {
                    id: leased.message.id,
                    outcome: Settlement::Retry {
                        due_at: now,
                        error: "given back".to_owned(),
                        provider: leased.provider,
                        uncertain: false,
                    },
                };
                self.parts.store.settle(id, rest.map(back).collect()).await?;
                break;
            }
            let message = next.message.id;
            let span =
                tracing::info_span!("identity", use_case = "deliver", tenant = %next.message.key.tenant, %message);
            let (outcome, counted) = self.deliver(next, now).instrument(span).await?;
            self.parts.store.settle(id, vec![Settled { id: message, outcome }]).await?;
            delivered.add(counted);
        }
        Ok(delivered)
    }

    async fn deliver(&self, leased: Leased, now: Timestamp) -> Result<(Settlement, Delivered), Error> {
        let Leased { message, attempts, uncertain, provider } = leased;
        let nothing = Delivered::default();
        if now >= message.expires_at {
            tracing::info!("expired unsent");
            return Ok((Settlement::Done, Delivered { expired: 1, ..nothing }));
        }
        let expires_at = message.expires_at;
        let Some(notice) = self.notice(message, provider.as_deref(), attempts, uncertain) else {
            tracing::warn!("the key is gone");
            let error = "the key that the code was made with is gone".to_owned();
            return Ok((Settlement::Failed { at: now, error }, Delivered { failed: 1, ..nothing }));
        };
        let answer = tokio::time::timeout(HAND_OVER, self.parts.notifier.notify(&notice)).await;
        let answer = answer.unwrap_or_else(|_| Err(NotifyError::unknown("the notifier did not answer within 30 s")));
        Ok(match answer {
            Ok(Accepted { reference, provider: by }) => {
                tracing::info!(attempts, "sent");
                let outcome = match reference {
                    Some(reference) => {
                        Settlement::Sent { at: now, provider: by.or(provider), reference: Some(reference) }
                    }
                    None => Settlement::Done,
                };
                (outcome, Delivered { sent: 1, ..nothing })
            }
            Err(NotifyError::Transient { reason, retry_after, next }) if attempts < ATTEMPTS => {
                tracing::info!(attempts, %reason, "to be tried again");
                let wait = retry_after.unwrap_or_default().max(self.wait(attempts)?);
                // Where the next try would come too late, it comes in time to say so.
                let due_at = (now + wait).min(expires_at);
                let provider = next.or(provider);
                let error = reason.to_string();
                (Settlement::Retry { due_at, error, provider, uncertain: false }, Delivered { retried: 1, ..nothing })
            }
            Err(NotifyError::Unknown { reason, provider: by }) if attempts < ATTEMPTS => {
                tracing::info!(attempts, %reason, "to be tried again");
                let due_at = (now + self.wait(attempts)?).min(expires_at);
                let (provider, error) = (by.or(provider), reason.to_string());
                (Settlement::Retry { due_at, error, provider, uncertain: true }, Delivered { retried: 1, ..nothing })
            }
            Err(error) => {
                tracing::warn!(attempts, %error, "given up");
                (Settlement::Failed { at: now, error: error.to_string() }, Delivered { failed: 1, ..nothing })
            }
        })
    }

    /// The message with the code and link that only its reader may know; `None` when their key is gone.
    fn notice(&self, message: Message, provider: Option<&str>, attempts: u32, uncertain: u32) -> Option<Notice> {
        let keys = &self.parts.keys;
        let (code, link) = match &message.content {
            Content::Challenge { challenge, .. } => {
                let (code, link) = (message.code(keys), message.link(keys));
                if code.is_some() != challenge.proof.by_code() || link.is_some() != challenge.proof.by_link() {
                    return None;
                }
                (code, link)
            }
            _ => (None, None),
        };
        let ticket = keys.ticket(message.id);
        let provider = provider.map(Arc::from);
        Some(Notice { message: Arc::new(message), code, link, provider, attempts, uncertain, ticket })
    }

    /// Doubles with every attempt, three quarters to all of it by chance: those who failed together do not come back together.
    fn wait(&self, attempts: u32) -> Result<Duration, Error> {
        let wait = FIRST_WAIT.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST_WAIT);
        let [chance, ..] = *self.parts.entropy.seed()?.nonce(0).as_bytes();
        Ok(wait.mul_f64(0.75 + f64::from(chance) / 1_020.0))
    }
}
