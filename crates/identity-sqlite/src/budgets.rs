//! The budgets that charges draw from.

use async_trait::async_trait;
use identity_core::{Charge, Outgoing, Refund, TenantId, Timestamp};
use identity_ports::{Budgets, CommitError, Draws, Window};
use rusqlite::{Connection, Transaction, params};

use crate::SqliteStore;
use crate::cells::{execute, one};
use crate::error::Result;

/// Judges what these refunds give back, and what the commit itself and its messages draw then, in their order.
pub(crate) fn judge<'a>(
    connection: &Connection,
    tenant: &TenantId,
    refunds: &'a [Refund],
    charges: &'a [Charge],
    messages: &'a [Outgoing],
) -> Result<Draws<'a>, CommitError> {
    Draws::judge(refunds, charges, messages, |kind, quota| {
        let place = [tenant.as_str(), quota, kind.as_str()];
        // The name of a quota may be a country's or a tenant's, or a pseudonym: never an address.
        let spot = ("identity_budgets", &*place.join("/"));
        let window: Option<(i64, i64, u64)> = one(connection, sql!("budgets_read"), place, spot)?;
        let time = Timestamp::from_micros;
        Ok(window.map(|(began, ends, drawn)| Window { began: time(began), ends: time(ends), drawn }))
    })
}

/// Writes the windows as they are after the draws.
pub(crate) fn write(connection: &Connection, tenant: &TenantId, draws: &Draws<'_>) -> Result<()> {
    for (kind, quota, Window { began, ends, drawn }) in &draws.windows {
        let row = params![tenant.as_str(), quota, kind.as_str(), began.as_micros(), ends.as_micros(), drawn];
        execute(connection, sql!("budgets_write"), row)?;
    }
    Ok(())
}

#[async_trait]
impl Budgets for SqliteStore {
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        let (tenant, refunds, charges) = (tenant.clone(), refunds.to_vec(), charges.to_vec());
        let draw = move |transaction: &Transaction<'_>| {
            let draws = judge(transaction, &tenant, &refunds, &charges, &[])?;
            Ok(write(transaction, &tenant, &draws)?)
        };
        self.transaction(draw).await
    }
}
