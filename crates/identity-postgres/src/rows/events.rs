use identity_core::{Event, Recorded, UserKey};
use identity_ports::StoreError;
use tokio_postgres::Row;

use crate::cells::{Bad, Cells, capped};
use crate::error::name;
use crate::link::Link;
use crate::sql::Sql;

/// A user's events.
pub(crate) async fn history(link: &Link, key: &UserKey, after: u64, most: usize) -> Result<Vec<Recorded>, StoreError> {
    // Each row has an event at least.
    let sql = Sql::new(&link.texts.history).with((key.tenant.as_str(), key.user.as_str(), capped(after), capped(most)));
    let mut events = Vec::new();
    for row in &link.read(&sql).await? {
        let read = recorded(row).map_err(|bad| {
            let number = row.try_get::<_, i64>("number").unwrap_or_default();
            bad.at("identity_events", || format!("{}/{number}", name(key)))
        });
        events.extend(read?.into_iter().filter(|recorded| recorded.number > after));
    }
    events.truncate(most);
    Ok(events)
}

/// The events of one commit.
fn recorded(row: &Row) -> Result<Vec<Recorded>, Bad> {
    let cells = Cells(row);
    let (number, first): (u64, u64) = (cells.int("number")?, cells.int("first")?);
    let events: Vec<Event> = cells.json("events")?;
    let recorded: Vec<Recorded> = (first..).zip(events).map(|(number, event)| Recorded { number, event }).collect();
    if recorded.last().is_none_or(|last| last.number != number) {
        return Err(Bad::from("its numbers are not those of its events"));
    }
    Ok(recorded)
}
