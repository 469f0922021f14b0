//! The move from the tables of version 2 to records: user by user, in short transactions. A process that is killed loses the
//! last of them, and the next one goes on.

use identity_core::{ClaimChanges, Event, UserKey, Version, stored};
use identity_ports::{CommitError, StoreError};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row, params};

use crate::commit::{Details, within_savepoint};
use crate::error::{corrupt, name, store, unread};
use crate::rows::cells::{Json, execute, json, user_key};
use crate::rows::users::Held;
use crate::rows::{events, lookup, users};

/// Users in one transaction.
const BATCH: usize = 200;

/// Users after which the log says how far the move is.
const REPORT: u64 = 10_000;

/// Events in one row: version 2 does not know which of them were one commit.
const ROW: u64 = 32;

/// Whoever is still in the old tables: users first, then those of whom only events are left.
const NEXT: &str = include_str!("../sql/records_next.sql");
const GONE: &str = include_str!("../sql/records_gone.sql");

const USER: &str = include_str!("../migrations/0003_user.sql");
const OUTBOX: &str = include_str!("../migrations/0003_outbox.sql");

const EVENTS: &str = include_str!("../sql/records_events.sql");

const LAST: &str = "SELECT max(number) FROM identity_old_events WHERE tenant = ?1 AND user_id = ?2";

/// A user whose old rows are damaged has a row whose record nobody reads, and keeps its claims.
const SET_ASIDE: &str = include_str!("../sql/records_set_aside.sql");
const KEEP_CLAIMS: &str = include_str!("../sql/records_keep_claims.sql");
const TAKE_UP: &str = "DELETE FROM identity_users WHERE tenant = ?1 AND id = ?2 AND record = 'damaged'";
const DROP_CLAIMS: &str = "DELETE FROM identity_claims WHERE tenant = ?1 AND user_id = ?2";

/// Whether a move has begun and is not at its end.
pub(crate) fn is_under_way(connection: &Connection) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'identity_old_users')";
    connection.query_row(sql, [], |row| row.get(0)).map_err(store)
}

/// How far this process is.
#[derive(Default)]
pub(crate) struct Move {
    place: Option<UserKey>,
    moved: u64,
}

impl Move {
    /// Moves some users, and says whether there are more. The caller holds a write transaction.
    pub(crate) fn go_on(&mut self, connection: &Connection) -> Result<bool, StoreError> {
        if !is_under_way(connection)? {
            // Another process came first.
            return Ok(false);
        }
        if self.place.is_none() {
            let left: u64 =
                connection.query_row("SELECT count(*) FROM identity_old_users", [], |row| row.get(0)).map_err(store)?;
            tracing::info!(left, "moving users to the tables of schema version 3");
        }
        for _ in 0..BATCH {
            if let Some(key) = next(connection, self.place.as_ref())? {
                match within_savepoint(connection, || move_user(connection, &key)) {
                    Err(StoreError::Corrupt { table, reason, .. }) => {
                        tracing::error!(
                            user = name(&key),
                            table,
                            reason,
                            "the rows of a user are damaged and stay behind"
                        );
                        execute(connection, SET_ASIDE, [key.tenant.as_str(), key.user.as_str()])?;
                        execute(connection, KEEP_CLAIMS, [key.tenant.as_str(), key.user.as_str()])?;
                    }
                    result => result?,
                }
                self.place = Some(key);
            } else if let Some(key) = one(connection, GONE, &[])? {
                move_erased(connection, &key)?;
            } else {
                if next(connection, None)?.is_none() {
                    connection.execute_batch(include_str!("../migrations/0003_end.sql")).map_err(store)?;
                }
                tracing::info!(moved = self.moved, "all users are moved");
                return Ok(false);
            }
            self.moved += 1;
            if self.moved.is_multiple_of(REPORT) {
                tracing::info!(moved = self.moved, "moving users");
            }
        }
        Ok(true)
    }
}

fn next(connection: &Connection, after: Option<&UserKey>) -> Result<Option<UserKey>, StoreError> {
    let (tenant, user) = after.map_or(("", ""), |key| (key.tenant.as_str(), key.user.as_str()));
    one(connection, NEXT, &[tenant, user])
}

fn one(connection: &Connection, sql: &str, params: &[&str]) -> Result<Option<UserKey>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store)?;
    let key = statement.query_row(rusqlite::params_from_iter(params), |row| user_key(row, 0));
    key.optional().map_err(|error| unread(error, "identity_users", String::new))
}

