//! Statements, and the cells of a row.

use identity_core::UserKey;
use identity_ports::StoreError;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};

use crate::error::{Result, corrupt, store, unread};

/// Runs a statement and keeps it prepared.
pub(crate) fn execute(connection: &Connection, sql: &str, params: impl Params) -> Result<usize> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params)).map_err(store)
}

/// A row: a tuple of its cells, or a type that reads them itself.
pub(crate) trait Cells: for<'r> TryFrom<&'r Row<'r>, Error = rusqlite::Error> {}

impl<T: for<'r> TryFrom<&'r Row<'r>, Error = rusqlite::Error>> Cells for T {}

/// Where rows are that cannot be read: the table, and a key for the error.
pub(crate) type Spot<'a> = (&'static str, &'a str);

/// Runs a query and reads its rows.
pub(crate) fn many<T: Cells>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    spot: Spot<'_>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(store)?;
    let rows = statement.query_map(params, |row| T::try_from(row)).and_then(Iterator::collect);
    rows.map_err(|error| unread(error, spot))
}

/// Runs a query for at most one row, and reads it.
pub(crate) fn one<T: Cells>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    spot: Spot<'_>,
) -> Result<Option<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(store)?;
    statement.query_row(params, |row| T::try_from(row)).optional().map_err(|error| unread(error, spot))
}

/// A cell with a text that is read as an id or as a name of a closed list.
pub(crate) struct Text<T>(pub(crate) T);

impl<T: DeserializeOwned> FromSql for Text<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text: StrDeserializer<'_, Error> = value.as_str()?.into_deserializer();
        T::deserialize(text).map(Self).map_err(FromSqlError::other)
    }
}

/// A cell with JSON.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

pub(crate) fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(StoreError::failed)
}

/// A number as SQLite counts: at most 2^63 - 1.
pub(crate) fn signed(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// The rows of one user, in whatever transaction is open. Each module has the statements of its tables.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) key: &'a UserKey,
}

impl<'a> Owner<'a> {
    /// The tenant and the id.
    pub(crate) fn place(self) -> [&'a str; 2] {
        [self.key.tenant.as_str(), self.key.user.as_str()]
    }

    /// The name of the rows in errors: `tenant/user`.
    pub(crate) fn name(self) -> String {
        self.place().join("/")
    }

    pub(crate) fn corrupt(self, table: &'static str, reason: impl ToString) -> StoreError {
        corrupt((table, &self.name()), reason)
    }

    pub(crate) fn execute(self, sql: &str, params: impl Params) -> Result<usize> {
        execute(self.connection, sql, params)
    }

    pub(crate) fn one<T: Cells>(self, table: &'static str, sql: &str, params: impl Params) -> Result<Option<T>> {
        one(self.connection, sql, params, (table, &self.name()))
    }
}
