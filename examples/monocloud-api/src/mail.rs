//! What sends messages. In development a line in the log is enough.

use async_trait::async_trait;
use identity::{Accepted, Notice, Notifier, NotifyError};

use crate::routes::link_page;

/// Writes every message to the log, with its link. **For development**: whoever reads the log can verify the addresses in it.
/// A host for people puts its own mail sender here.
#[derive(Debug, Clone)]
pub struct LogNotifier {
    public_url: String,
}

impl LogNotifier {
    /// Links begin with this address.
    #[must_use]
    pub fn new(public_url: impl Into<String>) -> Self {
        Self { public_url: public_url.into() }
    }
}

#[async_trait]
impl Notifier for LogNotifier {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let message = &notice.message;
        let link = notice.link.as_ref().map(|token| link_page::link(&self.public_url, &message.key.tenant, token));
        // The address prints masked.
        tracing::info!(to = ?message.to, message = %message.id, link, "a message, which goes to this log alone");
        Ok(Accepted::default())
    }
}
