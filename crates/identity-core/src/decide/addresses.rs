use std::sync::Arc;

use crate::address::{Address, Label};
use crate::base::IdentifierId;
use crate::change::Change;
use crate::decide::{Context, Decision};
use crate::policy::By;
use crate::user::{Identifier, Method, Refusal, Status, User, Verified, bounded};

/// A request to add an address. Only an administrator may add one as verified or unrestricted.
#[derive(Debug, Clone)]
pub struct NewAddress {
    /// The address.
    pub address: Address,
    /// Whether the address is verified on the administrator's word.
    pub verified: bool,
    /// Who vouches for the address, in the host's words; at most 800 bytes. Kept only if `verified` is set.
    pub verified_source: Option<Arc<str>>,
    /// Whether the restriction policy is set aside for this address.
    pub unrestricted: bool,
    /// Where the address was collected, in the host's words; at most 800 bytes.
    pub source: Option<Arc<str>>,
}

impl<A: Into<Address>> From<A> for NewAddress {
    /// An unverified address to which the restrictions apply.
    fn from(address: A) -> Self {
        Self { address: address.into(), verified: false, verified_source: None, unrestricted: false, source: None }
    }
}

impl NewAddress {
    /// Adds the address as verified on the administrator's word.
    #[must_use]
    pub fn verified(self) -> Self {
        Self { verified: true, ..self }
    }

    /// Sets the restriction policy aside for this address.
    #[must_use]
    pub fn unrestricted(self) -> Self {
        Self { unrestricted: true, ..self }
    }

    /// Records where the address was collected, in the host's words.
    #[must_use]
    pub fn with_source(self, source: &str) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Records who vouches for the address, in the host's words.
    #[must_use]
    pub fn with_verified_source(self, source: &str) -> Self {
        Self { verified_source: Some(source.into()), ..self }
    }
}

/// The id of the added address.
pub type Added = IdentifierId;

/// The outcome of a removal, which has nothing to report.
pub type Removed = ();

impl User {
    /// Adds an address to the user.
    ///
    /// # Errors
    /// * [`Refusal::Duplicate`] when the user already has the address.
    /// * [`Refusal::Restricted`] when the restriction policy refuses it.
    /// * [`Refusal::TooMany`] when the user has as many addresses of this kind as the policy allows.
    /// * [`Refusal::AdministratorOnly`] when a holder asks for a verified or unrestricted address.
    /// * [`Refusal::Disabled`] when the holder of a disabled user asks.
    /// * [`Refusal::TooLarge`] and [`Refusal::Nul`] for a source above 800 bytes or with U+0000.
    pub fn add(&self, new: &NewAddress, context: &Context<'_>) -> Result<Decision<Added>, Refusal> {
        self.add_numbered(new, 0, context)
    }

    pub(super) fn add_numbered(
        &self,
        new: &NewAddress,
        number: u32,
        context: &Context<'_>,
    ) -> Result<Decision<Added>, Refusal> {
        let channel = new.address.channel();
        self.admissible(new, context)?;
        // A pending replacement takes the place of another address.
        let of_their_own = self.book(channel).entries().iter().filter(|entry| entry.replaces.is_none());
        if of_their_own.count() >= *context.policy.limit().of(channel).end() {
            return Err(Refusal::TooMany(channel));
        }
        self.has_room(channel, context)?;
        let id = context.seed.uuid(context.now, number).into();
        let mut changes = vec![added(id, new, None)?];
        if let Some(verified) = vouched(new, context)? {
            changes.push(Change::Verified { id, verified });
            changes.extend(self.elect(channel, id, context));
        }
        Ok(Decision::of(context, changes, id))
    }

