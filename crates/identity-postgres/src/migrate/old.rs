//! Users as the first version kept them: a row for each identifier, and one for each event. A statement makes records of the first
//! form of a user's rows, which the core reads.

use futures_util::future::try_join_all;
use identity_core::{Timestamp, User, UserKey, Version, stored};
use identity_ports::StoreError;
use tokio_postgres::{Row, Transaction};

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
    // The server answers in the order in which it is asked, and nobody waits for an answer before asking for the next user.
    try_join_all(keys.iter().map(|key| one(transaction, &take, &put, key))).await?;
    Ok(keys.len())
}

/// Moves a user.
async fn one(transaction: &Transaction<'_>, take: &str, put: &str, key: &UserKey) -> Result<(), StoreError> {
    let run = async |sql: Sql<'_>| transaction.query_typed(&sql.text, &sql.typed_params()).await;
    let (tenant, id) = (key.tenant.as_str(), key.user.as_str());
    let rows = run(Sql::new(take).with((tenant, id))).await.map_err(|error| match error.code() {
        // The server's own message may quote the text.
        Some(code) if code.code().starts_with("22") => {
            Bad::from("a cell does not hold the JSON that it should").at("identity_users", || name(key))
        }
        _ => failed(error),
    })?;
    for row in &rows {
        let (version, user) = read(key, row).map_err(|bad| bad.at("identity_users", || name(key)))?;
        let at = |at: fn(&User) -> Timestamp| user.as_ref().map(|user| at(user).as_micros());
        let record = user.as_ref().map(|user| stored::record(&key.tenant, user, version));
        let details = user.as_ref().and_then(|user| stored::details(&key.tenant, user));
        let entries = user.iter().flat_map(User::lookup).map(|entry| {
            let (kind, text, rule) = (entry.key.kind().as_str(), entry.key.as_str().to_owned(), entry.key.rule());
            (kind, text, i64::from(rule), entry.identifier.as_uuid(), entry.verified)
        });
        let row = (tenant, id, signed(version.0)?, at(User::created_at), at(User::updated_at), record, details);
        run(Sql::new(put).with(row).rows(entries)).await.map_err(failed)?;
    }
    Ok(())
}

/// The user of a row; `None` when the user was erased.
fn read(key: &UserKey, row: &Row) -> Result<(Version, Option<User>), Bad> {
    let cells = Cells(row);
    if let Some(events) = cells.get("events")? {
        stored::read_events(&key.user, events)?;
    }
    let version = Version(cells.int("version")?);
    let Some(main) = cells.get::<Option<String>>("record")? else { return Ok((version, None)) };
    let main = stored::with_checksum(main, key, Some(version));
    let details = stored::with_checksum(cells.get("details")?, key, None);
    Ok((version, Some(stored::read(key, version, &main, Some(&details))?)))
}
