//! Rows of an SQLite file, read without trusting them.

use std::error::Error;
use std::path::Path;

use identity::import::{IdentifierRecord, UserRecord, UsernameRecord, VerifiedRecord};
use identity::user::JsonObject;
use identity::{Timestamp, UserId, Username};
use identity_sqlite::rusqlite::types::ValueRef;
use identity_sqlite::rusqlite::{Connection, OpenFlags, Row};

use crate::import::{Import, Reason};

/// Opens the file of the other system, which is only read.
pub(crate) fn open(path: &Path) -> Result<Connection, Box<dyn Error>> {
    Ok(Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

/// Makes a record of every row of a table, whose key is the column `id`.
pub(crate) fn each(
    (table, id): (&str, &str),
    connection: &Connection,
    query: &str,
    import: &mut Import,
    record: impl Fn(&Cells<'_>) -> Result<UserRecord, Reason>,
) -> Result<(), Box<dyn Error>> {
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let cells = Cells(row);
        let key = cells.text(id).ok().flatten().unwrap_or_else(|| "without a key".to_owned());
        import.row(format!("{table} {key}"), record(&cells))?;
    }
    Ok(())
}

/// The cells of a row. A column that the table does not have is as one that is NULL, because plugins and settings bring columns.
pub(crate) struct Cells<'a>(&'a Row<'a>);

impl Cells<'_> {
    /// A text or a number as text; nothing for NULL and the empty text.
    pub(crate) fn text(&self, column: &str) -> Result<Option<String>, Reason> {
        match self.0.get_ref(column).unwrap_or(ValueRef::Null) {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => Ok(Some(number.to_string())),
            ValueRef::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => Ok(Some(text.to_owned()).filter(|text| !text.is_empty())),
                Err(_) => Err(format!("{column}: the text is not UTF-8")),
            },
            ValueRef::Real(_) | ValueRef::Blob(_) => Err(format!("{column}: not a text")),
        }
    }

    pub(crate) fn flag(&self, column: &str) -> Result<bool, Reason> {
        match self.0.get_ref(column).unwrap_or(ValueRef::Null) {
            ValueRef::Null | ValueRef::Integer(0) => Ok(false),
            ValueRef::Integer(1) => Ok(true),
            _ => Err(format!("{column}: neither 0 nor 1")),
        }
    }

    /// RFC 3339, also with a space for the T, and without a zone for UTC, as Django writes it.
    pub(crate) fn time(&self, column: &str) -> Result<Option<Timestamp>, Reason> {
        let Some(text) = self.text(column)? else { return Ok(None) };
        let mut time = text.replacen(' ', "T", 1);
        if !time.get(19..).is_some_and(|end| end.contains(['Z', '+', '-'])) {
            time.push('Z');
        }
        time.parse().map(Some).map_err(|error| format!("{column}: {error}"))
    }

    pub(crate) fn id(&self, column: &str) -> Result<UserId, Reason> {
        let id = self.text(column)?.ok_or_else(|| format!("{column}: empty"))?;
        UserId::parse(&id).map_err(|error| format!("{column}: {error}"))
    }
}

/// An address. What is verified is primary if it was, and as a rule nothing else can be.
pub(crate) fn address(typed: String, verified: bool, primary: bool) -> IdentifierRecord {
    let evidence = verified.then(VerifiedRecord::default);
    IdentifierRecord { verified: evidence, primary: verified && primary, ..IdentifierRecord::new(typed) }
}

/// A login name, unless it is an address of the same user: that one is a login name anyway, once it is verified.
pub(crate) fn username(typed: Option<String>, emails: &[IdentifierRecord]) -> Result<Option<UsernameRecord>, Reason> {
    let typed = typed.filter(|name| !emails.iter().any(|email| email.address.0.eq_ignore_ascii_case(name)));
    let parsed = typed.map(|name| Username::parse(&name).map(UsernameRecord::new)).transpose();
    parsed.map_err(|error| format!("username: {error}"))
}

/// Claims about a person, in the words of OpenID Connect; what is absent is left out.
pub(crate) fn claims<const N: usize>(claims: [(&str, Option<String>); N]) -> Result<JsonObject, Reason> {
    let there = claims.into_iter().filter_map(|(claim, value)| Some((claim.to_owned(), value?.into())));
    JsonObject::new(there.collect()).map_err(|error| error.to_string())
}
