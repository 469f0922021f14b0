//! Windows of budgets that one commit touches more than once: read, judged here, and written only if nobody drew meanwhile.

use identity_core::{BudgetKind, Charge, Effect, Exhausted, Refund, TenantId, Timestamp, WhenExhausted};
use identity_ports::{Commit, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::cells::Cells;
use crate::sql::Sql;

/// What a commit's refunds and charges come to.
#[derive(Debug, Default)]
pub(super) struct Windows {
    /// The windows as they will be.
    pub(super) windows: Vec<Window>,
    /// For each message whether it is withheld.
    pub(super) withheld: Vec<bool>,
    /// The budgets that had not enough left, and refuse nothing.
    pub(super) exhausted: Vec<Exhausted>,
    /// The one that refuses.
    pub(super) refused: Option<Exhausted>,
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

/// The statement that reads the windows that a commit touches.
pub(super) fn read<'a>(tables: &str, commit: &'a Commit) -> Sql<'a> {
    let charges = commit.messages.iter().flat_map(|outgoing| &outgoing.charges);
    let drawn = charges.map(|charge| (charge.kind.as_str(), charge.quota.as_str()));
    let given = commit.refunds.iter().map(|refund| (refund.kind.as_str(), refund.quota.as_str()));
    let mut keys: Vec<(&str, &str)> = drawn.chain(given).collect();
    keys.sort_unstable();
    keys.dedup();
    let (kinds, quotas): (Vec<&str>, Vec<&str>) = keys.into_iter().unzip();
    let text = format!(
        "SELECT w.kind, w.quota, w.began_at, w.ends_at, w.drawn FROM unnest($2::text[], $3::text[]) AS x(kind, quota) \
         JOIN {tables}identity_quotas w ON w.tenant = $1 AND w.kind = x.kind AND w.quota = x.quota"
    );
    let tenant = commit.key.tenant.as_str();
    Sql::new(text).with(tenant, Type::TEXT).with(kinds, Type::TEXT_ARRAY).with(quotas, Type::TEXT_ARRAY)
}

/// A window that was read.
#[derive(Debug, Clone)]
struct Kept {
    kind: String,
    quota: String,
    began_at: i64,
    ends_at: i64,
    drawn: i64,
}

/// Gives back what the refunds say, and draws then what the messages cost, in their order.
pub(super) fn judge(commit: &Commit, rows: &[Row]) -> Result<Windows, StoreError> {
    let kept: Vec<Kept> = rows.iter().map(|row| window(&commit.key.tenant, row)).collect::<Result<_, _>>()?;
    let mut ledger = Ledger { kept, windows: Vec::new() };
    for refund in &commit.refunds {
        ledger.give_back(refund);
    }
    let mut judged = Windows::default();
    for outgoing in &commit.messages {
        let (paid, told) = (ledger.windows.clone(), judged.exhausted.len());
        let mut withheld = false;
        for charge in &outgoing.charges {
            let Some(exhausted) = ledger.draw(charge) else { continue };
            match charge.when_exhausted {
                // It refuses even if another charge withholds: else a success would tell that strangers used that one up.
                WhenExhausted::Refuse => {
                    return Ok(Windows { refused: Some(exhausted), ..Windows::default() });
                }
                WhenExhausted::Withhold => withheld = true,
                WhenExhausted::Record => {}
            }
            judged.exhausted.push(exhausted);
        }
        if withheld {
            ledger.windows = paid;
            let mut index = 0;
            judged.exhausted.retain(|exhausted| {
                index += 1;
                index <= told || exhausted.effect == Effect::Withheld
            });
        }
        judged.withheld.push(withheld);
    }
    judged.windows = ledger.windows;
    Ok(judged)
}

fn window(tenant: &TenantId, row: &Row) -> Result<Kept, StoreError> {
    let cells = Cells(row);
    let read = || {
        let drawn: i64 = cells.int("drawn")?;
        if drawn < 0 {
            return Err("fewer than no draws".into());
        }
        Ok(Kept {
            kind: cells.text("kind")?.to_owned(),
            quota: cells.text("quota")?.to_owned(),
            began_at: cells.int("began_at")?,
            ends_at: cells.int("ends_at")?,
            drawn,
        })
    };
    read().map_err(|bad: crate::cells::Bad| bad.at("identity_quotas", || tenant.to_string()))
}

/// The windows as they were read, and as they will be.
struct Ledger {
    kept: Vec<Kept>,
    windows: Vec<Window>,
}

impl Ledger {
    /// A window as it stands: its beginning, its end and its draws; and how it was read.
    fn open(&self, kind: BudgetKind, quota: &str) -> (Option<(i64, i64, i64)>, Option<(i64, i64)>) {
        let kept = self.kept.iter().find(|kept| kept.kind == kind.as_str() && kept.quota == quota);
        let before = kept.map(|kept| (kept.began_at, kept.drawn));
        let window = self.windows.iter().find(|window| window.kind == kind && window.quota == quota);
        let open = match window {
            Some(window) => Some((window.began_at, window.ends_at, window.drawn)),
            None => kept.map(|kept| (kept.began_at, kept.ends_at, kept.drawn)),
        };
        (open, before)
    }

    fn put(&mut self, window: Window) {
        let same = |known: &&mut Window| known.kind == window.kind && known.quota == window.quota;
        match self.windows.iter_mut().find(same) {
            Some(known) => *known = window,
            None => self.windows.push(window),
        }
    }

    fn give_back(&mut self, refund: &Refund) {
        let (open, before) = self.open(refund.kind, &refund.quota);
        let at = refund.at.as_micros();
        if let Some((began_at, ends_at, drawn)) = open.filter(|(began, ends, _)| *began <= at && at < *ends) {
            let amount = i64::try_from(refund.amount).unwrap_or(i64::MAX);
            let (kind, quota) = (refund.kind, refund.quota.clone());
            let drawn = drawn.saturating_sub(amount).max(0);
            self.put(Window { kind, quota, before, began_at, ends_at, drawn });
        }
    }

    /// One more draw, and whether there was too little left.
    fn draw(&mut self, charge: &Charge) -> Option<Exhausted> {
        let (open, before) = self.open(charge.kind, &charge.quota);
        let open = open.filter(|(began, ..)| charge.at < Timestamp::from_micros(*began) + charge.budget.window);
        let (began_at, drawn) = open.map_or((charge.at.as_micros(), 0), |(began, _, drawn)| (began, drawn));
        let ends_at = Timestamp::from_micros(began_at) + charge.budget.window;
        let known = u64::try_from(drawn).unwrap_or(0);
        let no_room = known.checked_add(charge.amount).is_none_or(|drawn| drawn > charge.budget.limit);
        let amount = i64::try_from(charge.amount).unwrap_or(i64::MAX);
        self.put(Window {
            kind: charge.kind,
            quota: charge.quota.clone(),
            before,
            began_at,
            ends_at: ends_at.as_micros(),
            drawn: drawn.saturating_add(amount),
        });
        no_room.then(|| Exhausted::of(charge, known, ends_at))
    }
}
