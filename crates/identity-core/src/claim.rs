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
        let had = before.map(|user| user.claims(policy)).unwrap_or_default();
        let has = after.map(|user| user.claims(policy)).unwrap_or_default();
        let held_as = |key: &ClaimKey| held.iter().find(|claim| claim.key == *key).map(|claim| claim.strength);
        let take = has
            .iter()
            .filter(|(key, strength)| had.get(*key) != Some(strength) && held_as(key) != Some(**strength))
            .map(|(key, strength)| Claim { key: key.clone(), strength: *strength })
            .collect();
        let release =
            held.iter().filter(|claim| !has.contains_key(&claim.key)).map(|claim| claim.key.clone()).collect();
        Self { take, release }
    }
}

impl User {
    /// What belongs to this user alone under a policy.
    ///
    /// A username that reads as an address claims that address too: otherwise one login name would mean two people.
    #[must_use]
    pub fn claims(&self, policy: ClaimPolicy) -> BTreeMap<ClaimKey, Strength> {
        let mut claims = BTreeMap::new();
        for identifier in self.identifiers() {
            let strength = match policy {
                ClaimPolicy::Verified if identifier.is_verified() => Strength::Verified,
                ClaimPolicy::All if identifier.is_verified() => Strength::Verified,
                ClaimPolicy::All => Strength::Unverified,
                ClaimPolicy::Verified | ClaimPolicy::None => continue,
            };
            claims.insert(identifier.address.claim_key(), strength);
        }
        if let Some(entry) = &self.username {
            claims.insert(entry.username.claim_key(), Strength::Verified);
            if entry.username.looks_like_address() {
                let text = entry.username.as_str();
                let email = Email::parse(text).ok().map(|email| email.claim_key());
                let phone = Phone::parse(text).ok().map(|phone| phone.claim_key());
                claims.extend(email.or(phone).map(|key| (key, Strength::Verified)));
            }
        }
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
