use super::DangerousPolicy;
use crate::NoticeKind;
use crate::address::Channel;

/// Which notices are sent when an address of a user changes. By default every other verified address of the user is
/// notified of every change (NIST SP 800-63B-4, 4.6); a channel can be silenced for some kinds of change.
///
/// ```
/// use identity_core::{Channel, NoticeKind, NoticePolicy};
/// // Text messages cost money: phones are notified of removals and replacements only.
/// let quiet = [NoticeKind::Added, NoticeKind::Verified, NoticeKind::MadePrimary];
/// let policy = NoticePolicy::builder().silence(Channel::Phone, quiet).build()?;
/// assert!(policy.tells(Channel::Email, NoticeKind::Added) && !policy.tells(Channel::Phone, NoticeKind::Added));
/// // A policy that tells nobody about a removed or replaced address does not build.
/// let silent = NoticePolicy::builder().silence(Channel::Email, NoticeKind::ALL).silence(Channel::Phone, NoticeKind::ALL);
/// assert!(silent.build().is_err());
/// # Ok::<(), identity_core::DangerousPolicy>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoticePolicy {
    silent: Vec<(Channel, NoticeKind)>,
}

impl NoticePolicy {
    /// A builder that starts from the default: every other verified address is notified of every change.
    #[must_use]
    pub fn builder() -> NoticePolicyBuilder {
        NoticePolicyBuilder(Self::default())
    }

    /// Whether addresses of this channel are notified of this kind of change.
    #[must_use]
    pub fn tells(&self, channel: Channel, what: NoticeKind) -> bool {
        !self.silent.contains(&(channel, what))
    }
}

/// Builder of a [`NoticePolicy`].
#[derive(Debug, Clone)]
pub struct NoticePolicyBuilder(NoticePolicy);

impl NoticePolicyBuilder {
    /// Silences these kinds of notices for addresses of this channel.
    #[must_use]
    pub fn silence(mut self, channel: Channel, kinds: impl IntoIterator<Item = NoticeKind>) -> Self {
        self.0.silent.extend(kinds.into_iter().map(|kind| (channel, kind)));
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    /// [`DangerousPolicy::Silence`] when every channel is silenced for [`NoticeKind::Removed`] or for
    /// [`NoticeKind::Replaced`].
    pub fn build(self) -> Result<NoticePolicy, DangerousPolicy> {
        let told = |what| [Channel::Email, Channel::Phone].into_iter().any(|channel| self.0.tells(channel, what));
        match [NoticeKind::Removed, NoticeKind::Replaced].into_iter().find(|what| !told(*what)) {
            Some(what) => Err(DangerousPolicy::Silence(what)),
            None => Ok(self.0),
        }
    }
}
