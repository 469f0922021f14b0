//! What messages cost, and from which budgets they are paid.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::policy::Budget;
use crate::{Change, Context, Event, Method, Timestamp, UndeliverableReason, User};

/// Which budget a message is paid from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetKind {
    /// Codes and links to one address, the short budget.
    Address,
    /// Codes and links to one address, the long budget.
    AddressLong,
    /// Codes to 100 adjacent numbers.
    Block,
    /// Codes to a country calling code.
    Country,
    /// Codes to a country calling code that nobody confirmed, in thousandths: the breaker.
    Conversion,
    /// Money for codes to a country calling code, in millionths.
    CountryMoney,
    /// Codes and links of a tenant.
    Tenant,
    /// Money for codes and links of a tenant, in millionths.
    TenantMoney,
    /// Notices to one address.
    Notices,
}

impl BudgetKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Address,
        Self::AddressLong,
        Self::Block,
        Self::Country,
        Self::Conversion,
        Self::CountryMoney,
        Self::Tenant,
        Self::TenantMoney,
        Self::Notices,
    ];

    /// The stable name that adapters store.
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
        }
    }
}

/// What a message costs: so much of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Which budget.
    pub kind: BudgetKind,
    /// Whose: a pseudonym within the tenant, or the name of a country or tenant.
    pub quota: String,
    /// How much of it: 1 for a send, millionths for money.
    pub amount: u64,
    /// How much there is, and for how long.
    pub budget: Budget,
    /// When it is drawn.
    pub at: Timestamp,
    /// What happens when there is not enough left.
    pub when_exhausted: WhenExhausted,
}

/// What happens when there is not enough left in a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhenExhausted {
    /// The whole commit is refused.
    Refuse,
    /// The message is not enqueued, nothing is drawn for it, and everything else goes through.
    Withhold,
    /// It is drawn beyond the limit, and everything goes through: the budget is only watched.
    Record,
}

/// What a budget gets back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Which budget.
    pub kind: BudgetKind,
    /// Whose.
    pub quota: String,
    /// How much.
    pub amount: u64,
    /// Into the window that this time lies in.
    pub at: Timestamp,
}

/// What a budget that was used up did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It refused the whole change.
    Refused,
    /// It withheld the message.
    Withheld,
    /// It was only watched: the message went.
    Recorded,
}

impl Effect {
    /// Its name, as it is told.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Withheld => "withheld",
            Self::Recorded => "recorded",
        }
    }
}

/// A budget that did not have enough left, with its numbers: what an administrator is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exhausted {
    /// Which budget.
    pub kind: BudgetKind,
    /// Whose: a pseudonym within the tenant, or the name of a country or tenant.
    pub quota: String,
    /// How much there is in a window.
    pub limit: u64,
    /// How much of it was drawn before.
    pub drawn: u64,
    /// How much was asked for.
    pub amount: u64,
    /// How long a window is.
    pub window: Duration,
    /// When the window ends and there is room again.
    pub retry_at: Timestamp,
    /// What came of it.
    pub effect: Effect,
}

impl Exhausted {
    /// That a charge found so much drawn in a window that ends then.
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
            effect: match charge.when_exhausted {
                WhenExhausted::Refuse => Effect::Refused,
                WhenExhausted::Withhold => Effect::Withheld,
                WhenExhausted::Record => Effect::Recorded,
            },
        }
    }
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, quota, limit, drawn, amount, window, retry_at, effect: _ } = self;
        let (kind, window, retry_at) = (kind.as_str(), window.as_secs(), retry_at.as_secs());
        write!(
            f,
            "the budget `{kind}` of {quota} has {drawn} of {limit} in {window} s drawn, {amount} more were asked for; \
             it has room again at {retry_at} (seconds since 1970)"
        )
    }
}

