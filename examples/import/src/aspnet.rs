use std::error::Error;
use std::path::Path;
use std::time::Duration;

use identity::Timestamp;
use identity::import::UserRecord;

use crate::cells::{Cells, address, each, open, username};
use crate::import::{Import, Reason};

/// Administrators of ASP.NET Core Identity block a user by a lockout that ends in a far future; after wrong passwords it lasts
/// minutes.
const BLOCKED: Duration = Duration::from_secs(365 * 86_400);

/// Users of ASP.NET Core Identity. Its tables do not say when a user was created, so that is now.
pub(crate) fn read(file: &Path, now: Timestamp, import: &mut Import) -> Result<(), Box<dyn Error>> {
    let query = "SELECT * FROM AspNetUsers ORDER BY Id";
    each(("AspNetUsers", "Id"), &open(file)?, query, import, |row| record(row, now))
}

fn record(row: &Cells<'_>, now: Timestamp) -> Result<UserRecord, Reason> {
    let mut user = UserRecord::new(row.id("Id")?, now);
    user.disabled = row.flag("LockoutEnabled")? && row.time("LockoutEnd")?.is_some_and(|end| end > now + BLOCKED);
    let (email, phone) = (row.flag("EmailConfirmed")?, row.flag("PhoneNumberConfirmed")?);
    user.emails.extend(row.text("Email")?.map(|typed| address(typed, email, true)));
    user.phones.extend(row.text("PhoneNumber")?.map(|typed| address(typed, phone, true)));
    user.username = username(row.text("UserName")?, &user.emails)?;
    Ok(user)
}
