use std::sync::Arc;
use std::time::Duration;

use identity_core::{
    Address, Alphabet, Attempts, Book, Challenge, Channel, CodeFormat, Email, Identifier, KeyId, Method, Nonce, Phone,
    ProofBy, Purpose, Status, Timestamp, User, UserId, UserParts, Username, UsernameEntry, Verified,
};
use serde_json::{Value, json};

use super::{NOW, id};

/// A user that is being prepared.
#[derive(Debug, Clone)]
pub struct Person {
    /// Everything; the books of [`entries`](Self::entries) take the place of these.
    pub parts: UserParts,
    /// The e-mail addresses, then the phone numbers.
    pub entries: Vec<Identifier>,
    /// The entries that are primary.
    pub primary: Vec<identity_core::IdentifierId>,
}

impl Default for Person {
    fn default() -> Self {
        Self {
            parts: UserParts::new(UserId::parse("nobody").expect("a user's id"), NOW),
            entries: Vec::new(),
            primary: Vec::new(),
        }
    }
}

impl Person {
    /// The person with the parts of this user.
    #[must_use]
    pub fn of(user: &User) -> Self {
        let primaries = [user.primary_email(), user.primary_phone()];
        Self {
            parts: user.parts().clone(),
            entries: user.identifiers().cloned().collect(),
            primary: primaries.into_iter().flatten().map(|entry| entry.id).collect(),
        }
    }

    /// Sets the id.
    #[must_use]
    pub fn with_id(mut self, user: &UserId) -> Self {
        self.parts.id = user.clone();
        self
    }

    /// Sets the time of creation and of the last change.
    #[must_use]
    pub fn created(mut self, at: Timestamp) -> Self {
        (self.parts.created_at, self.parts.updated_at) = (at, at);
        self
    }

    /// Sets the time of the last change.
    #[must_use]
    pub fn updated(mut self, at: Timestamp) -> Self {
        self.parts.updated_at = at;
        self
    }

    /// Adds an e-mail address with the id of this number.
    #[must_use]
    pub fn email(self, number: u128, text: &str, status: Status) -> Self {
        self.address(number, Email::parse(text).expect("an e-mail address").into(), status)
    }

    /// Adds a phone number in canonical form with the id of this number.
    #[must_use]
    pub fn phone(self, number: u128, text: &str, status: Status) -> Self {
        self.address(number, Phone::from_e164(text).expect("a phone number").into(), status)
    }

    /// Adds an address with the id of this number.
    #[must_use]
    pub fn address(mut self, number: u128, address: Address, status: Status) -> Self {
        self.entries.push(Identifier {
            id: id(number),
            address,
            status,
            source: None,
            unrestricted: false,
            added_at: NOW,
            replaces: None,
            attempts: Attempts::default(),
            undeliverable: None,
            scheduled: None,
            label: None,
            contest: None,
            contested_at: None,
        });
        self
    }

    /// Removes the entry with the id of this number.
    #[must_use]
    pub fn without(mut self, number: u128) -> Self {
        self.entries.retain(|entry| entry.id != id(number));
        self.primary.retain(|primary| *primary != id(number));
        self
    }

    /// Makes the entry with the id of this number primary.
    #[must_use]
    pub fn primary(mut self, number: u128) -> Self {
        self.primary.push(id(number));
        self
    }

    /// Sets the username, with the id of this number.
    #[must_use]
    pub fn username(mut self, number: u128, text: &str) -> Self {
        self.parts.username = Some(Box::new(UsernameEntry {
            id: id(number),
            username: Username::parse(text).expect("a username"),
            source: None,
            added_at: NOW,
        }));
        self
    }

    /// Sets the extension to this JSON object.
    ///
    /// # Panics
    /// When it is no object of at most 65,536 bytes.
    #[must_use]
    pub fn extension(mut self, extension: Value) -> Self {
        self.parts.extension = Arc::new(serde_json::from_value(extension).expect("an object"));
        self
    }

    /// Sets the extension to a counter for tests of updates.
    #[must_use]
    pub fn attempts(self, count: u64) -> Self {
        self.extension(json!({"attempts": count}))
    }

    /// The counter that [`attempts`](Self::attempts) set; 0 when there is none.
    #[must_use]
    pub fn counted(user: &User) -> u64 {
        user.extension().as_map().get("attempts").and_then(Value::as_u64).unwrap_or_default()
    }

    /// The user with these parts.
    ///
    /// # Panics
    /// When the parts contradict each other.
    #[must_use]
    pub fn user(&self) -> Arc<User> {
        let mut parts = self.parts.clone();
        parts.emails = self.book(Channel::Email);
        parts.phones = self.book(Channel::Phone);
        Arc::new(User::restore(parts).expect("consistent parts"))
    }

    fn book(&self, channel: Channel) -> Book {
        let entries = self.entries.iter().filter(|entry| entry.address.channel() == channel);
        let entries: Vec<Identifier> = entries.cloned().collect();
        let primary = entries.iter().map(|entry| entry.id).find(|id| self.primary.contains(id));
        Book::restore(channel, entries, primary).expect("a consistent book")
    }
}

/// Verified by an administrator at [`NOW`].
#[must_use]
pub fn verified() -> Status {
    Status::Verified(Verified { at: NOW, by: Method::Administrator, source: None })
}

/// Pending, with [`challenge`].
#[must_use]
pub fn pending() -> Status {
    Status::Pending(Box::new(challenge()))
}

/// A challenge to verify an address by a code of 6 digits, valid for 600 s from [`NOW`].
#[must_use]
pub fn challenge() -> Challenge {
    Challenge {
        nonce: Nonce::from_bytes(*b"conformance kit."),
        key: KeyId::parse("2026a").expect("a key's name"),
        purpose: Purpose::Verification,
        proof: ProofBy::Code,
        format: CodeFormat::new(6, Alphabet::Digits).expect("a format of 6 digits"),
        issued_at: NOW,
        expires_at: NOW + Duration::from_secs(600),
        tries: 5,
        failed: 0,
        hint: None,
    }
}
