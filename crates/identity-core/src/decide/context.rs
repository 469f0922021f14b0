use crate::base::{Seed, TenantId, Timestamp};
use crate::change::{Actor, Change, Event, EventFormat};
use crate::decide::Rival;
use crate::policy::Policy;
use crate::secret::CodeKeys;
use crate::user::Refusal;

/// Everything that a decision may depend on besides the user and the request.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The time at which the decision is made.
    pub now: Timestamp,
    /// The randomness of this decision; a seed must not be used for two decisions.
    pub seed: &'a Seed,
    /// The tenant of the user.
    pub tenant: &'a TenantId,
    /// The policy that applies to the tenant.
    pub policy: &'a Policy,
    /// The keys from which codes and link tokens are derived.
    pub keys: &'a CodeKeys,
    /// Who asks for the change.
    pub actor: &'a Actor,
    /// What pays for a code and for a guess of one. A decision is made with [`Funding::Shared`] first, and once more with
    /// another one when a budget that the user shares with strangers has no room.
    pub funding: Funding,
    /// Whether an address or a username that rests since another user gave it up is refused: on the holder's road, unless the
    /// user held it before ([`held_before`](crate::plan::held_before)).
    pub heeds_rest: bool,
    /// The present owner of the address that the decision would verify; `None` in the first attempt. A decision on the holder's
    /// road is made once more with it when its commit met the claim of another user and the policy opens contests.
    pub rival: Option<Rival<'a>>,
}

impl Context<'_> {
    pub(crate) fn event(&self, change: Change) -> Event {
        Event { v: EventFormat, at: self.now, actor: self.actor.clone(), change }
    }

    pub(crate) fn administrator(&self) -> Result<(), Refusal> {
        if self.actor.is_administrator() { Ok(()) } else { Err(Refusal::AdministratorOnly) }
    }
}

/// The budgets that pay for a code and for a guess of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Funding {
    /// The budgets that everybody shares who asks for the address.
    #[default]
    Shared,
    /// The reserve of the address, because the shared budgets have no room for a user of this standing.
    Reserve(Standing),
    /// None has room: the challenge is a decoy, no message follows, and the answer is the same.
    Withheld,
}

impl Funding {
    /// Whether no budget pays.
    #[must_use]
    pub const fn is_withheld(self) -> bool {
        matches!(self, Self::Withheld)
    }
}

/// What distinguishes a user from a stranger who asks for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// The user held the address verified before. Nobody else draws from this user's part of the reserve.
    HeldVerified,
    /// The user holds another address verified. All such users share the reserve of the address.
    ProvesAnother,
}

/// The result of an accepted request: the events to write and the answer for the caller. A decision without events
/// changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "nothing has happened until the events are folded and committed"]
pub struct Decision<T> {
    /// The events, in the order in which they happen.
    pub events: Vec<Event>,
    /// The answer for the caller.
    pub outcome: T,
}

impl<T> Decision<T> {
    pub(crate) fn nothing(outcome: T) -> Self {
        Self { events: Vec::new(), outcome }
    }

    pub(crate) fn of(context: &Context<'_>, changes: Vec<Change>, outcome: T) -> Self {
        Self { events: changes.into_iter().map(|change| context.event(change)).collect(), outcome }
    }
}
