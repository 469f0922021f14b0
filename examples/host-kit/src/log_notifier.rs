use std::fmt;

use identity::{Accepted, Code, Notice, Notifier, NotifyError, async_trait};

/// A notifier that writes every message to the log, with its code and link. **For development only**: whoever reads the log
/// can verify the addresses in it. A host in production uses a real sender instead.
pub struct LogNotifier<L> {
    link: L,
}

impl<L: Fn(&Notice) -> Option<String>> LogNotifier<L> {
    /// Logs messages with the links that `link` makes; it returns `None` for a message without one.
    #[must_use]
    pub const fn new(link: L) -> Self {
        Self { link }
    }
}

#[async_trait]
impl<L: Fn(&Notice) -> Option<String> + Send + Sync + 'static> Notifier for LogNotifier<L> {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let message = &notice.message;
        let (code, link) = (notice.code.as_ref().map(Code::reveal), (self.link)(notice));
        // The address prints masked.
        tracing::info!(to = ?message.to, message_id = %message.id, code, link, "a message, which goes to this log alone");
        Ok(Accepted::default())
    }
}

impl<L> fmt::Debug for LogNotifier<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogNotifier").finish_non_exhaustive()
    }
}
