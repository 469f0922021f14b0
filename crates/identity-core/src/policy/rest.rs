use std::time::Duration;

use crate::address::ClaimKind;

/// How long a verified address or a username that its user gives up rests before another user may verify or set it on the
/// holder's road. Mailboxes and above all phone numbers are given to other people, who then would open what the former holder
/// left behind.
///
/// Only what one user holds alone rests ([`ClaimPolicy`](crate::policy::ClaimPolicy)). Its former holder gets it back at once,
/// and administrators do not wait. A user who was erased is nobody's former holder. An address that an administrator marks as
/// unverified does not rest, which is how staff hands one on.
///
/// ```
/// use std::time::Duration;
/// use identity_core::Policy;
/// use identity_core::policy::RestPolicy;
///
/// let rest = RestPolicy::default().with_phone(Duration::from_secs(90 * 86_400)).with_username(Duration::ZERO);
/// assert_eq!(Policy::default().with_rest(rest).rest(), rest);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestPolicy {
    email: Duration,
    phone: Duration,
    username: Duration,
}

impl Default for RestPolicy {
    /// 30 days for an e-mail address, 45 days for a phone number (operators in the United States keep a number back for at
    /// least that long: 47 CFR 52.15), 90 days for a username.
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Self { email: days(30), phone: days(45), username: days(90) }
    }
}

impl RestPolicy {
    /// Nothing rests.
    #[must_use]
    pub const fn none() -> Self {
        Self { email: Duration::ZERO, phone: Duration::ZERO, username: Duration::ZERO }
    }

    /// Sets how long e-mail addresses rest; 30 days by default, and not at all for zero.
    #[must_use]
    pub const fn with_email(self, email: Duration) -> Self {
        Self { email, ..self }
    }

    /// Sets how long phone numbers rest; 45 days by default, and not at all for zero.
    #[must_use]
    pub const fn with_phone(self, phone: Duration) -> Self {
        Self { phone, ..self }
    }

    /// Sets how long usernames rest; 90 days by default, and not at all for zero.
    #[must_use]
    pub const fn with_username(self, username: Duration) -> Self {
        Self { username, ..self }
    }

    /// How long what a claim of this kind is on rests; `None` when it does not.
    #[must_use]
    pub const fn of(&self, kind: ClaimKind) -> Option<Duration> {
        let time = match kind {
            ClaimKind::Email => self.email,
            ClaimKind::Phone => self.phone,
            ClaimKind::Username => self.username,
            ClaimKind::Contest | ClaimKind::Mailbox => return None,
        };
        if time.is_zero() { None } else { Some(time) }
    }
}
