//! The row of a user: its record, its version and the claims that it holds.

use std::sync::Arc;

use identity_core::{Claim, ClaimKey, ClaimKind, Strength, User, UserKey, Version, stored};
use identity_ports::{Commit, CommitError, Expected, StoreError, Stored};
use rusqlite::{Connection, Row, params};

use crate::commit::{Details, Encoded};
use crate::error::{corrupt, name, store, unread};
use crate::rows::cells::{Json, execute, json, one};

const LOAD: &str = include_str!("../../sql/users_load.sql");

/// The events of a new user follow at once, in the next row.
const INSERT: &str = include_str!("../../sql/users_insert.sql");

const SELECT: &str = include_str!("../../sql/users_select.sql");

const UPDATE: &str = include_str!("../../sql/users_update.sql");

/// Only for commits that change the time of creation, so that the others leave its index alone.
const CREATED: &str = "UPDATE identity_users SET created_at = ?2 WHERE user = ?1";

const ERASE: &str = include_str!("../../sql/users_erase.sql");

const WRITE_DETAILS: &str = include_str!("../../sql/users_write_details.sql");

const DELETE_DETAILS: &str = "DELETE FROM identity_profiles WHERE user = ?1";

/// The user of this key.
pub(crate) fn load(connection: &Connection, key: &UserKey) -> Result<Option<Stored>, StoreError> {
    let mut statement = connection.prepare_cached(LOAD).map_err(store)?;
    let mut rows = statement.query([key.tenant.as_str(), key.user.as_str()]).map_err(store)?;
    match rows.next().map_err(store)? {
        Some(row) => read(row, 0, key),
        None => Ok(None),
    }
}

/// Reads version, record, second record and claims from the cells of a row; `None` when the user is erased.
pub(crate) fn read(row: &Row<'_>, cell: usize, key: &UserKey) -> Result<Option<Stored>, StoreError> {
    let cells = || -> rusqlite::Result<_> {
        let version = Version(row.get(cell)?);
        let (record, details) = (row.get_ref(cell + 1)?.as_str_or_null()?, row.get_ref(cell + 2)?.as_str_or_null()?);
        Ok((version, record, details, row.get(cell + 3)?))
    };
    let (version, record, details, claims) = cells().map_err(|error| unread(error, "identity_users", || name(key)))?;
    let Some(record) = record else { return Ok(None) };
    let user = stored::read(key, version, record, details);
    let user = user.map_err(|reason| corrupt("identity_users", name(key), reason))?;
    Ok(Some(Stored { user: Arc::new(user), version, claims: Held::read(claims) }))
}

/// The claims that a user holds, in the order of their keys, as they stand in its row.
#[derive(Default)]
pub(crate) struct Held(Vec<Claim>);

pub(crate) type Line = (ClaimKind, u8, String, Strength);

impl Held {
    pub(crate) fn read(lines: Option<Json<Vec<Line>>>) -> Vec<Claim> {
        let claim = |(kind, rule, key, strength)| Claim { key: ClaimKey::new(kind, rule, key), strength };
        lines.map(|Json(lines)| lines.into_iter().map(claim).collect()).unwrap_or_default()
    }

    pub(crate) fn claims(&self) -> &[Claim] {
        &self.0
    }

    pub(crate) fn release(&mut self, key: &ClaimKey) {
        self.0.retain(|claim| claim.key != *key);
    }

    pub(crate) fn take(&mut self, claim: &Claim) {
        self.release(&claim.key);
        self.0.push(claim.clone());
        self.0.sort_unstable();
    }

    fn text(&self) -> Result<Option<String>, StoreError> {
        let line = |claim: &Claim| (claim.key.kind(), claim.key.rule(), claim.key.as_str().to_owned(), claim.strength);
        let lines: Vec<Line> = self.0.iter().map(line).collect();
        if lines.is_empty() { Ok(None) } else { json(&lines).map(Some) }
    }

