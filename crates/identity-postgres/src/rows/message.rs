use identity_core::{Address, Channel, Message, TenantId, UserId, UserKey};
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
    let key = UserKey {
        tenant: cells.name("tenant", |id| TenantId::parse(id).ok())?,
        user: cells.name("user_id", |id| UserId::parse(id).ok())?,
    };
    if cells.int::<i64>("format")? != FORMAT {
        return Err(Bad::from("it has a format that this program does not read"));
    }
    let channel = cells.name("channel", Channel::from_name)?;
    let canonical = cells.text("address")?;
    let to = Address::restore(channel, canonical, cells.opt_text("typed")?.unwrap_or(canonical))?;
    Ok(Message {
        id: cells.id("id")?,
        key,
        to,
        content: cells.json("content")?,
        locale: cells.opt_shared("locale")?,
        created_at: cells.time("created_at")?,
        expires_at: cells.time("expires_at")?,
    })
}
