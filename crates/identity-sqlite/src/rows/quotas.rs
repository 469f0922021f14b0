use identity_core::{BudgetKind, Charge, Effect, Exhausted, Outgoing, Refund, TenantId, Timestamp, WhenExhausted};
use identity_ports::{CommitError, StoreError};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::cells::limit;
use crate::error::store;
use crate::rows::users::execute;

/// For so long an ended window stays: a policy may have made windows longer meanwhile, and a clock may have been wrong.
const KEPT: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);

const READ: &str = "SELECT began_at, drawn FROM identity_quotas WHERE tenant = ?1 AND kind = ?2 AND quota = ?3";

const WRITE: &str = "INSERT INTO identity_quotas (tenant, kind, quota, began_at, ends_at, drawn) \
VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET began_at = ?4, ends_at = ?5, drawn = ?6";

const REFUND: &str = "UPDATE identity_quotas SET drawn = max(0, drawn - ?4) \
WHERE tenant = ?1 AND kind = ?2 AND quota = ?3 AND began_at <= ?5 AND ends_at > ?5";

/// One window of a budget: it began with its first draw.
#[derive(Clone, Copy)]
struct Window {
    began: Timestamp,
    drawn: i64,
}

/// A draw that is judged and not written yet.
struct Drawn<'a> {
    charge: &'a Charge,
    window: Window,
}

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
        let row = params![tenant.as_str(), refund.kind.as_str(), refund.quota, amount, refund.at.as_micros()];
        execute(connection, REFUND, row)?;
    }
    let mut drawn: Vec<Drawn<'_>> = Vec::new();
    let mut outcome = Outcome { withheld: Vec::with_capacity(messages.len()), exhausted: Vec::new() };
    draw_all(connection, tenant, charges, &mut drawn, &mut outcome.exhausted)?;
    for outgoing in messages {
        let (paid, told) = (drawn.len(), outcome.exhausted.len());
        let withheld = draw_all(connection, tenant, &outgoing.charges, &mut drawn, &mut outcome.exhausted)?;
        if withheld {
            drawn.truncate(paid);
            let mut index = 0;
            outcome.exhausted.retain(|exhausted| {
                index += 1;
                index <= told || exhausted.effect == Effect::Withheld
            });
        }
        outcome.withheld.push(withheld);
    }
    for Drawn { charge, window } in drawn {
        let ends_at = window.began + charge.budget.window;
        let (kind, began_at) = (charge.kind.as_str(), window.began.as_micros());
        let row = params![tenant.as_str(), kind, charge.quota, began_at, ends_at.as_micros(), window.drawn];
        execute(connection, WRITE, row)?;
    }
    Ok(outcome)
}

/// Judges these charges, writes nothing, and says whether one of them withholds.
fn draw_all<'a>(
    connection: &Connection,
    tenant: &TenantId,
    charges: &'a [Charge],
    drawn: &mut Vec<Drawn<'a>>,
    told: &mut Vec<Exhausted>,
) -> Result<bool, CommitError> {
    let mut withheld = false;
    for charge in charges {
        let window = open(connection, tenant, charge, drawn)?;
        let before = u64::try_from(window.drawn).unwrap_or(0);
        if before.checked_add(charge.amount).is_none_or(|drawn| drawn > charge.budget.limit) {
            let exhausted = Exhausted::of(charge, before, window.began + charge.budget.window);
            match charge.when_exhausted {
                // It refuses even if another charge withholds: else a success would tell that strangers used that one up.
                WhenExhausted::Refuse => return Err(CommitError::Exhausted(exhausted)),
                WhenExhausted::Withhold => withheld = true,
                WhenExhausted::Record => {}
            }
            told.push(exhausted);
        }
        let amount = i64::try_from(charge.amount).unwrap_or(i64::MAX);
        let window = Window { drawn: window.drawn.saturating_add(amount), ..window };
        drawn.push(Drawn { charge, window });
    }
    Ok(withheld)
}

/// The window in which a charge draws, as it is before.
fn open(
    connection: &Connection,
    tenant: &TenantId,
    charge: &Charge,
    drawn: &[Drawn<'_>],
) -> Result<Window, StoreError> {
    let same = |other: &&Drawn<'_>| other.charge.kind == charge.kind && other.charge.quota == charge.quota;
    let known = match drawn.iter().rev().find(same) {
        Some(drawn) => Some(drawn.window),
        None => read(connection, tenant, charge.kind, &charge.quota)?,
    };
    Ok(match known {
        Some(window) if charge.at < window.began + charge.budget.window => window,
        Some(_) | None => Window { began: charge.at, drawn: 0 },
    })
}

fn read(
    connection: &Connection,
    tenant: &TenantId,
    kind: BudgetKind,
    quota: &str,
) -> Result<Option<Window>, StoreError> {
    let mut statement = connection.prepare_cached(READ).map_err(store)?;
    let row = statement
        .query_row([tenant.as_str(), kind.as_str(), quota], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(store)?;
    let Some((began, drawn)) = row else { return Ok(None) };
    if drawn < 0 {
        let reason = "fewer than no draws".to_owned();
        // The name of a quota may be a country's or a tenant's, or a pseudonym: never an address.
        let key = format!("{tenant}/{}/{quota}", kind.as_str());
        return Err(StoreError::Corrupt { table: "identity_quotas", key, reason });
    }
    Ok(Some(Window { began: Timestamp::from_micros(began), drawn }))
}

/// Where the last pruning stopped.
pub(crate) type Place = (String, String, String);

/// Looks at some windows behind a place, removes those that ended long ago, and gives the place where it stopped; `None` at
/// the end of the table. It goes round the table bit by bit, so that no index has to be kept for it.
pub(crate) fn prune(
    connection: &Connection,
    after: Option<&Place>,
    count: usize,
    now: Timestamp,
) -> Result<Option<Place>, StoreError> {
    const STEP: &str = "SELECT tenant, kind, quota, ends_at FROM identity_quotas \
                        WHERE (tenant, kind, quota) > (?1, ?2, ?3) ORDER BY tenant, kind, quota LIMIT ?4";
    let (tenant, kind, quota) =
        after.map_or(("", "", ""), |(tenant, kind, quota)| (tenant.as_str(), kind.as_str(), quota.as_str()));
    let mut statement = connection.prepare_cached(STEP).map_err(store)?;
    let rows = statement
        .query_map(params![tenant, kind, quota, limit(count)], |row| {
            Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get::<_, i64>(3)?))
        })
        .and_then(Iterator::collect::<Result<Vec<(Place, i64)>, _>>)
        .map_err(store)?;
    let ended = (now - KEPT).as_micros();
    for ((tenant, kind, quota), _) in rows.iter().filter(|(_, ends_at)| *ends_at < ended) {
        let sql = "DELETE FROM identity_quotas WHERE tenant = ?1 AND kind = ?2 AND quota = ?3";
        execute(connection, sql, params![tenant, kind, quota])?;
    }
    Ok(rows.into_iter().map(|(place, _)| place).nth(count.saturating_sub(1)))
}
