use std::sync::Arc;

use identity_core::{User, UserKey};
use identity_ports::{Commit, CommitError, Expected, StoreError};
use rusqlite::{Connection, params};

use crate::cells::{json_unless_default, signed};
use crate::error::store;

const INSERT: &str = "INSERT INTO identity_users \
(tenant, id, version, created_at, updated_at, disabled, primary_email, primary_phone, retired) \
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";

const UPDATE: &str = "UPDATE identity_users SET version = ?3, created_at = ?5, updated_at = ?6, disabled = ?7, \
primary_email = ?8, primary_phone = ?9, retired = ?10 WHERE tenant = ?1 AND id = ?2 AND version = ?4";

/// The same without the time of creation, so that its index is not written.
const TOUCH: &str = "UPDATE identity_users SET version = ?3, updated_at = ?5, disabled = ?6, primary_email = ?7, \
primary_phone = ?8, retired = ?9 WHERE tenant = ?1 AND id = ?2 AND version = ?4";

const ADVANCE: &str = "UPDATE identity_users SET version = ?3 WHERE tenant = ?1 AND id = ?2 AND version = ?4";

/// Updates the user's row from the expected version to that of the commit. A row of another version is a conflict.
pub(crate) fn write(connection: &Connection, commit: &Commit) -> Result<(), CommitError> {
    let (tenant, id) = (commit.key.tenant.as_str(), commit.key.user.as_str());
    let version = signed(commit.version().0)?;
    let expected = match commit.expected {
        Expected::Absent => None,
        Expected::At(version) => Some(signed(version.0)?),
    };
    let changed = match (expected, &commit.after) {
        (None, Some(user)) => execute(
            connection,
            INSERT,
            params![
                tenant,
                id,
                version,
                user.created_at().as_micros(),
                user.updated_at().as_micros(),
                user.is_disabled(),
                primary_email(user),
                primary_phone(user),
                retired(user)?,
            ],
        )?,
        // Only its events will be left; they show whether the key was used before.
        (None, None) => 1,
        (Some(expected), Some(user)) => {
            let updated_at = user.updated_at().as_micros();
            let (email, phone, retired) = (primary_email(user), primary_phone(user), retired(user)?);
            let disabled = user.is_disabled();
            if commit.before.as_ref().is_some_and(|before| before.created_at() == user.created_at()) {
                let row = params![tenant, id, version, expected, updated_at, disabled, email, phone, retired];
                execute(connection, TOUCH, row)?
            } else {
                let created_at = user.created_at().as_micros();
                let row =
                    params![tenant, id, version, expected, created_at, updated_at, disabled, email, phone, retired];
                execute(connection, UPDATE, row)?
            }
        }
        (Some(expected), None) => execute(connection, ADVANCE, params![tenant, id, version, expected])?,
    };
    if changed == 1 { Ok(()) } else { Err(CommitError::Conflict) }
}

/// Deletes the user's row, and with it all rows that refer to it.
pub(crate) fn delete(connection: &Connection, key: &UserKey) -> Result<(), StoreError> {
    let sql = "DELETE FROM identity_users WHERE tenant = ?1 AND id = ?2";
    execute(connection, sql, params![key.tenant.as_str(), key.user.as_str()]).map(drop)
}

/// Writes the profile and the reports when they changed.
pub(crate) fn write_profile(
    connection: &Connection,
    key: &UserKey,
    before: Option<&User>,
    after: &User,
    known: bool,
) -> Result<(), StoreError> {
    let same = |user: &User| {
        let (old, new) = (user.profile(), after.profile());
        shared(&old.claims, &new.claims)
            && shared(&old.public_data, &new.public_data)
            && shared(&old.private_data, &new.private_data)
            && user.credentials() == after.credentials()
            && user.sign_ins() == after.sign_ins()
    };
    if before.is_some_and(same) {
        return Ok(());
    }
    let claims = json_unless_default(&*after.profile().claims)?;
    let public_data = json_unless_default(&*after.profile().public_data)?;
    let private_data = json_unless_default(&*after.profile().private_data)?;
    let credentials = json_unless_default(after.credentials())?;
    let sign_ins = json_unless_default(after.sign_ins())?;
    let columns = [&claims, &public_data, &private_data, &credentials, &sign_ins];
    let (tenant, id) = (key.tenant.as_str(), key.user.as_str());
    if columns.iter().any(|column| column.is_some()) {
        let sql = "INSERT INTO identity_profiles (tenant, user_id, claims, public_data, private_data, credentials, sign_ins) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET claims = ?3, public_data = ?4, \
                   private_data = ?5, credentials = ?6, sign_ins = ?7";
        let row = params![tenant, id, claims, public_data, private_data, credentials, sign_ins];
        execute(connection, sql, row)?;
    } else if known {
        let sql = "DELETE FROM identity_profiles WHERE tenant = ?1 AND user_id = ?2";
        execute(connection, sql, params![tenant, id])?;
    }
    Ok(())
}

/// Whether both are the same allocation or equal.
fn shared<T: PartialEq>(a: &Arc<T>, b: &Arc<T>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

fn primary_email(user: &User) -> Option<[u8; 16]> {
    user.primary_email().map(|entry| entry.id.as_uuid().into_bytes())
}

fn primary_phone(user: &User) -> Option<[u8; 16]> {
    user.primary_phone().map(|entry| entry.id.as_uuid().into_bytes())
}

fn retired(user: &User) -> Result<Option<String>, StoreError> {
    if user.retired().is_empty() { Ok(None) } else { crate::cells::json(&user.retired()).map(Some) }
}

/// Runs a statement and keeps it prepared.
pub(crate) fn execute(connection: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<usize, StoreError> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params)).map_err(store)
}
