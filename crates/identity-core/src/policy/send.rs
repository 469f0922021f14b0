use std::collections::BTreeMap;
use std::time::Duration;

use super::DangerousPolicy;
use crate::address::Address;
use crate::base::DAY;
use crate::policy::{BudgetKind, WHOLE};

/// At most `limit` units per `window`. A unit is a message, or a millionth of the currency unit where money is
/// budgeted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The number of units that one window allows.
    pub limit: u64,
    /// The length of a window, counted from the first draw; the next draw after its end begins a new one.
    pub window: Duration,
}

impl Budget {
    /// A budget of `limit` units per `window`.
    #[must_use]
    pub const fn new(limit: u64, window: Duration) -> Self {
        Self { limit, window }
    }
}

/// The price of one message, in millionths of the currency unit that the host uses. Everything is free by default.
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
    /// Sets the price of a text message to `phone`; an e-mail is free.
    #[must_use]
    pub const fn new(phone: u64) -> Self {
        Self { email: 0, phone, countries: BTreeMap::new() }
    }

    /// Sets another price for text messages to one country calling code.
    #[must_use]
    pub fn with_country(mut self, code: u16, price: u64) -> Self {
        self.countries.insert(code, price);
        self
    }

    /// Sets the price of an e-mail.
    #[must_use]
    pub fn with_email(self, email: u64) -> Self {
        Self { email, ..self }
    }

    /// The price of a message to this address.
    #[must_use]
    pub fn of(&self, address: &Address) -> u64 {
        match address {
            Address::Email(_) => self.email,
            Address::Phone(phone) => self.countries.get(&phone.country_code()).copied().unwrap_or(self.phone),
        }
    }

    /// The highest of all prices.
    #[must_use]
    pub fn dearest(&self) -> u64 {
        self.countries.values().copied().chain([self.email, self.phone]).max().unwrap_or(0)
    }
}

/// A breaker that stops codes to a country calling code when hardly anybody confirms them. Numbers that are never
/// confirmed are often rented by people who are paid for every message.
///
/// Every code that is sent counts one, every confirmation takes back `100 / percent`, and the count never falls below
/// zero. When it reaches `sample` within the window, no further code goes to that country until the window ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion {
    /// The share of codes that have to be confirmed in the long run, in percent: 1 to 100.
    pub percent: u8,
    /// The number of codes that may go out beyond those that confirmations make up for; at least 1.
    pub sample: u32,
    /// The length of the window, counted from the first code.
    pub window: Duration,
}

impl Conversion {
    /// A breaker that trips when `sample` codes, beyond those that confirmations at a ratio of `percent` make up for,
    /// go out within `window`.
    #[must_use]
    pub const fn new(percent: u8, sample: u32, window: Duration) -> Self {
        Self { percent, sample, window }
    }

    pub(crate) fn budget(&self) -> Budget {
        Budget::new(u64::from(self.sample) * WHOLE, self.window)
    }

    /// The amount that one confirmation takes back.
    pub(crate) fn share(&self) -> u64 {
        (WHOLE * 100).checked_div(self.percent.into()).unwrap_or(0)
    }
}

/// The subject of the budgets per address for codes, links and notices, when the address is an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mailboxes {
    /// The mailbox ([`MailboxKey`](crate::address::MailboxKey)): `ada+1@example.com` and `ada+2@example.com` share the
    /// budgets. Otherwise a single mailbox has as many budgets as it has variants.
    #[default]
    Shared,
    /// The address: every variant has budgets of its own.
    Distinct,
}

/// The budgets for messages, each shared by all users of a tenant. A budget is drawn in the commit that enqueues the
/// message.
///
/// The budgets per address and per block of numbers are shared between strangers, so a holder must not learn of them: a
/// message that they do not cover is withheld, and the holder's answer is the same. A notice that its budget does not
/// cover is withheld as well. In all other cases, which include every code that an administrator requests, an exhausted
/// budget refuses the whole change and says when to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendPolicy {
    address: [Budget; 2],
    block: Option<Budget>,
    country: Option<Budget>,
    tenant: Option<Budget>,
    notices: Budget,
    loss_notices: Budget,
    reserve: Option<Budget>,
    prices: Prices,
    country_money: Option<Budget>,
    tenant_money: Option<Budget>,
    conversion: Option<Conversion>,
    recorded: Vec<BudgetKind>,
    mailboxes: Mailboxes,
}

