use std::sync::Arc;

use crate::{Actor, Change, CodeKeys, Event, EventFormat, Policy, Refusal, Seed, TenantId, Timestamp};

/// On whose road a decision is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// The user's own: nothing is attested, no restriction set aside, no code seen.
    Holder,
    /// Staff, or the host itself, under this name.
    Administrator(Arc<str>),
}

impl Authority {
    /// Whether it is an administrator's.
    #[must_use]
    pub const fn is_administrator(&self) -> bool {
        matches!(self, Self::Administrator(_))
    }

    /// Whether an event can keep the name.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`] above 800 bytes, [`Refusal::Nul`] when U+0000 is in it.
    pub fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Holder => Ok(()),
            Self::Administrator(name) if name.len() > 800 => {
                Err(Refusal::TooLarge { what: "the actor", limit: "800 bytes" })
            }
            Self::Administrator(name) if name.contains('\0') => Err(Refusal::Nul { what: "the actor" }),
            Self::Administrator(_) => Ok(()),
        }
    }

    fn actor(&self) -> Actor {
        match self {
            Self::Holder => Actor::Holder,
            Self::Administrator(name) => Actor::Administrator(Arc::clone(name)),
        }
    }
}

/// Everything that a decision may know besides the user and the request.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The time.
    pub now: Timestamp,
    /// The randomness of this decision, used for no other.
    pub seed: &'a Seed,
    /// The tenant.
    pub tenant: &'a TenantId,
    /// What the host decided once.
    pub policy: &'a Policy,
    /// The host's keys.
    pub keys: &'a CodeKeys,
    /// On whose road.
    pub authority: &'a Authority,
}

impl Context<'_> {
    pub(crate) fn event(&self, change: Change) -> Event {
        Event { v: EventFormat, at: self.now, actor: self.authority.actor(), change }
    }

    pub(crate) fn administrator(&self) -> Result<(), Refusal> {
        if self.authority.is_administrator() { Ok(()) } else { Err(Refusal::AdministratorOnly) }
    }
}

/// What is to happen, and what the caller is told. No event: there is nothing to change, and nothing is written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "nothing has happened until the events are folded and committed"]
pub struct Decision<T> {
    /// What happens, in this order.
    pub events: Vec<Event>,
    /// The caller's answer.
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
