use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::address::Channel;
use crate::base::IdentifierId;
use crate::change::{Change, Reported};
use crate::decide::{Context, Decision};
use crate::user::{Identifier, JsonObject, MAX_IDENTIFIERS, Refusal, User};

/// Something that two users have who are to become one, and that only one of them can keep.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MergeConflict {
    /// Both have a primary address of this kind. That of the user who stays remains primary.
    Primary(Channel),
    /// Both have a username. That of the user who stays remains, and the other one is given up.
    Username,
    /// Both have the address that the user who stays has under this id. It remains there, verified when either was, and then it
    /// takes the place of the address that it was to replace.
    Address(IdentifierId),
    /// Both have a member of the profile or of the extension, with different values. That of the user who stays remains. The
    /// text is the object and the member, such as `claims.locale` or `extension.plan`.
    Member(String),
    /// One of them is disabled. The user who stays remains as it is.
    Disabled,
    /// Together they have more than [`MAX_IDENTIFIERS`] addresses of this kind. Nothing settles it; addresses have to be removed.
    TooMany(Channel),
}

impl User {
    /// What would be lost or is impossible if another user became a part of this one: the dry run of [`merge`](Self::merge).
    #[must_use]
    pub fn merge_conflicts(&self, from: &Self) -> Vec<MergeConflict> {
        let mut conflicts = Vec::new();
        for channel in [Channel::Email, Channel::Phone] {
            let (own, others) = (self.book(channel), from.book(channel));
            let primaries = own.primary().zip(others.primary());
            if primaries.is_some_and(|(own, other)| own.address.claim_key() != other.address.claim_key()) {
                conflicts.push(MergeConflict::Primary(channel));
            }
            let both: Vec<_> = others.entries().iter().filter_map(|entry| self.same_address(entry)).collect();
            if own.entries().len() + others.entries().len() - both.len() > MAX_IDENTIFIERS {
                conflicts.push(MergeConflict::TooMany(channel));
            }
            conflicts.extend(both.into_iter().map(|entry| MergeConflict::Address(entry.id)));
        }
        if self.username().is_some() && from.username().is_some() {
            conflicts.push(MergeConflict::Username);
        }
        if self.is_disabled() != from.is_disabled() {
            conflicts.push(MergeConflict::Disabled);
        }
        for (name, own, other) in objects(self, from) {
            let differs =
                |(member, value): &(&String, &Value)| own.as_map().get(*member).is_some_and(|own| own != *value);
            let members = other.as_map().iter().filter(differs);
            conflicts.extend(members.map(|(member, _)| MergeConflict::Member(format!("{name}.{member}"))));
        }
        conflicts
    }

