use std::time::Duration;

use super::DangerousPolicy;
use crate::base::DAY;

/// How long it takes until an address is gone that a holder removes or replaces, so that whoever reads its messages can stop it.
///
/// It applies to a verified address that is the primary one of its kind, or the last one that counts: no other verified address
/// of the user, of either kind, was verified as long ago as the longer delay and stays. Other addresses go at once, and so does
/// whatever an administrator removes or replaces. The address that is to go is told at once, with a link that stops it, and the
/// delivery loop carries the change out when it is due.
///
/// By default there is no delay. There are two: `delay` is for a person who showed within the last hour, by a code or a link, that
/// they read the address that is to go, and `delay_without_proof` for everybody else: a person who lost the mailbox, or a thief.
///
/// ```
/// use std::time::Duration;
/// use identity_core::policy::{ChangePolicy, DangerousPolicy};
/// let day = Duration::from_secs(86_400);
/// assert_eq!(ChangePolicy::default().delay_without_proof(), Duration::ZERO);
/// let policy = ChangePolicy::default().with_delay(day)?.with_delay_without_proof(7 * day)?;
/// assert_eq!((policy.delay(), policy.delay_without_proof()), (day, 7 * day));
/// assert_eq!(policy.with_delay_without_proof(day / 2), Err(DangerousPolicy::ChangeDelay));
/// # Ok::<(), DangerousPolicy>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangePolicy {
    delay: Duration,
    without_proof: Duration,
}

impl ChangePolicy {
    /// Sets the delay for a person who showed that they read the address that is to go: at most 30 days, none by default. The
    /// delay for everybody else becomes as long if it is shorter.
    ///
    /// # Errors
    /// [`DangerousPolicy::ChangeDelay`] for more than 30 days.
    pub fn with_delay(self, delay: Duration) -> Result<Self, DangerousPolicy> {
        Self { delay, without_proof: self.without_proof.max(delay) }.checked()
    }

    /// Sets the delay for a person who did not show that they read the address that is to go: at most 30 days, and not less than
    /// the other delay, which is the default.
    ///
    /// # Errors
    /// [`DangerousPolicy::ChangeDelay`] for another time.
    pub fn with_delay_without_proof(self, without_proof: Duration) -> Result<Self, DangerousPolicy> {
        Self { without_proof, ..self }.checked()
    }

    fn checked(self) -> Result<Self, DangerousPolicy> {
        let fits = self.delay <= self.without_proof && self.without_proof <= 30 * DAY;
        if fits { Ok(self) } else { Err(DangerousPolicy::ChangeDelay) }
    }

    /// The delay for a person who showed that they read the address that is to go; zero when there is none.
    #[must_use]
    pub const fn delay(&self) -> Duration {
        self.delay
    }

    /// The delay for everybody else; zero when there is none.
    #[must_use]
    pub const fn delay_without_proof(&self) -> Duration {
        self.without_proof
    }
}
