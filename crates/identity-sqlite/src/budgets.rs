use async_trait::async_trait;
use identity_core::{Charge, Refund, TenantId};
use identity_ports::{Budgets, CommitError};

use crate::SqliteStore;
use crate::rows::budgets;

#[async_trait]
impl Budgets for SqliteStore {
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        let (tenant, refunds, charges) = (tenant.clone(), refunds.to_vec(), charges.to_vec());
        let draw = move |transaction: &rusqlite::Transaction<'_>| {
            budgets::draw(transaction, &tenant, &refunds, &charges, &[]).map(drop)
        };
        self.transaction(draw).await
    }
}
