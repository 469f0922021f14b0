//! The budgets that charges draw from.

use async_trait::async_trait;
use identity_core::{Charge, Outgoing, Refund, TenantId, Timestamp};
use identity_ports::{Budgets, CommitError, Draws, Window};
use rusqlite::{Connection, params};

use crate::SqliteStore;
use crate::cells::{execute, one, signed};
use crate::connection::Desk;
use crate::error::Result;

/// For so long an ended window stays: a policy may have made windows longer meanwhile, and a clock may have been wrong.
const KEPT: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);

/// Gives back what these refunds say, and draws then what the commit itself and its messages cost, in their order.
pub(crate) fn draw<'a>(
    connection: &Connection,
    tenant: &TenantId,
    refunds: &'a [Refund],
    charges: &'a [Charge],
    messages: &'a [Outgoing],
) -> Result<Draws<'a>, CommitError> {
    let draws = Draws::judge(refunds, charges, messages, |kind, quota| {
        let place = [tenant.as_str(), quota, kind.as_str()];
        // The name of a quota may be a country's or a tenant's, or a pseudonym: never an address.
        let spot = ("identity_budgets", &*place.join("/"));
        let window: Option<(i64, i64, u64)> = one(connection, sql!("budgets_read"), place, spot)?;
        let time = Timestamp::from_micros;
        Ok(window.map(|(began, ends, drawn)| Window { began: time(began), ends: time(ends), drawn }))
    })?;
    for (kind, quota, Window { began, ends, drawn }) in &draws.windows {
        let row = params![tenant.as_str(), quota, kind.as_str(), began.as_micros(), ends.as_micros(), drawn];
        execute(connection, sql!("budgets_write"), row)?;
    }
    Ok(draws)
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
