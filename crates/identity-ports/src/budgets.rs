use std::sync::Arc;

use async_trait::async_trait;
use identity_core::{BudgetKind, Charge, Exhausted, Outgoing, Refund, TenantId, Timestamp, WhenExhausted};

use crate::{CommitError, StoreError};

/// Draws from budgets without a commit. The codes to sign in draw from those of the store itself. A host that limits messages
/// across its tenants passes one to `Identity::with_shared_budgets`: its store, or one that several stores have in common.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Budgets: Send + Sync + 'static {
    /// Gives these amounts back and then draws all of these charges, durably before it answers; when one does not fit, it does
    /// neither. Windows, amounts and refunds are those of [`UserRepository::commit`](crate::UserRepository::commit). Two draws
    /// at once must never exceed a budget together; one may be refused for what the other draws and gives back again.
    ///
    /// The charges are different budgets, and each of them refuses. What is drawn twice because an answer was lost stays
    /// drawn.
    ///
    /// # Errors
    /// * [`CommitError::Exhausted`] when a charge does not fit.
    /// * [`CommitError::Store`] when the store fails. The charges may then have been drawn or not.
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError>;
}

#[async_trait]
impl<B: Budgets + ?Sized> Budgets for Arc<B> {
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        (**self).draw(tenant, refunds, charges).await
    }
}

/// The last window of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When the window began.
    pub began: Timestamp,
    /// When the window ends, by the budget that last drew from it.
    pub ends: Timestamp,
    /// The amount drawn in it; at most [`i64::MAX`].
    pub drawn: u64,
}

/// The draws of a commit, judged by the rules of [`UserRepository::commit`](crate::UserRepository::commit). For stores that
/// read windows while nobody else draws from them, and write them afterwards.
#[derive(Debug, Default)]
pub struct Draws<'a> {
    /// The windows after the draws, in the order of the draws; the last entry of a budget counts.
    pub windows: Vec<(BudgetKind, &'a str, Window)>,
    /// For each message whether it is withheld.
    pub withheld: Vec<bool>,
    /// The budgets that did not cover a charge and did not refuse the commit.
    pub exhausted: Vec<Exhausted>,
}

impl<'a> Draws<'a> {
    /// Judges what these refunds give back, and what the commit itself and its messages draw then, in their order. `read` reads
    /// the window of a budget; `None` when nothing was drawn from it.
    ///
    /// # Errors
    /// * [`CommitError::Exhausted`] when a charge that refuses does not fit.
    /// * [`CommitError::Store`] when `read` fails.
    pub fn judge(
        refunds: &'a [Refund],
        charges: &'a [Charge],
        messages: &'a [Outgoing],
        mut read: impl FnMut(BudgetKind, &str) -> Result<Option<Window>, StoreError>,
    ) -> Result<Self, CommitError> {
        let mut draws = Self::default();
        for Refund { kind, quota, amount, at } in refunds {
            let open = draws.open(*kind, quota, &mut read)?;
            if let Some(window) = open.filter(|window| (window.began..window.ends).contains(at)) {
                let drawn = window.drawn.saturating_sub(*amount);
                draws.windows.push((*kind, quota, Window { drawn, ..window }));
            }
        }
        draws.draw(charges, &mut read)?;
        for outgoing in messages {
            let withheld = draws.draw(&outgoing.charges, &mut read)?;
            draws.withheld.push(withheld);
        }
        Ok(draws)
    }

    /// Draws these charges, or none of them when one withholds; returns whether one does.
    fn draw(
        &mut self,
        charges: &'a [Charge],
        mut read: impl FnMut(BudgetKind, &str) -> Result<Option<Window>, StoreError>,
    ) -> Result<bool, CommitError> {
        let paid = self.windows.len();
        let mut told = Vec::new();
        for charge in charges {
            let (began, before) = match self.open(charge.kind, &charge.quota, &mut read)? {
                Some(window) if charge.at < window.began + charge.budget.window => (window.began, window.drawn),
                Some(_) | None => (charge.at, 0),
            };
            let ends = began + charge.budget.window;
            if before.checked_add(charge.amount).is_none_or(|after| after > charge.budget.limit) {
                told.push(Exhausted::of(charge, before, ends));
            }
            if charge.amount == 0 {
                continue;
            }
            let drawn = before.saturating_add(charge.amount).min(i64::MAX.unsigned_abs());
            self.windows.push((charge.kind, &charge.quota, Window { began, ends, drawn }));
        }
        // A refusal wins over what withholds: else a success would tell that strangers used that budget up.
        if let Some(refused) = told.iter().find(|told| told.effect == WhenExhausted::Refuse) {
            return Err(CommitError::Exhausted(refused.clone()));
        }
        let withheld = told.iter().any(|told| told.effect == WhenExhausted::Withhold);
        if withheld {
            self.windows.truncate(paid);
            told.retain(|told| told.effect == WhenExhausted::Withhold);
        }
        self.exhausted.append(&mut told);
        Ok(withheld)
    }

    /// The window of a budget after the draws; `None` when nothing was drawn from it here.
    #[must_use]
    pub fn window(&self, kind: BudgetKind, quota: &str) -> Option<Window> {
        let drawn = self.windows.iter().rev().find(|(other, name, _)| (*other, *name) == (kind, quota));
        drawn.map(|(.., window)| *window)
    }

    fn open(
        &self,
        kind: BudgetKind,
        quota: &str,
        read: impl FnOnce(BudgetKind, &str) -> Result<Option<Window>, StoreError>,
    ) -> Result<Option<Window>, StoreError> {
        self.window(kind, quota).map_or_else(|| read(kind, quota), |window| Ok(Some(window)))
    }
}
