use std::time::Duration;

use async_trait::async_trait;
use identity_core::{Channel, DeliveryState, Message, MessageId, Report, TenantId, Timestamp, UserKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::StoreError;

/// The name of a lease. Every lease has a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeaseId(pub Uuid);

/// A request to lease due messages.
///
/// The length of a lease is measured by the store's own clock, never by the worker's: workers whose clocks differ must agree
/// on whether a message is leased. PostgreSQL has the server's clock; a store within the process, or on this machine alone,
/// has the machine's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The name of the lease, which [`Outbox::settle`] needs.
    pub id: LeaseId,
    /// Whether this request was made before under the same name and its answer was lost.
    pub again: bool,
    /// The worker's present time. Messages with an earlier or equal due time are due.
    pub now: Timestamp,
    /// How long no other lease gets these messages, by the store's own clock. A lease that lasts no time holds nothing,
    /// whatever that clock shows.
    pub lasts: Duration,
    /// The reading of the store's clock, for tests of a store that move time by hand. `None`, which every worker passes: the
    /// store reads its own clock.
    pub at: Option<Timestamp>,
    /// The maximum number of messages.
    pub limit: usize,
    /// The channel whose messages are leased. `None`: any.
    pub channel: Option<Channel>,
    /// Tenants whose messages are left out: those that have their fair share of the worker already.
    pub except: Vec<TenantId>,
}

impl Lease {
    /// A first request for messages of any channel, timed by the store's own clock.
    #[must_use]
    pub const fn new(id: LeaseId, now: Timestamp, lasts: Duration, limit: usize) -> Self {
        Self { id, again: false, now, lasts, at: None, limit, channel: None, except: Vec::new() }
    }

    /// The reading of the store's clock and the end of the lease, for a store whose own clock shows `own`.
    #[must_use]
    pub fn times(&self, own: impl FnOnce() -> Timestamp) -> (Timestamp, Timestamp) {
        let at = self.at.unwrap_or_else(own);
        let until = if self.lasts.is_zero() { Timestamp::from_micros(i64::MIN) } else { at + self.lasts };
        (at, until)
    }
}

/// A message that is leased and that only the holder of the lease may deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// The leased message.
    pub message: Message,
    /// How often the message was leased, including this time.
    pub attempts: u32,
    /// The number of earlier attempts after which it is unknown whether a provider accepted the message: those settled
    /// as uncertain, and those whose lease ended unsettled.
    pub uncertain: u32,
    /// The provider that the last settlement named.
    pub provider: Option<String>,
}

/// The settlement of one leased message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The id of the message.
    pub id: MessageId,
    /// The outcome of the attempt.
    pub outcome: Settlement,
}

/// The outcome of an attempt to deliver a leased message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settlement {
    /// The message is finished and nobody will report on it, because it expired or was sent without a reference. It is
    /// removed.
    Done,
    /// The message was sent. It stays as a record for reports and is never leased again.
    Sent {
        /// When a provider accepted the message.
        at: Timestamp,
        /// The provider that accepted the message, where there are several.
        provider: Option<String>,
        /// The provider's reference for the message.
        reference: Option<String>,
    },
    /// The message is to be tried again.
    Retry {
        /// The earliest time of the next attempt.
        due_at: Timestamp,
        /// The reason why the attempt failed.
        error: String,
        /// The provider for the next attempt. It replaces the one noted before, also when it is `None`.
        provider: Option<String>,
        /// Whether the provider may have accepted the message in this attempt.
        uncertain: bool,
    },
    /// The lease did nothing with the message: it is pending as before the lease, and the lease does not count as an attempt.
    Release {
        /// The earliest time of the next lease.
        due_at: Timestamp,
    },
    /// The message failed for good. It becomes a dead letter and is never leased again.
    Failed {
        /// When the message failed.
        at: Timestamp,
        /// The reason of the failure.
        error: String,
    },
}

