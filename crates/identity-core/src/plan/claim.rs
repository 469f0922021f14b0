use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::{Address, ClaimKey, ClaimKind, Email, MailboxKey, Phone};
use crate::base::named_enum;
use crate::policy::{ClaimPolicy, Policy};
use crate::user::{Refusal, User};

named_enum! {
    /// The strength of a claim. A verified claim takes the key from a user with an unverified one; nothing takes it from a
    /// user with a verified one.
    #[derive(PartialOrd, Ord)]
    pub enum Strength {
        /// The user has not shown that the address is theirs.
        Unverified = "unverified",
        /// The address is verified, or the claim is on a username.
        Verified = "verified",
    }
}

/// The exclusive right of one user of a tenant to an address or a username.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Claim {
    /// The address or username that is claimed.
    pub key: ClaimKey,
    /// The strength of the claim.
    pub strength: Strength,
}

/// The changes that a commit makes to the claims of its user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimChanges {
    /// The claims that the user takes. A claim that the user already holds changes to the strength given here.
    pub take: Vec<Claim>,
    /// The keys that the user releases. A key that the user does not hold is ignored.
    pub release: Vec<ClaimKey>,
}

impl ClaimChanges {
    /// The changes that are needed when the user holds `held` and `before` becomes `after`; `None` stands for a user
    /// that does not exist.
    ///
    /// Only claims that this change brings are taken, so that a stricter policy causes no conflicts for users as they
    /// are. Claims that the user no longer needs are released, whatever brought them about. A claim of a rule other than the
    /// present one is kept until [`needed`](Self::needed) or an erasure: this program cannot tell what it stands for.
    #[must_use]
    pub fn between(held: &[Claim], before: Option<&User>, after: Option<&User>, policy: &Policy) -> Self {
        let has = after.map(|user| user.with_slots(held, policy)).unwrap_or_default();
        let lost = |claim: &&Claim| !has.iter().any(|kept| kept.key == claim.key);
        let told = |claim: &&Claim| after.is_none() || claim.key.rule() == claim.key.kind().rule();
        let release = held.iter().filter(lost).filter(told).map(|claim| claim.key.clone()).collect();
        let mut take: Vec<Claim> = has.iter().filter(|claim| !held.contains(claim)).cloned().collect();
        if !take.is_empty() {
            let had = before.map(|user| user.with_slots(held, policy)).unwrap_or_default();
            take.retain(|claim| !had.contains(claim));
        }
        Self { take, release }
    }

    /// The changes that bring the claims of a user who holds `held` in line with a policy and with the present rules of claim
    /// keys. A claim of a later rule is kept, because it belongs to a newer program.
    #[must_use]
    pub fn needed(held: &[Claim], user: &User, policy: &Policy) -> Self {
        let has = user.with_slots(held, policy);
        let lost = |claim: &&Claim| {
            claim.key.rule() <= claim.key.kind().rule() && !has.iter().any(|kept| kept.key == claim.key)
        };
        let release = held.iter().filter(lost).map(|claim| claim.key.clone()).collect();
        Self { take: has.iter().filter(|claim| !held.contains(claim)).cloned().collect(), release }
    }

    /// Takes the next slot of its mailbox instead of one that another user holds, when a limit of this many users has one.
    /// Otherwise the changes stay as they are, and the answer is the first slot: whoever tries all slots of a mailbox in their
    /// order and finds each of them taken has met as many users as the limit allows.
    ///
    /// # Errors
    /// The first slot of the mailbox; a key that is none of a slot as it is.
    pub fn pass_over(&mut self, taken: &ClaimKey, users: u8) -> Result<(), ClaimKey> {
        let Some((_, number)) = taken.slot() else { return Err(taken.clone()) };
        let slot = |number| taken.with_slot(number).unwrap_or_else(|| taken.clone());
        if number >= users {
            return Err(slot(1));
        }
        self.take.iter_mut().filter(|claim| claim.key == *taken).for_each(|claim| claim.key = slot(number + 1));
        Ok(())
    }

    /// The claims of a user who held these before, in the order of their keys.
    #[must_use]
    pub fn applied_to(self, mut held: Vec<Claim>) -> Vec<Claim> {
        let Self { take, release } = self;
        held.retain(|claim| !release.contains(&claim.key) && take.iter().all(|taken| taken.key != claim.key));
        held.extend(take);
        held.sort_unstable();
        held
    }

    /// Whether a slot of a mailbox is among the claims that are taken.
    #[must_use]
    pub fn takes_slot(&self) -> bool {
        self.take.iter().any(|claim| claim.key.kind() == ClaimKind::Mailbox)
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.take.is_empty() && self.release.is_empty()
    }
}

impl User {
    /// The claims on addresses and usernames that this user needs under a policy. The slots of mailboxes are not among them.
    ///
    /// A username in the form of an address claims that address too. Otherwise one login name could refer to two
    /// people.
    #[must_use]
    pub fn claims(&self, policy: ClaimPolicy) -> BTreeMap<ClaimKey, Strength> {
        self.claim_list(policy).into_iter().map(|claim| (claim.key, claim.strength)).collect()
    }

    /// Whether a claim is on a slot of a mailbox of which the user has a verified address.
    #[must_use]
    pub fn has_mailbox(&self, slot: &ClaimKey) -> bool {
        self.mailboxes().any(|mailbox| mailbox.has_slot(slot))
    }

    fn mailboxes(&self) -> impl Iterator<Item = MailboxKey> {
        self.emails().entries().iter().filter(|entry| entry.is_verified()).filter_map(|entry| match &entry.address {
            Address::Email(email) => Some(email.mailbox_key()),
            Address::Phone(_) => None,
        })
    }

    /// The same claims, and a slot of each mailbox of which the user has a verified address if the policy limits their users:
    /// the one that is held, or the first. In the order of their keys.
    fn with_slots(&self, held: &[Claim], policy: &Policy) -> Vec<Claim> {
        let mut claims = self.claim_list(policy.claim());
        let Some(limit) = policy.mailbox_limit() else { return claims };
        for mailbox in self.mailboxes() {
            let is_valid = |key: &ClaimKey| key.slot().is_some_and(|(_, number)| (1..=limit.users()).contains(&number));
            let own = held.iter().map(|claim| &claim.key).find(|key| mailbox.has_slot(key) && is_valid(key));
            let key = own.cloned().unwrap_or_else(|| mailbox.slot(1));
            if !claims.iter().any(|claim| claim.key == key) {
                claims.push(Claim { key, strength: Strength::Verified });
            }
        }
        claims.sort_by(|a, b| a.key.cmp(&b.key));
        claims
    }

    /// The same claims, in the order of their keys.
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
        if let Some(entry) = &self.parts.username {
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
        Self::Taken(claim.key.kind())
    }
}
