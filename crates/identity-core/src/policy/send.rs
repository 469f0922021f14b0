use std::collections::BTreeMap;
use std::time::Duration;

use super::DangerousPolicy;
use crate::address::Address;
use crate::spend::{BudgetKind, WHOLE};

/// So much in so much time: sends, or millionths of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How much.
    pub limit: u64,
    /// In how much time, counted from the first draw.
    pub window: Duration,
}

impl Budget {
    /// `limit` in `window`.
    #[must_use]
    pub const fn new(limit: u64, window: Duration) -> Self {
        Self { limit, window }
    }
}

/// What one message costs, in millionths of whatever money the host counts in.
///
/// ```
/// use identity_core::policy::Prices;
/// // 0.0075 for a text message, and 0.11 for one to Germany.
/// let prices = Prices::new(7_500).with_country(49, 110_000);
/// assert_eq!(prices.dearest(), 110_000);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prices {
    email: u64,
    phone: u64,
    countries: BTreeMap<u16, u64>,
}

impl Prices {
    /// A text message costs `phone`, an e-mail nothing.
    #[must_use]
    pub const fn new(phone: u64) -> Self {
        Self { email: 0, phone, countries: BTreeMap::new() }
    }

    /// With another price for text messages to a country calling code.
    #[must_use]
    pub fn with_country(mut self, code: u16, price: u64) -> Self {
        self.countries.insert(code, price);
        self
    }

    /// With a price for e-mails.
    #[must_use]
    pub fn with_email(self, email: u64) -> Self {
        Self { email, ..self }
    }

    /// What a message to this address costs.
    #[must_use]
    pub fn of(&self, address: &Address) -> u64 {
        match address {
            Address::Email(_) => self.email,
            Address::Phone(phone) => self.countries.get(&phone.country_code()).copied().unwrap_or(self.phone),
        }
    }

    /// The highest price of all.
    #[must_use]
    pub fn dearest(&self) -> u64 {
        self.countries.values().copied().chain([self.email, self.phone]).max().unwrap_or(0)
    }
}

/// When to stop sending codes to a country because hardly anybody confirms them: such numbers are rented by those who are paid
/// for every message.
///
/// Every code that is sent counts one, every confirmation takes back `100 / percent`, and it never falls below none. When
/// `sample` is reached within the window, no further code goes to that country until the window ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion {
    /// How many of 100 codes have to be confirmed, at least, in the long run: 1 to 100.
    pub percent: u8,
    /// How many codes may go out beyond that.
    pub sample: u32,
    /// In how much time, counted from the first code.
    pub window: Duration,
}

impl Conversion {
    /// Trips when `sample` codes beyond those that `percent` of confirmations make up for went out in `window`.
    #[must_use]
    pub const fn new(percent: u8, sample: u32, window: Duration) -> Self {
        Self { percent, sample, window }
    }

    pub(crate) fn budget(&self) -> Budget {
        Budget::new(u64::from(self.sample) * WHOLE, self.window)
    }

    /// What a confirmation takes back.
    pub(crate) fn share(&self) -> u64 {
        (WHOLE * 100).checked_div(self.percent.into()).unwrap_or(0)
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
    prices: Prices,
    country_money: Option<Budget>,
    tenant_money: Option<Budget>,
    conversion: Option<Conversion>,
    recorded: Vec<BudgetKind>,
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
            prices: Prices::default(),
            country_money: None,
            tenant_money: None,
            conversion: None,
            recorded: Vec::new(),
        }
    }
}

impl SendPolicy {
    /// Starts from the defaults: 5 codes in 600 s and 10 a day to an address, 20 an hour to 100 adjacent numbers, 20 notices a
    /// day to an address; countries, tenants and money open, no breaker.
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

    /// What messages cost.
    #[must_use]
    pub const fn prices(&self) -> &Prices {
        &self.prices
    }

    /// Money for codes to the phone numbers of one country calling code.
    #[must_use]
    pub const fn country_money(&self) -> Option<Budget> {
        self.country_money
    }

    /// Money for codes and links of one tenant.
    #[must_use]
    pub const fn tenant_money(&self) -> Option<Budget> {
        self.tenant_money
    }

    /// When codes to a country stop because hardly anybody confirms them.
    #[must_use]
    pub const fn conversion(&self) -> Option<Conversion> {
        self.conversion
    }

    /// Whether a budget is only watched.
    #[must_use]
    pub fn is_recorded(&self, kind: BudgetKind) -> bool {
        self.recorded.contains(&kind)
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

    /// What messages cost.
    #[must_use]
    pub fn prices(mut self, prices: Prices) -> Self {
        self.0.prices = prices;
        self
    }

    /// Money for codes to the phone numbers of one country calling code, in millionths.
    #[must_use]
    pub fn country_money(mut self, budget: Option<Budget>) -> Self {
        self.0.country_money = budget;
        self
    }

    /// Money for codes and links of one tenant, in millionths.
    #[must_use]
    pub fn tenant_money(mut self, budget: Option<Budget>) -> Self {
        self.0.tenant_money = budget;
        self
    }

    /// When codes to a country stop because hardly anybody confirms them.
    #[must_use]
    pub fn conversion(mut self, conversion: Option<Conversion>) -> Self {
        self.0.conversion = conversion;
        self
    }

    /// Only watches these budgets: what goes beyond them goes out, and is told to whoever listens. That is how a host finds
    /// out what limits would do before it sets them. Budgets per address cannot be lifted this way either.
    #[must_use]
    pub fn record_only(mut self, kinds: impl IntoIterator<Item = BudgetKind>) -> Self {
        self.0.recorded = kinds.into_iter().collect();
        self
    }

    /// The policy.
    ///
    /// # Errors
    /// [`DangerousPolicy`] when a budget is empty; when the one per address is as good as none: more than 100 in its window,
    /// a window of less than 60 s, or only watched; when money is budgeted and nothing has a price, or a budget of money does
    /// not pay for one message; when a breaker asks for a ratio that there is not.
    pub fn build(self) -> Result<SendPolicy, DangerousPolicy> {
        let policy = self.0;
        let sends = policy.address.iter().chain(&policy.block).chain(&policy.country).chain(&policy.tenant);
        let money = || policy.country_money.iter().chain(&policy.tenant_money);
        let all = sends.chain([&policy.notices]).chain(money());
        if all.into_iter().any(|budget| budget.limit == 0 || budget.window.is_zero()) {
            return Err(DangerousPolicy::Zero("a budget"));
        }
        let open = |budget: &Budget| budget.limit > 100 || budget.window < Duration::from_secs(60);
        let lifted = [BudgetKind::Address, BudgetKind::AddressLong, BudgetKind::Notices];
        if policy.address.iter().chain([&policy.notices]).any(open)
            || lifted.into_iter().any(|kind| policy.is_recorded(kind))
        {
            return Err(DangerousPolicy::UnlimitedSends);
        }
        let dearest = policy.prices.dearest();
        if let Some(least) = money().map(|budget| budget.limit).min()
            && (dearest == 0 || least < dearest)
        {
            return Err(DangerousPolicy::Money { budget: least, price: dearest });
        }
        if let Some(Conversion { percent, sample, window }) = policy.conversion
            && (!(1..=100).contains(&percent) || sample == 0 || window.is_zero())
        {
            return Err(DangerousPolicy::Conversion { percent });
        }
        Ok(policy)
    }
}
