//! The budgets that messages are paid from: charges, refunds, and what happens when a budget is exhausted.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;
use crate::policy::Budget;

/// The budget that a charge draws from. It counts messages unless another unit is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetKind {
    /// The short budget for codes and links to one address.
    Address,
    /// The long budget for codes and links to one address.
    AddressLong,
    /// The budget for codes to a block of 100 adjacent phone numbers.
    Block,
    /// The budget for codes to one country calling code.
    Country,
    /// The conversion breaker: codes to one country calling code that nobody confirmed, in thousandths of a code.
    Conversion,
    /// The money budget for codes to one country calling code, in millionths of the currency unit.
    CountryMoney,
    /// The budget for codes and links of one tenant.
    Tenant,
    /// The money budget for codes and links of one tenant, in millionths of the currency unit.
    TenantMoney,
    /// The budget for notices to one address.
    Notices,
    /// Notices to one address that a verified address was taken away.
    LossNotices,
    /// Codes that are judged for one address, right or wrong, whoever typed them.
    Guesses,
    /// The reserve of one address, in codes or in guesses, from which only users draw who are no strangers.
    Reserve,
    /// The budget of all tenants together for codes and links to one address.
    SharedAddress,
    /// The budget of all tenants together for codes to a block of 100 adjacent phone numbers.
    SharedBlock,
}

impl BudgetKind {
    /// Every kind of budget.
    pub const ALL: [Self; 14] = [
        Self::Address,
        Self::AddressLong,
        Self::Block,
        Self::Country,
        Self::Conversion,
        Self::CountryMoney,
        Self::Tenant,
        Self::TenantMoney,
        Self::Notices,
        Self::LossNotices,
        Self::Guesses,
        Self::Reserve,
        Self::SharedAddress,
        Self::SharedBlock,
    ];

    /// The stable name of the kind, as adapters store it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::AddressLong => "address_long",
            Self::Block => "block",
            Self::Country => "country",
            Self::Conversion => "conversion",
            Self::CountryMoney => "country_money",
            Self::Tenant => "tenant",
            Self::TenantMoney => "tenant_money",
            Self::Notices => "notices",
            Self::LossNotices => "loss_notices",
            Self::Guesses => "guesses",
            Self::Reserve => "reserve",
            Self::SharedAddress => "shared_address",
            Self::SharedBlock => "shared_block",
        }
    }

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
    /// for money.
    pub amount: u64,
    /// The limit and the window of the budget.
    pub budget: Budget,
    /// When the amount is drawn.
    pub at: Timestamp,
    /// What happens when the budget does not cover the amount.
    pub when_exhausted: WhenExhausted,
}

/// What happens when a budget does not cover a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WhenExhausted {
    /// The whole commit is refused.
    #[serde(rename = "refused")]
    Refuse,
    /// The message is withheld: it is not enqueued and draws from no budget, and everything else in the commit is
    /// written.
    #[serde(rename = "withheld")]
    Withhold,
    /// The amount is drawn beyond the limit and everything is written: the budget is only recorded.
    #[serde(rename = "recorded")]
    Record,
}

impl WhenExhausted {
    /// The stable name of what happened, for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refused",
            Self::Withhold => "withheld",
            Self::Record => "recorded",
        }
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
