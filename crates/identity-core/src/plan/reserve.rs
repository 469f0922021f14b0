//! The reserve of an address: what strangers cannot use up of the budgets that they share with its owner.

use crate::address::Address;
use crate::base::{IdentifierId, UserId};
use crate::change::{Change, Recorded};
use crate::decide::{Context, Funding, Standing};
use crate::plan::pseudonym;
use crate::policy::{Budget, BudgetKind, Charge, WhenExhausted};
use crate::user::User;

impl User {
    /// The standing of this user for one of its addresses, judged by its addresses and by events of its history; `None` for
    /// a stranger.
    #[must_use]
    pub fn standing(&self, id: IdentifierId, history: &[Recorded]) -> Option<Standing> {
        let proved = |recorded: &Recorded| match &recorded.event.change {
            Change::Verified { id: verified, .. } => *verified == id,
            Change::Imported { record, canonical } => {
                let imported = record.restore(canonical, recorded.event.at);
                imported.is_some_and(|user| user.identifier(id).is_some_and(crate::user::Identifier::is_verified))
            }
            _ => false,
        };
        if history.iter().any(proved) {
            return Some(Standing::HeldVerified);
        }
        let another = self.identifiers().any(|entry| entry.id != id && entry.is_verified());
        another.then_some(Standing::ProvesAnother)
    }
}

/// The address that these events ask a code for or judge an answer of; `None` when they do neither.
#[must_use]
pub fn asks_for(events: &[Recorded]) -> Option<IdentifierId> {
    events.iter().find_map(|recorded| match &recorded.event.change {
        Change::VerificationStarted { id, .. }
        | Change::CodeResent { id }
        | Change::AnswerRejected { id }
        | Change::ContestOpened { id, evidence: Some(_), .. }
        | Change::Verified { id, .. } => Some(*id),
        _ => None,
    })
}

/// What the reserve pays for.
#[derive(Clone, Copy)]
pub(crate) enum Reserved {
    Code,
    Guess,
}

/// Makes the reserve pay, when [`Context::funding`] says so: budgets that the user shares with strangers are drawn beyond
/// their limits, and the reserve limits instead. A user draws once per window and address.
pub(crate) fn fund(charges: &mut Vec<Charge>, what: Reserved, user: &UserId, address: &Address, context: &Context<'_>) {
    let (Funding::Reserve(standing), Some(whole)) = (context.funding, context.policy.send().reserve()) else { return };
    for charge in charges.iter_mut().filter(|charge| charge.kind.is_shared() || charge.kind == BudgetKind::Guesses) {
        charge.when_exhausted = WhenExhausted::Record;
    }
    // Every code of the reserve may be answered as often as any other.
    let (name, each) = match what {
        Reserved::Code => ("codes", 1),
        Reserved::Guess => ("guesses", u64::from(context.policy.verification().tries())),
    };
    let charge = |subject: &str, limit| Charge {
        kind: BudgetKind::Reserve,
        quota: pseudonym(address, subject, context),
        amount: 1,
        budget: Budget::new(limit, whole.window),
        at: context.now,
        when_exhausted: WhenExhausted::Refuse,
    };
    charges.push(charge(&format!("reserve of {name} for {user} at "), each));
    if standing == Standing::ProvesAnother {
        charges.push(charge(&format!("reserve of {name} at "), whole.limit.saturating_mul(each)));
    }
}
