//! Writing a commit within an open transaction.

use std::cell::Cell;

use identity_core::{Version, WhenExhausted};
use identity_ports::{Commit, CommitError, Committed, Expected, StoreError};
use rusqlite::{Connection, Transaction};

use crate::error::store;
use crate::rows::cells::execute;
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
    within_savepoint(transaction, || apply(transaction, commit))
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

/// Writes everything in the commit. When it is refused, the caller must undo what was written until then.
pub(crate) fn apply(connection: &Connection, commit: &Commit) -> Result<Committed, CommitError> {
    sound(commit)?;
    let Commit { key, after, .. } = commit;
    let mut place = users::place(connection, commit)?;
    let is_new = commit.expected == Expected::Absent;
    let before = match &commit.before {
        // The caller may not say what the user was before.
        None if !is_new => users::load(connection, key)?.map(|stored| stored.user),
        before => before.clone(),
    };
    let before = before.as_deref();
    if after.is_some() || !is_new {
        lookup::write_claims(connection, key, &commit.claims, &mut place.held)?;
    }
    let drawn = budgets::draw(connection, &key.tenant, &commit.refunds, &commit.charges, &commit.messages)?;
    let event = events::append(connection, place.user, place.earlier, commit)?;
    lookup::write(connection, key, before, after.as_deref())?;
    let Some(user) = after else {
        erase(connection, commit, &place, event)?;
        return Ok(Committed { exhausted: drawn.exhausted });
    };
    if !is_new {
        users::write(connection, commit, before, user, &place, event)?;
        outbox::withdraw(connection, place.user, &commit.withdraw)?;
    }
    users::write_details(connection, key, place.user, before, user)?;
    for (outgoing, _) in commit.messages.iter().zip(drawn.withheld).filter(|(_, withheld)| !withheld) {
        outbox::enqueue(connection, place.user, &outgoing.message)?;
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

/// Rejects a commit that contradicts itself, so that a mistake of the caller does not become a row.
fn sound(commit: &Commit) -> Result<(), StoreError> {
    let from = match commit.expected {
        Expected::Absent => 0,
        Expected::At(Version(version)) => version,
    };
    let follows = (from.saturating_add(1)..).zip(&commit.events).all(|(number, recorded)| number == recorded.number);
    if commit.events.is_empty() || !follows {
        return Err(StoreError::failed(
            "the events of the commit are not numbered on from the expected version; this is a bug in the caller",
        ));
    }
    if commit.charges.iter().any(|charge| charge.when_exhausted == WhenExhausted::Withhold) {
        return Err(StoreError::failed("a charge of a commit itself has no message to withhold"));
    }
    if commit.after.as_ref().is_some_and(|user| *user.id() != commit.key.user) {
        return Err(StoreError::failed(
            "the user of the commit has another id than its key; this is a bug in the caller",
        ));
    }
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
