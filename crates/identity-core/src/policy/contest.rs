use std::time::Duration;

use super::DangerousPolicy;
use crate::base::DAY;

/// What happens when somebody proves an address that is verified with another user of the tenant: the contested ownership of
/// the address. The default refuses whoever comes second.
///
/// ```
/// use std::time::Duration;
/// use identity_core::policy::{ContestPolicy, DangerousPolicy};
/// let week = Duration::from_secs(7 * 86_400);
/// assert_eq!(ContestPolicy::ask_owner(week)?.deadline(), Some(week));
/// assert_eq!(ContestPolicy::ask_owner(Duration::from_secs(3_600)), Err(DangerousPolicy::ContestDeadline));
/// assert!(!ContestPolicy::default().opens());
/// # Ok::<(), DangerousPolicy>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContestPolicy(Contests);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Contests {
    #[default]
    Refuse,
    AskOwner(Duration),
    Administrator,
    TransferNow,
}

impl ContestPolicy {
    /// Whoever proves an address of another user is refused, as if a restriction kept it out (the default).
    #[must_use]
    pub const fn refuse() -> Self {
        Self(Contests::Refuse)
    }

    /// The present owner is asked. The address changes hands when the owner agrees or has not answered by the deadline, and stays
    /// when the owner objects.
    ///
    /// # Errors
    /// [`DangerousPolicy::ContestDeadline`] for a deadline outside 24 hours to 90 days.
    pub fn ask_owner(deadline: Duration) -> Result<Self, DangerousPolicy> {
        if (DAY..=90 * DAY).contains(&deadline) {
            Ok(Self(Contests::AskOwner(deadline)))
        } else {
            Err(DangerousPolicy::ContestDeadline)
        }
    }

    /// The contest waits for the decision of an administrator, or for the owner to answer.
    #[must_use]
    pub const fn administrator() -> Self {
        Self(Contests::Administrator)
    }

    /// The address changes hands at once: for workforce directories, whose mail server says whose a mailbox is.
    #[must_use]
    pub const fn transfer_now() -> Self {
        Self(Contests::TransferNow)
    }

    /// Whether a proof of another user's address is more than refused.
    #[must_use]
    pub fn opens(&self) -> bool {
        self.0 != Contests::Refuse
    }

    /// Whether the address changes hands at once.
    #[must_use]
    pub fn transfers_now(&self) -> bool {
        self.0 == Contests::TransferNow
    }

    /// How long the owner may take to answer; `None` when silence decides nothing.
    #[must_use]
    pub const fn deadline(&self) -> Option<Duration> {
        match self.0 {
            Contests::AskOwner(deadline) => Some(deadline),
            Contests::Refuse | Contests::Administrator | Contests::TransferNow => None,
        }
    }
}
