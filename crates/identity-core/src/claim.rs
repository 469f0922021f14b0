use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::{ClaimKey, Email, Phone};
use crate::policy::ClaimPolicy;
use crate::{Refusal, TakenWhat, User};

/// How firmly a claim is held: a verified holder takes it from an unverified one, nobody takes it from a verified one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// By somebody who has not shown anything.
    Unverified,
    /// By somebody who has.
    Verified,
}

/// That an address or username belongs to one user of a tenant alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Claim {
    /// What belongs to them.
    pub key: ClaimKey,
    /// How firmly.
    pub strength: Strength,
}

/// What a commit does to the claims of its user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimChanges {
    /// These become the user's; one that the user holds already takes on the strength given here.
    pub take: Vec<Claim>,
    /// These are given up, as far as the user holds them.
    pub release: Vec<ClaimKey>,
}

impl ClaimChanges {
    /// What has to change when the user holds `held` and `before` becomes `after`.
    ///
    /// Only what this change brings is taken: a policy that is stricter now than yesterday does not make users collide who
    /// were fine until then. What is not the user's any more is released whatever brought it.
    #[must_use]
    pub fn between(held: &[Claim], before: Option<&User>, after: Option<&User>, policy: ClaimPolicy) -> Self {
        let has = after.map(|user| user.claim_list(policy)).unwrap_or_default();
        let lost = |claim: &&Claim| !has.iter().any(|kept| kept.key == claim.key);
        let release = held.iter().filter(lost).map(|claim| claim.key.clone()).collect();
        let mut take: Vec<Claim> = has.iter().filter(|claim| !held.contains(claim)).cloned().collect();
        if !take.is_empty() {
            let had = before.map(|user| user.claim_list(policy)).unwrap_or_default();
            take.retain(|claim| !had.contains(claim));
        }
        Self { take, release }
    }
}

impl User {
    /// What belongs to this user alone under a policy.
    ///
    /// A username that reads as an address claims that address too: otherwise one login name would mean two people.
    #[must_use]
    pub fn claims(&self, policy: ClaimPolicy) -> BTreeMap<ClaimKey, Strength> {
        self.claim_list(policy).into_iter().map(|claim| (claim.key, claim.strength)).collect()
    }

    /// The same, in the order of the keys.
    fn claim_list(&self, policy: ClaimPolicy) -> Vec<Claim> {
        let mut claims = Vec::new();
        for identifier in self.identifiers() {
            let strength = match policy {
                ClaimPolicy::Verified | ClaimPolicy::All if identifier.is_verified() => Strength::Verified,
                ClaimPolicy::All => Strength::Unverified,
                ClaimPolicy::Verified | ClaimPolicy::None => continue,
            };
            claims.push(Claim { key: identifier.address.claim_key(), strength });
        }
        if let Some(entry) = &self.username {
            let address = entry.username.looks_like_address().then(|| {
                let text = entry.username.as_str();
                let email = Email::parse(text).ok().map(|email| email.claim_key());
                email.or_else(|| Phone::parse(text).ok().map(|phone| phone.claim_key()))
            });
            let keys = address.flatten().into_iter().chain([entry.username.claim_key()]);
            claims.extend(keys.map(|key| Claim { key, strength: Strength::Verified }));
        }
        claims.sort_by(|a, b| a.key.cmp(&b.key).then(b.strength.cmp(&a.strength)));
        claims.dedup_by(|next, kept| next.key == kept.key);
        claims
    }
}

impl From<&Claim> for Refusal {
    fn from(claim: &Claim) -> Self {
        use crate::address::ClaimKind;
        Self::Taken(match claim.key.kind() {
            ClaimKind::Email => TakenWhat::Email,
            ClaimKind::Phone => TakenWhat::Phone,
            ClaimKind::Username => TakenWhat::Username,
        })
    }
}
