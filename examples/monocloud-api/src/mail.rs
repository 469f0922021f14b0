//! What sends messages. In development a line in the log is enough; a host for people puts its own mail sender here.

use host_kit::LogNotifier;
use identity::{Notice, Notifier};

use crate::routes::link_page;

/// Writes every message to the log, with its link, which begins with this address. **For development.**
pub fn log_notifier(public_url: impl Into<String>) -> impl Notifier {
    let public_url = public_url.into();
    LogNotifier::new(move |notice: &Notice| {
        let token = notice.link.as_ref()?;
        Some(link_page::link(&public_url, &notice.message.key.tenant, token))
    })
}
