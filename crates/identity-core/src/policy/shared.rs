use std::time::Duration;

use super::{Budget, DangerousPolicy};

/// The budgets for codes and links of all tenants of a host together. They bind besides those of each tenant.
///
/// ```
/// use std::time::Duration;
/// use identity_core::policy::{Budget, DangerousPolicy, SharedPolicy};
///
/// let day = Duration::from_secs(86_400);
/// let shared = SharedPolicy::builder().address(Budget::new(30, day)).build()?;
/// assert_eq!(shared.address().limit, 30);
/// let none = SharedPolicy::builder().address(Budget::new(0, day)).build();
/// assert_eq!(none, Err(DangerousPolicy::Zero("a budget")));
/// # Ok::<(), DangerousPolicy>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedPolicy {
    address: Budget,
    block: Option<Budget>,
}

impl Default for SharedPolicy {
    fn default() -> Self {
        Self {
            address: Budget::new(20, Duration::from_secs(86_400)),
            block: Some(Budget::new(60, Duration::from_secs(3_600))),
        }
    }
}

impl SharedPolicy {
    /// A builder that starts from the defaults: 20 codes in 24 h to one address, 60 in 1 h to a block of 100 adjacent numbers.
    #[must_use]
    pub fn builder() -> SharedPolicyBuilder {
        SharedPolicyBuilder(Self::default())
    }

    /// The budget for codes and links to one mailbox or number, whichever tenants they are for.
    #[must_use]
    pub const fn address(&self) -> Budget {
        self.address
    }

    /// The budget for codes to a block of 100 adjacent phone numbers, whichever tenants they are for; `None` when there is no
    /// limit.
    #[must_use]
    pub const fn block(&self) -> Option<Budget> {
        self.block
    }
}

/// Builder of a [`SharedPolicy`].
#[derive(Debug, Clone)]
pub struct SharedPolicyBuilder(SharedPolicy);

impl SharedPolicyBuilder {
    /// Sets the budget for codes and links to one mailbox or number.
    #[must_use]
    pub fn address(mut self, budget: Budget) -> Self {
        self.0.address = budget;
        self
    }

    /// Sets the budget for codes to a block of 100 adjacent phone numbers; `None` for no limit.
    #[must_use]
    pub fn block(mut self, budget: Option<Budget>) -> Self {
        self.0.block = budget;
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    /// [`DangerousPolicy::Zero`] when the limit or the window of a budget is zero.
    pub fn build(self) -> Result<SharedPolicy, DangerousPolicy> {
        let is_zero = |budget: &Budget| budget.limit == 0 || budget.window.is_zero();
        if is_zero(&self.0.address) || self.0.block.as_ref().is_some_and(is_zero) {
            return Err(DangerousPolicy::Zero("a budget"));
        }
        Ok(self.0)
    }
}
