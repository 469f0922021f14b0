use std::sync::Arc;

use identity_core::{Address, Message};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::cells::{Bad, Cells};
use crate::write::FORMAT;

/// The key of a row, damaged or not.
pub(crate) fn place(row: &Row) -> String {
    let text = |name| row.try_get::<_, &str>(name).unwrap_or_default();
    let id = row.try_get::<_, Uuid>("id").unwrap_or_default();
    format!("{}/{}/{id}", text("tenant"), text("user_id"))
}

pub(crate) fn read(row: &Row) -> Result<Message, Bad> {
    let cells = Cells(row);
    if cells.int::<i64>("format")? != FORMAT {
        return Err(Bad::from("it has a format that this program does not read"));
    }
    let canonical = cells.get("address")?;
    let to =
        Address::restore(cells.name("channel")?, canonical, cells.get::<Option<_>>("typed")?.unwrap_or(canonical))?;
    Ok(Message {
        id: cells.get::<Uuid>("id")?.into(),
        key: cells.key("user_id")?,
        to,
        content: cells.json("content")?,
        locale: cells.get::<Option<&str>>("locale")?.map(Arc::from),
        created_at: cells.time("created_at")?,
        expires_at: cells.time("expires_at")?,
    })
}
