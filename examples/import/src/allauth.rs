use std::error::Error;
use std::path::Path;

use identity::Timestamp;
use identity::import::{IdentifierRecord, UserRecord};
use identity_sqlite::rusqlite::Connection;

use crate::cells::{Cells, address, claims, each, open, username};
use crate::import::{Import, Reason};

/// Users of Django, with the e-mail addresses of django-allauth. The project may have a table of its own in the place of
/// `auth_user`: write its name, and the columns that it calls otherwise.
pub(crate) fn read(file: &Path, _: Timestamp, import: &mut Import) -> Result<(), Box<dyn Error>> {
    let connection = open(file)?;
    let query = "SELECT * FROM auth_user ORDER BY date_joined, id";
    each(("auth_user", "id"), &connection, query, import, |row| record(row, &connection))
}

fn record(row: &Cells<'_>, connection: &Connection) -> Result<UserRecord, Reason> {
    let created_at = row.time("date_joined")?.ok_or("date_joined: empty")?;
    let mut user = UserRecord::new(row.id("id")?, created_at);
    user.disabled = !row.flag("is_active")?;
    user.emails = emails(connection, user.id.as_str()).map_err(|error| format!("account_emailaddress: {error}"))?;
    // An address that allauth does not know is one that nobody has verified.
    let listed = |email: &String| user.emails.iter().any(|entry| entry.address.0.eq_ignore_ascii_case(email));
    if let Some(email) = row.text("email")?.filter(|email| !listed(email)) {
        user.emails.push(address(email, false, false));
    }
    user.username = username(row.text("username")?, &user.emails)?;
    let (given, family) = (row.text("first_name")?, row.text("last_name")?);
    user.profile.claims = claims([("given_name", given), ("family_name", family)])?.into();
    Ok(user)
}

fn emails(connection: &Connection, user: &str) -> Result<Vec<IdentifierRecord>, identity_sqlite::rusqlite::Error> {
    let query = r#"SELECT email, verified, "primary" FROM account_emailaddress WHERE user_id = ?1 ORDER BY id"#;
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map([user], |row| Ok(address(row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}
