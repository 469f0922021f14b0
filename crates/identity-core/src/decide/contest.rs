//! Contested ownership: somebody proves an address that is verified with another user. Each of the two users keeps its own half of
//! the contest, and whatever opens or ends it changes both in one commit.

use crate::address::{Address, ClaimKey};
use crate::base::{ContestId, IdentifierId, UserId};
use crate::change::{Actor, Change, Event};
use crate::decide::{Context, Decision};
use crate::user::{Contest, ContestAnswer, ContestOutcome, Identifier, Refusal, User, Verified};

/// The present owner of an address that a decision would verify. The commit of the same decision without it met the owner's
/// claim.
#[derive(Debug, Clone, Copy)]
pub struct Rival<'a> {
    /// The owner.
    pub owner: &'a UserId,
    /// The claim of the owner.
    pub key: &'a ClaimKey,
}

/// The end of a contest, of which the other user has to hear in the same commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContestEnd {
    /// The contest.
    pub contest: ContestId,
    /// The other user.
    pub with: UserId,
    /// How it ended.
    pub outcome: ContestOutcome,
}

impl User {
    /// Answers the open contest over an address of this user: the owner in person, or an administrator for either user. The
    /// address changes hands or stays; [`ends_contest`](Self::ends_contest) names the user whose half ends with this one.
    ///
    /// # Errors
    /// * [`Refusal::NoContest`] when no contest with this id is open.
    /// * [`Refusal::AdministratorOnly`] when the holder asks who contests the address.
    /// * [`Refusal::Disabled`] when the holder of a disabled user asks.
    pub fn answer_contest(
        &self,
        contest: ContestId,
        answer: ContestAnswer,
        context: &Context<'_>,
    ) -> Result<Decision<ContestOutcome>, Refusal> {
        self.open(context)?;
        let (entry, open) = self.contest().filter(|(_, open)| open.id == contest).ok_or(Refusal::NoContest)?;
        if !open.is_of_owner() {
            context.administrator()?;
        }
        let outcome = match answer {
            ContestAnswer::Agree => ContestOutcome::Transferred,
            ContestAnswer::Object => ContestOutcome::Kept,
        };
        Ok(Decision::of(context, self.closing(entry, open, outcome, context), outcome))
    }

    /// The changes that transfer a contested address whose owner was silent until the deadline; none when it is not due.
    pub(super) fn lapse_contest(&self, context: &Context<'_>) -> Vec<Change> {
        let context = &Context { actor: &Actor::contest(), ..*context };
        let is_over = |open: &Contest| open.is_of_owner() && open.until.is_some_and(|until| until <= context.now);
        let due = |(_, open): &(&Identifier, &Contest)| is_over(open);
        match self.contest().filter(due) {
            Some((entry, open)) => self.closing(entry, open, ContestOutcome::Transferred, context),
            None => Vec::new(),
        }
    }

    /// The end that these events of a decision about this user bring to its open contest. When the decision does not say so
    /// itself, the event is added: an owner who gives the address up leaves it to the other user, and a user who gives up an
    /// unverified one withdraws. The other user's half has to end with [`follow_contest`](Self::follow_contest) in the same
    /// commit.
    pub fn ends_contest(&self, events: &mut Vec<Event>, context: &Context<'_>) -> Option<ContestEnd> {
        let (Identifier { id, .. }, open) = self.contest()?;
        let with = open.with.clone()?;
        let said = events.iter().find_map(|event| match &event.change {
            Change::ContestEnded { contest, outcome, .. } if *contest == open.id => Some(*outcome),
            _ => None,
        });
        let outcome = match said {
            Some(outcome) => outcome,
            None => {
                let after = self.after(events);
                let entry = after.as_ref().and_then(|user| user.identifier(*id));
                if entry.is_some_and(|entry| entry.is_verified() == open.is_of_owner()) {
                    return None;
                }
                let is_owner = open.is_of_owner();
                let outcome = if is_owner { ContestOutcome::Transferred } else { ContestOutcome::Withdrawn };
                // Nothing follows the erasure of a user.
                if after.is_some() {
                    events.push(context.event(Change::ContestEnded { id: *id, contest: open.id, outcome }));
                }
                outcome
            }
        };
        Some(ContestEnd { contest: open.id, with, outcome })
    }

    /// Ends this user's half of a contest together with the other one.
    pub fn follow_contest(&self, end: &ContestEnd, context: &Context<'_>) -> Decision<()> {
        let changes = match self.contest().filter(|(_, open)| open.id == end.contest) {
            Some((entry, open)) => self.closing(entry, open, end.outcome, context),
            None => Vec::new(),
        };
        Decision::of(context, changes, ())
    }

    /// What the owner of an address has to write with the events of a user who proved it under a [`Context::rival`]: its half of
    /// the contest or, when the policy transfers addresses at once, the loss of the address. `None` when there is nothing to
    /// contest: the events do not prove the address, this user does not have it verified, or one of the two has a contest that is
    /// open. A user has one at a time, so that no change concerns three users.
    #[must_use]
    pub fn contested_by(&self, other: &Self, events: &[Event], context: &Context<'_>) -> Option<Decision<()>> {
        let Rival { owner, key } = context.rival?;
        if owner != self.id() || self.contest().or_else(|| other.contest()).is_some() {
            return None;
        }
        let own = self.identifiers().find(|entry| entry.is_verified() && entry.address.claim_key() == *key)?;
        let changes = events.iter().find_map(|event| match &event.change {
            Change::ContestOpened { contest, with, until, .. } if with == self.id() => {
                let (contest, with, until) = (*contest, other.id().clone(), *until);
                Some(vec![Change::ContestOpened { id: own.id, contest, with, evidence: None, until }])
            }
            Change::Verified { .. } if context.policy.contest().transfers_now() => {
                let ended =
                    Change::ContestEnded { id: own.id, contest: new_id(context), outcome: ContestOutcome::Transferred };
                Some([ended].into_iter().chain(self.removed(own, context)).collect())
            }
            _ => None,
        });
        Some(Decision::of(context, changes?, ()))
    }

    /// The event that opens a contest over an address that this user just proved, where the context has its owner and the policy
    /// opens one.
    pub(super) fn contest_over(
        &self,
        id: IdentifierId,
        address: &Address,
        evidence: &Verified,
        context: &Context<'_>,
    ) -> Option<Change> {
        let Rival { owner, key } = context.rival.filter(|_| self.contest().is_none())?;
        let policy = context.policy.contest();
        if !policy.opens() || policy.transfers_now() || address.claim_key() != *key {
            return None;
        }
        Some(Change::ContestOpened {
            id,
            contest: new_id(context),
            with: owner.clone(),
            evidence: Some(evidence.clone()),
            until: policy.deadline().map(|deadline| context.now + deadline),
        })
    }

    fn closing(
        &self,
        entry: &Identifier,
        open: &Contest,
        outcome: ContestOutcome,
        context: &Context<'_>,
    ) -> Vec<Change> {
        let id = entry.id;
        let mut changes = vec![Change::ContestEnded { id, contest: open.id, outcome }];
        match (&open.evidence, outcome) {
            (Some(evidence), ContestOutcome::Transferred) => {
                changes.push(Change::Verified { id, verified: evidence.clone() });
                changes.extend(self.settle_verified(entry, context));
            }
            (None, ContestOutcome::Transferred) => {
                changes.extend(self.removed(entry, context));
            }
            _ => {}
        }
        changes
    }
}

/// The id of the contest that a decision opens.
fn new_id(context: &Context<'_>) -> ContestId {
    context.seed.uuid(context.now, 502).into()
}
