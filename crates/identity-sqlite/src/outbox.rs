//! Messages that wait, and what became of the others.

use std::time::Duration;

use async_trait::async_trait;
use identity_core::stored::MESSAGE_FORMAT as FORMAT;
use identity_core::{Channel, Content, Message, MessageId, Report, TenantId, Timestamp, UserKey};
use identity_ports::{Backlog, Lease, LeaseId, Leased, Outbox, Posted, Settled};
use rusqlite::types::Type;
use rusqlite::{Connection, Params, Row, params, params_from_iter};
use uuid::Uuid;

use crate::SqliteStore;
use crate::cells::{Json, Owner, execute, json, many, one, signed};
use crate::connection::Desk;
use crate::error::{Result, unread};

/// How long after its end a message of an unknown format is left for programs that know it.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// How long an ended window of a budget is kept: a policy may have made windows longer meanwhile. And how many go at most for
/// each message that may be pruned: every message opens a few, and most messages leave nothing to prune.
const KEPT: Duration = Duration::from_secs(7 * 86_400);
const WINDOWS: usize = 100;

/// A query for messages by a condition of theirs.
macro_rules! messages {
    ($name:literal) => {
        concat!(sql!("outbox_messages"), sql!($name))
    };
}

/// A row: its place, and the message or what is wrong with it.
struct Kept {
    place: Place,
    posted: rusqlite::Result<Posted>,
}

/// The key of a row, with the lease that is noted, ended or not, and when it ends.
#[derive(Clone, Copy)]
struct Place {
    user: i64,
    id: Uuid,
    lease: Option<Uuid>,
    until: Option<i64>,
}

impl TryFrom<&Row<'_>> for Kept {
    type Error = rusqlite::Error;

    fn try_from(row: &Row<'_>) -> rusqlite::Result<Self> {
        let place = Place { user: row.get(0)?, id: row.get(1)?, lease: row.get(2)?, until: row.get(3)? };
        Ok(Self { place, posted: posted(row) })
    }
}

fn posted(row: &Row<'_>) -> rusqlite::Result<Posted> {
    let (id, Json(message), address): (Uuid, Json<Message>, String) = (row.get(1)?, row.get(4)?, row.get(5)?);
    // Two copies that differ are no message.
    if message.id.as_uuid() != id || message.to.as_str() != address {
        return Err(rusqlite::Error::InvalidColumnType(5, String::new(), Type::Text));
    }
    let time = |cell| row.get::<_, Option<i64>>(cell).map(|at| at.map(Timestamp::from_micros));
    Ok(Posted {
        message,
        due_at: Timestamp::from_micros(row.get(6)?),
        attempts: row.get(7)?,
        uncertain: row.get(8)?,
        provider: row.get(9)?,
        reference: row.get(10)?,
        sent_at: time(11)?,
        failed_at: time(12)?,
        error: row.get(13)?,
        report: row.get::<_, Option<Json<Report>>>(14)?.map(|Json(report)| report),
    })
}

impl Kept {
    fn read(self, connection: &Connection) -> Result<Posted> {
        let Place { user, id, .. } = self.place;
        self.posted.map_err(|error| {
            let owner = "SELECT tenant || '/' || id FROM identity_users WHERE user = ?1";
            let owner = connection.query_row(owner, [user], |row| row.get::<_, String>(0)).unwrap_or_default();
            unread(error, ("identity_outbox", &format!("{owner}/{id}")))
        })
    }
}

impl Place {
    /// Writes the lease, and what became of the message.
    fn write(&self, connection: &Connection, posted: &Posted) -> Result<()> {
        let [sent_at, failed_at] = [posted.sent_at, posted.failed_at].map(|at| at.map(Timestamp::as_micros));
        let Posted { due_at, attempts, uncertain, provider, reference, error, report, .. } = posted;
        let (Self { user, id, lease, until }, due_at) = (self, due_at.as_micros());
        let report = report.as_ref().map(json).transpose()?;
        let state = params![due_at, attempts, uncertain, provider, reference, sent_at, failed_at, error, report];
        let place = params![user, id, lease, until];
        execute(connection, sql!("outbox_write"), params_from_iter(place.iter().chain(state))).map(drop)
    }
}

