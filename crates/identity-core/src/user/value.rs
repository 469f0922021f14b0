use std::sync::{Arc, LazyLock};

use crate::address::Channel;
use crate::base::{IdentifierId, Inconsistent, Timestamp, UserId};
use crate::user::{Book, Contest, Identifier, JsonObject, Profile, Retired, Scheduled, UsernameEntry};

/// A user: a person's identifiers and what the host knows about the person. It is a value: a request is decided into
/// events, and [`after`](Self::after) folds the events into the next value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub(crate) parts: UserParts,
}

/// What a user consists of. Anybody may put parts together; [`User::restore`] makes a user of those that fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserParts {
    /// The id of the user.
    pub id: UserId,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When the user last changed.
    pub updated_at: Timestamp,
    /// Whether the user is disabled.
    pub disabled: bool,
    /// The name with which the user signs in. It is boxed, because many users have none.
    pub username: Option<Box<UsernameEntry>>,
    /// The e-mail addresses of the user.
    pub emails: Book,
    /// The phone numbers of the user.
    pub phones: Book,
    /// The profile of the user.
    pub profile: Profile,
    /// What the host reports, see [`User::extension`].
    pub extension: Arc<JsonObject>,
    /// The wrong answers and sends of removed addresses.
    pub retired: Vec<Retired>,
}

/// What is kept of a person of whom the host told nothing. Such users share it: each of them would need 200 bytes of their
/// own.
static NOTHING: LazyLock<(Profile, Arc<JsonObject>)> = LazyLock::new(Default::default);

impl UserParts {
    /// The parts of a user who was created at this time and has nothing yet.
    #[must_use]
    pub fn new(id: UserId, at: Timestamp) -> Self {
        let (profile, extension) = NOTHING.clone();
        Self {
            id,
            created_at: at,
            updated_at: at,
            disabled: false,
            username: None,
            emails: Book::new(Channel::Email),
            phones: Book::new(Channel::Phone),
            profile,
            extension,
            retired: Vec::new(),
        }
    }
}