    /// Replaces an address by another one of the same kind. A verified address stays, also as primary, until the new
    /// one is verified, and is then removed: on the holder's road later, when the
    /// [`ChangePolicy`](crate::policy::ChangePolicy) says so. An unverified address is removed at once, and the new one takes over the
    /// address that it was to replace. A pending replacement of the same address is dropped.
    ///
    /// # Errors
    /// As [`add`](Self::add); also
    /// * [`Refusal::Unchanged`] when the new address is the same as the old one.
    /// * [`Refusal::IdentifierNotFound`] when the user has no such address, or it is of another kind.
    pub fn replace(
        &self,
        old: IdentifierId,
        new: &NewAddress,
        context: &Context<'_>,
    ) -> Result<Decision<Added>, Refusal> {
        let old = self.entry(old)?;
        let channel = new.address.channel();
        if channel != old.address.channel() {
            return Err(Refusal::IdentifierNotFound);
        }
        if new.address.claim_key() == old.address.claim_key() {
            return Err(Refusal::Unchanged);
        }
        // A pending replacement of the same address is dropped. Its address may be requested again, which starts it
        // over.
        let pending = self.book(channel).entries().iter().filter(|entry| entry.replaces == Some(old.id));
        let dropped: Vec<Change> = pending.map(|entry| Change::Removed { id: entry.id }).collect();
        self.without(&dropped, context)?.admissible(new, context)?;
        let id = context.seed.uuid(context.now, 0).into();
        let verified = vouched(new, context)?;
        let mut changes = dropped;
        if verified.is_none() && old.is_verified() {
            self.without(&changes, context)?.has_room(channel, context)?;
            changes.push(added(id, new, Some(old.id))?);
            return Ok(Decision::of(context, changes, id));
        }
        // The new address takes the place at once. The address that the old one was to replace is removed with it, or
        // as soon as the new one is verified.
        let is_verified = verified.is_some();
        let taken = if is_verified { Change::Replaced { id: old.id, by: id } } else { Change::Removed { id: old.id } };
        let (replaces, follows) = if is_verified { (Some(old.id), old.replaces) } else { (old.replaces, None) };
        let was_primary = [Some(old.id), follows].into_iter().flatten().any(|id| self.book(channel).is_primary(id));
        let gone: Vec<Change> = [taken].into_iter().chain(follows.map(|id| Change::Removed { id })).collect();
        self.without(&[changes.as_slice(), &gone].concat(), context)?.has_room(channel, context)?;
        changes.push(added(id, new, replaces)?);
        changes.extend(verified.map(|verified| Change::Verified { id, verified }));
        changes.extend(gone);
        changes.extend(match (is_verified, was_primary) {
            (true, true) => Some(Change::PrimaryChanged { channel, id: Some(id) }),
            (true, false) => self.elect(channel, id, context),
            (false, _) => self.succeed(old, context),
        });
        Ok(Decision::of(context, changes, id))
    }

    /// Removes an address together with its challenge. On the holder's road it goes later when the
    /// [`ChangePolicy`](crate::policy::ChangePolicy) says so; to ask once more does not postpone that.
    ///
    /// # Errors
    /// * [`Refusal::LastVerified`] when it is the last verified address of the user and the policy does not let the
    ///   caller remove it.
    /// * [`Refusal::TooFew`] when a holder would keep fewer verified addresses of the kind than the policy says.
    /// * [`Refusal::IdentifierNotFound`] when the user has no such address.
    /// * [`Refusal::Disabled`] when the holder of a disabled user asks.
    pub fn remove(&self, id: IdentifierId, context: &Context<'_>) -> Result<Decision<Removed>, Refusal> {
        self.open(context)?;
        let entry = self.entry(id)?;
        if entry.is_verified() && self.identifiers().filter(|entry| entry.is_verified()).count() == 1 {
            match (context.policy.primary().last_verified(), context.actor.is_administrator()) {
                (By::Anyone, _) | (By::Administrator, true) => {}
                (By::Administrator | By::Nobody, _) => return Err(Refusal::LastVerified),
            }
        }
        if self.must_stay(entry, context) && !context.actor.is_administrator() {
            return Err(Refusal::TooFew(entry.address.channel()));
        }
        let changes = match self.goes_at(entry, None, context) {
            Some(_) if entry.scheduled.is_some_and(|scheduled| scheduled.by.is_none()) => Vec::new(),
            Some(due) => vec![Change::ChangeScheduled { id, by: None, due }],
            None => self.removed(entry, context),
        };
        Ok(Decision::of(context, changes, ()))
    }

