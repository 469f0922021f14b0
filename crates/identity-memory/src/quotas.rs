use std::collections::BTreeMap;

use identity_core::{BudgetKind, Charge, Outgoing, Timestamp, WhenExhausted};
use identity_ports::CommitError;

use crate::map::Map;

/// One window of a budget: it began with its first draw.
#[derive(Debug, Clone, Copy)]
struct Window {
    began: Timestamp,
    drawn: u32,
}

/// The budgets of a tenant.
#[derive(Debug, Default)]
pub(crate) struct Quotas(BTreeMap<BudgetKind, Map<String, Window>>);

/// What a commit draws: judged, and not written yet.
pub(crate) struct Drawn {
    /// The windows as they will be, in the order of the draws: the last one of a budget counts.
    windows: Vec<(BudgetKind, String, Window)>,
    /// For each message whether it is withheld.
    pub(crate) withheld: Vec<bool>,
}

impl Quotas {
    /// What these messages draw, in their order. Nothing is written.
    pub(crate) fn judge(&self, messages: &[Outgoing]) -> Result<Drawn, CommitError> {
        let mut drawn = Drawn { windows: Vec::new(), withheld: Vec::with_capacity(messages.len()) };
        for outgoing in messages {
            let paid = drawn.windows.len();
            let mut withheld = false;
            for charge in &outgoing.charges {
                match self.draw(charge, &drawn.windows) {
                    Ok(window) => drawn.windows.push((charge.kind, charge.quota.clone(), window)),
                    Err(retry_at) => match charge.when_exhausted {
                        // It refuses even if another charge withholds: else a success would tell that strangers used
                        // that one up.
                        WhenExhausted::Refuse => return Err(CommitError::Exhausted { kind: charge.kind, retry_at }),
                        WhenExhausted::Withhold => withheld = true,
                    },
                }
            }
            if withheld {
                drawn.windows.truncate(paid);
            }
            drawn.withheld.push(withheld);
        }
        Ok(drawn)
    }

    pub(crate) fn write(&mut self, drawn: Drawn) {
        for (kind, quota, window) in drawn.windows {
            self.0.entry(kind).or_default().insert(quota, window);
        }
    }

    /// The window after one more draw, or when there is room again.
    fn draw(&self, charge: &Charge, pending: &[(BudgetKind, String, Window)]) -> Result<Window, Timestamp> {
        let pending = pending.iter().rev().find(|(kind, quota, _)| *kind == charge.kind && *quota == charge.quota);
        let kept = || self.0.get(&charge.kind).and_then(|quotas| quotas.get(&charge.quota)).copied();
        let open = pending.map(|(_, _, window)| *window).or_else(kept);
        let window = match open {
            Some(window) if charge.at < window.began + charge.budget.window => window,
            Some(_) | None => Window { began: charge.at, drawn: 0 },
        };
        if window.drawn < charge.budget.limit {
            Ok(Window { drawn: window.drawn + 1, ..window })
        } else {
            Err(window.began + charge.budget.window)
        }
    }

    /// The name, the beginning and the draws of every window.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (BudgetKind, &str, Timestamp, u32)> {
        self.0.iter().flat_map(|(kind, quotas)| {
            quotas.iter().map(|(quota, window)| (*kind, quota.as_str(), window.began, window.drawn))
        })
    }
}
