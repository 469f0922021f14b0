use identity_core::{Event, Recorded, UserKey, stored};
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
    let (mut recorded, mut next) = (Vec::new(), None);
    for row in &link.read(&sql).await? {
        let read = events(key, row, after, next).map_err(|bad| {
            let number = row.try_get::<_, i64>("number").unwrap_or_default();
            bad.at("identity_events", || format!("{}/{number}", name(key)))
        });
        let (first, events) = read?;
        let numbered = (first..).zip(events).map(|(number, event)| Recorded { number, event });
        recorded.extend(numbered.filter(|recorded| recorded.number > after));
        next = recorded.last().map(|last| last.number + 1);
    }
    recorded.truncate(most);
    Ok(recorded)
}

/// The events of one commit and the number of the first one, which is `next` or, where nothing was read yet, follows `after` at
/// most by one.
fn events(key: &UserKey, row: &Row, after: u64, next: Option<u64>) -> Result<(u64, Vec<Event>), Bad> {
    let cells = Cells(row);
    let events = stored::read_events(&key.user, cells.text("record")?).map_err(Bad::of)?;
    let last: u64 = cells.int("number")?;
    let first = u64::try_from(events.len()).ok().and_then(|count| (last + 1).checked_sub(count));
    match first {
        Some(first) if first > 0 && next.map_or(first <= after.saturating_add(1), |next| first == next) => Ok((first, events)),
        _ => Err(Bad::from("its events do not follow those of the row before")),
    }
}
