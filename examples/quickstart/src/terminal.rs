use identity::{Accepted, Content, Notice, Notifier, NotifyError, async_trait};

/// Prints what a provider would have sent.
pub(crate) struct Terminal;

#[async_trait]
impl Notifier for Terminal {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let to = &notice.message.to;
        match (&notice.message.content, &notice.code) {
            (Content::Challenge { .. }, Some(code)) => println!("  [to {to}] Your code is {}", code.reveal()),
            (Content::Notice { what, about, .. }, _) => println!("  [to {to}] {what:?}: {about}"),
            _ => return Err(NotifyError::permanent("the terminal shows codes and notices only")),
        }
        Ok(Accepted::default())
    }
}
