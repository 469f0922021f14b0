//! Statements, and the cells of a row.

use identity_core::{TenantId, Timestamp, UserId, UserKey};
use identity_ports::StoreError;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, Type, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{store, unread};

/// Runs a statement and keeps it prepared.
pub(crate) fn execute(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, StoreError> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params)).map_err(store)
}

/// Where rows are that cannot be read: the table, and a key for the error.
pub(crate) type Spot<'a> = (&'static str, &'a dyn Fn() -> String);

/// Runs a query and reads its rows.
pub(crate) fn many<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    (table, key): Spot<'_>,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store)?;
    let rows = statement.query_map(params, read).and_then(Iterator::collect);
    rows.map_err(|error| unread(error, table, key))
}

/// Runs a query for at most one row, and reads it.
pub(crate) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    (table, key): Spot<'_>,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store)?;
    statement.query_row(params, read).optional().map_err(|error| unread(error, table, key))
}

/// A cell with JSON.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

pub(crate) fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::failed)
}

/// A cell with a text that `read` knows.
pub(crate) fn parsed<T>(row: &Row<'_>, cell: usize, read: impl FnOnce(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text = row.get_ref(cell)?.as_str().ok();
    text.and_then(read).ok_or_else(|| rusqlite::Error::InvalidColumnType(cell, String::new(), Type::Text))
}

/// Two cells with a tenant and a user.
pub(crate) fn user_key(row: &Row<'_>, cell: usize) -> rusqlite::Result<UserKey> {
    let tenant = parsed(row, cell, |text| TenantId::parse(text).ok())?;
    Ok(UserKey { tenant, user: parsed(row, cell + 1, |text| UserId::parse(text).ok())? })
}

pub(crate) fn time(row: &Row<'_>, cell: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(cell)?.map(Timestamp::from_micros))
}

/// A limit as an integer of SQLite.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
