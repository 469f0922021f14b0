//! Writing a commit within an open transaction.

use std::cell::Cell;

use identity_core::{Details, LookupChanges, Version};
use identity_ports::{Commit, CommitError, Committed, Draws, StoreError};
use rusqlite::{Connection, Transaction, params};

use crate::cells::{Owner, execute, json};
use crate::error::Result;
use crate::users::Place;
use crate::{budgets, outbox};

thread_local! {
    /// Whether a commit on this thread erased a user. A transaction of the host is a closure that does not say what it
    /// wrote.
    static ERASED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread erased a user since it was last asked.
pub(crate) fn take_erased() -> bool {
    ERASED.take()
}

/// Writes a commit within a transaction of the host, so that the host's own rows are committed with it or not at all. A
/// commit that is refused leaves nothing behind, and the transaction can continue.
///
/// The transaction must be a write transaction from its beginning
/// ([`TransactionBehavior::Immediate`](rusqlite::TransactionBehavior::Immediate)), as
/// [`SqliteStore::transaction`](crate::SqliteStore::transaction) makes it. On a connection of the host's own
/// `secure_delete` should be on, so that an erasure overwrites what it deletes.
///
/// # Errors
/// As [`UserRepository::commit`](identity_ports::UserRepository::commit). After [`StoreError`] the transaction must be
/// rolled back.
pub fn commit_in(transaction: &Transaction<'_>, commit: &Commit) -> Result<Committed, CommitError> {
    let encoded = Encoded::new(commit)?;
    apply(transaction, commit, &encoded)
}

/// What a commit writes, encoded before it waits for the writer.
pub(crate) struct Encoded {
    /// The main record; `None` when the user is erased.
    pub(crate) record: Option<String>,
    details: Details,
    events: String,
    /// Of each message of the commit.
    messages: Vec<String>,
    lookup: LookupChanges,
    /// Of the other user whom the commit names.
    also: Option<Box<Self>>,
}

impl Encoded {
    /// Refuses a commit that contradicts itself, so that a mistake of the caller does not become a row.
    pub(crate) fn new(commit: &Commit) -> Result<Self> {
        commit.check().map_err(StoreError::failed)?;
        Self::of(commit)
    }

    fn of(commit: &Commit) -> Result<Self> {
        Ok(Self {
            record: commit.record(),
            details: commit.details(),
            events: commit.kept_events(),
            messages: commit.messages.iter().map(|outgoing| json(&outgoing.message)).collect::<Result<_, _>>()?,
            lookup: commit.lookup(),
            also: commit.also.as_deref().map(|also| Self::of(also).map(Box::new)).transpose()?,
        })
    }
}

/// Writes everything in the commit, or nothing when it is refused. When the store fails, the caller must undo what was written
/// until then.
pub(crate) fn apply(connection: &Connection, commit: &Commit, encoded: &Encoded) -> Result<Committed, CommitError> {
    let (Some(also), Some(encoded_also)) = (&commit.also, &encoded.also) else {
        return apply_part(connection, commit, encoded);
    };
    // What refuses the second part undoes the first.
    execute(connection, "SAVEPOINT identity_also", [])?;
    let written = release(connection, commit).and_then(|()| {
        let Committed { mut exhausted } = apply_part(connection, commit, encoded)?;
        exhausted.extend(apply_part(connection, also, encoded_also)?.exhausted);
        Ok(Committed { exhausted })
    });
    // When the store fails, SQLite may have ended the transaction.
    if !matches!(written, Err(CommitError::Store(_))) {
        if written.is_err() {
            execute(connection, "ROLLBACK TO identity_also", [])?;
        }
        execute(connection, "RELEASE identity_also", [])?;
    }
    written
}

/// Compares the versions of both users, and then releases what they lose, so that each may take what the other held.
fn release(connection: &Connection, commit: &Commit) -> Result<(), CommitError> {
    let owner = |key| Owner { connection, key };
    let places = commit.parts().map(|part| owner(&part.key).expect(part.expected));
    let places = places.collect::<Result<Vec<_>, _>>()?;
    for (part, place) in commit.parts().zip(places) {
        let held = place.filter(|_| part.after.is_none()).map(|place| place.held).unwrap_or_default();
        let mut gone = held.iter().map(|claim| &claim.key).chain(&part.claims.release);
        gone.try_for_each(|key| owner(&part.key).release(key))?;
    }
    Ok(())
}

/// Writes what the commit says of one user.
fn apply_part(connection: &Connection, commit: &Commit, encoded: &Encoded) -> Result<Committed, CommitError> {
    let Commit { key, after, .. } = commit;
    let owner = Owner { connection, key };
    // Nothing is written before everything that refuses a commit was looked at.
    let found = owner.expect(commit.expected)?;
    owner.may_take(&commit.claims.take)?;
    let draws = budgets::judge(connection, &key.tenant, &commit.refunds, &commit.charges, &commit.messages)?;

    budgets::write(connection, &key.tenant, &draws)?;
    let is_new = found.is_none();
    if after.is_some() || !is_new {
        owner.claim(&commit.claims)?;
    }
    let place = match found {
        Some(place) => Place { held: commit.claims.clone().applied_to(place.held), ..place },
        None => owner.create(commit, encoded)?,
    };
    let numbers = [commit.events.first().map_or(0, |recorded| recorded.number), commit.version().0];
    let event = owner.append(place.user, place.earlier, numbers, &encoded.events)?;
    owner.enter(&encoded.lookup)?;
    let Draws { withheld, exhausted, .. } = draws;
    let (Some(user), Some(record)) = (after, &encoded.record) else {
        erase(owner, place, commit.version(), event)?;
        return Ok(Committed { exhausted });
    };
    if !is_new {
        owner.write(commit, user, &place, event, record)?;
        for identifier in &commit.withdraw {
            owner.execute(sql!("outbox_withdraw"), params![place.user, identifier.as_uuid()])?;
        }
    }
    match &encoded.details {
        Details::Stays => {}
        Details::Goes => owner.write_details(place.user, None)?,
        Details::Is(record) => owner.write_details(place.user, Some(record))?,
    }
    let messages = commit.messages.iter().zip(&encoded.messages).zip(withheld);
    for ((outgoing, text), _) in messages.filter(|(_, withheld)| !withheld) {
        outbox::enqueue(connection, place.user, &outgoing.message, text)?;
    }
    Ok(Committed { exhausted })
}

/// Removes everything personal. Only the events are left; they show what happened when, and that the key was used.
fn erase(owner: Owner<'_>, Place { user, held, .. }: Place, Version(version): Version, event: i64) -> Result<()> {
    held.iter().try_for_each(|claim| owner.release(&claim.key))?;
    // Sent messages and dead letters too: they name the address.
    owner.execute("DELETE FROM identity_outbox WHERE user = ?1", [user])?;
    owner.strip((user, event, version))?;
    owner.write_details(user, None)?;
    owner.execute(sql!("users_erase"), params![user, version, event])?;
    ERASED.set(true);
    Ok(())
}
