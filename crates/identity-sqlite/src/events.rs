//! The events: a row for every commit, those of a user a chain from its last one.

use identity_core::{Actor, Change, Event, EventFormat, Recorded, TenantId, Timestamp, UserId, UserKey, stored};
use identity_ports::{FeedCursor, FeedError, FeedEvent, FeedPage};
use rusqlite::{Connection, params};

use crate::cells::{Owner, Text, many, one, signed};
use crate::error::{Result, corrupt};

/// A row: its key, that of the commit before, the numbers of the first and the last event, and a JSON array of the events.
type Link = (i64, Option<i64>, u64, u64, Vec<u8>);

/// Where a chain begins: the row of the user, that of its last commit, and the number of the last event.
type Start = (i64, i64, u64);

impl Owner<'_> {
    /// Appends a row, and gives its key.
    pub(crate) fn append(self, user: i64, earlier: Option<i64>, [first, last]: [u64; 2], events: &str) -> Result<i64> {
        self.execute(sql!("events_insert"), params![user, earlier, first, last, events])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// The rows of the events that follow number `after`, up to number `until`, and some that follow them; the last one first.
    fn chain(self, (user, event, version): Start, after: u64, until: u64) -> Result<Vec<Link>> {
        let place = params![user, event, version, signed(after), signed(until)];
        let spot = ("identity_events", &*self.name());
        let links: Vec<Link> = many(self.connection, sql!("events_chain"), place, spot)?;
        let sound =
            |(_, earlier, first, last, _): &Link| (1..=*last).contains(first) && earlier.is_none() == (*first == 1);
        let oldest = links.last().map_or(version + 1, |(_, _, first, ..)| *first);
        if oldest <= after.saturating_add(1) && links.iter().all(sound) {
            return Ok(links);
        }
        Err(self.broken(oldest.saturating_sub(1), "the chain of events is broken"))
    }

    /// The events of a row with their numbers.
    fn recorded(self, first: u64, last: u64, text: &[u8]) -> Result<Vec<Recorded>> {
        let events = self.read_events(text).unwrap_or_default();
        if events.is_empty() || first.checked_add(events.len() as u64) != last.checked_add(1) {
            return Err(self.broken(last, "it does not hold its events in a form that this program reads"));
        }
        Ok((first..).zip(events).map(|(number, event)| Recorded { number, event }).collect())
    }

    /// The events of a row; `None` when they cannot be read.
    fn read_events(self, text: &[u8]) -> Option<Vec<Event>> {
        stored::read_events(&self.key.user, str::from_utf8(text).ok()?).ok()
    }

    fn broken(self, number: u64, reason: &str) -> identity_ports::StoreError {
        corrupt(("identity_events", &format!("{}/{number}", self.name())), reason)
    }

    /// Reads events, in their order.
    pub(crate) fn history(self, after: u64, most: usize) -> Result<Vec<Recorded>> {
        let start: Option<Start> = self.one("identity_users", sql!("events_last"), self.place())?;
        let Some(start) = start.filter(|(_, _, version)| after < *version && most > 0) else { return Ok(Vec::new()) };
        let until = after.saturating_add(u64::try_from(most).unwrap_or(u64::MAX));
        let mut history = Vec::new();
        let links = self.chain(start, after, until)?.into_iter().rev();
        for (_, _, first, last, text) in links.take_while(|(_, _, first, ..)| *first <= until) {
            let recorded = self.recorded(first, last, &text)?.into_iter();
            history.extend(recorded.filter(|recorded| recorded.number > after && recorded.number <= until));
        }
        Ok(history)
    }

    /// Removes everything personal from all events.
    pub(crate) fn strip(self, start: Start) -> Result<()> {
        for (event, _, first, last, text) in self.chain(start, 0, u64::MAX)? {
            let events = self.read_events(&text).unwrap_or_else(|| (first..=last).map(|_| unreadable()).collect());
            let stripped: Vec<Event> = events.into_iter().map(Event::stripped).collect();
            let stripped = stored::events(&self.key.user, &stripped);
            self.execute("UPDATE identity_events SET events = ?2 WHERE event = ?1", (event, stripped))?;
        }
        Ok(())
    }
}

/// A page of the feed of the store with this id. The rows stand in the order of the commits, because one connection at a time
/// writes, and none is ever removed: the key of a row is never that of another one.
pub(crate) fn feed(
    connection: &Connection,
    store: u64,
    cursor: FeedCursor,
    limit: usize,
) -> Result<FeedPage, FeedError> {
    type Row = (i64, u64, u64, Vec<u8>, Option<Text<TenantId>>, Option<Text<UserId>>);
    let end: Option<(i64,)> = one(connection, sql!("feed_end"), [], ("identity_events", ""))?;
    let mut position = cursor.position(store, end.map_or(0, |(end,)| end.cast_unsigned()))?;
    let page = params![signed(position), signed(limit)];
    let rows: Vec<Row> = many(connection, sql!("feed"), page, ("identity_events", &position.to_string()))?;
    let mut events = Vec::new();
    for (event, first, last, text, tenant, user) in rows {
        let Some((Text(tenant), Text(user))) = tenant.zip(user) else {
            return Err(corrupt(("identity_events", &event.to_string()), "it is of a user who is not there").into());
        };
        let key = UserKey { tenant, user };
        let recorded = Owner { connection, key: &key }.recorded(first, last, &text)?;
        events.extend(recorded.into_iter().map(|recorded| FeedEvent { key: key.clone(), recorded }));
        position = event.cast_unsigned();
    }
    Ok(FeedPage { events, next: FeedCursor::at(store, position) })
}

/// What is left of an event that cannot be read.
fn unreadable() -> Event {
    let change = Change::Stripped { was: "unreadable".to_owned(), id: None };
    Event { v: EventFormat, at: Timestamp::from_micros(0), actor: Actor::Holder, change }
}
