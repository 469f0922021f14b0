//! From a decision to a commit: everything that follows from events, as a pure function.

use std::collections::HashSet;
use std::sync::Arc;

use crate::base::{IdentifierId, Inconsistent, UserKey, Version};
use crate::change::{Change, Event, Outgoing, Recorded, stored};
use crate::decide::{Context, Decision};
use crate::plan::{Claim, ClaimChanges, LookupChanges, charges, messages, refunds, rests, unrested, withdrawn};
use crate::policy::{Charge, Exhausted, Refund, WhenExhausted};
use crate::user::{Refusal, User};

/// A user as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The user as of its last commit.
    pub user: Arc<User>,
    /// The version: the number of the user's last event.
    pub version: Version,
    /// The claims that the user holds, in the order of their keys.
    pub claims: Vec<Claim>,
}

/// The state of the user that a commit requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// There is no user with this key, and there never was one.
    Absent,
    /// The user is at this version.
    At(Version),
}

/// Everything that one decision writes, in one transaction: of one user, or of two users of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The tenant and the user.
    pub key: UserKey,
    /// The state that the user must be in.
    pub expected: Expected,
    /// The user as it was read at the expected version, so that an adapter writes only the rows that differ; `None` when the
    /// user was absent.
    pub before: Option<Arc<User>>,
    /// The user after the commit; `None` when it is erased.
    pub after: Option<Arc<User>>,
    /// The claims to take and to release.
    pub claims: ClaimChanges,
    /// The events: at least one, numbered from the expected version on (from 1 when the user was absent).
    pub events: Vec<Recorded>,
    /// Identifiers whose pending messages with a challenge or with something that was due are no longer worth sending.
    pub withdraw: Vec<IdentifierId>,
    /// The charges of the change itself, which do not depend on a message.
    pub charges: Vec<Charge>,
    /// The messages to enqueue, with their charges.
    pub messages: Vec<Outgoing>,
    /// The amounts that budgets get back.
    pub refunds: Vec<Refund>,
    /// What the same decision writes of another user of the tenant, with or without whom nothing is written. It names no third
    /// user.
    pub also: Option<Box<Commit>>,
}

/// What a commit makes of a user's second record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Details {
    /// It stays as it is, or there is none.
    Stays,
    /// It is removed if there is one.
    Goes,
    /// It is written.
    Is(String),
}

/// The outcome of a commit that was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Committed {
    /// The budgets that did not cover a charge, for messages that were withheld or that drew beyond a recorded budget;
    /// in the order of the messages and their charges, those of [`Commit::also`] last.
    pub exhausted: Vec<Exhausted>,
}

impl Commit {
    /// The version of the user after the commit: the number of its last event.
    #[must_use]
    pub fn version(&self) -> Version {
        self.events.last().map_or(Version(0), |recorded| Version(recorded.number))
    }

    /// What the commit writes of each user: itself, and then [`also`](Self::also) if it names another one.
    pub fn parts(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.also.as_deref())
    }

    /// Checks that the parts of the commit belong together, as those of a planned one do. A store refuses another one before it
    /// looks at anything.
    ///
    /// # Errors
    /// [`Inconsistent`] when
    /// * there are no events, or they are not numbered from the expected version on,
    /// * the user was not absent, and the commit does not say what it was before,
    /// * the user has another id than the key,
    /// * a claim is taken twice, or its key contains U+0000, which some databases cannot keep and no address or username contains,
    /// * two messages have one id,
    /// * a charge of the commit itself would withhold a message,
    /// * or the other user is of another tenant, is the same user, or comes with a third one. All of this is checked of the other
    ///   user as well; claims and messages of both are counted together.
    pub fn check(&self) -> Result<(), Inconsistent> {
        let mut taken = HashSet::new();
        let mut claims = self.parts().flat_map(|part| &part.claims.take);
        let mut ids = HashSet::new();
        let mut messages = self.parts().flat_map(|part| &part.messages);
        let strange = |also: &Self| also.key.tenant != self.key.tenant || also.key == self.key || also.also.is_some();
        if self.also.as_deref().is_some_and(strange) {
            Err(Inconsistent(
                "the other user of the commit is not another one of the tenant, or comes with a third one",
            ))
        } else if claims.any(|claim| !taken.insert(&claim.key)) {
            Err(Inconsistent("the commit takes one claim twice"))
        } else if messages.any(|outgoing| !ids.insert(outgoing.message.id)) {
            Err(Inconsistent("two messages of the commit have one id"))
        } else {
            self.parts().try_for_each(Self::check_part)
        }
    }

    fn check_part(&self) -> Result<(), Inconsistent> {
        let read = if let Expected::At(Version(version)) = self.expected { version } else { 0 };
        let follows = |(place, recorded): (u64, &Recorded)| recorded.number.checked_sub(read) == Some(place);
        if self.events.is_empty() || !(1..).zip(&self.events).all(follows) {
            Err(Inconsistent("the events of the commit are not numbered from the expected version on"))
        } else if self.expected != Expected::Absent && self.before.is_none() {
            Err(Inconsistent("the commit does not say what the user was before"))
        } else if self.after.as_ref().is_some_and(|user| *user.id() != self.key.user) {
            Err(Inconsistent("the user of the commit differs from the commit's key"))
        } else if self.claims.take.iter().any(|claim| claim.key.as_str().contains('\0')) {
            Err(Inconsistent("the commit takes a claim with U+0000"))
        } else if self.charges.iter().any(|charge| charge.when_exhausted == WhenExhausted::Withhold) {
            Err(Inconsistent("a charge of a commit itself has no message to withhold"))
        } else {
            Ok(())
        }
    }

    /// The user's main record after the commit, as [`stored::record`] makes it; `None` when the user is erased.
    #[must_use]
    pub fn record(&self) -> Option<String> {
        self.after.as_ref().map(|after| stored::record(&self.key.tenant, after, self.version()))
    }

    /// What becomes of the user's second record, as [`stored::details`] makes it. It is written only when it changed.
    #[must_use]
    pub fn details(&self) -> Details {
        let Some(after) = &self.after else { return Details::Goes };
        if self.before.as_ref().is_some_and(|before| stored::same_details(before, after)) {
            return Details::Stays;
        }
        // A new user has none that could go.
        let none = if self.expected == Expected::Absent { Details::Stays } else { Details::Goes };
        stored::details(&self.key.tenant, after).map_or(none, Details::Is)
    }

    /// The events in their stored form, as [`stored::events`] makes it: those of an erased user have nothing personal in them.
    #[must_use]
    pub fn kept_events(&self) -> String {
        let events = self.events.iter().map(|recorded| &recorded.event);
        if self.after.is_some() {
            return stored::events(&self.key.user, events);
        }
        let stripped: Vec<Event> = events.cloned().map(Event::stripped).collect();
        stored::events(&self.key.user, &stripped)
    }

    /// The changes to the entries by which the user is found.
    #[must_use]
    pub fn lookup(&self) -> LookupChanges {
        LookupChanges::between(self.before.as_deref(), self.after.as_deref())
    }
}

