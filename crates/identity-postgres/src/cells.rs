//! Cells of a row, checked while they are read.

use std::sync::Arc;

use identity_core::Timestamp;
use identity_ports::StoreError;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

/// The reason why a row cannot be read.
pub(crate) struct Bad(String);

impl Bad {
    pub(crate) fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }

    pub(crate) fn at(self, table: &'static str, key: impl FnOnce() -> String) -> StoreError {
        StoreError::Corrupt { table, key: key(), reason: self.0 }
    }
}

impl From<&'static str> for Bad {
    fn from(reason: &'static str) -> Self {
        Self(reason.to_owned())
    }
}

impl From<identity_core::Inconsistent> for Bad {
    fn from(error: identity_core::Inconsistent) -> Self {
        Self(error.to_string())
    }
}

/// The cells of a row, by name. A cell that is missing or of another type is an error.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'r>(pub(crate) &'r Row);

impl<'r> Cells<'r> {
    fn value<T: FromSql<'r>>(self, name: &str, what: &str) -> Result<Option<T>, Bad> {
        self.0.try_get::<_, Option<T>>(name).map_err(|_| Bad(format!("{name} is not a {what}")))
    }

    pub(crate) fn opt_text(self, name: &str) -> Result<Option<&'r str>, Bad> {
        self.value(name, "text")
    }

    pub(crate) fn text(self, name: &str) -> Result<&'r str, Bad> {
        self.opt_text(name)?.ok_or_else(|| missing(name))
    }

    pub(crate) fn opt_shared(self, name: &str) -> Result<Option<Arc<str>>, Bad> {
        Ok(self.opt_text(name)?.map(Arc::from))
    }

    pub(crate) fn opt_int(self, name: &str) -> Result<Option<i64>, Bad> {
        self.value(name, "integer")
    }

    /// An integer in the range of `T`.
    pub(crate) fn int<T: TryFrom<i64>>(self, name: &str) -> Result<T, Bad> {
        let integer = self.opt_int(name)?.ok_or_else(|| missing(name))?;
        T::try_from(integer).map_err(|_| Bad(format!("{name} is out of its range")))
    }

    pub(crate) fn flag(self, name: &str) -> Result<bool, Bad> {
        self.value(name, "flag")?.ok_or_else(|| missing(name))
    }

    pub(crate) fn opt_time(self, name: &str) -> Result<Option<Timestamp>, Bad> {
        Ok(self.opt_int(name)?.map(Timestamp::from_micros))
    }

    pub(crate) fn time(self, name: &str) -> Result<Timestamp, Bad> {
        self.opt_time(name)?.ok_or_else(|| missing(name))
    }

    pub(crate) fn texts(self, name: &str) -> Result<Vec<&'r str>, Bad> {
        Ok(self.value(name, "list of texts")?.unwrap_or_default())
    }

    pub(crate) fn opt_bytes(self, name: &str) -> Result<Option<[u8; 16]>, Bad> {
        let Some(bytes) = self.value::<&[u8]>(name, "bytes")? else { return Ok(None) };
        bytes.try_into().map(Some).map_err(|_| Bad(format!("{name} does not have 16 bytes")))
    }

    pub(crate) fn opt_id<T: From<Uuid>>(self, name: &str) -> Result<Option<T>, Bad> {
        Ok(self.value::<Uuid>(name, "UUID")?.map(T::from))
    }

    pub(crate) fn id<T: From<Uuid>>(self, name: &str) -> Result<T, Bad> {
        self.opt_id(name)?.ok_or_else(|| missing(name))
    }

    /// A name from a closed list.
    pub(crate) fn name<T>(self, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Bad> {
        let text = self.text(name)?;
        read(text).ok_or_else(|| Bad(format!("{name} is not a name that this program knows")))
    }

    pub(crate) fn opt_json<T: DeserializeOwned>(self, name: &str) -> Result<Option<T>, Bad> {
        let Some(text) = self.opt_text(name)? else { return Ok(None) };
        // The parser's own message may quote the text.
        let parsed = serde_json::from_str(text);
        parsed.map(Some).map_err(|error| Bad(format!("{name} is not the expected JSON (byte {})", error.column())))
    }

    pub(crate) fn json<T: DeserializeOwned>(self, name: &str) -> Result<T, Bad> {
        self.opt_json(name)?.ok_or_else(|| missing(name))
    }
}

fn missing(name: &str) -> Bad {
    Bad(format!("{name} is missing"))
}

pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::failed)
}

/// An unsigned number as the database stores it.
pub(crate) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::failed("a number is too large for the database; nothing was written"))
}

/// A number as the database counts: at most 2^63 - 1.
pub(crate) fn capped(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
