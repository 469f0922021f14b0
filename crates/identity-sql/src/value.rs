use std::borrow::Cow;

use identity::StoreError;
use serde::Serialize;

/// A value of a column. It serializes as what is in it: a number, a text, nothing, or the list of its bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// No value.
    Null,
    /// A number without a fraction.
    Integer(i64),
    /// A number with one.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    /// The number; `None` when it is anything else.
    #[must_use]
    pub const fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    /// The text; `None` when it is anything else.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(value) = self { Some(value) } else { None }
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),+) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        })+
    };
}

from!(i64 => Integer, i32 => Integer, f64 => Real, &str => Text, String => Text, Vec<u8> => Blob);

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// An SQL statement with its values.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "it does nothing until it is executed"]
pub struct Statement {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
}

impl Statement {
    /// A statement whose parameters are `$1`, `$2` and so on.
    pub fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    /// With the value of the next parameter.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// PostgreSQL takes values that no parameter asks for, and SQLite parameters without a value: neither is meant.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let numbers = self.sql.split('$').skip(1).map(|rest| {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            digits.parse().unwrap_or(0)
        });
        match numbers.max().unwrap_or(0) == self.values.len() {
            true => Ok(()),
            false => {
                Err(StoreError::failed("the statement has more or fewer parameters ($1, $2 and so on) than values"))
            }
        }
    }
}
