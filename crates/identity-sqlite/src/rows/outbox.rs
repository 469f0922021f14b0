//! Messages that wait, and what became of the others.

use std::time::Duration;

use identity_core::{
    Channel, Content, DeliveryState, IdentifierId, Message, MessageId, Report, TenantId, Timestamp, UserKey,
};
use identity_ports::{DeadLetter, Lease, LeaseId, Leased, Posted, Settled, Settlement, StoreError};
use rusqlite::{Connection, Params, Row, params};
use uuid::Uuid;

use crate::error::{store, unread};
use crate::rows::cells::{Json, execute, json, limit, many, one, parsed, time};

/// The format of the messages that this program writes and reads.
const FORMAT: u8 = 1;

/// How long after its end a message of an unknown format is left for programs that know it.
const PATIENCE: Duration = Duration::from_secs(3_600);

const INSERT: &str = include_str!("../../sql/outbox_insert.sql");

const ANY_DUE: &str = include_str!("../../sql/outbox_any_due.sql");

const DUE: &str = include_str!("../../sql/due.sql");

/// What a lease that is asked for again holds.
const HELD: &str = include_str!("../../sql/outbox_held.sql");

const TAKE: &str = include_str!("../../sql/outbox_take.sql");

const DAMAGED: &str = include_str!("../../sql/outbox_damaged.sql");

const DONE: &str = include_str!("../../sql/outbox_done.sql");

const SENT: &str = include_str!("../../sql/outbox_sent.sql");

const RETRY: &str = include_str!("../../sql/outbox_retry.sql");

const FREE: &str = include_str!("../../sql/outbox_free.sql");

const FAILED: &str = include_str!("../../sql/outbox_failed.sql");

/// What was reported on while it was held has ended: it is only let go of.
const RELEASE: &str = include_str!("../../sql/outbox_release.sql");

/// The columns of a message with its state.
macro_rules! posted {
    ($condition:literal) => {
        concat!(
            "SELECT id, tenant, user, iif(format = 1, message, NULL), address, attempts, uncertain, provider, reference, \
             sent_at, failed_at, error, report FROM identity_outbox WHERE ",
            $condition
        )
    };
}

const PLACE: &str = include_str!("../../sql/outbox_place.sql");

const MESSAGE: &str = posted!("user = ?1 AND id = ?2");

const POSTED: &str = posted!(
    "user = (SELECT user FROM identity_users WHERE tenant = ?1 AND id = ?2) AND id > ?3 AND format <= ?4 ORDER BY id LIMIT ?5"
);

const DEAD: &str = posted!("failed_at IS NOT NULL AND tenant = ?1 AND id > ?2 AND format <= ?3 ORDER BY id LIMIT ?4");

const REPORT: &str = "UPDATE identity_outbox SET sent_at = ?3, failed_at = ?4, report = ?5 WHERE user = ?1 AND id = ?2";

/// No index serves this, and pruning is rare.
const UNKNOWN: &str = include_str!("../../sql/outbox_unknown.sql");

const PRUNE: &str = include_str!("../../sql/outbox_prune.sql");

const WITHDRAW: &str = include_str!("../../sql/outbox_withdraw.sql");

const FORGET: &str = "DELETE FROM identity_outbox WHERE user = ?1";

