use async_trait::async_trait;
use identity_core::{DeliveryState, Message, MessageId, Report, TenantId, Timestamp, UserKey};
use uuid::Uuid;

use crate::StoreError;

/// The name of one lease. Every lease has a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeaseId(pub Uuid);

/// A wish to deliver messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The name of the lease.
    pub id: LeaseId,
    /// The time.
    pub now: Timestamp,
    /// Until when nobody else gets these messages.
    pub until: Timestamp,
    /// How many at most.
    pub limit: usize,
}

/// A message that its lease's holder alone delivers for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// The message.
    pub message: Message,
    /// How often it was leased, this time included.
    pub attempts: u32,
    /// After how many of these it is not known whether a provider took it on: those that were settled so, and those whose
    /// lease ran out unsettled.
    pub uncertain: u32,
    /// The provider that the last settlement named.
    pub provider: Option<String>,
}

/// What became of a leased message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Which one.
    pub id: MessageId,
    /// What became of it.
    pub outcome: Settlement,
}

/// What became of a leased message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settlement {
    /// It is not worth sending any more, or was handed over and nobody will ask: it goes.
    Done,
    /// It was handed over: it stays as a record, and is not leased again.
    Sent {
        /// When.
        at: Timestamp,
        /// The provider, where there are several.
        provider: Option<String>,
        /// What the provider calls it.
        reference: Option<String>,
    },
    /// It is to be tried again, not before this time.
    Retry {
        /// When.
        due_at: Timestamp,
        /// Why it did not work this time.
        error: String,
        /// The provider that the next attempt goes to, in place of what was noted before.
        provider: Option<String>,
        /// Whether the provider may have taken it on this time.
        uncertain: bool,
    },
    /// It will never work: it stays, visible, and is not leased again.
    Failed {
        /// Since when.
        at: Timestamp,
        /// Why.
        error: String,
    },
}

/// A message that will never be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message.
    pub message: Message,
    /// How often it was leased.
    pub attempts: u32,
    /// When the message failed for good.
    pub failed_at: Timestamp,
    /// Why.
    pub error: String,
}

/// A message as it stands: pending, sent or a dead letter, and what was reported of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The message.
    pub message: Message,
    /// How often it was leased.
    pub attempts: u32,
    /// After how many of these it is not known whether a provider took it on.
    pub uncertain: u32,
    /// The provider that it went to, or goes to next.
    pub provider: Option<String>,
    /// What the provider calls it.
    pub reference: Option<String>,
    /// When it was handed over, or first reported on.
    pub sent_at: Option<Timestamp>,
    /// When the message became a dead letter.
    pub failed_at: Option<Timestamp>,
    /// Why the last attempt did not work.
    pub error: Option<String>,
    /// The report that said the most.
    pub report: Option<Report>,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PostState {
    /// On its way.
    Waiting,
    /// Handed over, and perhaps reported on.
    Sent(DeliveryState),
    /// Failed for good, and never leased again.
    DeadLetter,
}

impl Posted {
    /// Where it stands.
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

/// Messages, of all tenants: those on their way, and what became of the others until they are pruned.
///
/// Delivery is at least once: a worker that dies after sending and before settling leaves a message that another one sends
/// again. It must never be less than once, and two leases must never hold one message at the same time.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// Leases messages that are due at `lease.now` and that no lease holds then, those due longest first and in the order of
    /// their ids. A lease holds a message until before `lease.until`. A new message is due when it was created.
    ///
    /// A user's messages keep their order, that of creation and then of their ids. Those to one address go strictly one after the
    /// other; of those to several, the first that is due goes, and none while another one that came before is held. So
    /// a message is leased only if none of the same user that came before it and is still on its way
    /// * is held,
    /// * or goes to the same address,
    /// * or is due and the first of those to its own address.
    ///
    /// So a lease has one message of a user at most, and one that waits to be tried again lets pass only those to other
    /// addresses.
    ///
    /// A message whose last lease ran out without being settled counts as one more uncertain attempt.
    ///
    /// It must never give a message that another lease holds, that is not due, that was sent or reported on, or that has
    /// failed; it must count each lease of a message durably before it gives it away.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; then nothing is leased, or it is and comes free at `lease.until`.
    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError>;

    /// Settles messages that this lease holds, and gives how many there were. A message that the lease does not hold any more,
    /// because it ran out and another lease took it, is passed over: what became of it is the other one's to say.
    ///
    /// A message that was reported on meanwhile has ended and stays a record: [`Settlement::Sent`] notes provider and
    /// reference on it, whatever else is said changes nothing but that nobody holds it, and it is counted.
    ///
    /// It must never touch a message that another lease holds. A message of a retry has no lease any more.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; then none is settled.
    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError>;

    /// Notes what a provider says of a message, and gives the message as it stands then; `None` when there is none of this id.
    ///
    /// A report that does not [go before](Report::goes_before) the one that is noted changes nothing, so repetitions and
    /// reports out of their order are harmless. One on a message that is on its way ends it, held or not: it was sent, at
    /// `report.at`, and must never be leased again. One that says accepted or delivered of a message that failed takes it back:
    /// it was sent.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError>;

    /// The message of this id as it stands, of any tenant; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError>;

    /// A user's messages in the order of their ids, those after `after`, at most `limit`: pending, sent and dead letters.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError>;

    /// Removes messages of all tenants that were sent or failed before this time, at most `limit`, and gives how many they
    /// were. It must never remove one that is on its way.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError>;

    /// Failed messages of a tenant in the order of their ids, those after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError>;
}
