use super::{DangerousPolicy, Mode};

/// How many users of a tenant may hold verified e-mail addresses of one mailbox
/// ([`MailboxKey`](crate::address::MailboxKey)). Without a limit, one person verifies `ada+1@example.com`,
/// `ada+2@example.com` and so on for as many users as they like.
///
/// A user counts once, with however many addresses of the mailbox, and unverified addresses do not count.
///
/// ```
/// use identity_core::Policy;
/// use identity_core::policy::{DangerousPolicy, MailboxLimit, Mode};
///
/// let limit = MailboxLimit::new(1, Mode::Refuse)?;
/// assert_eq!(Policy::default().with_mailbox_limit(Some(limit)).mailbox_limit(), Some(limit));
/// assert_eq!(MailboxLimit::new(17, Mode::Record), Err(DangerousPolicy::MailboxLimit(17)));
/// # Ok::<(), DangerousPolicy>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MailboxLimit {
    users: u8,
    mode: Mode,
}

impl MailboxLimit {
    /// At most this many users, 1 to 16. [`Mode::Record`] lets every address be verified and reports those that exceed the
    /// limit.
    ///
    /// # Errors
    /// [`DangerousPolicy::MailboxLimit`] for another number of users. A commit tries the slots of a mailbox one after the
    /// other, so their number is bounded.
    pub const fn new(users: u8, mode: Mode) -> Result<Self, DangerousPolicy> {
        if users == 0 || users > 16 {
            return Err(DangerousPolicy::MailboxLimit(users));
        }
        Ok(Self { users, mode })
    }

    /// The number of users.
    #[must_use]
    pub const fn users(self) -> u8 {
        self.users
    }

    /// What happens to an address that exceeds the limit.
    #[must_use]
    pub const fn mode(self) -> Mode {
        self.mode
    }
}
