//! The budgets that charges draw from.

use async_trait::async_trait;
use identity_core::{Charge, Exhausted, Outgoing, Refund, TenantId, Timestamp, WhenExhausted};
use identity_ports::{Budgets, CommitError};
use rusqlite::{Connection, params};

use crate::SqliteStore;
use crate::cells::{execute, one, signed};
use crate::connection::Desk;
use crate::error::Result;

/// For so long an ended window stays: a policy may have made windows longer meanwhile, and a clock may have been wrong.
const KEPT: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);

/// What came of draws.
#[derive(Default)]
pub(crate) struct Drawn {
    /// For each message whether it is withheld.
    pub(crate) withheld: Vec<bool>,
    /// The budgets that had not enough left, and refuse nothing.
    pub(crate) exhausted: Vec<Exhausted>,
}

/// Gives back what these refunds say, and draws then what the commit itself and its messages cost, in their order.
pub(crate) fn draw(
    connection: &Connection,
    tenant: &TenantId,
    refunds: &[Refund],
    charges: &[Charge],
    messages: &[Outgoing],
) -> Result<Drawn, CommitError> {
    for Refund { kind, quota, amount, at } in refunds {
        let row = params![tenant.as_str(), quota, kind.as_str(), signed(*amount), at.as_micros()];
        execute(connection, sql!("budgets_refund"), row)?;
    }
    let mut drawn = Drawn::default();
    draw_all(connection, tenant, charges, &mut drawn.exhausted)?;
    for outgoing in messages {
        let withheld = draw_all(connection, tenant, &outgoing.charges, &mut drawn.exhausted)?;
        drawn.withheld.push(withheld);
    }
    Ok(drawn)
}

/// Draws these charges, or none of them when one withholds, and says whether one does.
fn draw_all(
    connection: &Connection,
    tenant: &TenantId,
    charges: &[Charge],
    told: &mut Vec<Exhausted>,
) -> Result<bool, CommitError> {
    // Each charge with the window that it draws from: when it begins, and how much is drawn then.
    let mut windows: Vec<(&Charge, Timestamp, u64)> = Vec::with_capacity(charges.len());
    let mut found = Vec::new();
    for charge in charges {
        let same =
            |(other, ..): &&(&Charge, Timestamp, u64)| (other.kind, &other.quota) == (charge.kind, &charge.quota);
        let open = match windows.iter().rev().find(same) {
            Some((_, began, drawn)) => Some((*began, *drawn)),
            None => read(connection, tenant, charge)?,
        };
        let open = open.filter(|(began, _)| charge.at < *began + charge.budget.window);
        let (began, before) = open.unwrap_or((charge.at, 0));
        if before.checked_add(charge.amount).is_none_or(|after| after > charge.budget.limit) {
            let exhausted = Exhausted::of(charge, before, began + charge.budget.window);
            // It refuses even if another charge withholds: else a success would tell that strangers used that one up.
            if charge.when_exhausted == WhenExhausted::Refuse {
                return Err(CommitError::Exhausted(exhausted));
            }
            found.push(exhausted);
        }
        windows.push((charge, began, before.saturating_add(charge.amount).min(i64::MAX.unsigned_abs())));
    }
    let withheld = found.iter().any(|exhausted| exhausted.effect == WhenExhausted::Withhold);
    if withheld {
        found.retain(|exhausted| exhausted.effect == WhenExhausted::Withhold);
    } else {
        for (charge, began, drawn) in windows {
            let ends = began + charge.budget.window;
            let (quota, kind) = (&charge.quota, charge.kind.as_str());
            let row = params![tenant.as_str(), quota, kind, began.as_micros(), ends.as_micros(), drawn];
            execute(connection, sql!("budgets_write"), row)?;
        }
    }
    told.append(&mut found);
    Ok(withheld)
}

/// When the last window of a budget began, and how much was drawn in it.
fn read(connection: &Connection, tenant: &TenantId, charge: &Charge) -> Result<Option<(Timestamp, u64)>> {
    let place = [tenant.as_str(), &charge.quota, charge.kind.as_str()];
    // The name of a quota may be a country's or a tenant's, or a pseudonym: never an address.
    let key = place.join("/");
    let window: Option<(i64, u64)> = one(connection, sql!("budgets_read"), place, ("identity_budgets", &key))?;
    Ok(window.map(|(began, drawn)| (Timestamp::from_micros(began), drawn)))
}

/// Where a sweep stopped: tenant, quota and kind.
pub(crate) type Place = (String, String, String);

/// Removes windows that ended long ago, after some messages were leased. Every message opens a few, so the sweep looks at
/// more rows the more messages there are. It goes round the table bit by bit, so that no index has to be kept for it. `now` is
/// the time of the newest message, not the worker's clock, which may be years ahead.
pub(crate) fn sweep(desk: &Desk, now: Timestamp, leased: usize) -> Result<()> {
    const ROWS: usize = 16;
    const ROWS_A_MESSAGE: usize = 8;
    let mut place = desk.swept.borrow_mut();
    let (tenant, quota, kind) = &*place;
    let rows = signed(ROWS + ROWS_A_MESSAGE * leased.min(256));
    let step = params![tenant, quota, kind, rows];
    let end: Option<Place> = one(&desk.connection, sql!("budgets_step"), step, ("identity_budgets", ""))?;
    let ended = params![tenant, quota, kind, rows, (now - KEPT).as_micros()];
    execute(&desk.connection, sql!("budgets_sweep"), ended)?;
    *place = end.unwrap_or_default();
    Ok(())
}

#[async_trait]
impl Budgets for SqliteStore {
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        let (tenant, refunds, charges) = (tenant.clone(), refunds.to_vec(), charges.to_vec());
        self.transaction(move |transaction| draw(transaction, &tenant, &refunds, &charges, &[]).map(drop)).await
    }
}