/// A message with its state of delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The message.
    pub message: Message,
    /// The earliest time of the next attempt, or that of the last one when the message was sent or failed.
    pub due_at: Timestamp,
    /// How often the message was leased.
    pub attempts: u32,
    /// The number of attempts after which it is unknown whether a provider accepted the message.
    pub uncertain: u32,
    /// The provider that accepted the message, or that the next attempt goes to: what the last settlement as
    /// [`Settlement::Retry`] or [`Settlement::Sent`] named, also when that is `None`.
    pub provider: Option<String>,
    /// The provider's reference for the message.
    pub reference: Option<String>,
    /// When a provider accepted the message, or first reported on it.
    pub sent_at: Option<Timestamp>,
    /// When the message became a dead letter.
    pub failed_at: Option<Timestamp>,
    /// The reason of the last attempt that failed. It stays when a later attempt succeeds.
    pub error: Option<String>,
    /// The report with the highest rank so far.
    pub report: Option<Report>,
}

/// The pending messages of all tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// The number of pending messages, leased or not.
    pub pending: u64,
    /// The earliest due time of a pending message, past or future; `None` when there is none. A leased message keeps the due
    /// time that it had.
    pub oldest_due: Option<Timestamp>,
}

/// The state of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PostState {
    /// The message is pending: it is waiting for an attempt, or leased.
    Waiting,
    /// The message was sent. The field is the state that the provider last reported.
    Sent(DeliveryState),
    /// The message failed for good and is never leased again. It stays until it is pruned, or until a late report says that it
    /// was sent after all.
    DeadLetter,
}

impl Posted {
    /// The message as it is when it is enqueued: due at its creation.
    #[must_use]
    pub const fn new(message: Message) -> Self {
        let due_at = message.created_at;
        let (provider, reference, sent_at, failed_at, error, report) = (None, None, None, None, None, None);
        let (attempts, uncertain) = (0, 0);
        Self { message, due_at, attempts, uncertain, provider, reference, sent_at, failed_at, error, report }
    }

    /// The state of the message.
    #[must_use]
    pub fn state(&self) -> PostState {
        match (self.sent_at, self.failed_at) {
            (Some(_), _) => {
                PostState::Sent(self.report.as_ref().map_or(DeliveryState::Accepted, |report| report.state))
            }
            (None, Some(_)) => PostState::DeadLetter,
            (None, None) => PostState::Waiting,
        }
    }
}

/// What a store that keeps messages in this form does with them.
impl Posted {
    /// Counts one more lease. `unsettled` says whether an earlier lease is still noted, which ended before it was settled.
    pub const fn lease(&mut self, unsettled: bool) {
        self.attempts = self.attempts.saturating_add(1);
        self.uncertain = self.uncertain.saturating_add(unsettled as u32);
    }

    /// Settles an attempt as [`Outbox::settle`] says, and returns whether the message stays; otherwise it is removed.
    pub fn settle(&mut self, outcome: Settlement) -> bool {
        let is_pending = self.state() == PostState::Waiting;
        match outcome {
            Settlement::Sent { at, provider, reference } => {
                self.sent_at = self.sent_at.or(Some(at));
                (self.provider, self.reference) = (provider, reference);
            }
            // It was reported on meanwhile.
            _ if !is_pending => {}
            Settlement::Retry { due_at, error, provider, uncertain } => {
                (self.due_at, self.error, self.provider) = (due_at, Some(error), provider);
                self.uncertain = self.uncertain.saturating_add(uncertain.into());
            }
            Settlement::Release { due_at } => {
                (self.due_at, self.attempts) = (due_at, self.attempts.saturating_sub(1));
            }
            Settlement::Failed { at, error } => (self.failed_at, self.error) = (Some(at), Some(error)),
            Settlement::Done => return false,
        }
        true
    }

    /// Notes a report as [`Outbox::report`] says, and returns whether it changes anything.
    pub fn note(&mut self, report: &Report) -> bool {
        if !report.goes_before(self.report.as_ref()) {
            return false;
        }
        let arrived = matches!(report.state, DeliveryState::Accepted | DeliveryState::Delivered);
        let state = self.state();
        if state == PostState::Waiting || (state == PostState::DeadLetter && arrived) {
            (self.sent_at, self.failed_at) = (Some(report.at), None);
        }
        self.report = Some(report.clone());
        true
    }

    /// The message as its lease shows it.
    #[must_use]
    pub fn leased(self) -> Leased {
        let Self { message, attempts, uncertain, provider, .. } = self;
        Leased { message, attempts, uncertain, provider }
    }
}

