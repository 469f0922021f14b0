use identity_core::{Actor, Change, Event, EventFormat, Recorded, UserKey};
use identity_ports::{Commit, CommitError, Expected, StoreError};
use rusqlite::{Connection, params};

use crate::cells::{Bad, Cells, json, limit, signed};
use crate::error::{name, store};
use crate::rows::users::execute;

const INSERT: &str = "INSERT INTO identity_events (tenant, user_id, number, format, at, actor, type, change) \
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";

const SELECT: &str = "SELECT number, format, at, actor, type, change FROM identity_events \
WHERE tenant = ?1 AND user_id = ?2 AND number > ?3 ORDER BY number LIMIT ?4";

const STRIP: &str =
    "UPDATE identity_events SET type = ?4, change = ?5 WHERE tenant = ?1 AND user_id = ?2 AND number = ?3";

/// Appends the events of a commit. When the first number is taken, the key was used before by a user who was erased.
pub(crate) fn write(connection: &Connection, commit: &Commit) -> Result<(), CommitError> {
    let (tenant, user) = (commit.key.tenant.as_str(), commit.key.user.as_str());
    for Recorded { number, event } in &commit.events {
        let stripped;
        let event = match &commit.after {
            Some(_) => event,
            None => {
                stripped = event.clone().stripped();
                &stripped
            }
        };
        let actor = match &event.actor {
            Actor::Holder => None,
            Actor::Administrator(name) => Some(&**name),
        };
        let (at, change) = (event.at.as_micros(), json(&event.change)?);
        let format = EventFormat::VERSION;
        let row = params![tenant, user, signed(*number)?, format, at, actor, event.change.kind(), change];
        if execute(connection, INSERT, row)? == 0 {
            return Err(match commit.expected {
                Expected::Absent => CommitError::Conflict,
                Expected::At(_) => CommitError::Store(StoreError::Corrupt {
                    table: "identity_events",
                    key: format!("{}/{number}", name(&commit.key)),
                    reason: "an event with this number exists already".to_owned(),
                }),
            });
        }
    }
    Ok(())
}

/// Removes everything personal from all events of a user.
pub(crate) fn strip(connection: &Connection, key: &UserKey) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(SELECT).map_err(store)?;
    let mut rows = statement.query(params![key.tenant.as_str(), key.user.as_str(), 0, i64::MAX]).map_err(store)?;
    let mut stripped = Vec::new();
    while let Some(row) = rows.next().map_err(store)? {
        let number: i64 = row.get(0).map_err(store)?;
        let change = match recorded(&mut Cells::from(row, 0)) {
            Ok(recorded) => recorded.event.stripped().change,
            // An event that cannot be read is stripped too.
            Err(Bad::Row(_)) => Change::Stripped { was: row.get(4).map_err(store)?, id: None },
            Err(Bad::Store(error)) => return Err(error),
        };
        stripped.push((number, change));
    }
    drop(rows);
    for (number, change) in stripped {
        let row = params![key.tenant.as_str(), key.user.as_str(), number, change.kind(), json(&change)?];
        execute(connection, STRIP, row)?;
    }
    Ok(())
}

/// Reads events of a user, in their order.
pub(crate) fn history(
    connection: &Connection,
    key: &UserKey,
    after: u64,
    most: usize,
) -> Result<Vec<Recorded>, StoreError> {
    let mut statement = connection.prepare_cached(SELECT).map_err(store)?;
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let row = params![key.tenant.as_str(), key.user.as_str(), after, limit(most)];
    let mut rows = statement.query(row).map_err(store)?;
    let mut events = Vec::new();
    while let Some(row) = rows.next().map_err(store)? {
        let read = recorded(&mut Cells::from(row, 0));
        events.push(read.map_err(|bad| {
            let number = row.get::<_, i64>(0).unwrap_or_default();
            bad.at("identity_events", || format!("{}/{number}", name(key)))
        })?);
    }
    Ok(events)
}

fn recorded(cells: &mut Cells<'_>) -> Result<Recorded, Bad> {
    let number = cells.int()?;
    if cells.int::<u8>()? != EventFormat::VERSION {
        return Err(Bad::from("it has a format that this program cannot read"));
    }
    let at = cells.time()?;
    let actor = cells.opt_shared()?.map_or(Actor::Holder, Actor::Administrator);
    let kind = cells.text()?;
    let change: Change = cells.json()?;
    if change.kind() != kind {
        return Err(Bad::from("its type differs from the type of its change"));
    }
    Ok(Recorded { number, event: Event { v: EventFormat, at, actor, change } })
}