    /// Takes a claim away from the user of this key, whose version stays.
    pub(crate) fn lose(connection: &Connection, key: &UserKey, claim: &ClaimKey) -> Result<(), StoreError> {
        const READ: &str = "SELECT claims FROM identity_users WHERE tenant = ?1 AND id = ?2";
        const WRITE: &str = "UPDATE identity_users SET claims = ?3 WHERE tenant = ?1 AND id = ?2";
        let (tenant, user) = (key.tenant.as_str(), key.user.as_str());
        let read =
            connection.prepare_cached(READ).and_then(|mut read| read.query_row([tenant, user], |row| row.get(0)));
        let mut held = Self(Self::read(read.map_err(|error| unread(error, "identity_users", || name(key)))?));
        held.release(claim);
        execute(connection, WRITE, params![tenant, user, held.text()?]).map(drop)
    }
}

/// The row of a user that a commit changes.
pub(crate) struct Place {
    pub(crate) user: i64,
    /// The row of the last commit; `None` for a new user.
    pub(crate) earlier: Option<i64>,
    pub(crate) held: Held,
}

/// Finds the row at the expected version, or makes the row of a new user. A row of another version is a conflict.
pub(crate) fn place(connection: &Connection, commit: &Commit, encoded: &Encoded) -> Result<Place, CommitError> {
    let Commit { key, after, .. } = commit;
    let (tenant, id) = (key.tenant.as_str(), key.user.as_str());
    if let Expected::At(version) = commit.expected {
        let place =
            one(connection, SELECT, params![tenant, id, version.0], ("identity_users", &|| name(key)), |row| {
                Ok(Place { user: row.get(0)?, earlier: Some(row.get(1)?), held: Held(Held::read(row.get(2)?)) })
            })?;
        return place.ok_or(CommitError::Conflict);
    }
    let mut held = Held::default();
    if after.is_some() {
        commit.claims.take.iter().for_each(|claim| held.take(claim));
    }
    let record = encoded.record.as_deref();
    let user = insert(connection, key, commit.version(), after.as_deref(), record, &held)?;
    let user = user.ok_or(CommitError::Conflict)?;
    Ok(Place { user, earlier: None, held })
}

/// Makes the row of a user, or of one who is erased, and gives its key; `None` when there is one. Its events have to follow.
pub(crate) fn insert(
    connection: &Connection,
    key: &UserKey,
    version: Version,
    user: Option<&User>,
    record: Option<&str>,
    held: &Held,
) -> Result<Option<i64>, StoreError> {
    let [created_at, updated_at] = [User::created_at, User::updated_at].map(|at| user.map(|user| at(user).as_micros()));
    let (tenant, id) = (key.tenant.as_str(), key.user.as_str());
    let row = params![tenant, id, version.0, created_at, updated_at, held.text()?, record];
    Ok((execute(connection, INSERT, row)? > 0).then(|| connection.last_insert_rowid()))
}

/// Writes the record of a user who was there before, once its events are in their row.
pub(crate) fn write(
    connection: &Connection,
    commit: &Commit,
    before: Option<&User>,
    after: &User,
    place: &Place,
    event: i64,
    encoded: &Encoded,
) -> Result<(), StoreError> {
    let (version, updated_at) = (commit.version(), after.updated_at().as_micros());
    let row = params![place.user, version.0, updated_at, event, place.held.text()?, encoded.record];
    execute(connection, UPDATE, row)?;
    if before.is_none_or(|before| before.created_at() != after.created_at()) {
        execute(connection, CREATED, params![place.user, after.created_at().as_micros()])?;
    }
    Ok(())
}

/// Writes the second record when it changed.
pub(crate) fn write_details(connection: &Connection, user: i64, details: &Details) -> Result<(), StoreError> {
    match details {
        Details::Stays => Ok(0),
        Details::Goes => execute(connection, DELETE_DETAILS, [user]),
        Details::Is(record) => execute(connection, WRITE_DETAILS, params![user, record]),
    }
    .map(drop)
}

/// Leaves nothing of a user but its id, its version and its last event.
pub(crate) fn erase(connection: &Connection, user: i64, version: Version, event: i64) -> Result<(), StoreError> {
    execute(connection, DELETE_DETAILS, [user])?;
    execute(connection, ERASE, params![user, version.0, event]).map(drop)
}
