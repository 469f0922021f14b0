use std::error::Error;
use std::path::Path;

use identity::Timestamp;
use identity::import::UserRecord;

use crate::cells::{Cells, address, claims, each, open, username};
use crate::import::{Import, Reason};

/// Users of better-auth, with the columns of its plugins `username`, `phoneNumber` and `admin` where they are. The oldest come
/// first, so that they keep an address that another one has as well.
pub(crate) fn read(file: &Path, now: Timestamp, import: &mut Import) -> Result<(), Box<dyn Error>> {
    let query = r#"SELECT * FROM "user" ORDER BY createdAt, id"#;
    each(("user", "id"), &open(file)?, query, import, |row| record(row, now))
}

fn record(row: &Cells<'_>, now: Timestamp) -> Result<UserRecord, Reason> {
    let created_at = row.time("createdAt")?.ok_or("createdAt: empty")?;
    let mut user = UserRecord::new(row.id("id")?, created_at);
    user.updated_at = row.time("updatedAt")?.unwrap_or(created_at);
    // A ban ends by itself.
    user.disabled = row.flag("banned")? && row.time("banExpires")?.is_none_or(|end| end > now);
    let (email, phone) = (row.flag("emailVerified")?, row.flag("phoneNumberVerified")?);
    user.emails.extend(row.text("email")?.map(|typed| address(typed, email, true)));
    user.phones.extend(row.text("phoneNumber")?.map(|typed| address(typed, phone, true)));
    let (name, shown) = (row.text("username")?, row.text("displayUsername")?);
    // As it was typed, if that is the same name.
    let typed = shown.filter(|shown| name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(shown)));
    user.username = username(typed.or(name), &user.emails)?;
    user.profile.claims = claims([("name", row.text("name")?), ("picture", row.text("image")?)])?.into();
    Ok(user)
}