fn rows(connection: &Connection, sql: &str, params: impl Params) -> Result<Vec<Kept>> {
    many(connection, sql, params, ("identity_outbox", ""))
}

/// Enqueues a message with its JSON text; it is due at once.
pub(crate) fn enqueue(connection: &Connection, user: i64, message: &Message, text: &str) -> Result<()> {
    let identifier = match &message.content {
        Content::Challenge { identifier, .. } | Content::Due { identifier } => Some(identifier.as_uuid()),
        _ => None,
    };
    let row = params![
        message.id.as_uuid(),
        message.key.tenant.as_str(),
        user,
        identifier,
        message.to.channel().as_str(),
        message.to.as_str(),
        FORMAT,
        text,
        message.created_at.as_micros(),
        message.expires_at.as_micros(),
    ];
    execute(connection, sql!("outbox_insert"), row).map(drop)
}

impl Owner<'_> {
    /// The messages of the user.
    pub(crate) fn posted(self, after: Option<MessageId>, most: usize) -> Result<Vec<Posted>> {
        let ([tenant, id], after) = (self.place(), after.map(MessageId::as_uuid));
        let place = params![tenant, id, after, FORMAT, signed(most)];
        let found = rows(self.connection, messages!("outbox_posted"), place)?.into_iter();
        found.map(|kept| kept.read(self.connection)).collect()
    }
}

/// The message of this id.
fn find(connection: &Connection, id: MessageId) -> Result<Option<Kept>> {
    Ok(rows(connection, messages!("outbox_one"), [id.as_uuid()])?.pop())
}

/// Leases what is due; `own` is the reading of this machine's clock. A message that cannot be read becomes a dead letter, so
/// that it does not delay the others, and is the answer once.
fn lease(connection: &Connection, lease: &Lease, own: Timestamp) -> Result<Result<Vec<Leased>>> {
    let (at, until) = lease.times(|| own);
    if lease.again {
        // A row that was read when it was leased is not damaged; were it, its lease would end.
        let held = rows(connection, messages!("outbox_held"), params![lease.id.0, at.as_micros()])?;
        let held: Vec<Leased> = held.into_iter().filter_map(|kept| kept.posted.ok().map(Posted::leased)).collect();
        if !held.is_empty() {
            return Ok(Ok(held));
        }
    }
    let channel = lease.channel.map(Channel::as_str);
    let due =
        params![lease.now.as_micros(), signed(lease.limit), at.as_micros(), channel, FORMAT, json(&lease.except)?];
    let mut due = rows(connection, messages!("outbox_due"), due)?;
    if let Some(place) = due.iter().position(|kept| kept.posted.is_err()) {
        let damaged = due.swap_remove(place);
        let Place { user, id, .. } = damaged.place;
        execute(connection, sql!("outbox_damaged"), params![user, id, lease.now.as_micros()])?;
        return Ok(damaged.read(connection).map(|_| Vec::new()));
    }
    let mut all = Vec::with_capacity(due.len());
    for Kept { mut place, posted } in due {
        // None is damaged any more.
        let Ok(mut posted) = posted else { continue };
        posted.lease(place.lease.replace(lease.id.0).is_some());
        place.until = Some(until.as_micros());
        place.write(connection, &posted)?;
        all.push(posted.leased());
    }
    Ok(Ok(all))
}

