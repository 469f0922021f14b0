use identity_core::{Recorded, UserKey, stored};
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
    let mut events: Vec<Recorded> = Vec::new();
    for row in &link.read(&sql).await? {
        let next = events.last().map(|last| last.number + 1);
        let read = recorded(key, row, |first| next.map_or(first <= after.saturating_add(1), |next| first == next))?;
        events.extend(read.into_iter().filter(|recorded| recorded.number > after));
    }
    events.truncate(most);
    Ok(events)
}

/// The events of one commit, of which the first has to have a number that `follows` what was read before.
pub(crate) fn recorded(key: &UserKey, row: &Row, follows: impl Fn(u64) -> bool) -> Result<Vec<Recorded>, StoreError> {
    read(key, Cells(row), follows).map_err(|bad| {
        let number = row.try_get::<_, i64>("number").unwrap_or_default();
        bad.at("identity_events", || format!("{}/{number}", name(key)))
    })
}

fn read(key: &UserKey, cells: Cells<'_>, follows: impl Fn(u64) -> bool) -> Result<Vec<Recorded>, Bad> {
    let events = stored::read_events(&key.user, cells.get("record")?)?;
    let first = cells.int::<i64>("number")? - capped(events.len()) + 1;
    match u64::try_from(first) {
        Ok(first) if first > 0 && !events.is_empty() && follows(first) => {
            Ok((first..).zip(events).map(|(number, event)| Recorded { number, event }).collect())
        }
        _ => Err(Bad::from("its events do not follow those of the row before")),
    }
}
