//! What the calls do, once for all dialects: typed requests in, typed answers or a failure out.

mod calls;
mod human;
mod road;
mod set;
mod shown;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use identity::system::Clock;
use identity::{
    Channel, Code, CodeKeys, Confirmation, Error, HolderError, Identifier, IdentifierId, Identity, Issued,
    ProfileChange, PublicRefusal, Receipt, Timestamp, UserId, Verification,
};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

pub use calls::Call;
use road::{Road, Stopped};
use shown::shown;

use crate::failure::Failure;
use crate::template::{LinkOrigin, UrlTemplate};
use crate::text::Text;
use crate::tokens::Caller;
use crate::wire::{Details, SendEmailVerificationCode};

/// The way a code is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It is sent to the address, in a link if there is a template.
    Sent(Option<UrlTemplate>),
    /// It is returned to the caller.
    Returned,
}

/// The proof that an address belongs to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A code.
    Code(Delivery),
    /// The word of the caller.
    Attested,
}

impl Delivery {
    /// Whether only an administrator may ask for it.
    const fn is_privileged(&self) -> bool {
        matches!(self, Self::Returned)
    }

    /// The template, which travels to the notifier as the challenge's hint.
    fn hint(&self) -> Option<Arc<str>> {
        match self {
            Self::Sent(template) => template.as_ref().map(|template| Arc::clone(template.as_str())),
            Self::Returned => None,
        }
    }
}

impl Proof {
    const fn is_privileged(&self) -> bool {
        match self {
            Self::Code(delivery) => delivery.is_privileged(),
            Self::Attested => true,
        }
    }
}

/// The result of a change.
pub struct Done {
    /// The details of the user's last event.
    pub details: Details,
    /// The code, if the caller asked for it.
    pub code: Option<String>,
}

/// The users of one tenant, as this wire sees them: one e-mail address and one phone number each.
pub struct Users {
    identity: Identity,
    keys: CodeKeys,
    clock: Arc<dyn Clock>,
    link_origins: Vec<LinkOrigin>,
    turns: Turns,
}

impl Users {
    /// The users of the identity's tenant. `keys` and `clock` are the same as the identity's.
    #[must_use]
    pub fn new(identity: Identity, keys: CodeKeys, clock: Arc<dyn Clock>) -> Self {
        Self { identity, keys, clock, link_origins: Vec::new(), turns: Turns::default() }
    }

    /// Lets users' own tokens send links that lead to these origins. By default they send none; administrators' tokens may
    /// name any origin.
    #[must_use]
    pub fn with_link_origins(self, link_origins: Vec<LinkOrigin>) -> Self {
        Self { link_origins, ..self }
    }

    /// The use cases of the library.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Sends a code to the address that is shown, or gives it to the caller.
    ///
    /// # Errors
    /// [`Failure`]; when `again`, also where no code is outstanding. An expired one is enough.
    pub async fn send(&self, asked: &Asked<'_>, delivery: &Delivery, again: bool) -> Result<Done, Failure> {
        let user = self.permitted(asked, delivery.is_privileged())?;
        let _turn = self.turns.of(&user).await?;
        let road = Road::of(&self.identity, asked.caller, &user);
        let stored = road.get().await.map_err(|error| self.failure(asked, error))?;
        let Some(entry) = shown(stored.book(asked.channel)) else {
            return Err(if again { Failure::code_empty(asked.channel) } else { Failure::none_there(asked.channel) });
        };
        if again && entry.challenge().is_none() {
            return Err(Failure::code_empty(asked.channel));
        }
        // Without a template of its own a message sent again is the one that was sent: its code keeps working.
        let before = || entry.challenge().and_then(|challenge| challenge.hint.clone());
        let request = Verification { hint: delivery.hint().or_else(before), ..Verification::default() };
        let done = match delivery {
            Delivery::Sent(_) => road.start(entry.id, &request).await.map(|receipt| self.sent(&receipt)),
            Delivery::Returned => road.issue(entry.id).await.map(|receipt| self.returned(&receipt)),
        };
        done.map_err(|error| self.failure(asked, error))
    }