/// Enqueues a message; it is due at once.
pub(crate) fn enqueue(connection: &Connection, user: i64, message: &Message, text: &str) -> Result<(), StoreError> {
    let identifier = match &message.content {
        Content::Challenge { identifier, .. } => Some(identifier.as_uuid()),
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
    execute(connection, INSERT, row).map(drop)
}

/// Removes challenges of these identifiers that nobody holds.
pub(crate) fn withdraw(connection: &Connection, user: i64, identifiers: &[IdentifierId]) -> Result<(), StoreError> {
    identifiers.iter().try_for_each(|id| execute(connection, WITHDRAW, params![user, id.as_uuid()]).map(drop))
}

/// Removes a user's messages, dead letters included: they name the address.
pub(crate) fn forget(connection: &Connection, user: i64) -> Result<(), StoreError> {
    execute(connection, FORGET, [user]).map(drop)
}

/// Whether a lease would find anything.
pub(crate) fn any_due(connection: &Connection, lease: &Lease, own: Timestamp) -> Result<bool, StoreError> {
    let (at, _) = lease.times(|| own);
    let mut statement = connection.prepare_cached(ANY_DUE).map_err(store)?;
    let row = params![lease.now.as_micros(), at.as_micros(), lease.channel.map(Channel::as_str), FORMAT];
    statement.query_row(row, |row| row.get(0)).map_err(store)
}

/// Leases what is due; `own` is the reading of this machine's clock. A message that cannot be read becomes a dead letter, so
/// that it does not delay the others, and is the answer once.
pub(crate) fn lease(
    connection: &Connection,
    lease: &Lease,
    own: Timestamp,
) -> Result<Result<Vec<Leased>, StoreError>, StoreError> {
    let (at, until) = lease.times(|| own);
    if lease.again {
        // A row that was read when it was leased is not damaged; were it, its lease would end.
        let held = all(connection, HELD, params![lease.id.0, at.as_micros()], leased)?;
        let held: Vec<Leased> = held.into_iter().filter_map(|(_, held)| held.ok()).collect();
        if !held.is_empty() {
            return Ok(Ok(held));
        }
    }
    let channel = lease.channel.map(Channel::as_str);
    let row = params![lease.now.as_micros(), limit(lease.limit), at.as_micros(), channel, FORMAT];
    let found = all(connection, DUE, row, leased)?;
    if let Some(((user, id), Err(error))) = found.iter().find(|(_, found)| found.is_err()) {
        execute(connection, DAMAGED, params![user, id, lease.now.as_micros()])?;
        return Ok(Err(error.clone()));
    }
    let mut all = Vec::with_capacity(found.len());
    for ((user, id), found) in found {
        let found = found?;
        let row = params![user, id, lease.id.0, until.as_micros(), found.attempts, found.uncertain];
        execute(connection, TAKE, row)?;
        all.push(found);
    }
    Ok(Ok(all))
}

fn leased(row: &Row<'_>, message: Message) -> rusqlite::Result<Leased> {
    let (attempts, uncertain): (u32, u32) = (row.get(5)?, row.get(6)?);
    // A lease that is still noted ran out before it was settled.
    let uncertain = uncertain.saturating_add(row.get::<_, bool>(8)?.into());
    Ok(Leased { message, attempts: attempts.saturating_add(1), uncertain, provider: row.get(7)? })
}

/// Settles what the lease still holds.
pub(crate) fn settle(connection: &Connection, lease: LeaseId, settled: &[Settled]) -> Result<usize, StoreError> {
    let lease = lease.0;
    let mut count = 0;
    for Settled { id, outcome } in settled {
        let id = id.as_uuid();
        let settled = match outcome {
            Settlement::Sent { at, provider, reference } => {
                execute(connection, SENT, params![lease, id, at.as_micros(), provider, reference])?
            }
            Settlement::Retry { due_at, error, provider, uncertain } => {
                let row = params![lease, id, due_at.as_micros(), error, provider, uncertain];
                execute(connection, RETRY, row)?
            }
            Settlement::Release { due_at } => execute(connection, FREE, params![lease, id, due_at.as_micros()])?,
            Settlement::Failed { at, error } => execute(connection, FAILED, params![lease, id, at.as_micros(), error])?,
            // `Done`, and whatever comes to be added: it goes.
            _ => execute(connection, DONE, params![lease, id])?,
        };
        count += if settled > 0 { settled } else { execute(connection, RELEASE, params![lease, id])? };
    }
    Ok(count)
}

/// Failed messages of a tenant.
pub(crate) fn dead_letters(
    connection: &Connection,
    tenant: &TenantId,
    after: Option<MessageId>,
    most: usize,
) -> Result<Vec<DeadLetter>, StoreError> {
    let dead = |row: &Row<'_>, message| {
        let failed_at = time(row, 10)?.unwrap_or(Timestamp::from_micros(0));
        let error: Option<String> = row.get(11)?;
        Ok(DeadLetter { message, attempts: row.get(5)?, failed_at, error: error.unwrap_or_default() })
    };
    let found = all(connection, DEAD, params![tenant.as_str(), place(after), FORMAT, limit(most)], dead)?;
    found.into_iter().map(|(_, found)| found).collect()
}

/// The position behind a message; an empty blob comes before every id.
fn place(after: Option<MessageId>) -> Vec<u8> {
    after.map_or_else(Vec::new, |id| id.as_uuid().into_bytes().to_vec())
}

