//! Cells of a row, checked while they are read.

use std::fmt::Display;

use identity_core::{Timestamp, UserKey};
use identity_ports::StoreError;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

/// The reason why a row cannot be read.
pub(crate) struct Bad(String);

impl Bad {
    pub(crate) fn at(self, table: &'static str, key: impl FnOnce() -> String) -> StoreError {
        StoreError::Corrupt { table, key: key(), reason: self.0 }
    }
}

impl<E: Display> From<E> for Bad {
    fn from(reason: E) -> Self {
        Self(reason.to_string())
    }
}

/// The cells of a row, by name. A cell that is missing or of another type is an error.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'r>(pub(crate) &'r Row);

impl<'r> Cells<'r> {
    /// A cell: an `Option` where it may be empty.
    pub(crate) fn get<T: FromSql<'r>>(self, name: &str) -> Result<T, Bad> {
        self.0.try_get(name).map_err(|_| format!("{name} is missing, or of another type").into())
    }

    /// An integer in the range of `T`.
    pub(crate) fn int<T: TryFrom<i64>>(self, name: &str) -> Result<T, Bad> {
        T::try_from(self.get(name)?).map_err(|_| format!("{name} is out of its range").into())
    }

    pub(crate) fn time(self, name: &str) -> Result<Timestamp, Bad> {
        self.get(name).map(Timestamp::from_micros)
    }

    pub(crate) fn opt_time(self, name: &str) -> Result<Option<Timestamp>, Bad> {
        Ok(self.get::<Option<i64>>(name)?.map(Timestamp::from_micros))
    }

    /// An id, or a name from a closed list.
    pub(crate) fn name<T: DeserializeOwned>(self, name: &str) -> Result<T, Bad> {
        let text: StrDeserializer<'_, Error> = self.get::<&str>(name)?.into_deserializer();
        T::deserialize(text).map_err(|_| format!("{name} is not a name that this program knows").into())
    }

    /// The tenant, and the user whom this cell names.
    pub(crate) fn key(self, user: &str) -> Result<UserKey, Bad> {
        Ok(UserKey { tenant: self.name("tenant")?, user: self.name(user)? })
    }

    pub(crate) fn json<T: DeserializeOwned>(self, name: &str) -> Result<T, Bad> {
        // The parser's own message may quote the text.
        let bad = |error: serde_json::Error| format!("{name} is not the expected JSON (byte {})", error.column());
        Ok(serde_json::from_str(self.get(name)?).map_err(bad)?)
    }
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