impl User {
    /// Puts a user together from its parts, as a store returns it.
    ///
    /// # Errors
    /// [`Inconsistent`] when a book is of the wrong kind, an identifier replaces one that does not exist, a scheduled change is
    /// not one of verified addresses, or two identifiers have the same id.
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
        for book in [&parts.emails, &parts.phones] {
            let is_verified = |id| book.get(id).is_some_and(Identifier::is_verified);
            let strange = |entry: &Identifier| {
                let fits = |by: IdentifierId| by != entry.id && is_verified(by);
                entry.scheduled.is_some_and(|it| !entry.is_verified() || !it.by.is_none_or(fits))
            };
            if book.entries().iter().any(strange) {
                return Err(Inconsistent("a scheduled change is not one of verified addresses"));
            }
        }
        let user = Self { parts };
        if user.ids_differ() { Ok(user) } else { Err(Inconsistent("two identifiers have the same id")) }
    }

    /// What the user consists of.
    #[must_use]
    pub const fn parts(&self) -> &UserParts {
        &self.parts
    }

    /// Whether no two of the e-mail addresses, the phone numbers and the username share an id. Within a book the ids
    /// differ anyway.
    pub(crate) fn ids_differ(&self) -> bool {
        let crossing = self.parts.phones.entries().iter().any(|entry| self.parts.emails.get(entry.id).is_some());
        let name = self.parts.username.as_ref().is_some_and(|name| self.identifier(name.id).is_some());
        !crossing && !name
    }

    /// The id of the user.
    #[must_use]
    pub const fn id(&self) -> &UserId {
        &self.parts.id
    }

    /// When the user was created.
    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.parts.created_at
    }

    /// When the user last changed.
    #[must_use]
    pub const fn updated_at(&self) -> Timestamp {
        self.parts.updated_at
    }

    /// Whether the user is disabled. The holder of a disabled user may change nothing.
    #[must_use]
    pub const fn is_disabled(&self) -> bool {
        self.parts.disabled
    }

    /// The name with which the user signs in; `None` when there is none.
    #[must_use]
    pub fn username(&self) -> Option<&UsernameEntry> {
        self.parts.username.as_deref()
    }

    /// The e-mail addresses of the user.
    #[must_use]
    pub const fn emails(&self) -> &Book {
        &self.parts.emails
    }

    /// The phone numbers of the user.
    #[must_use]
    pub const fn phones(&self) -> &Book {
        &self.parts.phones
    }

    /// The addresses of this kind.
    #[must_use]
    pub const fn book(&self, channel: Channel) -> &Book {
        match channel {
            Channel::Email => &self.parts.emails,
            Channel::Phone => &self.parts.phones,
        }
    }

    pub(crate) const fn book_mut(&mut self, channel: Channel) -> &mut Book {
        match channel {
            Channel::Email => &mut self.parts.emails,
            Channel::Phone => &mut self.parts.phones,
        }
    }

    /// The primary e-mail address; `None` when there is none.
    #[must_use]
    pub fn primary_email(&self) -> Option<&Identifier> {
        self.parts.emails.primary()
    }

    /// The primary phone number; `None` when there is none.
    #[must_use]
    pub fn primary_phone(&self) -> Option<&Identifier> {
        self.parts.phones.primary()
    }

    /// The e-mail address or phone number with this id.
    #[must_use]
    pub fn identifier(&self, id: IdentifierId) -> Option<&Identifier> {
        self.parts.emails.get(id).or_else(|| self.parts.phones.get(id))
    }

    /// All e-mail addresses, then all phone numbers, each in the order in which they were added.
    pub fn identifiers(&self) -> impl Iterator<Item = &Identifier> {
        self.parts.emails.entries().iter().chain(self.parts.phones.entries())
    }

    /// The addresses that the holder removed or replaced and that stay until that takes effect, each with the pending change.
    pub fn scheduled(&self) -> impl Iterator<Item = (&Identifier, Scheduled)> {
        self.identifiers().filter_map(|entry| Some((entry, entry.scheduled?)))
    }

    /// The open contest over an address of the user, with the identifier of the address; `None` when there is none. A user has at
    /// most one at a time.
    #[must_use]
    pub fn contest(&self) -> Option<(&Identifier, &Contest)> {
        self.identifiers().find_map(|entry| Some((entry, entry.contest.as_deref()?)))
    }

    /// The profile of the user.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.parts.profile
    }

    /// The user as the holder may see it: without the private data of the profile, and without the other user of a contest.
    #[must_use]
    pub fn seen_by_holder(self: Arc<Self>) -> Arc<Self> {
        let contest = self.contest().map(|(entry, _)| entry.id);
        if contest.is_none() && self.parts.profile.private_data.as_map().is_empty() {
            return self;
        }
        let mut user = Arc::unwrap_or_clone(self);
        if let Some(contest) = contest.and_then(|id| user.identifier_mut(id)?.contest.as_mut()) {
            contest.with = None;
        }
        user.parts.profile.private_data = Arc::default();
        Arc::new(user)
    }

    /// What the host keeps with the user, such as credentials without their secrets, or counts of sign-ins. The library
    /// records it and draws no conclusions from it. A member whose name is the id of an identifier or of the username is
    /// removed when that one is removed, and when the username changes.
    #[must_use]
    pub fn extension(&self) -> &JsonObject {
        &self.parts.extension
    }

    /// The wrong answers and sends of removed addresses, which a store must keep.
    #[must_use]
    pub fn retired(&self) -> &[Retired] {
        &self.parts.retired
    }

    pub(crate) fn identifier_mut(&mut self, id: IdentifierId) -> Option<&mut Identifier> {
        match self.parts.emails.get_mut(id) {
            Some(entry) => Some(entry),
            None => self.parts.phones.get_mut(id),
        }
    }
}
