use identity_core::{Actor, Change, Event, EventFormat, Recorded, UserKey};
use identity_ports::StoreError;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::cells::{Bad, Cells, limit};
use crate::error::name;
use crate::link::Link;
use crate::sql::Sql;

/// A user's events.
pub(crate) async fn history(link: &Link, key: &UserKey, after: u64, most: usize) -> Result<Vec<Recorded>, StoreError> {
    let text = format!(
        "SELECT number, format, at, actor, type, change FROM {}identity_events \
         WHERE tenant = $1 AND user_id = $2 AND number > $3 ORDER BY number LIMIT $4",
        link.tables
    );
    let sql = Sql::new(text)
        .with(key.tenant.as_str(), Type::TEXT)
        .with(key.user.as_str(), Type::TEXT)
        .with(i64::try_from(after).unwrap_or(i64::MAX), Type::INT8)
        .with(limit(most), Type::INT8);
    let rows = link.read(&sql).await?;
    let read = |row: &Row| {
        recorded(row).map_err(|bad| {
            let number = row.try_get::<_, i64>("number").unwrap_or_default();
            bad.at("identity_events", || format!("{}/{number}", name(key)))
        })
    };
    rows.iter().map(read).collect()
}

fn recorded(row: &Row) -> Result<Recorded, Bad> {
    let cells = Cells(row);
    let number = cells.int("number")?;
    if cells.int::<u8>("format")? != EventFormat::VERSION {
        return Err(Bad::from("it has a format that this program does not read"));
    }
    let at = cells.time("at")?;
    let actor = cells.opt_shared("actor")?.map_or(Actor::Holder, Actor::Administrator);
    let kind = cells.text("type")?;
    let change: Change = cells.json("change")?;
    if change.kind() != kind {
        return Err(Bad::from("its type is not the one of its change"));
    }
    Ok(Recorded { number, event: Event { v: EventFormat, at, actor, change } })
}
