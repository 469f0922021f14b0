use super::DangerousPolicy;
use crate::address::Channel;
use crate::base::named_enum;

named_enum! {
    /// The kind of change that a notice reports. The address that changed is another one than the recipient.
    #[non_exhaustive]
    pub enum NoticeKind {
        /// The address was added.
        Added = "added",
        /// The address was verified.
        Verified = "verified",
        /// The address became primary.
        MadePrimary = "made_primary",
        /// The address was removed.
        Removed = "removed",
        /// The address took the place of another one, which may be the recipient.
        Replaced = "replaced",
        /// The address is to be removed, or replaced by another one, and stays until then.
        Scheduled = "scheduled",
        /// Its verification was taken away.
        Unverified = "unverified",
        /// A change was undone with the link of its notice; the address came back, or it went.
        Undone = "undone",
        /// Somebody else proved the address, which may be the recipient, and contests it.
        Contested = "contested",
        /// A contest over the address ended, and it stayed where it was.
        ContestEnded = "contest_ended",
    }
}

impl NoticeKind {
    /// Whether it tells that an address was or will be taken away: removed, replaced or no longer verified, by the undoing of a
    /// change, or because it is contested and its owner does not answer.
    #[must_use]
    pub const fn is_loss(self) -> bool {
        matches!(
            self,
            Self::Removed | Self::Replaced | Self::Scheduled | Self::Unverified | Self::Undone | Self::Contested
        )
    }
}

/// Which notices are sent when an address of a user changes. By default every other verified address of the user is
/// notified (NIST SP 800-63B-4, 4.6): e-mail addresses of every change, phone numbers only when a verified address is removed,
/// replaced, contested or no longer verified or a change is undone, because text messages cost money. A channel can be told
/// more or less.
///
/// ```
/// use identity_core::{Channel, NoticeKind, NoticePolicy};
/// let policy = NoticePolicy::default();
/// assert!(policy.tells(Channel::Email, NoticeKind::Added) && !policy.tells(Channel::Phone, NoticeKind::Added));
/// let policy = NoticePolicy::builder().tell(Channel::Phone, [NoticeKind::Added]).build()?;
/// assert!(policy.tells(Channel::Phone, NoticeKind::Added));
/// // A policy that tells nobody about a removed or replaced address does not build.
/// let silent = NoticePolicy::builder().silence(Channel::Email, NoticeKind::ALL).silence(Channel::Phone, NoticeKind::ALL);
/// assert!(silent.build().is_err());
/// # Ok::<(), identity_core::DangerousPolicy>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticePolicy {
    silent: Vec<(Channel, NoticeKind)>,
}

impl Default for NoticePolicy {
    fn default() -> Self {
        let harmless = NoticeKind::ALL.into_iter().filter(|kind| !kind.is_loss());
        Self { silent: harmless.map(|kind| (Channel::Phone, kind)).collect() }
    }
}

impl NoticePolicy {
    /// A builder that starts from the default: e-mail addresses are notified of every change, phone numbers of losses.
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

    /// Sends these kinds of notices to addresses of this channel.
    #[must_use]
    pub fn tell(mut self, channel: Channel, kinds: impl IntoIterator<Item = NoticeKind>) -> Self {
        for told in kinds {
            self.0.silent.retain(|silent| *silent != (channel, told));
        }
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    /// [`DangerousPolicy::Silence`] when every channel is silenced for [`NoticeKind::Removed`],
    /// [`NoticeKind::Replaced`], [`NoticeKind::Scheduled`], [`NoticeKind::Unverified`], [`NoticeKind::Undone`] or
    /// [`NoticeKind::Contested`].
    pub fn build(self) -> Result<NoticePolicy, DangerousPolicy> {
        let told = |what| [Channel::Email, Channel::Phone].into_iter().any(|channel| self.0.tells(channel, what));
        match NoticeKind::ALL.into_iter().filter(|kind| kind.is_loss()).find(|what| !told(*what)) {
            Some(what) => Err(DangerousPolicy::Silence(what)),
            None => Ok(self.0),
        }
    }
}
