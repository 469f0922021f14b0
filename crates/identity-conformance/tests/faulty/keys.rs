//! Faults of texts, and of the windows of budgets.

use std::time::Duration;

use identity_core::policy::Budget;
use identity_core::{
    Charge, ClaimKey, Commit, Email, Exhausted, Expected, Outgoing, Refund, TenantId, Timestamp, UserId, UserKey,
    WhenExhausted,
};
use identity_ports::{Budgets, CommitError, Committed};

use super::commits::edit;
use super::{Fault, FaultyStore};

/// The window of a budget as its first draw began it.
#[derive(Clone, Copy)]
pub(super) struct First {
    began: Timestamp,
    lasts: Duration,
}

impl First {
    fn holds(self, at: Timestamp) -> bool {
        self.began <= at && at < self.began + self.lasts
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// What NFKC makes of some letters.
fn folded(key: &ClaimKey) -> ClaimKey {
    let text = key.as_str().replace('\u{fb01}', "fi").replace('\u{2460}', "1").replace('\u{ff41}', "a");
    ClaimKey::new(key.kind(), key.rule(), text)
}

fn all_charges(commit: &mut Commit) -> impl Iterator<Item = &mut Charge> {
    commit.charges.iter_mut().chain(commit.messages.iter_mut().flat_map(|outgoing| &mut outgoing.charges))
}

impl FaultyStore {
    pub(super) async fn faulty_draw(
        &self,
        tenant: &TenantId,
        refunds: &[Refund],
        charges: &[Charge],
    ) -> Result<(), CommitError> {
        match self.fault {
            Fault::RefusedDraws => {
                for charge in charges {
                    self.inner.draw(tenant, refunds, std::slice::from_ref(charge)).await?;
                }
                return Ok(());
            }
            Fault::RefusedRefunds => {
                self.inner.draw(tenant, refunds, &[]).await?;
                return self.inner.draw(tenant, &[], charges).await;
            }
            // What is drawn is given back, and drawn again when others have found room as well.
            Fault::DrawsRace => {
                self.inner.draw(tenant, refunds, charges).await?;
                let back = |charge: &Charge| Refund {
                    kind: charge.kind,
                    quota: charge.quota.clone(),
                    amount: charge.amount,
                    at: charge.at,
                };
                let back: Vec<Refund> = charges.iter().map(back).collect();
                self.inner.draw(tenant, &back, &[]).await?;
                return Ok(());
            }
            _ => {}
        }
        self.inner.draw(&self.tenant(tenant), refunds, charges).await
    }

    pub(super) fn tenant(&self, tenant: &TenantId) -> TenantId {
        let text = match self.fault {
            Fault::TenantsFold => tenant.as_str().to_lowercase(),
            Fault::TenantsAreCut => cut(tenant.as_str(), 64),
            _ => return tenant.clone(),
        };
        TenantId::parse(&text).unwrap()
    }

    pub(super) fn key(&self, key: &UserKey) -> UserKey {
        let user = match self.fault {
            Fault::UsersAreCut => UserId::parse(&cut(key.user.as_str(), 64)).unwrap(),
            _ => key.user.clone(),
        };
        UserKey { tenant: self.tenant(&key.tenant), user }
    }

    /// Changes the texts of a commit before it is written.
    pub(super) fn spoil_texts(&self, commit: &mut Commit) {
        let user = commit.key.user.clone();
        match self.fault {
            Fault::UsersAreCut => {
                edit(commit, |person| person.parts.id = user);
                let key = commit.key.clone();
                commit.messages.iter_mut().for_each(|outgoing| outgoing.message.key = key.clone());
            }
            Fault::SpellingsDiffer => {
                for message in commit.messages.iter_mut().map(|outgoing| &mut outgoing.message) {
                    if message.to.typed() != message.to.as_str() {
                        message.to = Email::parse(&format!("typed.{}", message.to.typed())).unwrap().into();
                    }
                }
            }
            Fault::NulsAreDropped => commit.claims.take.retain(|claim| !claim.key.as_str().contains('\0')),
            Fault::BudgetsAreCut => all_charges(commit).for_each(|charge| charge.quota = cut(&charge.quota, 16)),
            Fault::BudgetsFold => all_charges(commit).for_each(|charge| charge.quota = charge.quota.to_lowercase()),
            Fault::ClaimsFold => {
                commit.claims.take.iter_mut().for_each(|claim| claim.key = folded(&claim.key));
                commit.claims.release.iter_mut().for_each(|key| *key = folded(key));
            }
            _ => {}
        }
    }

    /// Refuses a draw from a budget whose key another one has, when keys are joined without a separator.
    pub(super) fn mistaken(&self, commit: &Commit) -> Option<CommitError> {
        let mut charges = commit.messages.iter().flat_map(|outgoing| &outgoing.charges);
        let charge = charges.next().filter(|_| self.fault == Fault::BudgetsAreJoined)?;
        let tenant = commit.key.tenant.as_str();
        let joined = format!("{tenant}{}{}", charge.kind.as_str(), charge.quota);
        let mut notes = self.notes.lock().unwrap();
        let first = notes.joined.entry(joined).or_insert_with(|| tenant.to_owned()).clone();
        (first != tenant).then(|| CommitError::Exhausted(Exhausted::of(charge, 1, charge.at)))
    }

    /// Changes the windows of a commit before it is written.
    pub(super) fn spoil_windows(&self, commit: &mut Commit) {
        let mut notes = self.notes.lock().unwrap();
        if self.fault == Fault::FirstEndsRefunds {
            commit.refunds.retain(|refund| {
                notes.windows.get(&(refund.kind, refund.quota.clone())).is_none_or(|first| first.holds(refund.at))
            });
        }
        for charge in all_charges(commit) {
            let name = (charge.kind, charge.quota.clone());
            let now = First { began: charge.at, lasts: charge.budget.window };
            match self.fault {
                Fault::ClocksMoveWindows => {
                    let (latest, back) = notes.steps.entry(name).or_insert((charge.at, 0));
                    *back += u64::from(charge.at < *latest);
                    *latest = charge.at;
                    // Another name is another window.
                    charge.quota = format!("{} {back}", charge.quota);
                }
                Fault::FirstLengthCounts | Fault::FirstEndsRefunds => {
                    let first = notes.windows.entry(name).or_insert(now);
                    if !first.holds(charge.at) {
                        *first = now;
                    }
                    if self.fault == Fault::FirstLengthCounts {
                        charge.budget.window = first.lasts;
                    }
                }
                _ => {}
            }
        }
    }

    /// Begins the windows of the messages of a commit, as a withheld draw must not, or those of charges of 0.
    pub(super) async fn begin_windows(&self, commit: &Commit, committed: &Committed) {
        let withheld = committed.exhausted.iter().any(|told| told.effect == WhenExhausted::Withhold);
        let paid = || commit.messages.iter().flat_map(|outgoing: &Outgoing| outgoing.charges.clone());
        let charges: Vec<Charge> = match self.fault {
            Fault::WithheldBegins if withheld && matches!(commit.expected, Expected::Absent) => paid().collect(),
            Fault::NothingBegins => commit.charges.iter().filter(|charge| charge.amount == 0).cloned().collect(),
            Fault::NothingMovesEnds => {
                let asks = commit.charges.iter().filter(|charge| charge.amount == 0 && charge.budget.limit > 0);
                asks.cloned().collect()
            }
            _ => return,
        };
        for charge in charges {
            let budget = Budget { limit: u64::MAX, ..charge.budget };
            let Charge { kind, quota, at, .. } = charge.clone();
            let drawn = [Charge { amount: 1, budget, when_exhausted: WhenExhausted::Refuse, ..charge }];
            self.inner.draw(&commit.key.tenant, &[], &drawn).await.unwrap();
            self.inner.draw(&commit.key.tenant, &[Refund { kind, quota, amount: 1, at }], &[]).await.unwrap();
        }
    }
}
