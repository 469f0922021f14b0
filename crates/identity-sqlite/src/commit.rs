//! Writing a commit within an open transaction.

use std::borrow::Cow;
use std::cell::Cell;

use identity_core::{LookupChanges, LookupEntry, User, stored};
use identity_ports::{Commit, CommitError, Committed, Expected, StoreError};
use rusqlite::{Connection, Transaction};

use crate::error::store;
use crate::rows::cells::{execute, json};
use crate::rows::users::Place;
use crate::rows::{budgets, events, lookup, outbox, users};

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
    within_savepoint(transaction, || apply(transaction, commit, &encoded))
}

/// Runs a closure within the open transaction, and undoes its writes when it fails.
pub(crate) fn within_savepoint<T, E: From<StoreError>>(
    connection: &Connection,
    run: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let execute = |sql| execute(connection, sql, []).map(drop);
    execute("SAVEPOINT identity")?;
    let result = run();
    // Some errors roll back the whole transaction, and the savepoint with it.
    if connection.is_autocommit() {
        return result.and(Err(E::from(ended())));
    }
    if result.is_err() {
        execute("ROLLBACK TO identity")?;
    }
    execute("RELEASE identity")?;
    result
}

pub(crate) fn ended() -> StoreError {
    StoreError::failed("SQLite rolled back the transaction on an error; nothing was written")
}

/// What a commit writes, encoded before it waits for the writer.
pub(crate) struct Encoded {
    /// The main record; `None` when the user is erased.
    pub(crate) record: Option<String>,
    pub(crate) details: Details,
    pub(crate) events: String,
    /// Of each message of the commit.
    pub(crate) messages: Vec<String>,
    /// The entries by which the user was found and that go, and those that come. Verification is part of their order, so one
    /// whose verification changes goes and comes.
    pub(crate) removed: Vec<LookupEntry>,
    pub(crate) put: Vec<LookupEntry>,
}

/// What becomes of the second record.
pub(crate) enum Details {
    Stays,
    Goes,
    Is(String),
}

impl Encoded {
    /// Refuses a commit that contradicts itself, so that a mistake of the caller does not become a row.
    pub(crate) fn new(commit: &Commit) -> Result<Self, StoreError> {
        commit.check().map_err(StoreError::failed)?;
        let (tenant, before) = (&commit.key.tenant, commit.before.as_deref());
        let is_new = commit.expected == Expected::Absent;
        let details = match &commit.after {
            Some(after) if !before.is_some_and(|before| stored::same_details(before, after)) => {
                stored::details(tenant, after).map_or(if is_new { Details::Stays } else { Details::Goes }, Details::Is)
            }
            _ => Details::Stays,
        };
        let events = commit.events.iter().map(|recorded| match commit.after {
            Some(_) => Cow::Borrowed(&recorded.event),
            None => Cow::Owned(recorded.event.clone().stripped()),
        });
        let LookupChanges { put, remove: mut removed } = commit.lookup();
        let known = before.filter(|_| !put.is_empty()).map(User::lookup).unwrap_or_default();
        let moves = |old: &LookupEntry| put.iter().any(|put| (&put.key, put.identifier) == (&old.key, old.identifier));
        removed.extend(known.into_iter().filter(moves));
        Ok(Self {
            record: commit.after.as_ref().map(|after| stored::record(tenant, after, commit.version())),
            details,
            events: json(&events.collect::<Vec<_>>())?,
            messages: commit.messages.iter().map(|outgoing| json(&outgoing.message)).collect::<Result<_, _>>()?,
            removed,
            put,
        })
    }
}

/// Writes everything in the commit. When it is refused, the caller must undo what was written until then.
pub(crate) fn apply(connection: &Connection, commit: &Commit, encoded: &Encoded) -> Result<Committed, CommitError> {
    let Commit { key, after, .. } = commit;
    let mut place = users::place(connection, commit, encoded)?;
    let is_new = commit.expected == Expected::Absent;
    if commit.before.is_none()
        && !is_new
        && let Some(stored) = users::load(connection, key)?
    {
        // The caller did not say what the user was before.
        let whole = Commit { before: Some(stored.user), ..commit.clone() };
        return apply(connection, &whole, &Encoded::new(&whole)?);
    }
    let before = commit.before.as_deref();
    if after.is_some() || !is_new {
        lookup::write_claims(connection, key, &commit.claims, &mut place.held)?;
    }
    let drawn = budgets::draw(connection, &key.tenant, &commit.refunds, &commit.charges, &commit.messages)?;
    let first = commit.events.first().map_or(0, |recorded| recorded.number);
    let numbers = [first, commit.version().0];
    let event = events::insert(connection, place.user, place.earlier, numbers, &encoded.events)?;
    lookup::write(connection, key, &encoded.removed, &encoded.put)?;
    let Some(user) = after else {
        erase(connection, commit, &place, event)?;
        return Ok(Committed { exhausted: drawn.exhausted });
    };
    if !is_new {
        users::write(connection, commit, before, user, &place, event, encoded)?;
        outbox::withdraw(connection, place.user, &commit.withdraw)?;
    }
    users::write_details(connection, place.user, &encoded.details)?;
    let messages = commit.messages.iter().zip(&encoded.messages).zip(drawn.withheld);
    for ((outgoing, text), _) in messages.filter(|(_, withheld)| !withheld) {
        outbox::enqueue(connection, place.user, &outgoing.message, text)?;
    }
    Ok(Committed { exhausted: drawn.exhausted })
}

/// Removes everything personal. Only the events are left; they show what happened when, and that the key was used.
fn erase(connection: &Connection, commit: &Commit, place: &Place, event: i64) -> Result<(), StoreError> {
    let held = place.held.claims().iter();
    held.map(|claim| &claim.key).try_for_each(|claim| lookup::release(connection, &commit.key, claim))?;
    outbox::forget(connection, place.user)?;
    events::strip(connection, place.user, (event, commit.version().0), &commit.key)?;
    users::erase(connection, place.user, commit.version(), event)?;
    ERASED.set(true);
    Ok(())
}

/// Begins a write transaction.
pub(crate) fn begin(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)
}

/// Commits or rolls back the transaction. A commit that fails is rolled back.
pub(crate) fn end(connection: &Connection, keep: bool) -> Result<(), StoreError> {
    if !keep {
        return execute(connection, "ROLLBACK", []).map(drop);
    }
    let ended = connection.prepare_cached("COMMIT").and_then(|mut statement| statement.execute([]));
    ended.map(drop).map_err(|error| {
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        store(error)
    })
}
