//! The budgets that messages are paid from: charges, refunds, and what happens when a budget is exhausted.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::{Timestamp, named_enum};
use crate::policy::Budget;

named_enum! {
    /// The budget that a charge draws from. It counts messages unless another unit is named.
    #[derive(PartialOrd, Ord)]
    pub enum BudgetKind {
        /// The short budget for codes and links to one address.
        Address = "address",
        /// The long budget for codes and links to one address.
        AddressLong = "address_long",
        /// The budget for codes to a block of 100 adjacent phone numbers.
        Block = "block",
        /// The budget for codes to one country calling code.
        Country = "country",
        /// The conversion breaker: codes to one country calling code that nobody confirmed, in thousandths of a code.
        Conversion = "conversion",
        /// The money budget for codes to one country calling code, in millionths of the currency unit.
        CountryMoney = "country_money",
        /// The budget for codes and links of one tenant.
        Tenant = "tenant",
        /// The money budget for codes and links of one tenant, in millionths of the currency unit.
        TenantMoney = "tenant_money",
        /// The budget for notices to one address.
        Notices = "notices",
        /// Notices to one address that a verified address was taken away.
        LossNotices = "loss_notices",
        /// Codes that are judged for one address, right or wrong, whoever typed them.
        Guesses = "guesses",
        /// What signing in counts of its own: challenges, messages, guesses and uses, each under a name of its own.
        SignIn = "sign_in",
        /// The reserve of one address, in codes or in guesses, from which only users draw who are no strangers.
        Reserve = "reserve",
        /// What was given up and rests for some time before another user may have it.
        Rest = "rest",
        /// The budget of all tenants together for codes and links to one address.
        SharedAddress = "shared_address",
        /// The budget of all tenants together for codes to a block of 100 adjacent phone numbers.
        SharedBlock = "shared_block",
    }
}

impl BudgetKind {
    /// Whether a holder shares it with strangers and must not learn from it what they do: the budgets of one address and of
    /// the numbers beside it, also those of all tenants together.
    #[must_use]
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::Address | Self::AddressLong | Self::Block | Self::SharedAddress | Self::SharedBlock)
    }
}

/// An amount that a message draws from one budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The kind of budget.
    pub kind: BudgetKind,
    /// The subject of the budget: a pseudonym of an address or of a block of numbers within the tenant, a country
    /// calling code such as `+44`, or the tenant's name.
    pub quota: String,
    /// The amount to draw, in the unit of [`BudgetKind`]: 1 per message, 1,000 for the conversion breaker, millionths
    /// for money. A charge of 0 only asks: it draws nothing and begins no window.
    pub amount: u64,
    /// The limit and the window of the budget.
    pub budget: Budget,
    /// When the amount is drawn.
    pub at: Timestamp,
    /// What happens when the budget does not cover the amount.
    pub when_exhausted: WhenExhausted,
}

named_enum! {
    /// What happens when a budget does not cover a charge.
    pub enum WhenExhausted {
        /// The whole commit is refused.
        Refuse = "refused",
        /// The message is withheld: it is not enqueued and draws from no budget, and everything else in the commit is
        /// written.
        Withhold = "withheld",
        /// The amount is drawn beyond the limit and everything is written: the budget is only recorded.
        Record = "recorded",
    }
}

/// An amount that is given back to a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The kind of budget.
    pub kind: BudgetKind,
    /// The subject of the budget, as in [`Charge::quota`].
    pub quota: String,
    /// The amount to give back, in the unit of [`BudgetKind`].
    pub amount: u64,
    /// A time in the window that the amount is given back to. When no window contains it, nothing is given back.
    pub at: Timestamp,
}

/// A budget that a charge would have exceeded, with its numbers. Administrators may see it, holders must not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exhausted {
    /// The kind of budget.
    pub kind: BudgetKind,
    /// The subject of the budget, as in [`Charge::quota`].
    pub quota: String,
    /// The amount that one window allows.
    pub limit: u64,
    /// The amount that was drawn in the present window before the charge.
    pub drawn: u64,
    /// The amount of the charge.
    pub amount: u64,
    /// The length of a window.
    pub window: Duration,
    /// When the present window ends and the budget is whole again.
    pub retry_at: Timestamp,
    /// What happened because of it.
    pub effect: WhenExhausted,
}

impl Exhausted {
    /// A budget that a charge would have exceeded, with the amount drawn before it and the end of its window.
    #[must_use]
    pub fn of(charge: &Charge, drawn: u64, retry_at: Timestamp) -> Self {
        Self {
            kind: charge.kind,
            quota: charge.quota.clone(),
            limit: charge.budget.limit,
            drawn,
            amount: charge.amount,
            window: charge.budget.window,
            retry_at,
            effect: charge.when_exhausted,
        }
    }
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, quota, limit, drawn, amount, window, retry_at, effect: _ } = self;
        let (kind, window, retry_at) = (kind.as_str(), window.as_secs(), retry_at.as_secs());
        write!(
            f,
            "the budget `{kind}` of {quota} has {drawn} of {limit} units per {window} s drawn and cannot cover {amount} more; \
             its window ends at {retry_at} (seconds since 1970)"
        )
    }
}

/// One message in the unit of the conversion breaker.
pub(crate) const WHOLE: u64 = 1_000;
