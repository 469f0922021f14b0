use std::collections::BTreeMap;

use identity_core::{BudgetKind, Charge, Effect, Exhausted, Outgoing, Refund, Timestamp, WhenExhausted};
use identity_ports::CommitError;

use crate::map::Map;

/// One window of a budget, which begins with the first draw.
#[derive(Debug, Clone, Copy)]
struct Window {
    began: Timestamp,
    ends: Timestamp,
    drawn: u64,
}

/// The budgets of a tenant.
#[derive(Debug, Default)]
pub(crate) struct Quotas(BTreeMap<BudgetKind, Map<String, Window>>);

/// The draws of a commit, checked but not written yet.
pub(crate) struct Drawn {
    /// The windows after the draws, in the order of the draws; the last entry of a budget counts.
    windows: Vec<(BudgetKind, String, Window)>,
    /// Whether each message is withheld.
    pub(crate) withheld: Vec<bool>,
    /// The budgets that did not cover a charge and did not refuse the commit.
    pub(crate) exhausted: Vec<Exhausted>,
}

/// The largest amount that every store can hold.
const MOST: u64 = i64::MAX.unsigned_abs();

impl Quotas {
    /// Computes what these refunds give back and what the commit itself and its messages then draw, in their order.
    /// Nothing is written.
    pub(crate) fn judge(
        &self,
        refunds: &[Refund],
        charges: &[Charge],
        messages: &[Outgoing],
    ) -> Result<Drawn, CommitError> {
        let mut drawn =
            Drawn { windows: Vec::new(), withheld: Vec::with_capacity(messages.len()), exhausted: Vec::new() };
        for refund in refunds {
            let open = self.open(refund.kind, &refund.quota, &drawn.windows);
            if let Some(window) = open.filter(|window| window.began <= refund.at && refund.at < window.ends) {
                let window = Window { drawn: window.drawn.saturating_sub(refund.amount), ..window };
                drawn.windows.push((refund.kind, refund.quota.clone(), window));
            }
        }
        self.draw_all(charges, &mut drawn)?;
        for outgoing in messages {
            let (paid, told) = (drawn.windows.len(), drawn.exhausted.len());
            let withheld = self.draw_all(&outgoing.charges, &mut drawn)?;
            if withheld {
                drawn.windows.truncate(paid);
                let mut index = 0;
                drawn.exhausted.retain(|exhausted| {
                    index += 1;
                    index <= told || exhausted.effect == Effect::Withheld
                });
            }
            drawn.withheld.push(withheld);
        }
        Ok(drawn)
    }

    /// Draws these charges, and says whether one of them withholds.
    fn draw_all(&self, charges: &[Charge], drawn: &mut Drawn) -> Result<bool, CommitError> {
        let mut withheld = false;
        for charge in charges {
            let (window, has_room) = self.draw(charge, &drawn.windows);
            if !has_room {
                let before = Exhausted::of(charge, window.drawn, window.ends);
                match charge.when_exhausted {
                    // It refuses even if another charge withholds: else a success would tell that strangers used that
                    // one up.
                    WhenExhausted::Refuse => return Err(CommitError::Exhausted(before)),
                    WhenExhausted::Withhold => withheld = true,
                    WhenExhausted::Record => {}
                }
                drawn.exhausted.push(before);
            }
            let after = window.drawn.saturating_add(charge.amount).min(MOST);
            drawn.windows.push((charge.kind, charge.quota.clone(), Window { drawn: after, ..window }));
        }
        Ok(withheld)
    }

    pub(crate) fn write(&mut self, drawn: Drawn) {
        for (kind, quota, window) in drawn.windows {
            self.0.entry(kind).or_default().insert(quota, window);
        }
    }

    /// The window from which a charge draws, before the draw, and whether the charge fits.
    fn draw(&self, charge: &Charge, pending: &[(BudgetKind, String, Window)]) -> (Window, bool) {
        let open = self.open(charge.kind, &charge.quota, pending);
        let (began, drawn) = match open {
            Some(window) if charge.at < window.began + charge.budget.window => (window.began, window.drawn),
            Some(_) | None => (charge.at, 0),
        };
        let has_room = drawn.checked_add(charge.amount).is_some_and(|drawn| drawn <= charge.budget.limit);
        (Window { began, ends: began + charge.budget.window, drawn }, has_room)
    }

    fn open(&self, kind: BudgetKind, quota: &str, pending: &[(BudgetKind, String, Window)]) -> Option<Window> {
        let pending = pending.iter().rev().find(|(other, name, _)| *other == kind && name == quota);
        let kept = || self.0.get(&kind).and_then(|quotas| quotas.get(quota)).copied();
        pending.map(|(_, _, window)| *window).or_else(kept)
    }

    /// The kind, name, beginning and drawn amount of every window.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (BudgetKind, &str, Timestamp, u64)> {
        self.0.iter().flat_map(|(kind, quotas)| {
            quotas.iter().map(|(quota, window)| (*kind, quota.as_str(), window.began, window.drawn))
        })
    }
}