/// The messages of all tenants: pending ones, and what became of the others until they are pruned.
///
/// Delivery is at least once: when a worker dies after sending a message and before settling it, another worker sends
/// the message again. An implementation must never deliver less than once, and must never let two leases hold one
/// message at the same time.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// Enqueues a message that no commit brings, durably before it answers. Its user need not exist: a code to sign in goes to
    /// whoever has the address. The message of a user who exists is one of that user's messages in every respect. That of one
    /// who does not waits for earlier ones of the same name and channel as well; [`posted`](Self::posted) may leave it out.
    ///
    /// A message of this user or name whose id is there already stays as it is, whatever the second one says, so that a call whose
    /// answer was lost can be repeated.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails. After [`StoreError::Failed`] the message may or may not have been enqueued.
    async fn enqueue(&self, message: Message) -> Result<(), StoreError>;

    /// Leases messages that are due at `lease.now` and not leased, in the order of their due times and then of their ids.
    /// Messages of the tenants in `lease.except` are passed over, so that a worker can take the messages of others before more of
    /// a tenant that floods it. A lease holds its messages for `lease.lasts` by the store's own clock, whatever the worker's clock
    /// shows. A new message is due at its creation.
    ///
    /// The messages of one user on one channel are delivered in the order of creation, and then of their ids; channels do
    /// not wait for each other. Messages to the same address are strictly sequential. Of messages to several addresses,
    /// the first one that is due may go, but not while an earlier one is leased. So a message is leased only if no earlier
    /// pending message of the same user on the same channel
    /// * is leased,
    /// * or goes to the same address,
    /// * or is due and the first pending one to its own address.
    ///
    /// A lease therefore holds at most one message of a user and channel, and a message that waits for a retry lets only
    /// messages to other addresses pass. Addresses are compared in canonical form, however they were typed. The lease looks
    /// behind any number of messages that it may not take.
    ///
    /// A message whose last lease ended unsettled counts as one more uncertain attempt.
    ///
    /// A request that is made `again` gets the messages that a lease of its name holds, all of them whatever its limit, channel
    /// and exceptions, but none that was reported on meanwhile, and does not count as an attempt of them; when there are none, it
    /// is like a first request.
    ///
    /// A message in a format that this program does not know, because a newer program wrote it, is left for that program.
    ///
    /// An implementation must never lease a message that is leased already, that is not due, that was sent or reported
    /// on, or that failed. It must write the lease and its counts durably before it returns the message.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails. Then it is unknown whether messages are leased: make the request `again`.
    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError>;

    /// Settles messages that this lease holds, each with its own outcome, and returns how many there were. A message that
    /// the lease no longer holds, because it ended and another lease took the message, is skipped: its outcome is up to the
    /// other lease.
    ///
    /// A message that was reported on meanwhile is finished and stays as a record. [`Settlement::Sent`] then notes the
    /// provider and the reference; any other outcome only ends the lease. Such a message is counted.
    ///
    /// An implementation must never change a message that another lease holds. After a settlement no lease holds the
    /// message any more.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; then no message is settled.
    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError>;

    /// Notes a provider's report on a message and returns the message as it is afterwards; `None` when there is no
    /// message with this id.
    ///
    /// A report that does not [go before](Report::goes_before) the known one changes nothing, so repeated and late
    /// reports are harmless. A report on a pending message, leased or not, finishes it: the message counts as sent at
    /// `report.at` and must never be leased again. A report that a dead letter was accepted or delivered makes it a
    /// sent message.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError>;

    /// Returns the message with this id, of any tenant, as it is now; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError>;

    /// Returns a user's messages in the order of their ids: at most `limit` pending and sent messages and dead letters,
    /// with ids after `after`.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError>;

    /// Removes at most `limit` messages of all tenants that were sent or failed before this time, and returns how many
    /// were removed. An implementation must never remove a pending message. A message in an unknown format that expired an
    /// hour ago by the store's own clock becomes a dead letter with an error that names the format.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError>;

    /// Returns the dead letters of a tenant in the order of their ids: at most `limit`, with ids after `after`.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Posted>, StoreError>;

    /// Counts the pending messages of all tenants, leased or not, for whoever watches the outbox. It may be asked every few
    /// seconds.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn backlog(&self) -> Result<Backlog, StoreError>;
}