/// What a code or link to an address costs. On the holder's road what strangers share is withheld: a holder must not learn
/// from a budget that strangers use the address, or one beside it.
pub(crate) fn code_charges(address: &Address, at: Timestamp, context: &Context<'_>) -> Vec<Charge> {
    let policy = context.policy.send();
    let charge = |kind, quota: String, amount, budget: Budget| {
        let shared = matches!(kind, BudgetKind::Address | BudgetKind::AddressLong | BudgetKind::Block);
        let when_exhausted = if policy.is_recorded(kind) {
            WhenExhausted::Record
        } else if shared && !context.authority.is_administrator() {
            WhenExhausted::Withhold
        } else {
            WhenExhausted::Refuse
        };
        Charge { kind, quota, amount, budget, at, when_exhausted }
    };
    let [short, long] = policy.address();
    let quota = pseudonym(address, context);
    let mut charges = Vec::with_capacity(5);
    charges.push(charge(BudgetKind::Address, quota.clone(), 1, *short));
    charges.push(charge(BudgetKind::AddressLong, quota, 1, *long));
    if let Address::Phone(phone) = address {
        let block = || context.keys.pseudonym(context.tenant, phone.block());
        charges.extend(policy.block().map(|budget| charge(BudgetKind::Block, block(), 1, budget)));
        let country = || format!("+{}", phone.country_code());
        charges.extend(policy.country().map(|budget| charge(BudgetKind::Country, country(), 1, budget)));
        let conversion = policy.conversion().map(|conversion| conversion.budget());
        charges.extend(conversion.map(|budget| charge(BudgetKind::Conversion, country(), WHOLE, budget)));
        let price = policy.prices().of(address);
        let money = policy.country_money().filter(|_| price > 0);
        charges.extend(money.map(|budget| charge(BudgetKind::CountryMoney, country(), price, budget)));
    }
    let tenant = || context.tenant.as_str().to_owned();
    charges.extend(policy.tenant().map(|budget| charge(BudgetKind::Tenant, tenant(), 1, budget)));
    let price = || policy.prices().of(address);
    let money = policy.tenant_money().map(|budget| (budget, price())).filter(|(_, price)| *price > 0);
    charges.extend(money.map(|(budget, price)| charge(BudgetKind::TenantMoney, tenant(), price, budget)));
    charges
}

/// What a notice to an address costs.
pub(crate) fn notice_charges(address: &Address, context: &Context<'_>) -> Vec<Charge> {
    vec![Charge {
        kind: BudgetKind::Notices,
        quota: pseudonym(address, context),
        amount: 1,
        budget: context.policy.send().notices(),
        at: context.now,
        when_exhausted: WhenExhausted::Withhold,
    }]
}

/// One send, as the breaker counts it.
pub(crate) const WHOLE: u64 = 1_000;

fn pseudonym(address: &Address, context: &Context<'_>) -> String {
    context.keys.pseudonym(context.tenant, address.claim_key().as_str())
}

/// What budgets get back because of these events: all that a message cost that nobody took on, by the policy and the keys of
/// today, and for every code or link that was confirmed its share of what the breaker counts. A message that came back was paid
/// for: numbers that never answer would be sent to without a limit otherwise.
#[must_use]
pub fn refunds(before: Option<&User>, events: &[Event], context: &Context<'_>) -> Vec<Refund> {
    let mut refunds = Vec::new();
    let Some(before) = before else { return refunds };
    for event in events {
        match &event.change {
            Change::DeliveryFailed { id, sent_at: Some(sent_at), why: None | Some(UndeliverableReason::Refused) } => {
                let Some(entry) = before.identifier(*id) else { continue };
                let charges = code_charges(&entry.address, *sent_at, context).into_iter();
                refunds.extend(charges.map(|Charge { kind, quota, amount, at, .. }| Refund {
                    kind,
                    quota,
                    amount,
                    at,
                }));
            }
            Change::Verified { id, verified } if matches!(verified.by, Method::Code | Method::Link) => {
                let Some(conversion) = context.policy.send().conversion() else { continue };
                if let Some(Address::Phone(phone)) = before.identifier(*id).map(|entry| &entry.address) {
                    let quota = format!("+{}", phone.country_code());
                    let amount = conversion.share();
                    refunds.push(Refund { kind: BudgetKind::Conversion, quota, amount, at: context.now });
                }
            }
            _ => {}
        }
    }
    refunds
}
