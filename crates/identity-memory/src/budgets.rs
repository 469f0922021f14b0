use async_trait::async_trait;
use identity_core::{Charge, Refund, TenantId};
use identity_ports::{Budgets, CommitError};

use crate::MemoryStore;

#[async_trait]
impl Budgets for MemoryStore {
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        let mut tables = self.write()?;
        let quotas = &mut tables.tenants.entry(tenant.clone()).or_default().quotas;
        let drawn = quotas.judge(refunds, charges, &[])?;
        quotas.write(drawn);
        Ok(())
    }
}
