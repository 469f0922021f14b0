use std::io::Write as _;
use std::sync::Once;

use identity_core::Content;
use identity_ports::{Accepted, Notice, Notifier, NotifyError};

/// Prints messages with their codes to standard output in place of sending them: for development, and for nothing else, because
/// whoever reads the terminal or the log can take any address. The first message is a warning in the log as well. Of a message with
/// a code and a link it prints the code; [`saying`](Self::saying) prints both.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminal;

impl Terminal {
    /// Prints messages in these words, as people would read them: `Terminal::saying(move |notice| texts.plain(notice).ok())` with the
    /// `Texts` of the crate `identity-texts`. A message for which there are no words is printed as by `Terminal` itself.
    pub fn saying(words: impl Fn(&Notice) -> Option<String> + Send + Sync + 'static) -> impl Notifier {
        Saying(words)
    }
}

#[async_trait::async_trait]
impl Notifier for Terminal {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        Ok(print(notice, None))
    }
}

/// The words of the host's texts.
struct Saying<F>(F);

#[async_trait::async_trait]
impl<F: Fn(&Notice) -> Option<String> + Send + Sync + 'static> Notifier for Saying<F> {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        Ok(print(notice, (self.0)(notice)))
    }
}

fn print(notice: &Notice, words: Option<String>) -> Accepted {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            target: "identity::delivery", event = "printed",
            "messages are printed with their codes and not sent: for development only",
        );
    });
    let printed = words.map_or_else(|| line(notice), |words| format!("[not sent] To {}:\n{words}", notice.message.to));
    // A terminal that went away is no reason to keep the message.
    let _ = writeln!(std::io::stdout().lock(), "{printed}");
    Accepted::default()
}

/// What is printed of a message.
fn line(notice: &Notice) -> String {
    let to = &notice.message.to;
    match (&notice.code, &notice.link) {
        (Some(code), _) => format!("[not sent] To {to}: your code is {}", code.reveal()),
        (None, Some(link)) => format!("[not sent] To {to}: your link has the token {}", link.reveal()),
        (None, None) => match &notice.message.content {
            Content::Notice { what, about, .. } => {
                format!(
                    "[not sent] To {to}: an address of your account was {}: {about:?}",
                    what.as_str().replace('_', " ")
                )
            }
            content => format!("[not sent] To {to}: {content:?}"),
        },
    }
}
