//! Reading the cells of a row without trusting them.

use std::sync::Arc;

use identity_core::Timestamp;
use identity_ports::StoreError;
use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::store;

/// The reason a row cannot be read.
pub(crate) enum Bad {
    /// Its content is not valid.
    Row(String),
    /// The store failed.
    Store(StoreError),
}

impl Bad {
    pub(crate) fn at(self, table: &'static str, key: impl FnOnce() -> String) -> StoreError {
        match self {
            Self::Row(reason) => StoreError::Corrupt { table, key: key(), reason },
            Self::Store(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Bad {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(store(error))
    }
}

impl From<&'static str> for Bad {
    fn from(reason: &'static str) -> Self {
        Self::Row(reason.to_owned())
    }
}

impl From<identity_core::Inconsistent> for Bad {
    fn from(error: identity_core::Inconsistent) -> Self {
        Self::Row(error.to_string())
    }
}

/// The cells of a row, from left to right.
pub(crate) struct Cells<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl<'r> Cells<'r> {
    /// Starts at a column.
    pub(crate) fn from(row: &'r Row<'_>, next: usize) -> Self {
        Self { row, next }
    }

    /// Skips cells.
    pub(crate) const fn skip(&mut self, count: usize) {
        self.next += count;
    }

    fn value(&mut self) -> Result<ValueRef<'r>, Bad> {
        let value = self.row.get_ref(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// Says what the last cell should hold, and never what it does hold.
    fn bad(&self, what: &str) -> Bad {
        Bad::Row(format!("cell {} does not hold {what}", self.next.saturating_sub(1)))
    }

    pub(crate) fn opt_text(&mut self) -> Result<Option<&'r str>, Bad> {
        match self.value()? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).map(Some).map_err(|_| self.bad("valid UTF-8")),
            _ => Err(self.bad("text")),
        }
    }

    pub(crate) fn text(&mut self) -> Result<&'r str, Bad> {
        let text = self.opt_text()?;
        text.ok_or_else(|| self.bad("text"))
    }

    pub(crate) fn opt_shared(&mut self) -> Result<Option<Arc<str>>, Bad> {
        Ok(self.opt_text()?.map(Arc::from))
    }

    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>, Bad> {
        match self.value()? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(integer) => Ok(Some(integer)),
            _ => Err(self.bad("an integer")),
        }
    }

    /// An integer in the range of `T`.
    pub(crate) fn int<T: TryFrom<i64>>(&mut self) -> Result<T, Bad> {
        let integer = self.opt_int()?.and_then(|integer| T::try_from(integer).ok());
        integer.ok_or_else(|| self.bad("an integer in its range"))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Bad> {
        match self.opt_int()? {
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            _ => Err(self.bad("a flag of 0 or 1")),
        }
    }

    pub(crate) fn opt_time(&mut self) -> Result<Option<Timestamp>, Bad> {
        Ok(self.opt_int()?.map(Timestamp::from_micros))
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, Bad> {
        let time = self.opt_time()?;
        time.ok_or_else(|| self.bad("a time"))
    }

    pub(crate) fn opt_bytes(&mut self) -> Result<Option<[u8; 16]>, Bad> {
        match self.value()? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => bytes.try_into().map(Some).map_err(|_| self.bad("a blob of 16 bytes")),
            _ => Err(self.bad("a blob")),
        }
    }

    pub(crate) fn opt_id<T: From<Uuid>>(&mut self) -> Result<Option<T>, Bad> {
        Ok(self.opt_bytes()?.map(|bytes| Uuid::from_bytes(bytes).into()))
    }

    pub(crate) fn id<T: From<Uuid>>(&mut self) -> Result<T, Bad> {
        let id = self.opt_id()?;
        id.ok_or_else(|| self.bad("a UUID"))
    }

    /// A name from a closed list.
    pub(crate) fn name<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Bad> {
        let name = self.opt_text()?.and_then(read);
        name.ok_or_else(|| self.bad("a name that this program knows"))
    }

    pub(crate) fn opt_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Bad> {
        let Some(text) = self.opt_text()? else { return Ok(None) };
        // The message of the parser may quote the content.
        serde_json::from_str(text).map(Some).map_err(|error| {
            Bad::Row(format!(
                "cell {} does not hold JSON of its kind (byte {})",
                self.next.saturating_sub(1),
                error.column()
            ))
        })
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, Bad> {
        let value = self.opt_json()?;
        value.ok_or_else(|| self.bad("JSON"))
    }

    /// JSON; NULL is the default value.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(&mut self) -> Result<T, Bad> {
        Ok(self.opt_json()?.unwrap_or_default())
    }
}

/// A value as JSON; `None` for the default value.
pub(crate) fn json_unless_default<T: serde::Serialize + Default + PartialEq>(
    value: &T,
) -> Result<Option<String>, StoreError> {
    if *value == T::default() { Ok(None) } else { json(value).map(Some) }
}

pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::failed)
}

/// An unsigned number as a signed one, which is what SQLite holds.
pub(crate) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::failed("a number is larger than the database can hold"))
}

/// A limit as an integer of SQLite.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
