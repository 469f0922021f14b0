use async_trait::async_trait;
use identity::TenantId;
use identity::UserId;
use identity::history::FeedCursor;
use uuid::Uuid;

/// The error of a host's ledger; its text is logged.
pub type LedgerError = Box<dyn std::error::Error + Send + Sync>;

/// What a host keeps for an endpoint. A call that fails is repeated, after one second at first and half a minute at last.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// The position that was kept last. `None` begins before the first event; an endpoint that wants only what is to come begins
    /// with [`FeedCursor::NOW`].
    ///
    /// # Errors
    /// The host's own.
    async fn cursor(&self) -> Result<Option<FeedCursor>, LedgerError>;

    /// Keeps the position behind what was sent. It must be durable before this returns, or events are sent again.
    ///
    /// # Errors
    /// The host's own.
    async fn keep(&self, cursor: FeedCursor) -> Result<(), LedgerError>;

    /// Keeps an event that could not be sent. It may come again with the same id after a restart.
    ///
    /// # Errors
    /// The host's own.
    async fn bury(&self, dead: &DeadWebhook) -> Result<(), LedgerError>;
}

/// An event that could not be sent. Whoever mends the endpoint finds it in the history of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadWebhook {
    /// The value of the header `webhook-id`.
    pub id: Uuid,
    /// The tenant of the user.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
    /// The number of the event among those of the user.
    pub number: u64,
    /// What became of the last try; it contains nothing of the answer's body.
    pub reason: String,
}