    /// The code for an address that has just been written.
    async fn prove(&self, road: &Road<'_>, id: IdentifierId, delivery: &Delivery) -> Result<Done, Stopped> {
        let request = Verification { hint: delivery.hint(), ..Verification::default() };
        match delivery {
            Delivery::Sent(_) => road.start_after_all(id, &request).await.map(|receipt| self.sent(&receipt)),
            Delivery::Returned => road.issue(id).await.map(|receipt| self.returned(&receipt)),
        }
    }

    fn sent<T>(&self, receipt: &Receipt<T>) -> Done {
        Done { details: self.details(receipt), code: None }
    }

    fn returned(&self, receipt: &Receipt<Issued>) -> Done {
        Done { details: self.details(receipt), code: Some(receipt.outcome.code.reveal().to_owned()) }
    }

    /// Judges a code. Every one that does not verify gets the same answer.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn verify(&self, asked: &Asked<'_>, code: &str) -> Result<Details, Failure> {
        let user = self.permitted(asked, false)?;
        let account = self.identity.account(&user);
        let stored = account.get().await.map_err(|error| self.failure(asked, error))?;
        let entry = shown(stored.book(asked.channel)).ok_or_else(Failure::code_invalid)?;
        // What is white space alone is a code of the right length, and of nobody.
        let code = Code::parse(code).map_err(|_| Failure::code_invalid())?;
        let receipt = account.confirm(entry.id, &code).await.map_err(|error| match error {
            HolderError::Refused(PublicRefusal::AlreadyVerified | PublicRefusal::IdentifierNotFound) => {
                Failure::code_invalid()
            }
            // A right code is refused like this only when another user verified the address first.
            HolderError::Refused(PublicRefusal::Unavailable) if asked.caller.is_administrator() => {
                Failure::taken(asked.channel)
            }
            error => self.failure(asked, error),
        })?;
        match receipt.outcome {
            Confirmation::Verified => Ok(self.details(&receipt)),
            Confirmation::Contested | Confirmation::Rejected { .. } => Err(Failure::code_invalid()),
        }
    }

    /// Removes the phone number, with the one that it was to replace.
    ///
    /// # Errors
    /// [`Failure`]; where there is none too.
    pub async fn remove(&self, asked: &Asked<'_>) -> Result<Details, Failure> {
        let user = self.permitted(asked, false)?;
        let _turn = self.turns.of(&user).await?;
        let road = Road::of(&self.identity, asked.caller, &user);
        let stored = road.get().await.map_err(|error| self.failure(asked, error))?;
        let mut entries: Vec<&Identifier> = stored.book(asked.channel).entries().iter().collect();
        // The one that is shown goes last: until then the user has a number.
        entries.sort_by_key(|entry| entry.replaces.is_some());
        let mut last = Err(Failure::none_there(asked.channel));
        for entry in entries {
            let receipt = road.remove(entry.id).await.map_err(|error| self.failure(asked, error))?;
            last = Ok(self.details(&receipt));
        }
        last
    }

    /// A code that is sent, in a link where the request has a template for one.
    ///
    /// # Errors
    /// A template that is none; one of a user's own token that leads elsewhere than the configuration says: whoever names the
    /// address would choose what its owner is led to.
    fn sent_by(&self, caller: &Caller, send: Option<&SendEmailVerificationCode>) -> Result<Delivery, Failure> {
        const INVALID: Failure = Failure::new(tonic::Code::InvalidArgument, "DOMAIN-oGh5e", Text::UrlTemplate);
        let Some(text) = send.and_then(|send| send.url_template.as_deref()) else { return Ok(Delivery::Sent(None)) };
        let template = UrlTemplate::parse(text).ok_or(INVALID)?;
        if caller.is_administrator() || self.link_origins.contains(template.origin()) {
            Ok(Delivery::Sent(Some(template)))
        } else {
            Err(Failure::no_permission())
        }
    }

    /// Whether the caller may ask for this.
    ///
    /// # Errors
    /// A user's own token opens nothing but that user, and nothing that is an administrator's.
    fn may(&self, asked: &Asked<'_>, privileged: bool) -> Result<(), Failure> {
        match asked.caller {
            Caller::User(own) if own.as_str() != asked.user || privileged => Err(Failure::no_permission()),
            Caller::User(_) | Caller::Administrator(_) => Ok(()),
        }
    }

    /// The user whom a request is about, if the caller may ask for that.
    fn permitted(&self, asked: &Asked<'_>, privileged: bool) -> Result<UserId, Failure> {
        self.may(asked, privileged)?;
        // What cannot be an id is nobody's.
        UserId::parse(asked.user).map_err(|_| self.failure(asked, HolderError::from(PublicRefusal::UserNotFound)))
    }

    /// A user with the number of its last event. A change of nothing writes nothing, and answers with that number.
    async fn read(&self, user: &UserId) -> Result<Receipt<()>, Error> {
        self.identity.admin("read").change_profile(user, &ProfileChange::default()).await
    }

    fn details<T>(&self, receipt: &Receipt<T>) -> Details {
        Details {
            sequence: receipt.version.0,
            change_date: Some(timestamp(receipt.at)),
            resource_owner: self.identity.tenant().as_str().to_owned(),
            creation_date: None,
        }
    }

    fn failure(&self, asked: &Asked<'_>, stopped: impl Into<Stopped>) -> Failure {
        let now = self.clock.now();
        match stopped.into() {
            Stopped::Staff(error) if asked.caller.is_administrator() => Failure::told(asked.channel, now, error),
            Stopped::Staff(error) => Failure::about(asked.channel, now, error.public()),
            Stopped::Own(error) => Failure::about(asked.channel, now, error),
        }
    }
}