/// Settles a message if the lease still holds it. One that was damaged meanwhile is left to the next lease.
fn settle(connection: &Connection, LeaseId(lease): LeaseId, Settled { id, outcome }: &Settled) -> Result<usize> {
    let held = find(connection, *id)?.filter(|kept| kept.place.lease == Some(lease));
    let Some(Kept { place, posted: Ok(mut posted) }) = held else { return Ok(0) };
    if posted.settle(outcome.clone()) {
        Place { lease: None, until: None, ..place }.write(connection, &posted)?;
    } else {
        execute(connection, "DELETE FROM identity_outbox WHERE user = ?1 AND id = ?2", params![place.user, place.id])?;
    }
    Ok(1)
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn enqueue(&self, message: Message) -> Result<()> {
        let text = json(&message)?;
        let insert = move |Desk { connection, .. }: &Desk| {
            let place = Owner { connection, key: &message.key }.place();
            let user = "SELECT user FROM identity_users WHERE tenant = ?1 AND id = ?2 AND created_at IS NOT NULL";
            let user = one::<(i64,)>(connection, user, place, ("identity_users", ""))?;
            // Who has no row has a number below 0. Two who share one wait for each other, and nothing else comes of it.
            let none = || -1 - i64::from(crc32fast::hash(place.join("\0").as_bytes()));
            let user = user.map_or_else(none, |(user,)| user);
            let there = "SELECT user FROM identity_outbox WHERE user = ?1 AND id = ?2";
            match one::<(i64,)>(connection, there, params![user, message.id.as_uuid()], ("identity_outbox", ""))? {
                Some(_) => Ok(()),
                None => enqueue(connection, user, &message, &text),
            }
        };
        self.write(insert).await
    }

    async fn lease(&self, request: Lease) -> Result<Vec<Leased>> {
        // An idle delivery loop polls every second, and must not write only to find nothing.
        let (at, _) = request.times(|| self.clock().now());
        let (now, channel, except) = (request.now, request.channel.map(Channel::as_str), json(&request.except)?);
        let any = move |connection: &Connection| {
            let place = params![now.as_micros(), at.as_micros(), channel, FORMAT, except];
            one::<(bool,)>(connection, sql!("outbox_any_due"), place, ("identity_outbox", ""))
        };
        if !request.again && (request.limit == 0 || !self.read(any).await?.is_some_and(|(any,)| any)) {
            return Ok(Vec::new());
        }
        self.write(move |desk| lease(&desk.connection, &request, desk.clock.now())).await?
    }

    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize> {
        let settle = move |desk: &Desk| settled.iter().map(|settled| settle(&desk.connection, lease, settled)).sum();
        self.write(settle).await
    }

    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>> {
        let report = report.clone();
        let note = move |desk: &Desk| {
            let connection = &desk.connection;
            let Some(kept) = find(connection, message)? else { return Ok(None) };
            let (place, mut posted) = (kept.place, kept.read(connection)?);
            if posted.note(&report) {
                place.write(connection, &posted)?;
            }
            Ok(Some(posted))
        };
        self.write(note).await
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>> {
        let read = |connection: &Connection| find(connection, message)?.map(|kept| kept.read(connection)).transpose();
        self.read(read).await
    }

    async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>> {
        let key = key.clone();
        self.read_beside(limit, move |connection| Owner { connection, key: &key }.posted(after, limit)).await
    }

    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize> {
        let prune = move |Desk { connection, clock, .. }: &Desk| {
            let own = clock.now();
            // No index serves any of this, and pruning is rare.
            let expired = params![own.as_micros(), FORMAT, (own - PATIENCE).as_micros()];
            execute(connection, sql!("outbox_unknown"), expired)?;
            let ended = params![(own.min(before) - KEPT).as_micros(), signed(WINDOWS.saturating_mul(limit))];
            execute(connection, sql!("budgets_prune"), ended)?;
            execute(connection, sql!("outbox_prune"), params![before.as_micros(), signed(limit)])
        };
        self.write(prune).await
    }

    async fn dead_letters(&self, tenant: &TenantId, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>> {
        let tenant = tenant.clone();
        let read = move |connection: &Connection| {
            let place = params![tenant.as_str(), after.map(MessageId::as_uuid), FORMAT, signed(limit)];
            let found = rows(connection, messages!("outbox_dead"), place)?.into_iter();
            found.map(|kept| kept.read(connection)).collect()
        };
        self.read_beside(limit, read).await
    }

    async fn backlog(&self) -> Result<Backlog> {
        let count = |connection: &Connection| {
            one::<(u64, Option<i64>)>(connection, sql!("outbox_backlog"), [], ("identity_outbox", ""))
        };
        let (pending, oldest_due) = self.read(count).await?.unwrap_or_default();
        Ok(Backlog { pending, oldest_due: oldest_due.map(Timestamp::from_micros) })
    }
}
