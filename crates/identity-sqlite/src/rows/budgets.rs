//! The budgets that charges draw from.

use identity_core::{Charge, Exhausted, Outgoing, Refund, TenantId, Timestamp, WhenExhausted};
use identity_ports::{CommitError, StoreError};
use rusqlite::{Connection, Row, params};

use crate::error::corrupt;
use crate::rows::cells::{execute, limit, many, one};

/// For so long an ended window stays: a policy may have made windows longer meanwhile, and a clock may have been wrong.
const KEPT: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);

/// Draws if there is room for it: in the window that is open at ?4 if it lasts ?5, or in a new one. Sums saturate.
const DRAW: &str = include_str!("../../sql/budgets_draw.sql");

const READ: &str = include_str!("../../sql/budgets_read.sql");

const RESTORE: &str = include_str!("../../sql/budgets_restore.sql");

const DELETE: &str = "DELETE FROM identity_budgets WHERE tenant = ?1 AND quota = ?2 AND kind = ?3";

const REFUND: &str = include_str!("../../sql/budgets_refund.sql");

/// What came of draws.
pub(crate) struct Outcome {
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
) -> Result<Outcome, CommitError> {
    for refund in refunds {
        let amount = i64::try_from(refund.amount).unwrap_or(i64::MAX);
        let row = params![tenant.as_str(), refund.quota, refund.kind.as_str(), amount, refund.at.as_micros()];
        execute(connection, REFUND, row)?;
    }
    let budgets = Budgets { connection, tenant };
    let mut outcome = Outcome { withheld: Vec::with_capacity(messages.len()), exhausted: Vec::new() };
    budgets.draw_all(charges, &mut outcome.exhausted)?;
    for outgoing in messages {
        outcome.withheld.push(budgets.draw_all(&outgoing.charges, &mut outcome.exhausted)?);
    }
    Ok(outcome)
}

/// The window of a budget: when it began and ends, and how much was drawn.
type Window = (i64, i64, i64);

struct Budgets<'a> {
    connection: &'a Connection,
    tenant: &'a TenantId,
}

impl Budgets<'_> {
    /// Draws these charges, or none of them when one withholds.
    fn draw_all(&self, charges: &[Charge], told: &mut Vec<Exhausted>) -> Result<bool, CommitError> {
        let first = told.len();
        let undoable = charges.len() > 1 && charges.iter().any(|one| one.when_exhausted == WhenExhausted::Withhold);
        let mut drawn: Vec<(&Charge, Option<Window>)> = Vec::new();
        let mut withheld = false;
        for charge in charges {
            let before = if undoable { self.read(charge)? } else { None };
            if !self.draw(charge, charge.budget.limit)? {
                let exhausted = self.exhausted(charge)?;
                match charge.when_exhausted {
                    // It refuses even if another charge withholds: else a success would tell that strangers used that one
                    // up.
                    WhenExhausted::Refuse => return Err(CommitError::Exhausted(exhausted)),
                    WhenExhausted::Withhold => withheld = true,
                    WhenExhausted::Record => {}
                }
                told.push(exhausted);
                if withheld && !undoable {
                    continue;
                }
                self.draw(charge, u64::MAX)?;
            }
            drawn.push((charge, before));
        }
        if withheld {
            drawn.into_iter().rev().try_for_each(|(charge, before)| self.restore(charge, before))?;
            let mut index = 0;
            told.retain(|exhausted| {
                index += 1;
                index <= first || exhausted.effect == WhenExhausted::Withhold
            });
        }
        Ok(withheld)
    }

    /// Draws, if the budget covers it.
    fn draw(&self, charge: &Charge, limit: u64) -> Result<bool, StoreError> {
        let Some(room) = limit.checked_sub(charge.amount) else { return Ok(false) };
        let [room, amount] = [room, charge.amount].map(|number| i64::try_from(number).unwrap_or(i64::MAX));
        let window = i64::try_from(charge.budget.window.as_micros()).unwrap_or(i64::MAX);
        let (quota, kind, at) = (&charge.quota, charge.kind.as_str(), charge.at.as_micros());
        let row = params![self.tenant.as_str(), quota, kind, at, window, amount, room];
        Ok(execute(self.connection, DRAW, row)? > 0)
    }

    fn read(&self, charge: &Charge) -> Result<Option<Window>, StoreError> {
        // The name of a quota may be a country's or a tenant's, or a pseudonym: never an address.
        let key = || format!("{}/{}/{}", self.tenant, charge.kind.as_str(), charge.quota);
        let (place, spot) =
            ([self.tenant.as_str(), &charge.quota, charge.kind.as_str()], ("identity_budgets", &key as _));
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        match one(self.connection, READ, place, spot, read)? {
            Some((.., drawn)) if drawn < 0 => Err(corrupt("identity_budgets", key(), "fewer than no draws")),
            window => Ok(window),
        }
    }

    fn restore(&self, charge: &Charge, before: Option<Window>) -> Result<(), StoreError> {
        let (tenant, quota, kind) = (self.tenant.as_str(), &charge.quota, charge.kind.as_str());
        match before {
            Some((began, ends, drawn)) => {
                execute(self.connection, RESTORE, params![tenant, quota, kind, began, ends, drawn])?
            }
            None => execute(self.connection, DELETE, params![tenant, quota, kind])?,
        };
        Ok(())
    }

    /// What a charge found that does not fit.
    fn exhausted(&self, charge: &Charge) -> Result<Exhausted, StoreError> {
        let open = self.read(charge)?.map(|(began, _, drawn)| (Timestamp::from_micros(began), drawn));
        let open = open.filter(|(began, _)| charge.at < *began + charge.budget.window);
        let (began, drawn) = open.unwrap_or((charge.at, 0));
        Ok(Exhausted::of(charge, u64::try_from(drawn).unwrap_or(0), began + charge.budget.window))
    }
}

/// Where the last pruning stopped: tenant, quota and kind.
pub(crate) type Place = (String, String, String);

/// Looks at some windows behind a place, removes those that ended long ago, and gives the place where it stopped; `None` at
/// the end of the table. It goes round the table bit by bit, so that no index has to be kept for it.
pub(crate) fn prune(
    connection: &Connection,
    after: Option<&Place>,
    count: usize,
    now: Timestamp,
) -> Result<Option<Place>, StoreError> {
    const STEP: &str = include_str!("../../sql/budgets_step.sql");
    let (tenant, quota, kind) = after.cloned().unwrap_or_default();
    let read = |row: &Row<'_>| Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get::<_, i64>(3)?));
    let place = params![tenant, quota, kind, limit(count)];
    let rows: Vec<(Place, _)> = many(connection, STEP, place, ("identity_budgets", &String::new), read)?;
    let ended = (now - KEPT).as_micros();
    for ((tenant, quota, kind), _) in rows.iter().filter(|(_, ends_at)| *ends_at < ended) {
        execute(connection, DELETE, [tenant, quota, kind])?;
    }
    Ok(rows.into_iter().map(|(place, _)| place).nth(count.saturating_sub(1)))
}
