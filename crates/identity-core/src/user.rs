use std::sync::Arc;

use crate::address::Channel;
use crate::{Book, Credentials, Identifier, IdentifierId, Profile, Retired, SignIns, Timestamp, UserId, UsernameEntry};

/// Why parts do not make a user: a row was damaged, or written by something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Inconsistent(pub &'static str);

/// A person's identifiers and what the host knows of them. A value: every change is a decision that gives events, and
/// [`after`](Self::after) folds them into the next value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub(crate) id: UserId,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) disabled: bool,
    pub(crate) username: Option<UsernameEntry>,
    pub(crate) emails: Book,
    pub(crate) phones: Book,
    pub(crate) profile: Profile,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) sign_ins: Arc<SignIns>,
    pub(crate) retired: Vec<Retired>,
}

/// Everything that a store keeps of a user.
#[derive(Debug, Clone)]
pub struct UserParts {
    /// Who it is.
    pub id: UserId,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When the user last changed.
    pub updated_at: Timestamp,
    /// Whether the user is disabled.
    pub disabled: bool,
    /// The name to sign in with.
    pub username: Option<UsernameEntry>,
    /// The e-mail addresses.
    pub emails: Book,
    /// The phone numbers.
    pub phones: Book,
    /// The profile.
    pub profile: Profile,
    /// The credentials.
    pub credentials: Arc<Credentials>,
    /// The sign-in activity.
    pub sign_ins: Arc<SignIns>,
    /// What is left of removed identifiers.
    pub retired: Vec<Retired>,
}

impl User {
    /// A user as a store returns it.
    ///
    /// # Errors
    /// [`Inconsistent`] when the parts contradict each other.
    pub fn restore(parts: UserParts) -> Result<Self, Inconsistent> {
        if parts.emails.channel() != Channel::Email || parts.phones.channel() != Channel::Phone {
            return Err(Inconsistent("a book stands in the other one's place"));
        }
        for book in [&parts.emails, &parts.phones] {
            let replaced = book.entries().iter().filter_map(|entry| entry.replaces.map(|old| (entry.id, old)));
            for (new, old) in replaced {
                if new == old || book.get(old).is_none() {
                    return Err(Inconsistent("an identifier replaces one that is not there"));
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
            username,
            emails,
            phones,
            profile,
            credentials,
            sign_ins,
            retired,
        };
        if user.ids_differ() { Ok(user) } else { Err(Inconsistent("two identifiers have one id")) }
    }

    /// Whether no e-mail address has the id of a phone number, and neither that of the username; within a book they differ.
    pub(crate) fn ids_differ(&self) -> bool {
        let crossing = self.phones.entries().iter().any(|entry| self.emails.get(entry.id).is_some());
        let name = self.username.as_ref().is_some_and(|name| self.identifier(name.id).is_some());
        !crossing && !name
    }

    /// Who it is.
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

    /// Whether the user is disabled: then nothing goes on the holder's road.
    #[must_use]
    pub const fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// The name to sign in with.
    #[must_use]
    pub const fn username(&self) -> Option<&UsernameEntry> {
        self.username.as_ref()
    }

    /// The e-mail addresses.
    #[must_use]
    pub const fn emails(&self) -> &Book {
        &self.emails
    }

    /// The phone numbers.
    #[must_use]
    pub const fn phones(&self) -> &Book {
        &self.phones
    }

    /// The addresses of one kind.
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

    /// The primary e-mail address.
    #[must_use]
    pub fn primary_email(&self) -> Option<&Identifier> {
        self.emails.primary()
    }

    /// The primary phone number.
    #[must_use]
    pub fn primary_phone(&self) -> Option<&Identifier> {
        self.phones.primary()
    }

    /// The e-mail address or phone number with this id.
    #[must_use]
    pub fn identifier(&self, id: IdentifierId) -> Option<&Identifier> {
        self.emails.get(id).or_else(|| self.phones.get(id))
    }

    /// All e-mail addresses, then all phone numbers.
    pub fn identifiers(&self) -> impl Iterator<Item = &Identifier> {
        self.emails.entries().iter().chain(self.phones.entries())
    }

    /// The profile.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The credentials, as the host reported them.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The sign-in activity, as the host reported it.
    #[must_use]
    pub fn sign_ins(&self) -> &SignIns {
        &self.sign_ins
    }

    /// What is left of identifiers that were removed, for a store to keep.
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
