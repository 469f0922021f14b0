use async_trait::async_trait;
use identity_core::{Charge, Exhausted, Refund, TenantId, Timestamp};
use identity_ports::{Budgets, CommitError, StoreError};

use crate::PostgresStore;
use crate::cells::capped;
use crate::error::Failure;
use crate::link::Link;
use crate::sql::Sql;

#[async_trait]
impl Budgets for PostgresStore {
    /// Draws the charges one by one, so that no draw waits for another one with a lock in its hands, and gives back those
    /// before the one that does not fit. Refunds go back when all charges are drawn, but for those of a budget that is drawn
    /// from: they go back with its draw, which comes last.
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        let link = &self.link();
        let is_of = |refund: &Refund, charge: &Charge| (refund.kind, &refund.quota) == (charge.kind, &charge.quota);
        let of = |charge| refunds.iter().filter(move |refund| is_of(refund, charge));
        let mut order: Vec<&Charge> = charges.iter().collect();
        order.sort_by_key(|charge| of(charge).next().is_some());
        for (number, charge) in order.iter().enumerate() {
            if draw(link, tenant, charge, of(charge)).await? {
                continue;
            }
            let exhausted = exhausted(link, tenant, charge).await?;
            for Charge { kind, quota, amount, at, .. } in order.iter().take(number) {
                let drawn = Refund { kind: *kind, quota: quota.clone(), amount: *amount, at: *at };
                give_back(link, tenant, &drawn).await?;
            }
            return Err(CommitError::Exhausted(exhausted));
        }
        for refund in refunds.iter().filter(|refund| !charges.iter().any(|charge| is_of(refund, charge))) {
            give_back(link, tenant, refund).await?;
        }
        Ok(())
    }
}

/// Draws, if the budget covers it.
async fn draw(
    link: &Link,
    tenant: &TenantId,
    charge: &Charge,
    refunds: impl Iterator<Item = &Refund>,
) -> Result<bool, StoreError> {
    let Some(room) = charge.budget.limit.checked_sub(charge.amount) else { return Ok(false) };
    let window = capped(charge.budget.window.as_micros());
    let (at, ends_at) = (charge.at.as_micros(), (charge.at + charge.budget.window).as_micros());
    let (kind, quota) = (charge.kind.as_str(), charge.quota.as_str());
    let sql = Sql::new(&link.texts.draw).with((tenant.as_str(), kind, quota, at, ends_at, capped(charge.amount)));
    let sql = sql.with((at.saturating_sub(window), window, capped(room)));
    let sql = sql.rows(refunds.map(|refund| (capped(refund.amount), refund.at.as_micros())));
    Ok(!link.query(&sql).await?.is_empty())
}

/// What a charge found that does not fit.
async fn exhausted(link: &Link, tenant: &TenantId, charge: &Charge) -> Result<Exhausted, StoreError> {
    let values = (tenant.as_str(), charge.kind.as_str(), charge.quota.as_str());
    let rows = link.read(&Sql::new(&link.texts.window).with(values)).await?;
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
    let (kind, quota) = (refund.kind.as_str(), refund.quota.as_str());
    let values = (tenant.as_str(), kind, quota, capped(refund.amount), refund.at.as_micros());
    // Given back once at most: an amount that was given back twice could be drawn twice.
    let given = link.once(&Sql::new(&link.texts.give_back).with(values)).await;
    given.map(drop).map_err(Failure::into_error)
}