/// A decision with everything that follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "nothing has happened until the commit is written"]
pub struct Planned<T> {
    /// The commit to write; `None` when the decision changes nothing.
    pub commit: Option<Commit>,
    /// The user after the commit; an erased one as it was.
    pub user: Arc<User>,
    /// The version of the user after the commit.
    pub version: Version,
    /// The answer for the caller.
    pub outcome: T,
}

impl<T> Planned<T> {
    /// With what the same decision means for another user of the tenant, written together with this. What one of them takes from
    /// the other does not rest. The two are planned with different seeds, because the ids of messages are made of them.
    pub fn with(mut self, other: Planned<()>, context: &Context<'_>) -> Self {
        match &mut self.commit {
            Some(commit) => {
                commit.also = other.commit.map(Box::new);
                unrested(commit, context);
            }
            None => self.commit = other.commit,
        }
        self
    }
}

/// Plans a decision about the user with this key, who was read as `stored`, or was absent. It folds the events and derives
/// the claims, the messages, the charges, the refunds and the messages that are withdrawn.
///
/// # Errors
/// [`Refusal::UserNotFound`] when the user is absent and the events do not create it.
///
/// ```
/// use identity_core::{Expected, NewUser, User, UserKey, plan};
/// # use identity_core::*;
/// # let (tenant, policy, keys) = (TenantId::default(), Policy::default(), CodeKeys::parse(&"5a".repeat(32))?);
/// # let (seed, actor) = (Seed::new([1; 32]), Actor::Administrator("signup".into()));
/// # let now = Timestamp::from_secs(1_640_975_400);
/// # let context = Context { now, seed: &seed, tenant: &tenant, policy: &policy, keys: &keys, actor: &actor, funding: Funding::Shared, heeds_rest: false, rival: None };
/// let created = User::create(&NewUser::default(), &context)?;
/// let key = UserKey { tenant: tenant.clone(), user: created.outcome.clone() };
/// let planned = plan(&key, None, created, &context)?;
/// let commit = planned.commit.expect("a creation is written");
/// assert_eq!((commit.expected, commit.version()), (Expected::Absent, planned.version));
/// assert_eq!(commit.after, Some(planned.user));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan<T>(
    key: &UserKey,
    stored: Option<&Stored>,
    decision: Decision<T>,
    context: &Context<'_>,
) -> Result<Planned<T>, Refusal> {
    let Decision { events, outcome } = decision;
    let before = stored.map(|stored| &stored.user);
    let read = stored.map_or(Version(0), |stored| stored.version);
    if let Some(user) = before.filter(|_| events.is_empty()) {
        return Ok(Planned { commit: None, user: Arc::clone(user), version: read, outcome });
    }
    let after = match before {
        Some(user) => user.after(&events),
        None => User::from_events(&events),
    };
    let after = after.map(Arc::new);
    // A decision about an absent user must create one; anything else is a mistake of the caller.
    let user = after.as_ref().or(before).map(Arc::clone).ok_or(Refusal::UserNotFound)?;
    let (old, new) = (before.map(|user| &**user), after.as_deref());
    let held = stored.map(|stored| stored.claims.as_slice()).unwrap_or_default();
    let update = events.iter().any(|event| event.change == Change::ClaimsUpdated);
    let claims = match new.filter(|_| update) {
        Some(user) => ClaimChanges::needed(held, user, context.policy),
        None => ClaimChanges::between(held, old, new, context.policy),
    };
    // What another user proved was paid for there.
    let merges = events.iter().any(|event| matches!(event.change, Change::Merged { .. }));
    let judged = if merges { &[] } else { events.as_slice() };
    let mut charges = charges(old, judged, context);
    if !update {
        charges.extend(rests(held, &claims, new, context));
    }
    let commit = Commit {
        key: key.clone(),
        expected: stored.map_or(Expected::Absent, |stored| Expected::At(stored.version)),
        claims,
        charges,
        messages: messages(read, old, new, &events, context),
        withdraw: withdrawn(old, new, &events),
        refunds: refunds(old, judged, context),
        before: before.cloned(),
        after,
        events: (read.0 + 1..).zip(events).map(|(number, event)| Recorded { number, event }).collect(),
        also: None,
    };
    Ok(Planned { version: commit.version(), commit: Some(commit), user, outcome })
}