    /// Makes `from` a part of this user: addresses with their evidence, the username, and what the profile and the extension do
    /// not have yet. `from` is left like an erased user, with an event that names this one. The first decision is this user's, the
    /// second one that of `from`; they belong into one [`Commit`](crate::Commit), see [`Planned::with`](crate::Planned::with).
    ///
    /// Each conflict that `accepted` names is settled as [`MergeConflict`] says. The outcome is those that it does not name; when
    /// there are any, neither decision has events. An address that messages were found not to reach is still marked so. Open
    /// challenges, pending changes and the counts of wrong answers of `from` are dropped; the budget of guesses that an address has
    /// across users is as it was.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] when the actor is the holder.
    /// * [`Refusal::Unchanged`] when both are the same user.
    /// * [`Refusal::Contested`] while a contest over an address of either is open.
    /// * [`Refusal::TooMany`] when that conflict was accepted, which does not settle it.
    /// * [`Refusal::Json`] when the profile or the extension would become too large.
    pub fn merge(
        &self,
        from: &Self,
        accepted: &[MergeConflict],
        context: &Context<'_>,
    ) -> Result<(Decision<Vec<MergeConflict>>, Decision<()>), Refusal> {
        context.administrator()?;
        if self.id() == from.id() {
            return Err(Refusal::Unchanged);
        }
        // Its other side would be a third user.
        if self.contest().or_else(|| from.contest()).is_some() {
            return Err(Refusal::Contested);
        }
        let (settled, left): (Vec<_>, Vec<_>) =
            self.merge_conflicts(from).into_iter().partition(|conflict| accepted.contains(conflict));
        if !left.is_empty() {
            return Ok((Decision::nothing(left), Decision::nothing(())));
        }
        if let Some(channel) = settled.iter().find_map(|conflict| match conflict {
            MergeConflict::TooMany(channel) => Some(*channel),
            _ => None,
        }) {
            return Err(Refusal::TooMany(channel));
        }

        let mut changes = vec![Change::Merged { user: from.id().clone() }];
        // An id may be in use here, if both users were imported.
        let fresh = |id: IdentifierId, number: u32| {
            let is_used = self.identifier(id).is_some() || self.username().is_some_and(|name| name.id == id);
            if is_used { context.seed.uuid(context.now, number).into() } else { id }
        };
        // The ids of what `from` had and this user does not get.
        let mut lost = BTreeSet::new();
        for (number, entry) in (0..).zip(from.identifiers()) {
            let own = self.same_address(entry);
            let id = own.map_or_else(|| fresh(entry.id, number), |own| own.id);
            if own.is_none() {
                let Identifier { address, source, unrestricted, .. } = entry.clone();
                changes.push(Change::Added { id, address, source, unrestricted, replaces: None });
            }
            if id != entry.id {
                lost.insert(entry.id.to_string());
            }
            let evidence = entry.verified().filter(|_| own.is_none_or(|own| !own.is_verified())).cloned();
            let replacing = own.filter(|own| own.replaces.is_some() && evidence.is_some());
            if own.is_none() || evidence.is_some() {
                changes.extend(evidence.map(|verified| Change::Verified { id, verified }));
                let why = entry.undeliverable.map(|found| found.why);
                changes.extend(why.map(|why| Change::DeliveryFailed { id, sent_at: None, why: Some(why) }));
            }
            if entry.label.is_some() && own.is_none_or(|own| own.label.is_none()) {
                changes.push(Change::Labelled { id, label: entry.label.clone() });
            }
            changes.extend(replacing.into_iter().flat_map(|own| self.settle_verified(own, context)));
            let channel = entry.address.channel();
            if from.book(channel).is_primary(entry.id) && self.book(channel).primary().is_none() {
                changes.push(Change::PrimaryChanged { channel, id: Some(id) });
            }
        }
        if let Some(name) = from.username() {
            let (username, source) = (name.username.clone(), name.source.clone());
            let id = fresh(name.id, 501);
            if self.username().is_none() {
                changes.push(Change::UsernameSet { id, username, source });
            }
            if self.username().is_some() || id != name.id {
                lost.insert(name.id.to_string());
            }
        }
        let [claims, public_data, private_data, mut extension] = objects(self, from).map(|(_, own, other)| {
            let mut added = other.as_map().clone();
            added.retain(|member, _| !own.as_map().contains_key(member));
            added
        });
        extension.retain(|member, _| !lost.contains(member));
        let profile = self.profile();
        let joined = |own: &JsonObject, added: Map<String, Value>| {
            (!added.is_empty()).then(|| own.patched(&added).map(Arc::new)).transpose()
        };
        let claims = joined(&profile.claims, claims)?;
        let public_data = joined(&profile.public_data, public_data)?;
        let private_data = joined(&profile.private_data, private_data)?;
        if claims.is_some() || public_data.is_some() || private_data.is_some() {
            changes.push(Change::ProfileChanged { claims, public_data, private_data });
        }
        if !extension.is_empty() {
            JsonObject::extension(self.extension().with(&extension))?;
            changes.push(Change::ExtensionReported(Reported { members: Arc::new(JsonObject::from_store(extension)) }));
        }
        let gone = vec![Change::MergedInto { user: self.id().clone() }];
        Ok((Decision::of(context, changes, Vec::new()), Decision::of(context, gone, ())))
    }

    /// The entry of this user with the address of another one's.
    fn same_address(&self, entry: &Identifier) -> Option<&Identifier> {
        let key = entry.address.claim_key();
        self.book(entry.address.channel()).entries().iter().find(|own| own.address.claim_key() == key)
    }
}

/// The JSON objects of two users, with their names.
fn objects<'a>(own: &'a User, other: &'a User) -> [(&'static str, &'a JsonObject, &'a JsonObject); 4] {
    let (mine, theirs) = (own.profile(), other.profile());
    [
        ("claims", &mine.claims, &theirs.claims),
        ("public_data", &mine.public_data, &theirs.public_data),
        ("private_data", &mine.private_data, &theirs.private_data),
        ("extension", own.extension(), other.extension()),
    ]
}