impl Default for SendPolicy {
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(3_600);
        Self {
            address: [Budget::new(5, Duration::from_secs(600)), Budget::new(10, DAY)],
            block: Some(Budget::new(20, HOUR)),
            country: None,
            tenant: None,
            notices: Budget::new(20, DAY),
            loss_notices: Budget::new(20, DAY),
            reserve: Some(Budget::new(3, DAY)),
            prices: Prices::default(),
            country_money: None,
            tenant_money: None,
            conversion: None,
            recorded: Vec::new(),
            mailboxes: Mailboxes::default(),
        }
    }
}

impl SendPolicy {
    /// A builder that starts from the defaults: 5 codes in 600 s and 10 in 24 h to one address, 20 in 1 h to a block of
    /// 100 adjacent numbers, a reserve of 3 codes in 24 h to one address, 20 notices in 24 h to one address. Countries,
    /// tenants and money are not limited, and there is no breaker.
    #[must_use]
    pub fn builder() -> SendPolicyBuilder {
        SendPolicyBuilder(Self::default())
    }

    /// The short and the long budget for codes and links to one address, whoever asks for them.
    #[must_use]
    pub const fn address(&self) -> &[Budget; 2] {
        &self.address
    }

    /// The budget for codes to a block of 100 adjacent phone numbers; `None` when there is no limit.
    #[must_use]
    pub const fn block(&self) -> Option<Budget> {
        self.block
    }

    /// The budget for codes to the phone numbers of one country calling code; `None` when there is no limit.
    #[must_use]
    pub const fn country(&self) -> Option<Budget> {
        self.country
    }

    /// The budget for codes and links of one tenant; `None` when there is no limit.
    #[must_use]
    pub const fn tenant(&self) -> Option<Budget> {
        self.tenant
    }

    /// The budget for notices to one address that a verified address was taken away: removed, replaced or no longer
    /// verified.
    #[must_use]
    pub const fn loss_notices(&self) -> Budget {
        self.loss_notices
    }

    /// The budget for all other notices to one address.
    #[must_use]
    pub const fn notices(&self) -> Budget {
        self.notices
    }

    /// The codes to one address beyond the budgets that strangers share, for users who hold another address verified;
    /// `None` when there is no reserve.
    #[must_use]
    pub const fn reserve(&self) -> Option<Budget> {
        self.reserve
    }

    /// The prices of messages.
    #[must_use]
    pub const fn prices(&self) -> &Prices {
        &self.prices
    }

    /// The money budget for codes to the phone numbers of one country calling code, in millionths; `None` when there is
    /// no limit.
    #[must_use]
    pub const fn country_money(&self) -> Option<Budget> {
        self.country_money
    }

    /// The money budget for codes and links of one tenant, in millionths; `None` when there is no limit.
    #[must_use]
    pub const fn tenant_money(&self) -> Option<Budget> {
        self.tenant_money
    }

    /// The breaker for countries where hardly anybody confirms a code; `None` when there is none.
    #[must_use]
    pub const fn conversion(&self) -> Option<Conversion> {
        self.conversion
    }

    /// Whether this budget is only recorded: a message that exceeds it is sent all the same.
    #[must_use]
    pub fn is_recorded(&self, kind: BudgetKind) -> bool {
        self.recorded.contains(&kind)
    }

    /// Whether the variants of one mailbox share the budgets of an address.
    #[must_use]
    pub const fn mailboxes(&self) -> Mailboxes {
        self.mailboxes
    }
}

/// Builder of a [`SendPolicy`].
#[derive(Debug, Clone)]
pub struct SendPolicyBuilder(SendPolicy);

impl SendPolicyBuilder {
    /// Sets the short and the long budget for codes and links to one address. Each allows at most 100 messages in a
    /// window of at least 60 s.
    #[must_use]
    pub fn address(mut self, short: Budget, long: Budget) -> Self {
        self.0.address = [short, long];
        self
    }

    /// Sets the budget for codes to a block of 100 adjacent phone numbers; `None` for no limit.
    #[must_use]
    pub fn block(mut self, budget: Option<Budget>) -> Self {
        self.0.block = budget;
        self
    }

    /// Sets the budget for codes to the phone numbers of one country calling code; `None` for no limit.
    #[must_use]
    pub fn country(mut self, budget: Option<Budget>) -> Self {
        self.0.country = budget;
        self
    }

