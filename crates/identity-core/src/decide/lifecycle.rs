use std::sync::Arc;

use super::addresses::NewAddress;
use super::bounded;
use crate::address::{Channel, Username};
use crate::profile::Profile;
use crate::record::UserRecord;
use crate::{Change, Context, Decision, Refusal, User, UserId};

/// A user to create, with what is known of them. Everything is optional.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// The id; made anew when it is absent.
    pub id: Option<UserId>,
    /// A name to sign in with.
    pub username: Option<Username>,
    /// Addresses, in the order in which they are added.
    pub addresses: Vec<NewAddress>,
    /// The profile.
    pub profile: Profile,
    /// Where username and addresses were collected; at most 800 bytes.
    pub source: Option<Arc<str>>,
}

impl User {
    /// A new user, with everything that the request names.
    ///
    /// # Errors
    /// On the holder's road always; else as [`add`](Self::add) and [`set_username`](Self::set_username) refuse.
    pub fn create(new: &NewUser, context: &Context<'_>) -> Result<Decision<UserId>, Refusal> {
        context.administrator()?;
        let source = bounded("source", new.source.as_deref())?;
        // Numbers from 500 on: adding draws those below.
        let id = new.id.clone().unwrap_or_else(|| UserId::from(context.seed.uuid(context.now, 500)));
        let mut events = vec![context.event(Change::Created { user: id.clone() })];
        let mut user = Self::empty(id.clone(), context.now);
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

    /// A user as another system had it, held to the rules of this one.
    ///
    /// # Errors
    /// On the holder's road always; [`Refusal::Import`] for what contradicts a rule; [`Refusal::TooLarge`] for a text or report
    /// that is.
    pub fn import(record: &UserRecord, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        record.bounded()?;
        let record = record.clone().with_ids(context);
        let user = record.to_user(context.now).map_err(Refusal::Import)?;
        record.judge(&user, context).map_err(Refusal::Import)?;
        super::profile::bounded_report(&*user.credentials)?;
        super::profile::bounded_report(&*user.sign_ins)?;
        let record = Box::new(record);
        Ok(Decision { events: vec![context.event(Change::Imported { record })], outcome: () })
    }

    /// Closes the holder's road. Nothing changes when it is closed.
    ///
    /// # Errors
    /// On the holder's road.
    pub fn disable(&self, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let changes = if self.disabled { Vec::new() } else { vec![Change::Disabled] };
        Ok(Decision::of(context, changes, ()))
    }

    /// Opens the holder's road. Nothing changes when it is open.
    ///
    /// # Errors
    /// On the holder's road.
    pub fn enable(&self, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let changes = if self.disabled { vec![Change::Enabled] } else { Vec::new() };
        Ok(Decision::of(context, changes, ()))
    }

    /// Ends the user: everything personal goes, every claim is free again, the id is never used again.
    ///
    /// # Errors
    /// On the holder's road.
    pub fn erase(&self, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        Ok(Decision::of(context, vec![Change::Erased], ()))
    }

    /// Whether the user takes another address of a kind. On the holder's road what was removed counts, as long as its wrong
    /// answers and sends are remembered: nobody gets a fresh start by removing and adding.
    pub(super) fn has_room(&self, channel: Channel, context: &Context<'_>) -> Result<(), Refusal> {
        let remembered = || self.retired.iter().filter(|retired| !retired.attempts.is_idle(context.now)).count();
        let removed = if context.authority.is_administrator() { 0 } else { remembered() };
        if self.book(channel).entries().len() + removed >= super::MAX_IDENTIFIERS {
            return Err(Refusal::TooMany(channel));
        }
        Ok(())
    }
}
