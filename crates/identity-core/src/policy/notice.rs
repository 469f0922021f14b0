use super::DangerousPolicy;
use crate::NoticeKind;
use crate::address::Channel;

/// Who is told when something happens to an address of a user: every other verified address (NIST SP 800-63B-4, 4.6), unless
/// this says that a channel is not told of such things.
///
/// ```
/// use identity_core::{Channel, NoticeKind, NoticePolicy};
/// // Text messages cost money: phones hear of what takes an address away, and of nothing else.
/// let quiet = [NoticeKind::Added, NoticeKind::Verified, NoticeKind::MadePrimary];
/// let policy = NoticePolicy::builder().silence(Channel::Phone, quiet).build()?;
/// assert!(policy.tells(Channel::Email, NoticeKind::Added) && !policy.tells(Channel::Phone, NoticeKind::Added));
/// // An address that goes in silence is how accounts are taken over.
/// let silent = NoticePolicy::builder().silence(Channel::Email, NoticeKind::ALL).silence(Channel::Phone, NoticeKind::ALL);
/// assert!(silent.build().is_err());
/// # Ok::<(), identity_core::DangerousPolicy>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoticePolicy {
    silent: Vec<(Channel, NoticeKind)>,
}

impl NoticePolicy {
    /// Starts from the default: every other verified address is told of everything.
    #[must_use]
    pub fn builder() -> NoticePolicyBuilder {
        NoticePolicyBuilder(Self::default())
    }

    /// Whether addresses of this channel are told of such things.
    #[must_use]
    pub fn tells(&self, channel: Channel, what: NoticeKind) -> bool {
        !self.silent.contains(&(channel, what))
    }
}

/// Builds a [`NoticePolicy`].
#[derive(Debug, Clone)]
pub struct NoticePolicyBuilder(NoticePolicy);

impl NoticePolicyBuilder {
    /// Addresses of this channel are not told of these.
    #[must_use]
    pub fn silence(mut self, channel: Channel, kinds: impl IntoIterator<Item = NoticeKind>) -> Self {
        self.0.silent.extend(kinds.into_iter().map(|kind| (channel, kind)));
        self
    }

    /// The policy.
    ///
    /// # Errors
    /// [`DangerousPolicy::Silence`] when nobody at all would be told that an address was removed or replaced.
    pub fn build(self) -> Result<NoticePolicy, DangerousPolicy> {
        let told = |what| [Channel::Email, Channel::Phone].into_iter().any(|channel| self.0.tells(channel, what));
        match [NoticeKind::Removed, NoticeKind::Replaced].into_iter().find(|what| !told(*what)) {
            Some(what) => Err(DangerousPolicy::Silence(what)),
            None => Ok(self.0),
        }
    }
}