    /// Sets the budget for codes and links of one tenant; `None` for no limit.
    #[must_use]
    pub fn tenant(mut self, budget: Option<Budget>) -> Self {
        self.0.tenant = budget;
        self
    }

    /// Sets the budget for notices to one address that a verified address was taken away: at most 100 in a window of at
    /// least 60 s. Other notices cannot use it up.
    #[must_use]
    pub fn loss_notices(mut self, budget: Budget) -> Self {
        self.0.loss_notices = budget;
        self
    }

    /// Sets the budget for all other notices to one address: at most 100 in a window of at least 60 s.
    #[must_use]
    pub fn notices(mut self, budget: Budget) -> Self {
        self.0.notices = budget;
        self
    }

    /// Sets the reserve of an address: at most 100 codes in a window of at least 60 s, beyond the budgets per address and
    /// per block of numbers. It pays when strangers have used those up. Each user who holds another address verified draws at
    /// most one code from it in a window; a user who held the address itself verified has one that nobody else draws.
    /// Guesses have a reserve of as many as these codes accept. `None` for no reserve: then whoever asks often enough keeps
    /// every code from an address.
    #[must_use]
    pub fn reserve(mut self, budget: Option<Budget>) -> Self {
        self.0.reserve = budget;
        self
    }

    /// Sets the prices of messages.
    #[must_use]
    pub fn prices(mut self, prices: Prices) -> Self {
        self.0.prices = prices;
        self
    }

    /// Sets the money budget for codes to the phone numbers of one country calling code, in millionths; `None` for no
    /// limit.
    #[must_use]
    pub fn country_money(mut self, budget: Option<Budget>) -> Self {
        self.0.country_money = budget;
        self
    }

    /// Sets the money budget for codes and links of one tenant, in millionths; `None` for no limit.
    #[must_use]
    pub fn tenant_money(mut self, budget: Option<Budget>) -> Self {
        self.0.tenant_money = budget;
        self
    }

    /// Sets the breaker for countries where hardly anybody confirms a code; `None` for none.
    #[must_use]
    pub fn conversion(mut self, conversion: Option<Conversion>) -> Self {
        self.0.conversion = conversion;
        self
    }

    /// Only records these budgets, in place of those named before: a message that exceeds one is sent all the same, and
    /// the excess is reported. Hosts use this to find out what a limit would do before they enforce it. The budgets per
    /// address and for notices cannot be lifted this way.
    #[must_use]
    pub fn record_only(mut self, kinds: impl IntoIterator<Item = BudgetKind>) -> Self {
        self.0.recorded = kinds.into_iter().collect();
        self
    }

    /// Sets whether the variants of one mailbox share the budgets of an address.
    #[must_use]
    pub fn mailboxes(mut self, mailboxes: Mailboxes) -> Self {
        self.0.mailboxes = mailboxes;
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    /// * [`DangerousPolicy::Zero`] when the limit or the window of a budget is zero.
    /// * [`DangerousPolicy::UnlimitedSends`] when a budget per address, its reserve or a budget for notices allows more than
    ///   100 messages per window, has a window shorter than 60 s, or is only recorded.
    /// * [`DangerousPolicy::Money`] when money is budgeted but nothing has a price, or a money budget is smaller than
    ///   the highest price.
    /// * [`DangerousPolicy::Conversion`] when the breaker has a ratio outside 1 to 100 percent, no sample or no window.
    pub fn build(self) -> Result<SendPolicy, DangerousPolicy> {
        let policy = self.0;
        let sends = policy.block.iter().chain(&policy.country).chain(&policy.tenant);
        let money = || policy.country_money.iter().chain(&policy.tenant_money);
        let bounded = || policy.address.iter().chain([&policy.notices, &policy.loss_notices]).chain(&policy.reserve);
        let all = bounded().chain(sends).chain(money());
        if all.into_iter().any(|budget| budget.limit == 0 || budget.window.is_zero()) {
            return Err(DangerousPolicy::Zero("a budget"));
        }
        let open = |budget: &Budget| budget.limit > 100 || budget.window < Duration::from_secs(60);
        let lifted = [
            BudgetKind::Address,
            BudgetKind::AddressLong,
            BudgetKind::Notices,
            BudgetKind::LossNotices,
            BudgetKind::Reserve,
        ];
        if bounded().any(open) || lifted.into_iter().any(|kind| policy.is_recorded(kind)) {
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
