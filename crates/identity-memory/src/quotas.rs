use async_trait::async_trait;
use identity_core::{BudgetKind, Charge, Exhausted, Outgoing, Refund, TenantId, Timestamp, WhenExhausted};
use identity_ports::{Budgets, CommitError};
use serde::Serialize;

use crate::MemoryStore;
use crate::lists::{Lists, push};

/// One window of a budget, which begins with the first draw.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Window {
    began: Timestamp,
    ends: Timestamp,
    drawn: u64,
}

/// The budgets of a tenant: for each subject one window of each kind that was drawn from.
#[derive(Debug, Default)]
pub(crate) struct Quotas(pub(crate) Lists<Box<str>, (BudgetKind, Window)>);

/// The draws of a commit, checked but not written yet.
#[derive(Default)]
pub(crate) struct Drawn<'a> {
    /// The windows after the draws, in the order of the draws; the last entry of a budget counts.
    windows: Vec<(BudgetKind, &'a str, Window)>,
    /// Whether each message is withheld.
    pub(crate) withheld: Vec<bool>,
    /// The budgets that did not cover a charge and did not refuse the commit.
    pub(crate) exhausted: Vec<Exhausted>,
}

/// The largest amount that every store can hold.
const MOST: u64 = i64::MAX.unsigned_abs();

impl Quotas {
    /// Computes what these refunds give back and what the commit itself and its messages then draw, in their order.
    /// Nothing is written.
    pub(crate) fn judge<'a>(
        &self,
        refunds: &'a [Refund],
        charges: &'a [Charge],
        messages: &'a [Outgoing],
    ) -> Result<Drawn<'a>, CommitError> {
        let mut drawn = Drawn::default();
        for Refund { kind, quota, amount, at } in refunds {
            let open = self.open(*kind, quota, &drawn);
            if let Some(window) = open.filter(|window| (window.began..window.ends).contains(at)) {
                let left = window.drawn.saturating_sub(*amount);
                drawn.windows.push((*kind, quota, Window { drawn: left, ..window }));
            }
        }
        self.draw(charges, &mut drawn)?;
        for outgoing in messages {
            let withheld = self.draw(&outgoing.charges, &mut drawn)?;
            drawn.withheld.push(withheld);
        }
        Ok(drawn)
    }

    /// Draws these charges, or none of them when one withholds; returns whether one does.
    fn draw<'a>(&self, charges: &'a [Charge], drawn: &mut Drawn<'a>) -> Result<bool, CommitError> {
        let paid = drawn.windows.len();
        let mut told = Vec::new();
        for charge in charges {
            let (began, before) = match self.open(charge.kind, &charge.quota, drawn) {
                Some(window) if charge.at < window.began + charge.budget.window => (window.began, window.drawn),
                Some(_) | None => (charge.at, 0),
            };
            let ends = began + charge.budget.window;
            if before.checked_add(charge.amount).is_none_or(|after| after > charge.budget.limit) {
                told.push(Exhausted::of(charge, before, ends));
            }
            let after = before.saturating_add(charge.amount).min(MOST);
            drawn.windows.push((charge.kind, &charge.quota, Window { began, ends, drawn: after }));
        }
        // A refusal wins over what withholds: else a success would tell that strangers used that budget up.
        if let Some(refused) = told.iter().find(|told| told.effect == WhenExhausted::Refuse) {
            return Err(CommitError::Exhausted(refused.clone()));
        }
        let withheld = told.iter().any(|told| told.effect == WhenExhausted::Withhold);
        if withheld {
            drawn.windows.truncate(paid);
            told.retain(|told| told.effect == WhenExhausted::Withhold);
        }
        drawn.exhausted.append(&mut told);
        Ok(withheld)
    }

    fn open(&self, kind: BudgetKind, quota: &str, pending: &Drawn<'_>) -> Option<Window> {
        let pending = pending.windows.iter().rev().find(|(other, name, _)| *other == kind && *name == quota);
        let kept = || self.0.get(quota)?.iter().find(|(other, _)| *other == kind).map(|(_, window)| *window);
        pending.map(|(_, _, window)| *window).or_else(kept)
    }

    pub(crate) fn write(&mut self, drawn: &Drawn<'_>) {
        for (kind, quota, window) in &drawn.windows {
            let windows = match self.0.get_mut(*quota) {
                Some(windows) => windows,
                None => self.0.entry((*quota).into()).or_default(),
            };
            match windows.iter_mut().find(|(other, _)| other == kind) {
                Some((_, kept)) => *kept = *window,
                None => push(windows, (*kind, *window)),
            }
        }
    }
}

#[async_trait]
impl Budgets for MemoryStore {
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        let mut tables = self.write()?;
        let quotas = &mut tables.tenants.entry(tenant.clone()).or_default().quotas;
        let drawn = quotas.judge(refunds, charges, &[])?;
        quotas.write(&drawn);
        Ok(())
    }
}
