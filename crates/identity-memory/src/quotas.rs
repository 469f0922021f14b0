use async_trait::async_trait;
use identity_core::{BudgetKind, Charge, Refund, TenantId};
use identity_ports::{Budgets, CommitError, Draws, Window};

use crate::MemoryStore;
use crate::lists::{Lists, push};

/// The budgets of a tenant: for each subject one window of each kind that was drawn from.
#[derive(Debug, Default)]
pub(crate) struct Quotas(pub(crate) Lists<Box<str>, (BudgetKind, Window)>);

impl Quotas {
    /// The window of a budget.
    pub(crate) fn read(&self, kind: BudgetKind, quota: &str) -> Option<Window> {
        self.0.get(quota)?.iter().find(|(other, _)| *other == kind).map(|(_, window)| *window)
    }

    pub(crate) fn write(&mut self, windows: &[(BudgetKind, &str, Window)]) {
        for (kind, quota, window) in windows {
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
        let draws = Draws::judge(refunds, charges, &[], |kind, quota| Ok(quotas.read(kind, quota)))?;
        quotas.write(&draws.windows);
        Ok(())
    }
}
