//! The move from the tables of version 2 to records: user by user, in short transactions. A process that is killed loses the
//! last of them, and the next one goes on.

use identity_core::{ClaimChanges, Event, UserKey, Version, stored};
use identity_ports::{CommitError, StoreError};
use rusqlite::{Connection, ErrorCode, params, params_from_iter};

use crate::cells::{Owner, Text, json, one};
use crate::error::{Result, corrupt, store, unread};
use crate::transaction::within_savepoint;
use crate::users::{Lines, held};

/// Users in one transaction.
const BATCH: usize = 200;

/// Users after which the log says how far the move is.
const REPORT: u64 = 10_000;

/// Events in one row: version 2 does not know which of them were one commit.
const ROW: u64 = 32;

/// Whether a move has begun and is not at its end.
pub(crate) fn is_under_way(connection: &Connection) -> Result<bool> {
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
    pub(crate) fn go_on(&mut self, connection: &Connection) -> Result<bool> {
        if !is_under_way(connection)? {
            // Another process came first.
            return Ok(false);
        }
        if self.place.is_none() {
            let left = connection.query_row("SELECT count(*) FROM identity_old_users", [], |row| row.get::<_, u64>(0));
            tracing::info!(left = left.map_err(store)?, "moving users to the tables of schema version 3");
        }
        for _ in 0..BATCH {
            if let Some(key) = next(connection, self.place.as_ref())? {
                let owner = Owner { connection, key: &key };
                match within_savepoint(connection, || owner.move_user()) {
                    Err(StoreError::Corrupt { table, reason, .. }) => {
                        let user = owner.name();
                        tracing::error!(user, table, reason, "the rows of a user are damaged and stay behind");
                        // Its row has a record that nobody reads, and it keeps its claims.
                        owner.execute(sql!("records_set_aside"), owner.place())?;
                        owner.execute(sql!("records_keep_claims"), owner.place())?;
                    }
                    result => result?,
                }
                self.place = Some(key);
            } else if let Some(key) = key(connection, sql!("records_gone"), &[])? {
                Owner { connection, key: &key }.move_erased()?;
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

/// Whoever is still in the old tables behind a user.
fn next(connection: &Connection, after: Option<&UserKey>) -> Result<Option<UserKey>> {
    let place = after.map_or(["", ""], |key| Owner { connection, key }.place());
    key(connection, sql!("records_next"), &place)
}

fn key(connection: &Connection, sql: &str, place: &[&str]) -> Result<Option<UserKey>> {
    let key: Option<(Text<_>, Text<_>)> = one(connection, sql, params_from_iter(place), ("identity_users", ""))?;
    Ok(key.map(|(Text(tenant), Text(user))| UserKey { tenant, user }))
}

impl Owner<'_> {
    fn move_user(self) -> Result<()> {
        let (name, place) = (self.name(), self.place());
        let spot = ("identity_identifiers", name.as_str());
        // It was damaged when the move was tried before.
        if self.execute(sql!("records_take_up"), place)? > 0 {
            self.execute("DELETE FROM identity_claims WHERE tenant = ?1 AND user_id = ?2", place)?;
        }
        let sql = include_str!("../migrations/0003_user.sql");
        let mut statement = self.connection.prepare_cached(sql).map_err(store)?;
        let row = statement.query_row(place, |row| <(u64, String, String, Lines)>::try_from(row));
        let (version, main, details, claims) = row.map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::Unknown) => corrupt(spot, "a cell does not hold JSON"),
            _ => unread(error, spot),
        })?;
        let (version, held) = (Version(version), held(claims));
        let main = stored::with_checksum(main, self.key, Some(version));
        let details = stored::with_checksum(details, self.key, None);
        let user = stored::read(self.key, version, &main, Some(&details)).map_err(|reason| corrupt(spot, reason))?;
        let record = stored::record(&self.key.tenant, &user, version);
        let row = self.insert(version, Some((&user, &record)), &held)?;
        let row = row.ok_or_else(|| self.corrupt("identity_users", "it is in the new table already"))?;
        self.claim(&ClaimChanges { take: held, release: Vec::new() }).map_err(|error| match error {
            CommitError::Store(error) => error,
            other => self.corrupt("identity_claims", other),
        })?;
        self.enter(&[], &user.lookup())?;
        self.write_details(row, stored::details(&self.key.tenant, &user).as_deref())?;
        let [tenant, id] = place;
        self.execute(include_str!("../migrations/0003_outbox.sql"), params![tenant, id, row])?;
        self.move_events(row)?;
        for table in ["outbox", "claims", "identifiers", "profiles"] {
            let sql = format!("DELETE FROM identity_old_{table} WHERE tenant = ?1 AND user_id = ?2");
            self.execute(&sql, place)?;
        }
        self.execute("DELETE FROM identity_old_users WHERE tenant = ?1 AND id = ?2", place).map(drop)
    }

    /// Moves what is left of a user who was erased.
    fn move_erased(self) -> Result<()> {
        let last = "SELECT max(number) FROM identity_old_events WHERE tenant = ?1 AND user_id = ?2";
        let last = self.connection.query_row(last, self.place(), |row| row.get(0)).map_err(store)?;
        let row = self.insert(Version(last), None, &[])?;
        self.move_events(row.ok_or_else(|| self.corrupt("identity_events", "its user is in the new table already"))?)
    }

    fn move_events(self, user: i64) -> Result<()> {
        let ([tenant, id], mut earlier, mut number) = (self.place(), None, 0);
        loop {
            let rows = params![tenant, id, number, number + ROW];
            let row: Option<(u64, String)> = self.one("identity_events", sql!("records_events"), rows)?;
            let Some((last, text)) = row else { break };
            // What cannot be read stays as it is, and reading it says so.
            let text = serde_json::from_str::<Vec<Event>>(&text).map_or(Ok(text), |events| json(&events))?;
            earlier = Some(self.append(user, earlier, [number + 1, last], &text)?);
            number = last;
        }
        let last = "UPDATE identity_users SET last_event = ?2 WHERE user = ?1";
        self.execute(last, params![user, earlier.unwrap_or(0)])?;
        self.execute("DELETE FROM identity_old_events WHERE tenant = ?1 AND user_id = ?2", self.place()).map(drop)
    }
}
