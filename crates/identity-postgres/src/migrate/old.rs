//! Users as the first version kept them: a row for each identifier, and one for each event. A statement makes records of the first
//! form of a user's rows, which the core reads.

use futures_util::future::join_all;
use identity_core::{Timestamp, User, UserKey, Version, stored};
use identity_ports::StoreError;
use tokio_postgres::Transaction;

use super::failed;
use crate::cells::{Bad, Cells, signed};
use crate::error::name;
use crate::sql::Sql;

/// Moves some users, and gives how many; none when all are moved.
pub(super) async fn step(transaction: &Transaction<'_>, tables: &str) -> Result<usize, StoreError> {
    let [next, take, put] = [
        include_str!("../../migrations/0003_next.sql"),
        include_str!("../../migrations/0003_take.sql"),
        include_str!("../../migrations/0003_put.sql"),
    ]
    .map(|text| text.replace("{s}", tables));
    let rows = transaction.query_typed(&next, &[]).await.map_err(failed)?;
    let key = |row| Cells(row).key("id").map_err(|bad| bad.at("identity_users", String::new));
    let keys: Vec<UserKey> = rows.iter().map(key).collect::<Result<_, _>>()?;
    let take = transaction.prepare(&take).await.map_err(failed)?;
    let put = transaction.prepare(&put).await.map_err(failed)?;
    // Everything is asked before the first answer comes. Answers come in their order, so that the first error is the cause of those
    // that follow it.
    let taking = keys.iter().map(async |key| {
        let row = transaction.query_one(&take, &[&key.tenant.as_str(), &key.user.as_str()]).await;
        row.map_err(|error| unread(key, error)).and_then(|row| Ok((key, read(key, Cells(&row))?)))
    });
    let users: Vec<_> = join_all(taking).await.into_iter().collect::<Result<_, _>>()?;
    let putting = users.iter().map(async |(key, (version, user))| {
        let params = row(key, *version, user.as_ref())?;
        transaction.execute(&put, &params.params()).await.map_err(failed)
    });
    join_all(putting).await.into_iter().collect::<Result<Vec<u64>, _>>()?;
    Ok(keys.len())
}

fn unread(key: &UserKey, error: tokio_postgres::Error) -> StoreError {
    match error.code() {
        // The server's own message may quote the text.
        Some(code) if code.code().starts_with("22") => {
            Bad::from("a cell does not hold the JSON that it should").at("identity_users", || name(key))
        }
        _ => failed(error),
    }
}

/// The user of a row and the version; `None` when the user was erased.
fn read(key: &UserKey, cells: Cells<'_>) -> Result<(Version, Option<User>), StoreError> {
    let read = || {
        if let Some(events) = cells.get("events")? {
            stored::read_events(&key.user, events)?;
        }
        let version = Version(cells.int("version")?);
        let Some(main) = cells.get::<Option<String>>("record")? else { return Ok((version, None)) };
        let main = stored::with_checksum(main, key, Some(version));
        let details = stored::with_checksum(cells.get("details")?, key, None);
        Ok((version, Some(stored::read(key, version, &main, Some(&details))?)))
    };
    read().map_err(|bad: Bad| bad.at("identity_users", || name(key)))
}

/// The parameters by which a user is written.
fn row<'a>(key: &'a UserKey, Version(version): Version, user: Option<&User>) -> Result<Sql<'a>, StoreError> {
    let at = |at: fn(&User) -> Timestamp| user.map(|user| at(user).as_micros());
    let record = user.map(|user| stored::record(&key.tenant, user, Version(version)));
    let details = user.and_then(|user| stored::details(&key.tenant, user));
    let entries = user.into_iter().flat_map(User::lookup).map(|entry| {
        let (kind, text, rule) = (entry.key.kind().as_str(), entry.key.as_str().to_owned(), entry.key.rule());
        (kind, text, i64::from(rule), entry.identifier.as_uuid(), entry.verified)
    });
    let (created_at, updated_at) = (at(User::created_at), at(User::updated_at));
    let row = (key.tenant.as_str(), key.user.as_str(), signed(version)?, created_at, updated_at, record, details);
    Ok(Sql::new("").with(row).rows(entries))
}