/// The message of this id.
pub(crate) fn read(connection: &Connection, id: MessageId) -> Result<Option<Posted>, StoreError> {
    Ok(find(connection, id)?.map(|(_, posted)| posted))
}

fn find(connection: &Connection, id: MessageId) -> Result<Option<(i64, Posted)>, StoreError> {
    let spot = ("identity_outbox", &(|| id.as_uuid().to_string()) as _);
    let user: Option<i64> = one(connection, PLACE, [id.as_uuid()], spot, |row| row.get(0))?;
    let Some(user) = user else { return Ok(None) };
    let found = all(connection, MESSAGE, params![user, id.as_uuid()], posted)?.pop();
    found.map(|((user, _), found)| Ok((user, found?))).transpose()
}

/// A user's messages.
pub(crate) fn list(
    connection: &Connection,
    key: &UserKey,
    after: Option<MessageId>,
    most: usize,
) -> Result<Vec<Posted>, StoreError> {
    let row = params![key.tenant.as_str(), key.user.as_str(), place(after), FORMAT, limit(most)];
    let found = all(connection, POSTED, row, posted)?;
    found.into_iter().map(|(_, found)| found).collect()
}

/// Notes a report, and gives the message as it stands then.
pub(crate) fn report(connection: &Connection, id: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
    let Some((user, mut posted)) = find(connection, id)? else { return Ok(None) };
    if !report.goes_before(posted.report.as_ref()) {
        return Ok(Some(posted));
    }
    let waiting = posted.sent_at.is_none() && posted.failed_at.is_none();
    let arrived = matches!(report.state, DeliveryState::Accepted | DeliveryState::Delivered);
    if waiting || (posted.failed_at.is_some() && arrived) {
        (posted.sent_at, posted.failed_at) = (Some(report.at), None);
    }
    posted.report = Some(report.clone());
    let [sent_at, failed_at] = [posted.sent_at, posted.failed_at].map(|at| at.map(Timestamp::as_micros));
    execute(connection, REPORT, params![user, id.as_uuid(), sent_at, failed_at, json(report)?])?;
    Ok(Some(posted))
}

/// Removes messages that ended before this time. What nobody who knows its format has sent becomes a dead letter.
pub(crate) fn prune(
    connection: &Connection,
    before: Timestamp,
    most: usize,
    own: Timestamp,
) -> Result<usize, StoreError> {
    execute(connection, UNKNOWN, params![own.as_micros(), FORMAT, (own - PATIENCE).as_micros()])?;
    execute(connection, PRUNE, params![before.as_micros(), limit(most)])
}

fn posted(row: &Row<'_>, message: Message) -> rusqlite::Result<Posted> {
    Ok(Posted {
        message,
        attempts: row.get(5)?,
        uncertain: row.get(6)?,
        provider: row.get(7)?,
        reference: row.get(8)?,
        sent_at: time(row, 9)?,
        failed_at: time(row, 10)?,
        error: row.get(11)?,
        report: row.get::<_, Option<Json<Report>>>(12)?.map(|Json(report)| report),
    })
}

/// The key of a row, and what it holds or what is wrong with it.
type Read<T> = ((i64, Uuid), Result<T, StoreError>);

/// Reads rows that begin with the id, the tenant, the user's row, the message and the address.
fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>, Message) -> rusqlite::Result<T>,
) -> Result<Vec<Read<T>>, StoreError> {
    many(connection, sql, params, ("identity_outbox", &String::new), |row| {
        let (id, user): (Uuid, i64) = (row.get(0)?, row.get(2)?);
        let whole = || {
            let Json(message) = row.get::<_, Json<Message>>(3)?;
            // Two copies that differ are no message.
            let same = |address: &str| (address == message.to.as_str() && message.id.as_uuid() == id).then_some(());
            parsed(row, 4, same)?;
            read(row, message)
        };
        let key = || {
            let sql = "SELECT tenant || '/' || id FROM identity_users WHERE user = ?1";
            let user = connection.query_row(sql, [user], |row| row.get::<_, String>(0)).unwrap_or_default();
            format!("{user}/{id}")
        };
        Ok(((user, id), whole().map_err(|error| unread(error, "identity_outbox", key))))
    })
}
