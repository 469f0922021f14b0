use std::sync::Arc;

use identity_core::{
    Actor, Change, Charge, Claim, ClaimChanges, ClaimKey, ClaimPolicy, Event, EventFormat, Outgoing, Policy, Recorded,
    Status, Strength, Timestamp, UserKey, Version,
};
use identity_ports::{Commit, Expected, Stored};

use super::{NOW, Person, id, letter, mail_key, paid, withholding};

/// A commit that is being prepared.
#[derive(Debug, Clone)]
pub struct Draft(pub Commit);

/// A commit that creates a user with one event, without claims and messages.
#[must_use]
pub fn create(key: &UserKey, person: &Person) -> Draft {
    let person = person.clone().with_id(&key.user);
    Draft(Commit {
        key: key.clone(),
        expected: Expected::Absent,
        before: None,
        after: Some(person.user()),
        claims: ClaimChanges::default(),
        events: Vec::new(),
        withdraw: Vec::new(),
        charges: Vec::new(),
        messages: Vec::new(),
        refunds: Vec::new(),
        also: None,
    })
    .events(NOW, vec![Change::Created { user: key.user.clone() }])
}

/// A commit that changes a user with one event, without claims and messages.
#[must_use]
pub fn change(key: &UserKey, stored: &Stored, person: &Person) -> Draft {
    let person = person.clone().with_id(&key.user);
    Draft(Commit {
        expected: Expected::At(stored.version),
        before: Some(Arc::clone(&stored.user)),
        ..create(key, &person).0
    })
    .events(NOW, vec![Change::ProfileChanged { claims: None, public_data: None, private_data: None }])
}

/// A commit that erases a user and releases its claims.
#[must_use]
pub fn erase(key: &UserKey, stored: &Stored) -> Draft {
    let mut draft = change(key, stored, &Person::of(&stored.user)).events(NOW, vec![Change::Erased]);
    draft.0.after = None;
    draft.0.claims.release = stored.claims.iter().map(|claim| claim.key.clone()).collect();
    draft
}

/// A commit that changes a user by the bits of a number below 128; different numbers give different contents.
#[must_use]
pub fn varied(key: &UserKey, stored: &Stored, number: u64) -> Draft {
    let has = |part: u32| number >> part & 1 == 1;
    let mail = format!("varied.{number}@example.com");
    let person = if has(0) { Person::default() } else { Person::of(&stored.user) };
    let person = if has(1) { person.email(128, "other@example.com", Status::Unverified) } else { person };
    let mut draft = change(key, stored, &if has(2) { person.attempts(number) } else { person });
    if has(3) {
        draft = draft.take(&mail_key(&mail), Strength::Verified);
    }
    if has(4) {
        draft = draft.message(paid(letter(number.into(), key, NOW), vec![withholding(&mail, 1, NOW)]));
    }
    if has(5) {
        draft.0.withdraw.push(id(1));
    }
    if has(6) {
        draft.0.claims.release.push(mail_key(&format!("released.{mail}")));
    }
    draft
}

impl Draft {
    /// Sets the events of the commit, in place of the previous ones.
    #[must_use]
    pub fn events(mut self, at: Timestamp, changes: Vec<Change>) -> Self {
        let from = match self.0.expected {
            Expected::Absent => 0,
            Expected::At(Version(version)) => version,
        };
        let actor = Actor::Administrator("conformance".into());
        let event = |change| Event { v: EventFormat, at, actor: actor.clone(), change };
        let numbered = (from + 1..).zip(changes);
        self.0.events = numbered.map(|(number, change)| Recorded { number, event: event(change) }).collect();
        self
    }

    /// Sets the expected version.
    #[must_use]
    pub fn expecting(mut self, version: u64) -> Self {
        self.0.expected = Expected::At(Version(version));
        for (number, recorded) in (version + 1..).zip(&mut self.0.events) {
            recorded.number = number;
        }
        self
    }

    /// Adds a claim to take.
    #[must_use]
    pub fn take(mut self, key: &ClaimKey, strength: Strength) -> Self {
        self.0.claims.take.push(Claim { key: key.clone(), strength });
        self
    }

    /// Adds a claim to release.
    #[must_use]
    pub fn release(mut self, key: &ClaimKey) -> Self {
        self.0.claims.release.push(key.clone());
        self
    }

    /// Sets the claims that follow from the change under a policy, when the user holds `held`.
    #[must_use]
    pub fn claims(mut self, held: &[Claim], policy: ClaimPolicy) -> Self {
        let policy = Policy::default().with_claim(policy);
        self.0.claims = ClaimChanges::between(held, self.0.before.as_deref(), self.0.after.as_deref(), &policy);
        self
    }

    /// Adds a charge of the commit itself.
    #[must_use]
    pub fn charge(mut self, charge: Charge) -> Self {
        self.0.charges.push(charge);
        self
    }

    /// Adds what the commit writes of another user.
    #[must_use]
    pub fn also(mut self, other: Self) -> Self {
        self.0.also = Some(Box::new(other.0));
        self
    }

    /// Adds a message.
    #[must_use]
    pub fn message(mut self, outgoing: Outgoing) -> Self {
        self.0.messages.push(outgoing);
        self
    }
}
