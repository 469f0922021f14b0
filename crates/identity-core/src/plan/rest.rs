//! What was given up rests: budgets of which a release draws, and which the next taker asks.

use std::time::Duration;

use crate::address::ClaimKey;
use crate::base::IdentifierId;
use crate::change::{Change, Recorded};
use crate::decide::Context;
use crate::plan::{Claim, ClaimChanges, Commit, Strength};
use crate::policy::{Budget, BudgetKind, Charge, ClaimPolicy, Exhausted, WhenExhausted};
use crate::user::User;

/// The charges of a commit for what its user gives up, and, when [`Context::heeds_rest`] says so, those that ask whether what
/// it takes rests.
pub(crate) fn rests(held: &[Claim], claims: &ClaimChanges, after: Option<&User>, context: &Context<'_>) -> Vec<Charge> {
    let mut charges = Vec::new();
    let mut add = |quota: String, amount, limit, window| {
        let (kind, budget) = (BudgetKind::Rest, Budget::new(limit, window));
        let (at, when_exhausted) = (context.now, WhenExhausted::Refuse);
        charges.push(Charge { kind, quota, amount, budget, at, when_exhausted });
    };
    // An address that is only no longer verified stays where it is.
    let stays = |key: &ClaimKey| after.is_some_and(|user| user.has(key));
    let released = held.iter().filter(|claim| claim.strength == Strength::Verified);
    for Claim { key, .. } in released.filter(|claim| claims.release.contains(&claim.key) && !stays(&claim.key)) {
        let Some(time) = context.policy.rest().of(key.kind()) else { continue };
        let quota = context.keys.pseudonym(context.tenant, &subject(key));
        // For a charge of no length every window has ended, so that the first one begins another, also within the rest of an
        // earlier release. The second one gives the window its length.
        add(quota.clone(), 1, u64::MAX, Duration::ZERO);
        add(quota, 1, u64::MAX, time);
    }
    let taken = claims.take.iter().filter(|claim| context.heeds_rest && claim.strength == Strength::Verified);
    for Claim { key, .. } in taken {
        let Some(time) = context.policy.rest().of(key.kind()) else { continue };
        context.keys.pseudonyms(context.tenant, &subject(key)).for_each(|quota| add(quota, 0, 0, time));
    }
    charges
}

/// Removes the charges for what one user of a commit takes from the other: the one who gives it up knows who has it.
pub(crate) fn unrested(commit: &mut Commit, context: &Context<'_>) {
    let Some(also) = &commit.also else { return };
    let (one, other) = (&commit.claims, &also.claims);
    let handed = [(one, other), (other, one)]
        .into_iter()
        .flat_map(|(gives, takes)| takes.take.iter().map(|claim| &claim.key).filter(|key| gives.release.contains(key)));
    let quotas: Vec<String> =
        handed.flat_map(|key| context.keys.pseudonyms(context.tenant, &subject(key)).collect::<Vec<_>>()).collect();
    let stays = |charge: &Charge| charge.kind != BudgetKind::Rest || !quotas.contains(&charge.quota);
    commit.charges.retain(stays);
    commit.also.iter_mut().for_each(|also| also.charges.retain(stays));
}

/// The key among those that a commit takes which this exhausted budget keeps back; `None` when it is another budget.
#[must_use]
pub fn resting<'a>(claims: &'a ClaimChanges, exhausted: &Exhausted, context: &Context<'_>) -> Option<&'a ClaimKey> {
    let mut keys = claims.take.iter().map(|claim| &claim.key).filter(|_| exhausted.kind == BudgetKind::Rest);
    keys.find(|key| context.keys.pseudonyms(context.tenant, &subject(key)).any(|quota| quota == exhausted.quota))
}

fn subject(key: &ClaimKey) -> String {
    format!("rest of {} {}", key.kind().as_str(), key.as_str())
}

/// Whether a user held an address verified, or had a username, by its whole history from the first event on. An event that takes an
/// address away does not name it, so that the events before it are needed.
#[must_use]
pub fn held_before(history: &[Recorded], key: &ClaimKey) -> bool {
    let mut ids: Vec<IdentifierId> = Vec::new();
    history.iter().any(|recorded| match &recorded.event.change {
        Change::Added { id, address, .. } => {
            ids.extend(Some(*id).filter(|_| address.claim_key() == *key));
            false
        }
        Change::Verified { id, .. } => ids.contains(id),
        Change::UsernameSet { username, .. } => username.claim_key() == *key,
        Change::Imported { record, canonical } => {
            let Some(user) = record.restore(canonical, recorded.event.at) else { return false };
            let same = user.identifiers().filter(|entry| entry.address.claim_key() == *key);
            ids.extend(same.map(|entry| entry.id));
            user.claims(ClaimPolicy::Verified).contains_key(key)
        }
        _ => false,
    })
}

impl User {
    /// Whether the user has this address, verified or not, or this username.
    fn has(&self, key: &ClaimKey) -> bool {
        self.claims(ClaimPolicy::All).contains_key(key)
    }
}