fn move_user(connection: &Connection, key: &UserKey) -> Result<(), StoreError> {
    let (tenant, id) = (key.tenant.as_str(), key.user.as_str());
    if execute(connection, TAKE_UP, [tenant, id])? > 0 {
        // It was damaged when the move was tried before.
        execute(connection, DROP_CLAIMS, [tenant, id])?;
    }
    let mut statement = connection.prepare_cached(USER).map_err(store)?;
    let read = |row: &Row<'_>| -> rusqlite::Result<_> {
        Ok((Version(row.get(0)?), row.get::<_, String>(3)?, row.get::<_, String>(4)?, Held::read(row.get(5)?)))
    };
    let row = statement.query_row([tenant, id], read);
    let (version, main, details, claims) = row.map_err(|error| match error.sqlite_error_code() {
        // A cell that is not JSON.
        Some(ErrorCode::Unknown) => corrupt("identity_identifiers", name(key), "a cell does not hold JSON"),
        _ => unread(error, "identity_identifiers", || name(key)),
    })?;
    let main = stored::with_checksum(main, key, Some(version));
    let user = stored::read(key, version, &main, Some(&stored::with_checksum(details, key, None)));
    let user = user.map_err(|reason| corrupt("identity_identifiers", name(key), reason))?;
    let claims = ClaimChanges { take: claims, release: Vec::new() };
    let mut held = Held::default();
    claims.take.iter().for_each(|claim| held.take(claim));
    let record = stored::record(&key.tenant, &user, version);
    let row = users::insert(connection, key, version, Some(&user), Some(&record), &held)?;
    let row = row.ok_or_else(|| corrupt("identity_users", name(key), "it is in the new table already"))?;
    lookup::write_claims(connection, key, &claims, &mut held).map_err(|error| match error {
        CommitError::Store(error) => error,
        other => corrupt("identity_claims", name(key), other),
    })?;
    lookup::write(connection, key, &[], &user.lookup())?;
    users::write_details(connection, row, &stored::details(&key.tenant, &user).map_or(Details::Stays, Details::Is))?;
    execute(connection, OUTBOX, params![tenant, id, row])?;
    move_events(connection, key, row)?;
    for table in ["outbox", "claims", "identifiers", "profiles"] {
        execute(
            connection,
            &format!("DELETE FROM identity_old_{table} WHERE tenant = ?1 AND user_id = ?2"),
            [tenant, id],
        )?;
    }
    execute(connection, "DELETE FROM identity_old_users WHERE tenant = ?1 AND id = ?2", [tenant, id]).map(drop)
}

/// Moves what is left of a user who was erased.
fn move_erased(connection: &Connection, key: &UserKey) -> Result<(), StoreError> {
    let place = [key.tenant.as_str(), key.user.as_str()];
    let last = connection.query_row(LAST, place, |row| row.get(0)).map_err(store)?;
    let row = users::insert(connection, key, Version(last), None, None, &Held::default())?;
    let row = row.ok_or_else(|| corrupt("identity_events", name(key), "its user is in the new table already"))?;
    move_events(connection, key, row)
}

fn move_events(connection: &Connection, key: &UserKey, user: i64) -> Result<(), StoreError> {
    let (tenant, id) = (key.tenant.as_str(), key.user.as_str());
    let (mut earlier, mut number) = (None, 0);
    let mut statement = connection.prepare_cached(EVENTS).map_err(store)?;
    loop {
        let row = statement.query_row(params![tenant, id, number, number + ROW], |row| {
            let read = row.get::<_, Json<Vec<Event>>>(1).ok();
            Ok((row.get::<_, u64>(0)?, read, row.get::<_, String>(1)?))
        });
        let Some((last, read, text)) =
            row.optional().map_err(|error| unread(error, "identity_events", || name(key)))?
        else {
            break;
        };
        // What cannot be read stays as it is, and reading it says so.
        let text = read.map(|Json(events)| json(&events)).transpose()?.unwrap_or(text);
        earlier = Some(events::insert(connection, user, earlier, [number + 1, last], &text)?);
        number = last;
    }
    execute(
        connection,
        "UPDATE identity_users SET last_event = ?2 WHERE user = ?1",
        params![user, earlier.unwrap_or(0)],
    )?;
    let sql = "DELETE FROM identity_old_events WHERE tenant = ?1 AND user_id = ?2";
    execute(connection, sql, [tenant, id]).map(drop)
}