/// The caller, the user, and the channel that a request is about.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The caller.
    pub caller: &'a Caller,
    /// The user's id.
    pub user: &'a str,
    /// The channel of the address.
    pub channel: Channel,
}

fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let micros = at.as_micros();
    // Below 1,000,000,000.
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    prost_types::Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

/// One change of a user at a time, as far as this process goes: a call may take two steps. Between processes the later one wins.
/// A user whose changes are slow delays nobody else.
#[derive(Default)]
struct Turns(std::sync::Mutex<HashMap<UserId, Weak<Mutex<()>>>>);

impl Turns {
    /// The longest wait for the changes of a user that came before.
    const WAIT: Duration = Duration::from_secs(5);

    /// # Errors
    /// The answer of a store that is away: what came before does not end, and the store is what it waits for.
    async fn of(&self, user: &UserId) -> Result<OwnedMutexGuard<()>, Failure> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| turn.strong_count() > 0);
            let turn = turns.get(user).and_then(Weak::upgrade).unwrap_or_default();
            turns.insert(user.clone(), Arc::downgrade(&turn));
            turn
        };
        timeout(Self::WAIT, turn.lock_owned()).await.map_err(|_| Failure::away())
    }
}

impl std::fmt::Debug for Users {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Users").field(&self.identity).finish()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_user_whose_change_does_not_end_delays_nobody_else_and_later_calls_are_told() {
        let turns = Turns::default();
        let user = |number: u32| UserId::parse(&format!("user-{number}")).unwrap();
        let held = turns.of(&user(0)).await.unwrap();
        let start = Instant::now();
        for other in 1..1_000 {
            turns.of(&user(other)).await.unwrap();
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(turns.of(&user(0)).await.is_err());
        assert_eq!(start.elapsed(), Turns::WAIT);
        drop(held);
        turns.of(&user(0)).await.unwrap();
        assert_eq!(turns.0.lock().unwrap().len(), 1, "who is waited for by nobody is forgotten");
    }
}
