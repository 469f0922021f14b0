use std::ops::RangeInclusive;

use super::DangerousPolicy;
use crate::address::Channel;
use crate::base::MAX_IDENTIFIERS;

/// How many addresses of each kind a user may have, and how many verified ones a holder keeps.
///
/// The most is for everybody who adds an address. A pending replacement is not counted, because it takes the place of another
/// address. The least is for holders: a removal that would leave fewer verified addresses of the kind is refused, whatever
/// administrators do. Users who have more, or fewer, since before the limit was set stay as they are; so do imported ones, and
/// whoever undoes a change gets back what was there.
///
/// ```
/// use identity_core::Channel;
/// use identity_core::policy::{DangerousPolicy, LimitPolicy};
///
/// let one_mail = LimitPolicy::default().with(Channel::Email, 1..=1)?;
/// assert_eq!(one_mail.of(Channel::Email), 1..=1);
/// assert_eq!(one_mail.of(Channel::Phone), 0..=50);
/// assert!(LimitPolicy::default().with(Channel::Phone, 0..=51).is_err());
/// # Ok::<(), DangerousPolicy>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitPolicy {
    email: (usize, usize),
    phone: (usize, usize),
}

impl Default for LimitPolicy {
    /// At most 50 of each kind, and no least number.
    fn default() -> Self {
        Self { email: (0, MAX_IDENTIFIERS), phone: (0, MAX_IDENTIFIERS) }
    }
}

impl LimitPolicy {
    /// Sets the least and the most of a kind.
    ///
    /// # Errors
    /// [`DangerousPolicy::Limits`] when the most is not 1 to 50, or the least is more than the most.
    pub fn with(mut self, channel: Channel, limits: RangeInclusive<usize>) -> Result<Self, DangerousPolicy> {
        let (least, most) = limits.into_inner();
        if most == 0 || most > MAX_IDENTIFIERS || least > most {
            return Err(DangerousPolicy::Limits { least, most });
        }
        match channel {
            Channel::Email => self.email = (least, most),
            Channel::Phone => self.phone = (least, most),
        }
        Ok(self)
    }

    /// The least and the most of a kind.
    #[must_use]
    pub const fn of(&self, channel: Channel) -> RangeInclusive<usize> {
        let (least, most) = match channel {
            Channel::Email => self.email,
            Channel::Phone => self.phone,
        };
        least..=most
    }
}
