use std::time::Duration;

use super::DangerousPolicy;

/// So many sends in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many.
    pub limit: u32,
    /// In how much time, counted from the first of them.
    pub window: Duration,
}

impl Budget {
    /// `limit` sends in `window`.
    #[must_use]
    pub const fn new(limit: u32, window: Duration) -> Self {
        Self { limit, window }
    }
}

/// Budgets across users. They are drawn in the commit that enqueues the message they pay for.
///
/// The budgets per address and per block are shared between strangers, so a holder does not learn of them: what they do
/// not pay for is withheld, and the answer is the same. The others refuse, and say when to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendPolicy {
    address: [Budget; 2],
    block: Option<Budget>,
    country: Option<Budget>,
    tenant: Option<Budget>,
    notices: Budget,
}

impl Default for SendPolicy {
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(3_600);
        const DAY: Duration = Duration::from_secs(86_400);
        Self {
            address: [Budget::new(5, Duration::from_secs(600)), Budget::new(10, DAY)],
            block: Some(Budget::new(20, HOUR)),
            country: None,
            tenant: None,
            notices: Budget::new(20, DAY),
        }
    }
}

impl SendPolicy {
    /// Starts from the defaults: 5 codes in 600 s and 10 a day to an address, 20 an hour to 100 adjacent numbers, 20 notices a
    /// day to an address; countries and tenants open.
    #[must_use]
    pub fn builder() -> SendPolicyBuilder {
        SendPolicyBuilder(Self::default())
    }

    /// Codes and links to one address, whoever asks for them.
    #[must_use]
    pub const fn address(&self) -> &[Budget; 2] {
        &self.address
    }

    /// Codes to 100 adjacent phone numbers.
    #[must_use]
    pub const fn block(&self) -> Option<Budget> {
        self.block
    }

    /// Codes to the phone numbers of one country calling code.
    #[must_use]
    pub const fn country(&self) -> Option<Budget> {
        self.country
    }

    /// Codes and links of one tenant.
    #[must_use]
    pub const fn tenant(&self) -> Option<Budget> {
        self.tenant
    }

    /// Notices of changes to one address.
    #[must_use]
    pub const fn notices(&self) -> Budget {
        self.notices
    }
}

/// Builds a [`SendPolicy`].
#[derive(Debug, Clone)]
pub struct SendPolicyBuilder(SendPolicy);

impl SendPolicyBuilder {
    /// Codes and links to one address: a short budget and a long one. They cannot be lifted.
    #[must_use]
    pub fn address(mut self, short: Budget, long: Budget) -> Self {
        self.0.address = [short, long];
        self
    }

    /// Codes to 100 adjacent phone numbers.
    #[must_use]
    pub fn block(mut self, budget: Option<Budget>) -> Self {
        self.0.block = budget;
        self
    }

    /// Codes to the phone numbers of one country calling code.
    #[must_use]
    pub fn country(mut self, budget: Option<Budget>) -> Self {
        self.0.country = budget;
        self
    }

    /// Codes and links of one tenant.
    #[must_use]
    pub fn tenant(mut self, budget: Option<Budget>) -> Self {
        self.0.tenant = budget;
        self
    }

    /// Notices of changes to one address.
    #[must_use]
    pub fn notices(mut self, budget: Budget) -> Self {
        self.0.notices = budget;
        self
    }

    /// The policy.
    ///
    /// # Errors
    /// [`DangerousPolicy`] when a budget is empty, or the one per address is as good as none: more than 100 in its window, or
    /// a window of less than 60 s.
    pub fn build(self) -> Result<SendPolicy, DangerousPolicy> {
        let policy = self.0;
        let budgets = policy.address.iter().chain(&policy.block).chain(&policy.country).chain(&policy.tenant);
        if budgets.chain([&policy.notices]).any(|budget| budget.limit == 0 || budget.window.is_zero()) {
            return Err(DangerousPolicy::Zero("a budget"));
        }
        let open = |budget: &Budget| budget.limit > 100 || budget.window < Duration::from_secs(60);
        if policy.address.iter().chain([&policy.notices]).any(open) {
            return Err(DangerousPolicy::UnlimitedSends);
        }
        Ok(policy)
    }
}
