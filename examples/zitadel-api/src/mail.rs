//! What sends messages. In development a line in the log is enough; a host for people puts its own senders here.

use host_kit::LogNotifier;
use identity::{Code, Content, Notice, Notifier};

use crate::template::{Fields, UrlTemplate};

/// Writes every message to the log, with its code, and its link where there is a template for one. **For development.**
pub fn log_notifier() -> impl Notifier {
    LogNotifier::new(link)
}

/// The link of a message: the template that came with the request travels as the challenge's hint.
#[must_use]
pub fn link(notice: &Notice) -> Option<String> {
    let Content::Challenge { challenge, .. } = &notice.message.content else { return None };
    let template = UrlTemplate::parse(challenge.hint.as_ref()?)?;
    let key = &notice.message.key;
    let code = notice.code.as_ref().map(Code::reveal)?;
    Some(template.render(&Fields { user_id: key.user.as_str(), code, org_id: key.tenant.as_str() }))
}
