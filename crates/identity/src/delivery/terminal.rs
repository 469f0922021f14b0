use std::io::Write as _;
use std::sync::Once;

use identity_ports::{Accepted, Notice, Notifier, NotifyError};

/// Prints messages with their codes to standard output in place of sending them: for development, and for nothing else, because
/// whoever reads the terminal or the log can take any address. The first message is a warning in the log as well.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminal;

#[async_trait::async_trait]
impl Notifier for Terminal {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        static WARNED: Once = Once::new();
        WARNED.call_once(|| {
            tracing::warn!(
                target: "identity::delivery", event = "printed",
                "messages are printed with their codes and not sent: for development only",
            );
        });
        // A terminal that went away is no reason to keep the message.
        let _ = writeln!(std::io::stdout().lock(), "{}", line(notice));
        Ok(Accepted::default())
    }
}

/// What is printed of a message.
fn line(notice: &Notice) -> String {
    let to = &notice.message.to;
    match (&notice.code, &notice.link) {
        (Some(code), _) => format!("[not sent] To {to}: your code is {}", code.reveal()),
        (None, Some(link)) => format!("[not sent] To {to}: your link has the token {}", link.reveal()),
        (None, None) => format!("[not sent] To {to}: {:?}", notice.message.content),
    }
}
