use async_trait::async_trait;
use identity_core::{Message, MessageId, TenantId, Timestamp};
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
    /// It was handed over, or is not worth sending any more: it goes.
    Done,
    /// It is to be tried again, not before this time.
    Retry {
        /// When.
        due_at: Timestamp,
        /// Why it did not work this time.
        error: String,
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
pub struct Parked {
    /// The message.
    pub message: Message,
    /// How often it was leased.
    pub attempts: u32,
    /// Since when it is given up.
    pub failed_at: Timestamp,
    /// Why.
    pub error: String,
}

/// Messages on their way, of all tenants.
///
/// Delivery is at least once: a worker that dies after sending and before settling leaves a message that another one sends
/// again. It must never be less than once, and two leases must never hold one message at the same time.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// Leases messages that are due at `lease.now` and that no lease holds then, those due longest first and in the order of
    /// their ids. A lease holds a message until before `lease.until`. A new message is due when it was created.
    ///
    /// It must never give a message that another lease holds, that is not due, or that has failed; it must count each lease
    /// of a message durably before it gives it away.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; then nothing is leased, or it is and comes free at `lease.until`.
    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError>;

    /// Settles messages that this lease holds, and gives how many there were. A message that the lease does not hold any more,
    /// because it ran out and another lease took it, is passed over: what became of it is the other one's to say.
    ///
    /// It must never touch a message that another lease holds. A message of a retry has no lease any more.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; then none is settled.
    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError>;

    /// Failed messages of a tenant in the order of their ids, those after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn parked(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Parked>, StoreError>;
}
