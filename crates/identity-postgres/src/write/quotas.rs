//! Windows of budgets that one commit draws from more than once: read, judged here, and written only if nobody drew meanwhile.

use identity_core::{BudgetKind, Charge, Outgoing, TenantId, Timestamp, WhenExhausted};
use identity_ports::StoreError;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::cells::Cells;
use crate::sql::Sql;

/// What a commit's charges come to.
#[derive(Debug, Default)]
pub(super) struct Windows {
    /// The windows as they will be.
    pub(super) windows: Vec<Window>,
    /// For each message whether it is withheld.
    pub(super) withheld: Vec<bool>,
    /// The charge that refuses, and when there is room again.
    pub(super) exhausted: Option<(BudgetKind, Timestamp)>,
}

/// A window that is to be written.
#[derive(Debug, Clone)]
pub(super) struct Window {
    pub(super) kind: BudgetKind,
    pub(super) quota: String,
    /// Its beginning and its draws as they were read.
    pub(super) before: Option<(i64, i64)>,
    pub(super) began_at: i64,
    pub(super) ends_at: i64,
    pub(super) drawn: i64,
}

/// The statement that reads the windows of these messages.
pub(super) fn read<'a>(tables: &str, tenant: &'a TenantId, messages: &'a [Outgoing]) -> Sql<'a> {
    let charges = messages.iter().flat_map(|outgoing| &outgoing.charges);
    let mut keys: Vec<(&str, &str)> = charges.map(|charge| (charge.kind.as_str(), charge.quota.as_str())).collect();
    keys.sort_unstable();
    keys.dedup();
    let (kinds, quotas): (Vec<&str>, Vec<&str>) = keys.into_iter().unzip();
    let text = format!(
        "SELECT w.kind, w.quota, w.began_at, w.drawn FROM unnest($2::text[], $3::text[]) AS x(kind, quota) \
         JOIN {tables}identity_quotas w ON w.tenant = $1 AND w.kind = x.kind AND w.quota = x.quota"
    );
    Sql::new(text).with(tenant.as_str(), Type::TEXT).with(kinds, Type::TEXT_ARRAY).with(quotas, Type::TEXT_ARRAY)
}

/// A window that was read: its kind, its quota, its beginning and its draws.
type Kept = (String, String, i64, i64);

/// Draws what these messages cost, in their order.
pub(super) fn judge(tenant: &TenantId, messages: &[Outgoing], rows: &[Row]) -> Result<Windows, StoreError> {
    let kept: Vec<Kept> = rows.iter().map(|row| window(tenant, row)).collect::<Result<_, _>>()?;
    let mut judged = Windows::default();
    for outgoing in messages {
        let paid = judged.windows.clone();
        let mut withheld = false;
        for charge in &outgoing.charges {
            let Err(retry_at) = draw(&mut judged.windows, &kept, charge) else { continue };
            match charge.when_exhausted {
                // It refuses even if another charge withholds: else a success would tell that strangers used that one up.
                WhenExhausted::Refuse => {
                    return Ok(Windows { exhausted: Some((charge.kind, retry_at)), ..Windows::default() });
                }
                WhenExhausted::Withhold => withheld = true,
            }
        }
        if withheld {
            judged.windows = paid;
        }
        judged.withheld.push(withheld);
    }
    Ok(judged)
}

fn window(tenant: &TenantId, row: &Row) -> Result<Kept, StoreError> {
    let cells = Cells(row);
    let read = || {
        let drawn: i64 = cells.int("drawn")?;
        if drawn < 0 {
            return Err("fewer than no draws".into());
        }
        Ok((cells.text("kind")?.to_owned(), cells.text("quota")?.to_owned(), cells.int("began_at")?, drawn))
    };
    read().map_err(|bad: crate::cells::Bad| bad.at("identity_quotas", || tenant.to_string()))
}

/// One more draw, or when there is room again.
fn draw(windows: &mut Vec<Window>, kept: &[Kept], charge: &Charge) -> Result<(), Timestamp> {
    let place = windows.iter().position(|window| window.kind == charge.kind && window.quota == charge.quota);
    let read = kept.iter().find(|(kind, quota, ..)| *kind == charge.kind.as_str() && *quota == charge.quota);
    let before = read.map(|(_, _, began, drawn)| (*began, *drawn));
    let open = match place.and_then(|place| windows.get(place)) {
        Some(window) => Some((window.began_at, window.drawn)),
        None => before,
    };
    let fresh = (charge.at.as_micros(), 0);
    let (began_at, drawn) =
        open.filter(|(began, _)| charge.at < Timestamp::from_micros(*began) + charge.budget.window).unwrap_or(fresh);
    let ends_at = Timestamp::from_micros(began_at) + charge.budget.window;
    if drawn >= i64::from(charge.budget.limit) {
        return Err(ends_at);
    }
    let (kind, quota) = (charge.kind, charge.quota.clone());
    let window = Window { kind, quota, before, began_at, ends_at: ends_at.as_micros(), drawn: drawn + 1 };
    match place.and_then(|place| windows.get_mut(place)) {
        Some(known) => *known = window,
        None => windows.push(window),
    }
    Ok(())
}
