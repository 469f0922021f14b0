use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::DangerousPolicy;

/// How old the evidence may be that an address belongs to its user, for each of the host's purposes. Numbers and mailboxes
/// change hands while their users stay verified, so what is done on the strength of an address may ask for newer evidence than
/// a sign-in does.
///
/// There are no purposes by default, and for one that is not named no evidence is fresh.
///
/// ```
/// use std::time::Duration;
/// use identity_core::policy::{DangerousPolicy, FreshnessPolicy};
///
/// let day = Duration::from_secs(86_400);
/// let policy = FreshnessPolicy::default().with_purpose("recovery", 180 * day)?.with_purpose("payment", 30 * day)?;
/// assert_eq!(policy.age("payment"), Some(30 * day));
/// assert_eq!(policy.age("paiment"), None);
/// # Ok::<(), DangerousPolicy>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FreshnessPolicy {
    ages: BTreeMap<Arc<str>, Duration>,
}

impl FreshnessPolicy {
    /// Sets how old evidence may be for a purpose, whose name is the host's own.
    ///
    /// # Errors
    /// [`DangerousPolicy::Zero`] for an age of zero, under which nothing is ever fresh.
    pub fn with_purpose(mut self, purpose: &str, age: Duration) -> Result<Self, DangerousPolicy> {
        if age.is_zero() {
            return Err(DangerousPolicy::Zero("the age of evidence"));
        }
        self.ages.insert(purpose.into(), age);
        Ok(self)
    }

    /// How old evidence may be for a purpose; `None` for one that is not named.
    #[must_use]
    pub fn age(&self, purpose: &str) -> Option<Duration> {
        self.ages.get(purpose).copied()
    }
}
