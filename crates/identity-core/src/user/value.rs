use std::sync::Arc;

use crate::address::Channel;
use crate::base::{IdentifierId, Inconsistent, Timestamp, UserId};
use crate::user::{Book, Credentials, Identifier, Profile, Retired, SignIns, UsernameEntry};

/// A user: a person's identifiers and what the host knows about the person. It is a value: a request is decided into
/// events, and [`after`](Self::after) folds the events into the next value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub(crate) id: UserId,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) disabled: bool,
    /// Boxed, because many users have none.
    pub(crate) username: Option<Box<UsernameEntry>>,
    pub(crate) emails: Book,
    pub(crate) phones: Book,
    pub(crate) profile: Profile,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) sign_ins: Arc<SignIns>,
    pub(crate) retired: Vec<Retired>,
}

/// The parts of a user, as a store keeps them.
#[derive(Debug, Clone)]
pub struct UserParts {
    /// The id of the user.
    pub id: UserId,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When the user last changed.
    pub updated_at: Timestamp,
    /// Whether the user is disabled.
    pub disabled: bool,
    /// The name with which the user signs in.
    pub username: Option<UsernameEntry>,
    /// The e-mail addresses of the user.
    pub emails: Book,
    /// The phone numbers of the user.
    pub phones: Book,
    /// The profile of the user.
    pub profile: Profile,
    /// The credentials, as reported by the host.
    pub credentials: Arc<Credentials>,
    /// The sign-in activity, as reported by the host.
    pub sign_ins: Arc<SignIns>,
    /// The wrong answers and sends of removed addresses.
    pub retired: Vec<Retired>,
}

impl User {
    /// Puts a user together from its parts, as a store returns it.
    ///
    /// # Errors
    /// [`Inconsistent`] when a book is of the wrong kind, an identifier replaces one that does not exist, or two
    /// identifiers have the same id.
    pub fn restore(parts: UserParts) -> Result<Self, Inconsistent> {
        if parts.emails.channel() != Channel::Email || parts.phones.channel() != Channel::Phone {
            return Err(Inconsistent("the e-mail addresses and the phone numbers are interchanged"));
        }
        for book in [&parts.emails, &parts.phones] {
            let replaced = book.entries().iter().filter_map(|entry| entry.replaces.map(|old| (entry.id, old)));
            for (new, old) in replaced {
                if new == old || book.get(old).is_none() {
                    return Err(Inconsistent("an identifier replaces one that does not exist"));
                }
            }
        }
        let UserParts {
            id,
            created_at,
            updated_at,
            disabled,
            username,
            emails,
            phones,
            profile,
            credentials,
            sign_ins,
            retired,
        } = parts;
        let user = Self {
            id,
            created_at,
            updated_at,
            disabled,
            username: username.map(Box::new),
            emails,
            phones,
            profile,
            credentials,
            sign_ins,
            retired,
        };
        if user.ids_differ() { Ok(user) } else { Err(Inconsistent("two identifiers have the same id")) }
    }

    /// Whether no two of the e-mail addresses, the phone numbers and the username share an id. Within a book the ids
    /// differ anyway.
    pub(crate) fn ids_differ(&self) -> bool {
        let crossing = self.phones.entries().iter().any(|entry| self.emails.get(entry.id).is_some());
        let name = self.username.as_ref().is_some_and(|name| self.identifier(name.id).is_some());
        !crossing && !name
    }

    /// The id of the user.
    #[must_use]
    pub const fn id(&self) -> &UserId {
        &self.id
    }

    /// When the user was created.
    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When the user last changed.
    #[must_use]
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// Whether the user is disabled. The holder of a disabled user may change nothing.
    #[must_use]
    pub const fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// The name with which the user signs in; `None` when there is none.
    #[must_use]
    pub fn username(&self) -> Option<&UsernameEntry> {
        self.username.as_deref()
    }

    /// The e-mail addresses of the user.
    #[must_use]
    pub const fn emails(&self) -> &Book {
        &self.emails
    }

    /// The phone numbers of the user.
    #[must_use]
    pub const fn phones(&self) -> &Book {
        &self.phones
    }

    /// The addresses of this kind.
    #[must_use]
    pub const fn book(&self, channel: Channel) -> &Book {
        match channel {
            Channel::Email => &self.emails,
            Channel::Phone => &self.phones,
        }
    }

    pub(crate) const fn book_mut(&mut self, channel: Channel) -> &mut Book {
        match channel {
            Channel::Email => &mut self.emails,
            Channel::Phone => &mut self.phones,
        }
    }

    /// The primary e-mail address; `None` when there is none.
    #[must_use]
    pub fn primary_email(&self) -> Option<&Identifier> {
        self.emails.primary()
    }

    /// The primary phone number; `None` when there is none.
    #[must_use]
    pub fn primary_phone(&self) -> Option<&Identifier> {
        self.phones.primary()
    }

    /// The e-mail address or phone number with this id.
    #[must_use]
    pub fn identifier(&self, id: IdentifierId) -> Option<&Identifier> {
        self.emails.get(id).or_else(|| self.phones.get(id))
    }

    /// All e-mail addresses, then all phone numbers, each in the order in which they were added.
    pub fn identifiers(&self) -> impl Iterator<Item = &Identifier> {
        self.emails.entries().iter().chain(self.phones.entries())
    }

    /// The profile of the user.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The user as the holder may see it: without the private data of the profile.
    #[must_use]
    pub fn seen_by_holder(self: Arc<Self>) -> Arc<Self> {
        if self.profile.private_data.as_map().is_empty() {
            return self;
        }
        let mut user = Arc::unwrap_or_clone(self);
        user.profile.private_data = Arc::default();
        Arc::new(user)
    }

    /// The credentials, as reported by the host.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The sign-in activity, as reported by the host.
    #[must_use]
    pub fn sign_ins(&self) -> &SignIns {
        &self.sign_ins
    }

    /// The wrong answers and sends of removed addresses, which a store must keep.
    #[must_use]
    pub fn retired(&self) -> &[Retired] {
        &self.retired
    }

    pub(crate) fn identifier_mut(&mut self, id: IdentifierId) -> Option<&mut Identifier> {
        match self.emails.get_mut(id) {
            Some(entry) => Some(entry),
            None => self.phones.get_mut(id),
        }
    }
}
