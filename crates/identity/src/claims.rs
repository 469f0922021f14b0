//! The pass that brings claims in line with a policy that changed.

use std::pin::pin;

use identity_core::policy::Mode;
use identity_core::{Claim, ClaimKey, Funding, Planned, Seed, UserId, UserKey, plan};
use identity_ports::{CommitError, Cursor, ListOrder, ListQuery, StoreError};

use crate::{Admin, Error};

/// The outcome of one page of [`Admin::update_claims`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ClaimsPass {
    /// The number of users whose claims were changed.
    pub changed: u64,
    /// The claims that users need and other users hold, also those of a [`MailboxLimit`](crate::policy::MailboxLimit) that only
    /// records.
    pub conflicts: Vec<ClaimConflict>,
    /// The position of the next page; `None` after the last one.
    pub next: Option<Cursor>,
}

/// A claim that a user needs under the policy, and that another user holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimConflict {
    /// The user who does not get the claim.
    pub user: UserId,
    /// The address or username, which [`Admin::find`] leads to its users; for a mailbox that has more users than the policy
    /// allows, its first slot ([`ClaimKey::slot`]).
    pub key: ClaimKey,
}

impl Admin {
    /// Brings the claims of a page of users in line with the tenant's [`ClaimPolicy`](crate::policy::ClaimPolicy) and
    /// [`MailboxLimit`](crate::policy::MailboxLimit), and with the present rules of claim keys: at most 1,000 users per page, in
    /// the order of their creation. Run it over all pages after a policy or a rule changed, when every process uses the new one.
    ///
    /// A user whose claims are right is not changed, so the pass can be stopped at any time, continued from `next` of the last
    /// page, and repeated. A claim that another user holds stays with that user and is reported; of several users with one
    /// verified address, the one who was created first gets the claim. No message is sent.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails, [`Error::Contended`] when a user is changed by others all the time. The users
    /// before are done, and the page can be repeated.
    pub async fn update_claims(&self, after: Option<Cursor>, limit: usize) -> Result<ClaimsPass, Error> {
        let pass = pin!(async {
            self.actor.check()?;
            let page = self.list(&ListQuery { order: ListOrder::Created, after, limit, prefix: None }).await?;
            let mut pass = ClaimsPass { next: page.next, ..ClaimsPass::default() };
            for stored in page.users {
                let key = self.identity.key(stored.user.id());
                let conflicts = self.update_claims_of(&key, &mut pass.changed).await?;
                let conflict = |claim: Claim| ClaimConflict { user: key.user.clone(), key: claim.key };
                pass.conflicts.extend(conflicts.into_iter().map(conflict));
            }
            Ok(pass)
        });
        let done =
            |pass: &ClaimsPass| tracing::debug!(changed = pass.changed, conflicts = pass.conflicts.len(), "done");
        self.identity.told("admin.update_claims", pass, done).await
    }

    /// The claims that other users hold.
    async fn update_claims_of(&self, key: &UserKey, changed: &mut u64) -> Result<Vec<Claim>, Error> {
        let parts = &self.identity.parts;
        let mut conflicts: Vec<Claim> = Vec::new();
        let mut round = 0;
        loop {
            // Who was erased meanwhile holds nothing.
            let Some(stored) = parts.store.load(key).await? else { return Ok(conflicts) };
            let (now, policy) = (parts.clock.now_after(stored.user.updated_at()), self.identity.policy());
            let seed: Seed = parts.entropy.seed()?;
            let context = self.identity.context(now, &seed, &policy, &self.actor, Funding::Shared);
            let decision = stored.user.update_claims(&context)?;
            let Planned { commit: Some(mut commit), .. } = plan(key, Some(&stored), decision, &context)? else {
                return Ok(conflicts);
            };
            commit.claims.take.retain(|claim| !conflicts.iter().any(|conflict| conflict.key == claim.key));
            if commit.claims.is_empty() {
                return Ok(conflicts);
            }
            match self.identity.write_slots(commit, &policy, Mode::Refuse).await {
                Ok(_) => {
                    *changed += 1;
                    return Ok(conflicts);
                }
                Err(CommitError::Taken(claim)) => conflicts.push(claim),
                Err(CommitError::Conflict) if round < crate::run::ROUNDS => {
                    self.identity.back_off(round).await?;
                    round += 1;
                }
                Err(CommitError::Conflict) => return Err(Error::Contended),
                Err(CommitError::Store(error)) => return Err(error.into()),
                Err(other) => return Err(StoreError::failed(other).into()),
            }
        }
    }
}
