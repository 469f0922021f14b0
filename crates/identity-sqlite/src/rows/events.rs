//! The events: a row for every commit, those of a user a chain from its last one.

use identity_core::{Actor, Change, Event, EventFormat, Recorded, Timestamp, UserKey};
use identity_ports::StoreError;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::error::{corrupt, name, store, unread};
use crate::rows::cells::{Json, execute, json, one};

const INSERT: &str = "INSERT INTO identity_events (user, earlier, first, last, events) VALUES (?1, ?2, ?3, ?4, ?5)";

const SELECT: &str = "SELECT user, earlier, first, last, events FROM identity_events WHERE event = ?1";

const LAST: &str = "SELECT user, last_event, version FROM identity_users WHERE tenant = ?1 AND id = ?2";

/// The first of the commits with a number that 64 divides, from this number on.
const MARK: &str = include_str!("../../sql/events_mark.sql");

const STRIP: &str = "UPDATE identity_events SET events = ?2 WHERE event = ?1";

/// Appends a row, and gives its key.
pub(crate) fn insert(
    connection: &Connection,
    user: i64,
    earlier: Option<i64>,
    [first, last]: [u64; 2],
    events: &str,
) -> Result<i64, StoreError> {
    execute(connection, INSERT, params![user, earlier, first, last, events])?;
    Ok(connection.last_insert_rowid())
}

/// A row of the chain.
struct Link {
    event: i64,
    earlier: Option<i64>,
    first: u64,
    last: u64,
    events: Result<Vec<Event>, StoreError>,
}

/// Walks the chain of a user from a row back, for as long as `run` says so.
fn walk(
    connection: &Connection,
    user: i64,
    mut at: (i64, u64),
    key: &UserKey,
    mut run: impl FnMut(Link) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let broken =
        |number| corrupt("identity_events", format!("{}/{number}", name(key)), "the chain of events is broken");
    let mut statement = connection.prepare_cached(SELECT).map_err(store)?;
    loop {
        let (event, number) = at;
        let place = || format!("{}/{number}", name(key));
        let link = statement.query_row([event], |row| {
            let events = row.get(4).map(|Json(events)| events);
            let events = events.map_err(|error| unread(error, "identity_events", place));
            let link = Link { event, earlier: row.get(1)?, first: row.get(2)?, last: row.get(3)?, events };
            Ok((row.get::<_, i64>(0)?, link))
        });
        let link = link.optional().map_err(|error| unread(error, "identity_events", place))?;
        let (owner, link) = link.ok_or_else(|| broken(number))?;
        let Link { earlier, first, last, .. } = link;
        if owner != user || last != number || first == 0 || first > last || earlier.is_none() != (first == 1) {
            return Err(broken(number));
        }
        match (run(link)?, earlier) {
            (true, Some(earlier)) => at = (earlier, first - 1),
            _ => return Ok(()),
        }
    }
}

/// Reads events of a user, in their order.
pub(crate) fn history(
    connection: &Connection,
    key: &UserKey,
    after: u64,
    most: usize,
) -> Result<Vec<Recorded>, StoreError> {
    let spot = ("identity_users", &(|| name(key)) as _);
    let read = |row: &Row<'_>| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)));
    let Some((user, mut start)) = one(connection, LAST, [key.tenant.as_str(), key.user.as_str()], spot, read)? else {
        return Ok(Vec::new());
    };
    let until = after.saturating_add(u64::try_from(most).unwrap_or(u64::MAX));
    if after >= start.1 || most == 0 {
        return Ok(Vec::new());
    }
    if until < start.1 {
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        start = one(connection, MARK, params![user, until], spot, read)?.unwrap_or(start);
    }
    let mut rows = Vec::new();
    walk(connection, user, start, key, |link| {
        let (first, wanted) = (link.first, link.first <= until);
        if wanted {
            rows.push((first, link.last, link.events?));
        }
        Ok(first > after.saturating_add(1))
    })?;
    let mut history = Vec::new();
    for (first, last, events) in rows.into_iter().rev() {
        if u64::try_from(events.len()).ok() != Some(last - first + 1) {
            return Err(corrupt(
                "identity_events",
                format!("{}/{last}", name(key)),
                "it holds another number of events",
            ));
        }
        let recorded = (first..).zip(events).map(|(number, event)| Recorded { number, event });
        history.extend(recorded.filter(|recorded| recorded.number > after && recorded.number <= until));
    }
    Ok(history)
}

/// Removes everything personal from all events of a user, from a row of the chain back.
pub(crate) fn strip(connection: &Connection, user: i64, last: (i64, u64), key: &UserKey) -> Result<(), StoreError> {
    let mut stripped = Vec::new();
    walk(connection, user, last, key, |link| {
        let events = match link.events {
            Ok(events) => events.into_iter().map(Event::stripped).collect::<Vec<_>>(),
            Err(_) => (link.first..=link.last).map(|_| unreadable()).collect(),
        };
        stripped.push((link.event, json(&events)?));
        Ok(true)
    })?;
    stripped.into_iter().try_for_each(|row| execute(connection, STRIP, row).map(drop))
}

/// What is left of an event that cannot be read.
fn unreadable() -> Event {
    let change = Change::Stripped { was: "unreadable".to_owned(), id: None };
    Event { v: EventFormat, at: Timestamp::from_micros(0), actor: Actor::Holder, change }
}
