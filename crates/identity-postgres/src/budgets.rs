use async_trait::async_trait;
use identity_core::{Charge, Exhausted, Refund, TenantId, Timestamp};
use identity_ports::{Budgets, CommitError, StoreError};
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::link::Link;
use crate::sql::Sql;

#[async_trait]
impl Budgets for PostgresStore {
    /// Draws the charges one by one, so that no draw waits for another one with a lock in its hands, and gives back those
    /// before the one that does not fit.
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        let link = &self.link();
        for refund in refunds {
            give_back(link, tenant, refund).await?;
        }
        for (number, charge) in charges.iter().enumerate() {
            if draw(link, tenant, charge).await? {
                continue;
            }
            let exhausted = exhausted(link, tenant, charge).await?;
            for Charge { kind, quota, amount, at, .. } in charges.iter().take(number) {
                let drawn = Refund { kind: *kind, quota: quota.clone(), amount: *amount, at: *at };
                give_back(link, tenant, &drawn).await?;
            }
            return Err(CommitError::Exhausted(exhausted));
        }
        Ok(())
    }
}

fn long(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Draws, if the budget covers it: from the window that is open, or from a new one. Sums saturate.
async fn draw(link: &Link, tenant: &TenantId, charge: &Charge) -> Result<bool, StoreError> {
    let Some(room) = charge.budget.limit.checked_sub(charge.amount) else { return Ok(false) };
    let tables = &link.tables;
    let text = format!(
        "INSERT INTO {tables}identity_budgets AS w (tenant, kind, quota, began_at, ends_at, drawn) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, kind, quota) DO UPDATE SET \
         began_at = CASE WHEN w.began_at > $7 THEN w.began_at ELSE $4 END, \
         ends_at = CASE WHEN w.began_at > $7 THEN LEAST(w.began_at, 9223372036854775807 - $8) + $8 ELSE $5 END, \
         drawn = CASE WHEN w.began_at > $7 THEN LEAST(w.drawn, 9223372036854775807 - $6) + $6 ELSE $6 END \
         WHERE w.began_at <= $7 OR w.drawn <= $9 RETURNING 1"
    );
    let window = i64::try_from(charge.budget.window.as_micros()).unwrap_or(i64::MAX);
    let sql = Sql::new(text)
        .with(tenant.as_str(), Type::TEXT)
        .with(charge.kind.as_str(), Type::TEXT)
        .with(&*charge.quota, Type::TEXT)
        .with(charge.at.as_micros(), Type::INT8)
        .with((charge.at + charge.budget.window).as_micros(), Type::INT8)
        .with(long(charge.amount), Type::INT8)
        .with(charge.at.as_micros().saturating_sub(window), Type::INT8)
        .with(window, Type::INT8)
        .with(long(room), Type::INT8);
    Ok(!link.query(&sql).await?.is_empty())
}

/// What a charge found that does not fit.
async fn exhausted(link: &Link, tenant: &TenantId, charge: &Charge) -> Result<Exhausted, StoreError> {
    let tables = &link.tables;
    let text =
        format!("SELECT began_at, drawn FROM {tables}identity_budgets WHERE tenant = $1 AND kind = $2 AND quota = $3");
    let sql = Sql::new(text)
        .with(tenant.as_str(), Type::TEXT)
        .with(charge.kind.as_str(), Type::TEXT)
        .with(&*charge.quota, Type::TEXT);
    let rows = link.read(&sql).await?;
    let mut open = (charge.at, 0);
    if let Some(row) = rows.first() {
        let began: i64 = row.try_get("began_at").map_err(StoreError::failed)?;
        let drawn: i64 = row.try_get("drawn").map_err(StoreError::failed)?;
        let began = Timestamp::from_micros(began);
        if charge.at < began + charge.budget.window {
            open = (began, u64::try_from(drawn).unwrap_or(0));
        }
    }
    let (began, drawn) = open;
    Ok(Exhausted::of(charge, drawn, began + charge.budget.window))
}

async fn give_back(link: &Link, tenant: &TenantId, refund: &Refund) -> Result<(), StoreError> {
    let tables = &link.tables;
    let text = format!(
        "UPDATE {tables}identity_budgets SET drawn = GREATEST(0, drawn - $4) \
         WHERE tenant = $1 AND kind = $2 AND quota = $3 AND began_at <= $5 AND ends_at > $5"
    );
    let sql = Sql::new(text)
        .with(tenant.as_str(), Type::TEXT)
        .with(refund.kind.as_str(), Type::TEXT)
        .with(&*refund.quota, Type::TEXT)
        .with(long(refund.amount), Type::INT8)
        .with(refund.at.as_micros(), Type::INT8);
    // Given back once at most: an amount that was given back twice could be drawn twice.
    match link.once(&sql).await {
        Ok(_) => Ok(()),
        Err(failure) => Err(failure.into_error()),
    }
}