    /// Gives an address a label, or takes it away with `None`. Nobody is notified. If the address has this label already, the
    /// decision has no events. A label belongs to its address: one that replaces it begins without.
    ///
    /// # Errors
    /// * [`Refusal::IdentifierNotFound`] when the user has no such address.
    /// * [`Refusal::Disabled`] when the holder of a disabled user asks.
    pub fn set_label(
        &self,
        id: IdentifierId,
        label: Option<&Label>,
        context: &Context<'_>,
    ) -> Result<Decision<()>, Refusal> {
        self.open(context)?;
        if self.entry(id)?.label.as_ref() == label {
            return Ok(Decision::nothing(()));
        }
        Ok(Decision::of(context, vec![Change::Labelled { id, label: label.cloned() }], ()))
    }

    /// Whether the policy says that no fewer verified addresses are kept than with this one.
    pub(super) fn must_stay(&self, entry: &Identifier, context: &Context<'_>) -> bool {
        let channel = entry.address.channel();
        let least = *context.policy.limit().of(channel).start();
        entry.is_verified() && self.book(channel).verified().count() <= least
    }

    fn admissible(&self, new: &NewAddress, context: &Context<'_>) -> Result<(), Refusal> {
        self.open(context)?;
        if new.verified || new.unrestricted {
            context.administrator()?;
        }
        if new.verified_source.is_some() && !new.verified {
            return Err(Refusal::SourceWithoutVerified);
        }
        let key = new.address.claim_key();
        if self.book(new.address.channel()).entries().iter().any(|entry| entry.address.claim_key() == key) {
            return Err(Refusal::Duplicate);
        }
        let restriction = context.policy.restriction().restricts(&new.address).filter(|_| !new.unrestricted);
        restriction.map_or(Ok(()), |restriction| Err(Refusal::Restricted(restriction)))
    }

    fn without(&self, gone: &[Change], context: &Context<'_>) -> Result<Self, Refusal> {
        let events: Vec<_> = gone.iter().map(|change| context.event(change.clone())).collect();
        self.after(&events).ok_or(Refusal::UserNotFound)
    }

    /// The changes that follow when an address becomes verified: the address that it replaces is removed now or later, and it
    /// may become primary.
    pub(super) fn settle_verified(&self, entry: &Identifier, context: &Context<'_>) -> Vec<Change> {
        let channel = entry.address.channel();
        let old = entry.replaces.and_then(|old| self.book(channel).get(old));
        let Some(old) = old else {
            return self.elect(channel, entry.id, context).into_iter().collect();
        };
        match self.goes_at(old, Some(entry.id), context) {
            Some(due) => vec![Change::ChangeScheduled { id: old.id, by: Some(entry.id), due }],
            None => self.replaced(old, entry.id, context),
        }
    }
}

fn added(id: IdentifierId, new: &NewAddress, replaces: Option<IdentifierId>) -> Result<Change, Refusal> {
    Ok(Change::Added {
        id,
        address: new.address.clone(),
        source: bounded("source", new.source.as_deref())?,
        unrestricted: new.unrestricted,
        replaces,
    })
}

fn vouched(new: &NewAddress, context: &Context<'_>) -> Result<Option<Verified>, Refusal> {
    let source = bounded("verified_source", new.verified_source.as_deref())?;
    Ok(new.verified.then_some(Verified { at: context.now, by: Method::Administrator, source }))
}

impl Identifier {
    pub(super) const fn is_pending(&self) -> bool {
        matches!(self.status, Status::Pending(_))
    }
}
