use std::sync::Arc;

use serde_json::{Map, Value};

use super::addresses::NewAddress;
use crate::address::{Channel, Username};
use crate::base::UserId;
use crate::change::record::Typed;
use crate::change::{Change, UserRecord};
use crate::decide::{Context, Decision};
use crate::user::{JsonError, Profile, Refusal, User, UserParts, bounded};

/// A request to create a user. Every field is optional.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// The id of the user; a new UUID (version 7) when absent.
    pub id: Option<UserId>,
    /// The name to sign in with.
    pub username: Option<Username>,
    /// The addresses, in the order in which they are added.
    pub addresses: Vec<NewAddress>,
    /// The profile; empty by default.
    pub profile: Profile,
    /// Where the username and the addresses were collected, in the host's words; at most 800 bytes. An address with a
    /// source of its own keeps it.
    pub source: Option<Arc<str>>,
}

impl NewUser {
    /// With another claim in the profile, for example `locale`, which selects the language of messages, or `name`.
    ///
    /// ```
    /// use identity_core::NewUser;
    /// let new = NewUser::default().with_claim("locale", "de")?;
    /// assert_eq!(new.profile.locale(), Some("de"));
    /// # Ok::<(), identity_core::JsonError>(())
    /// ```
    ///
    /// # Errors
    /// As [`JsonObject::patched`](crate::user::JsonObject::patched).
    pub fn with_claim(mut self, name: &str, value: impl Into<Value>) -> Result<Self, JsonError> {
        let claims = self.profile.claims.patched(&Map::from_iter([(name.to_owned(), value.into())]))?;
        self.profile.claims = claims.into();
        Ok(self)
    }
}

impl User {
    /// Creates a user with everything that the request names.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] when the actor is the holder.
    /// * [`Refusal::Duplicate`], [`Refusal::Restricted`] and [`Refusal::TooMany`] for an address, as in
    ///   [`add`](Self::add).
    /// * [`Refusal::TooLarge`] and [`Refusal::Nul`] for a source above 800 bytes or with U+0000.
    pub fn create(new: &NewUser, context: &Context<'_>) -> Result<Decision<UserId>, Refusal> {
        context.administrator()?;
        let source = bounded("source", new.source.as_deref())?;
        // The user's own ids use the numbers from 500 on; added addresses use those below.
        let id = new.id.clone().unwrap_or_else(|| UserId::from(context.seed.uuid(context.now, 500)));
        let mut events = vec![context.event(Change::Created { user: id.clone() })];
        let mut user = Self { parts: UserParts::new(id.clone(), context.now) };
        if new.profile != Profile::default() {
            let profile = &new.profile;
            let changed = context.event(Change::ProfileChanged {
                claims: Some(Arc::clone(&profile.claims)),
                public_data: Some(Arc::clone(&profile.public_data)),
                private_data: Some(Arc::clone(&profile.private_data)),
            });
            events.push(changed);
        }
        if let Some(username) = &new.username {
            let set = context.event(Change::UsernameSet {
                id: context.seed.uuid(context.now, 501).into(),
                username: username.clone(),
                source: source.clone(),
            });
            events.push(set);
        }
        for (number, address) in (0..).zip(&new.addresses) {
            let mut address = address.clone();
            address.source = address.source.or_else(|| source.clone());
            let added = user.add_numbered(&address, number, context)?;
            user = user.after(&added.events).ok_or(Refusal::UserNotFound)?;
            events.extend(added.events);
        }
        Ok(Decision { events, outcome: id })
    }

    /// Creates a user as another system had it. The record must keep the rules of this library.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] when the actor is the holder.
    /// * [`Refusal::Import`] when the record contradicts a rule.
    /// * [`Refusal::TooLarge`] and [`Refusal::Nul`] for a text that is too long or contains U+0000, [`Refusal::Json`] for such
    ///   an extension.
    pub fn import(record: &UserRecord, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        record.bounded()?;
        let record = record.clone().with_ids(context).with_username_judged().map_err(Refusal::Import)?;
        let user = record.to_user(context.now).map_err(Refusal::Import)?;
        record.judge(&user, context).map_err(Refusal::Import)?;
        let canonical = user.identifiers().map(|entry| Typed(entry.address.as_str().to_owned())).collect();
        let imported = Change::Imported { record: Box::new(record), canonical };
        Ok(Decision { events: vec![context.event(imported)], outcome: () })
    }

    /// Brings the user's claims in line with the policy and with the present rules of claim keys.
    /// [`plan`](crate::plan()) derives what that takes and releases.
    ///
    /// # Errors
    /// [`Refusal::AdministratorOnly`] when the actor is the holder.
    pub fn update_claims(&self, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        Ok(Decision::of(context, vec![Change::ClaimsUpdated], ()))
    }

    /// Disables the user: the holder may change nothing from then on. If the user is disabled already, the decision has
    /// no events.
    ///
    /// # Errors
    /// [`Refusal::AdministratorOnly`] when the actor is the holder.
    pub fn disable(&self, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let changes = if self.parts.disabled { Vec::new() } else { vec![Change::Disabled] };
        Ok(Decision::of(context, changes, ()))
    }

    /// Enables the user again. If the user is enabled already, the decision has no events.
    ///
    /// # Errors
    /// [`Refusal::AdministratorOnly`] when the actor is the holder.
    pub fn enable(&self, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let changes = if self.parts.disabled { vec![Change::Enabled] } else { Vec::new() };
        Ok(Decision::of(context, changes, ()))
    }

    /// Erases the user: everything personal is removed and every claim is released. The id cannot be used again.
    ///
    /// # Errors
    /// [`Refusal::AdministratorOnly`] when the actor is the holder.
    pub fn erase(&self, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        Ok(Decision::of(context, vec![Change::Erased], ()))
    }

    /// Checks that the user may have another address of a kind. For a holder, removed addresses count as long as their
    /// wrong answers and sends are remembered, so that removing and adding an address does not reset the limits.
    pub(super) fn has_room(&self, channel: Channel, context: &Context<'_>) -> Result<(), Refusal> {
        let remembered = || self.parts.retired.iter().filter(|retired| !retired.attempts.is_idle(context.now)).count();
        let removed = if context.actor.is_administrator() { 0 } else { remembered() };
        if self.book(channel).entries().len() + removed >= crate::user::MAX_IDENTIFIERS {
            return Err(Refusal::TooMany(channel));
        }
        Ok(())
    }
}
