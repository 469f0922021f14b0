//! The budgets that messages are paid from: charges, refunds, and what happens when a budget is exhausted.

use crate::address::{Address, Channel};
use crate::base::{IdentifierId, Timestamp};
use crate::change::{Change, Event};
use crate::decide::Context;
use crate::plan::{Reserved, fund};
use crate::policy::{Budget, BudgetKind, Charge, Mailboxes, Refund, WHOLE, WhenExhausted};
use crate::user::{Identifier, Method, UndeliverableReason, User, Verified};

/// The charges for a code or link to an address. Budgets that strangers share come last, so that a holder is told of the
/// others first. When only a shared budget has no room, the decision is made once more with another [`Context::funding`]: a
/// holder must not learn from a budget that strangers use the address, or one beside it.
pub(crate) fn code_charges(address: &Address, at: Timestamp, context: &Context<'_>) -> Vec<Charge> {
    let policy = context.policy.send();
    let charge = |kind, quota: String, amount, budget: Budget| {
        let when_exhausted = if policy.is_recorded(kind) { WhenExhausted::Record } else { WhenExhausted::Refuse };
        Charge { kind, quota, amount, budget, at, when_exhausted }
    };
    let mut charges = Vec::with_capacity(5);
    if let Address::Phone(phone) = address {
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
    let [short, long] = policy.address();
    let quota = pseudonym(address, "", context);
    charges.push(charge(BudgetKind::Address, quota.clone(), 1, *short));
    charges.push(charge(BudgetKind::AddressLong, quota, 1, *long));
    if let Address::Phone(phone) = address {
        let block = || context.keys.pseudonym(context.tenant, phone.block());
        charges.extend(policy.block().map(|budget| charge(BudgetKind::Block, block(), 1, budget)));
    }
    charges
}

/// The charges of a decision itself: one guess for each code that was judged, from the budget of its address.
#[must_use]
pub fn charges(before: Option<&User>, events: &[Event], context: &Context<'_>) -> Vec<Charge> {
    let Some(before) = before else { return Vec::new() };
    // Evidence that is renewed was paid for where its answer was judged.
    let is_new = |id: &IdentifierId| before.identifier(*id).is_some_and(|entry| !entry.is_verified());
    let judged = events.iter().filter_map(|event| match &event.change {
        Change::AnswerRejected { id } => Some(*id),
        _ => proof(event)
            .filter(|(_, evidence)| matches!(evidence.by, Method::Code | Method::AdministratorCode))
            .map(|(id, _)| id),
    });
    let guess = |entry: &Identifier| {
        let mut charges = vec![Charge {
            kind: BudgetKind::Guesses,
            quota: context.keys.pseudonym(context.tenant, entry.address.claim_key().as_str()),
            amount: 1,
            budget: context.policy.verification().guesses(),
            at: context.now,
            when_exhausted: WhenExhausted::Refuse,
        }];
        fund(&mut charges, Reserved::Guess, before.id(), &entry.address, context);
        charges
    };
    judged.filter(is_new).filter_map(|id| before.identifier(id)).flat_map(guess).collect()
}

/// The address that an event proves, and how. The evidence that an undone change or the end of a contest brings was judged before.
fn proof(event: &Event) -> Option<(IdentifierId, &Verified)> {
    match &event.change {
        Change::Verified { id, verified: evidence } | Change::ContestOpened { id, evidence: Some(evidence), .. }
            if evidence.at == event.at =>
        {
            Some((*id, evidence))
        }
        _ => None,
    }
}

/// What a notice of a loss is about, from the view of its recipient.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The recipient itself was taken away.
    Own,
    /// Another address of the user was taken away.
    Other,
}

/// The charges for a notice to an address; all of them withhold. Notices of a loss have budgets of their own, which nothing
/// else can use up, and an address that is taken away itself has another one: it can be taken away again only after it was
/// verified again. A text message draws what a code costs as well. The budget of adjacent numbers, which strangers can use up,
/// only records the notice of a loss, and the budgets of countries, tenants and money have [`room`] for the one that tells a
/// number of its own loss.
pub(crate) fn notice_charges(address: &Address, loss: Option<Loss>, context: &Context<'_>) -> Vec<Charge> {
    let policy = context.policy.send();
    let key = address.claim_key();
    let (kind, quota, budget) = match loss {
        None => (BudgetKind::Notices, pseudonym(address, "", context), policy.notices()),
        Some(Loss::Other) => (BudgetKind::LossNotices, pseudonym(address, "", context), policy.loss_notices()),
        Some(Loss::Own) => {
            let quota = context.keys.pseudonym(context.tenant, &format!("own loss of {}", key.as_str()));
            (BudgetKind::LossNotices, quota, policy.loss_notices())
        }
    };
    let own = Charge { kind, quota, amount: 1, budget, at: context.now, when_exhausted: WhenExhausted::Withhold };
    let mut charges = vec![own];
    if address.channel() == Channel::Phone {
        let costs = code_charges(address, context.now, context).into_iter();
        let shared = costs.filter(|charge| !matches!(charge.kind, BudgetKind::Address | BudgetKind::AddressLong));
        charges.extend(shared.map(|charge| {
            let watched = charge.when_exhausted == WhenExhausted::Record;
            let spared = charge.kind == BudgetKind::Block && loss.is_some();
            let when_exhausted = if watched || spared { WhenExhausted::Record } else { WhenExhausted::Withhold };
            let room = if loss == Some(Loss::Own) { room(&charge) } else { 0 };
            let budget = Budget { limit: charge.budget.limit.saturating_add(room), ..charge.budget };
            Charge { when_exhausted, budget, ..charge }
        }));
    }
    charges
}

/// What is kept of a budget for notices that tell a number of its own loss: a tenth, or ten messages when that is more. Codes
/// and other notices stop at the limit, so they cannot use it up. Every number that is lost was verified before, which cost a
/// code or an administrator's call.
fn room(charge: &Charge) -> u64 {
    (charge.budget.limit / 10).max(charge.amount.saturating_mul(10))
}

/// The subject of a budget for messages to an address: its mailbox, or the address itself, behind a label that tells budgets
/// of one kind apart.
pub(crate) fn pseudonym(address: &Address, label: &str, context: &Context<'_>) -> String {
    let subject = |key: &str| context.keys.pseudonym(context.tenant, &format!("{label}{key}"));
    match (address, context.policy.send().mailboxes()) {
        (Address::Email(email), Mailboxes::Shared) => subject(email.mailbox_key().as_str()),
        _ => subject(address.claim_key().as_str()),
    }
}

/// The amounts that budgets get back because of these events. A message that no provider accepted gives back everything
/// that it cost, by the present policy and keys; a code or link that was confirmed gives back its share of the
/// conversion breaker. A message that was accepted and did not arrive stays paid for, so that numbers that never answer
/// cannot be sent to without limit.
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
            _ => {
                let Some(conversion) = context.policy.send().conversion() else { continue };
                let proved = proof(event).filter(|(_, evidence)| matches!(evidence.by, Method::Code | Method::Link));
                let Some((id, _)) = proved else { continue };
                let entry = before.identifier(id).filter(|entry| !entry.is_verified());
                if let Some(Address::Phone(phone)) = entry.map(|entry| &entry.address) {
                    let quota = format!("+{}", phone.country_code());
                    let amount = conversion.share();
                    refunds.push(Refund { kind: BudgetKind::Conversion, quota, amount, at: context.now });
                }
            }
        }
    }
    refunds
}
