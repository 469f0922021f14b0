use std::time::Duration;

use identity_core::{
    Address, Channel, Content, DeliveryState, IdentifierId, Message, MessageId, Report, TenantId, Timestamp, UserId,
    UserKey,
};
use identity_ports::{DeadLetter, Lease, LeaseId, Leased, Posted, Settled, Settlement, StoreError};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::cells::{Bad, Cells, json, limit};
use crate::error::store;
use crate::rows::users::execute;

/// The format of the contents that this program writes and reads.
const FORMAT: u8 = 1;

/// How long after its end a message of an unknown format is left for programs that know it.
const PATIENCE: Duration = Duration::from_secs(3_600);

const INSERT: &str = "INSERT INTO identity_outbox (tenant, user_id, id, format, channel, address, typed, content, locale, \
created_at, expires_at, due_at, attempts, identifier) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?10, 0, ?12)";

const ANY_DUE: &str = "SELECT EXISTS (SELECT 1 FROM identity_outbox \
WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= ?1 AND (lease IS NULL OR leased_until <= ?2) \
AND (?3 IS NULL OR +channel = ?3) AND format <= ?4)";

/// Those that are free and due, but for those that another message of the same user and channel has to go before.
const DUE: &str = "SELECT tenant, user_id, id, format, channel, address, typed, content, locale, created_at, expires_at, \
attempts, uncertain, provider, lease IS NOT NULL FROM identity_outbox AS next \
WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= ?1 AND (lease IS NULL OR leased_until <= ?3) \
AND (?4 IS NULL OR +channel = ?4) AND format <= ?5 \
AND NOT EXISTS (SELECT 1 FROM identity_outbox AS earlier \
WHERE earlier.tenant = next.tenant AND earlier.user_id = next.user_id AND earlier.id <> next.id \
AND +earlier.sent_at IS NULL AND +earlier.failed_at IS NULL AND +earlier.channel = next.channel \
AND (earlier.created_at, earlier.id) < (next.created_at, next.id) \
AND ((earlier.lease IS NOT NULL AND earlier.leased_until > ?3) \
OR earlier.address = next.address \
OR (+earlier.due_at <= ?1 AND NOT EXISTS (SELECT 1 FROM identity_outbox AS first \
WHERE first.tenant = next.tenant AND first.user_id = next.user_id \
AND +first.sent_at IS NULL AND +first.failed_at IS NULL \
AND (first.created_at, first.id) < (earlier.created_at, earlier.id) \
AND first.channel = earlier.channel AND first.address = earlier.address)))) \
ORDER BY due_at, id LIMIT ?2";

/// What a lease that is asked for again holds.
const HELD: &str = "SELECT tenant, user_id, id, format, channel, address, typed, content, locale, created_at, expires_at, \
attempts - 1, uncertain, provider, 0 FROM identity_outbox \
WHERE sent_at IS NULL AND failed_at IS NULL AND lease = ?1 AND leased_until > ?2 ORDER BY due_at, id";

const TAKE: &str = "UPDATE identity_outbox SET lease = ?4, leased_until = ?5, attempts = ?6, uncertain = ?7 \
WHERE tenant = ?1 AND user_id = ?2 AND id = ?3";

const DEAD_LETTER_DAMAGED: &str = "UPDATE identity_outbox SET lease = NULL, leased_until = NULL, failed_at = ?4, error = ?5 \
WHERE tenant = ?1 AND user_id = ?2 AND id = ?3";

const DONE: &str = "DELETE FROM identity_outbox WHERE id = ?2 AND lease = ?1 AND sent_at IS NULL";

const SENT: &str = "UPDATE identity_outbox SET lease = NULL, leased_until = NULL, provider = ?4, reference = ?5, \
sent_at = coalesce(sent_at, ?3) WHERE id = ?2 AND lease = ?1";

const RETRY: &str = "UPDATE identity_outbox SET lease = NULL, leased_until = NULL, due_at = ?3, error = ?4, \
provider = ?5, uncertain = uncertain + ?6 WHERE id = ?2 AND lease = ?1 AND sent_at IS NULL";

const FREE: &str = "UPDATE identity_outbox SET lease = NULL, leased_until = NULL, due_at = ?3, \
attempts = max(attempts - 1, 0) WHERE id = ?2 AND lease = ?1 AND sent_at IS NULL";

const FAILED: &str = "UPDATE identity_outbox SET lease = NULL, leased_until = NULL, failed_at = ?3, error = ?4 \
WHERE id = ?2 AND lease = ?1 AND sent_at IS NULL";

/// What was reported on while it was held has ended: it is only let go of.
const RELEASE: &str = "UPDATE identity_outbox SET lease = NULL, leased_until = NULL \
WHERE id = ?2 AND lease = ?1 AND sent_at IS NOT NULL";

const DEAD_LETTERS: &str = "SELECT tenant, user_id, id, format, channel, address, typed, content, locale, created_at, expires_at, \
attempts, failed_at, error FROM identity_outbox \
WHERE failed_at IS NOT NULL AND tenant = ?1 AND id > ?2 AND format <= ?4 ORDER BY id LIMIT ?3";

const MESSAGE: &str = "SELECT tenant, user_id, id, format, channel, address, typed, content, locale, created_at, \
expires_at, attempts, uncertain, provider, reference, sent_at, failed_at, error, report, reported_at, report_detail \
FROM identity_outbox WHERE id = ?1";

const POSTED: &str = "SELECT tenant, user_id, id, format, channel, address, typed, content, locale, created_at, \
expires_at, attempts, uncertain, provider, reference, sent_at, failed_at, error, report, reported_at, report_detail \
FROM identity_outbox WHERE tenant = ?1 AND user_id = ?2 AND id > ?3 AND format <= ?5 ORDER BY id LIMIT ?4";

const REPORT: &str = "UPDATE identity_outbox SET sent_at = ?4, failed_at = ?5, report = ?6, reported_at = ?7, \
report_detail = ?8 WHERE tenant = ?1 AND user_id = ?2 AND id = ?3";

/// No index serves this, and pruning is rare.
const UNKNOWN: &str = "UPDATE identity_outbox SET failed_at = ?1, error = 'its format ' || format || ' is not known to this \
program, and no newer program sent it before it expired; run a worker of the newer version' \
WHERE sent_at IS NULL AND failed_at IS NULL AND format > ?2 AND expires_at < ?3 \
AND (lease IS NULL OR leased_until <= ?1)";

const PRUNE: &str = "DELETE FROM identity_outbox WHERE (tenant, user_id, id) IN (SELECT tenant, user_id, id \
FROM identity_outbox WHERE (sent_at IS NOT NULL OR failed_at IS NOT NULL) AND coalesce(sent_at, failed_at) < ?1 LIMIT ?2)";

const WITHDRAW: &str = "DELETE FROM identity_outbox WHERE tenant = ?1 AND user_id = ?2 AND identifier = ?3 \
AND sent_at IS NULL AND failed_at IS NULL AND lease IS NULL";

/// Enqueues a message; it is due at once.
pub(crate) fn enqueue(connection: &Connection, message: &Message) -> Result<(), StoreError> {
    let (address, typed) = (message.to.as_str(), message.to.typed());
    let row = params![
        message.key.tenant.as_str(),
        message.key.user.as_str(),
        message.id.as_uuid().into_bytes(),
        FORMAT,
        message.to.channel().as_str(),
        address,
        (typed != address).then_some(typed),
        json(&message.content)?,
        message.locale,
        message.created_at.as_micros(),
        message.expires_at.as_micros(),
        identifier(&message.content).map(|id| id.as_uuid().into_bytes()),
    ];
    execute(connection, INSERT, row).map(drop)
}

/// Whose challenge it carries.
const fn identifier(content: &Content) -> Option<IdentifierId> {
    match content {
        Content::Challenge { identifier, .. } => Some(*identifier),
        _ => None,
    }
}

/// Removes challenges of these identifiers that nobody holds.
pub(crate) fn withdraw(connection: &Connection, key: &UserKey, identifiers: &[IdentifierId]) -> Result<(), StoreError> {
    for id in identifiers {
        let row = params![key.tenant.as_str(), key.user.as_str(), id.as_uuid().into_bytes()];
        execute(connection, WITHDRAW, row)?;
    }
    Ok(())
}

/// Removes a user's messages, dead letters included: they name the address.
pub(crate) fn forget(connection: &Connection, key: &UserKey) -> Result<(), StoreError> {
    let sql = "DELETE FROM identity_outbox WHERE tenant = ?1 AND user_id = ?2";
    execute(connection, sql, params![key.tenant.as_str(), key.user.as_str()]).map(drop)
}

/// Whether a lease would find anything.
pub(crate) fn any_due(connection: &Connection, lease: &Lease, own: Timestamp) -> Result<bool, StoreError> {
    let (at, _) = lease.times(|| own);
    let mut statement = connection.prepare_cached(ANY_DUE).map_err(store)?;
    let row = params![lease.now.as_micros(), at.as_micros(), lease.channel.map(Channel::as_str), FORMAT];
    statement.query_row(row, |row| row.get(0)).map_err(store)
}

/// What a lease found.
pub(crate) struct Found {
    pub(crate) leased: Vec<Leased>,
    /// A message that cannot be read. It becomes a dead letter, so that it does not delay the others, and is reported once.
    pub(crate) damaged: Option<StoreError>,
}

/// Leases what is due; `own` is the reading of this machine's clock.
pub(crate) fn lease(connection: &Connection, lease: &Lease, own: Timestamp) -> Result<Found, StoreError> {
    let (at, until) = lease.times(|| own);
    if lease.again {
        let held = held(connection, lease.id, at)?;
        if !held.is_empty() {
            return Ok(Found { leased: held, damaged: None });
        }
    }
    let mut statement = connection.prepare_cached(DUE).map_err(store)?;
    let channel = lease.channel.map(Channel::as_str);
    let row = params![lease.now.as_micros(), limit(lease.limit), at.as_micros(), channel, FORMAT];
    let mut rows = statement.query(row).map_err(store)?;
    let mut found = Found { leased: Vec::new(), damaged: None };
    let mut bad = None;
    while let Some(row) = rows.next().map_err(store)? {
        match leased(&mut Cells::from(row, 0)) {
            Ok(leased) => found.leased.push(leased),
            Err(reason) => {
                bad = Some((place(row)?, reason));
                break;
            }
        }
    }
    drop(rows);
    if let Some(((tenant, user, id), reason)) = bad {
        let error = reason.at("identity_outbox", || format!("{tenant}/{user}/{}", Uuid::from_bytes(id)));
        if matches!(error, StoreError::Corrupt { .. }) {
            let row = params![tenant, user, id, lease.now.as_micros(), "the stored message is damaged"];
            execute(connection, DEAD_LETTER_DAMAGED, row)?;
            return Ok(Found { leased: Vec::new(), damaged: Some(error) });
        }
        return Err(error);
    }
    for leased in &found.leased {
        let message = &leased.message;
        let row = params![
            message.key.tenant.as_str(),
            message.key.user.as_str(),
            message.id.as_uuid().into_bytes(),
            lease.id.0.into_bytes(),
            until.as_micros(),
            leased.attempts,
            leased.uncertain,
        ];
        execute(connection, TAKE, row)?;
    }
    Ok(found)
}

fn held(connection: &Connection, lease: LeaseId, at: Timestamp) -> Result<Vec<Leased>, StoreError> {
    let mut statement = connection.prepare_cached(HELD).map_err(store)?;
    let mut rows = statement.query(params![lease.0.into_bytes(), at.as_micros()]).map_err(store)?;
    let mut held = Vec::new();
    while let Some(row) = rows.next().map_err(store)? {
        // A row that was read when it was leased is not damaged; were it, its lease would end.
        held.extend(leased(&mut Cells::from(row, 0)));
    }
    Ok(held)
}

fn leased(cells: &mut Cells<'_>) -> Result<Leased, Bad> {
    let (message, cells) = message(cells)?;
    let (attempts, uncertain) = (cells.int::<u32>()?.saturating_add(1), cells.int::<u32>()?);
    let provider = cells.opt_text()?.map(str::to_owned);
    // A lease that is still noted ran out before it was settled.
    let uncertain = uncertain.saturating_add(cells.flag()?.into());
    Ok(Leased { message, attempts, uncertain, provider })
}

/// Settles what the lease still holds.
pub(crate) fn settle(connection: &Connection, lease: LeaseId, settled: &[Settled]) -> Result<usize, StoreError> {
    let lease = lease.0.into_bytes();
    let mut count = 0;
    for Settled { id, outcome } in settled {
        let id = id.as_uuid().into_bytes();
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
    let mut statement = connection.prepare_cached(DEAD_LETTERS).map_err(store)?;
    // An empty blob comes before every id.
    let after = after.map_or_else(Vec::new, |id| id.as_uuid().into_bytes().to_vec());
    let mut rows = statement.query(params![tenant.as_str(), after, limit(most), FORMAT]).map_err(store)?;
    let mut dead = Vec::new();
    while let Some(row) = rows.next().map_err(store)? {
        let read = message(&mut Cells::from(row, 0)).and_then(|(message, cells)| {
            let (attempts, failed_at) = (cells.int()?, cells.time()?);
            let error = cells.opt_text()?.unwrap_or_default().to_owned();
            Ok(DeadLetter { message, attempts, failed_at, error })
        });
        match read {
            Ok(message) => dead.push(message),
            Err(bad) => {
                let (tenant, user, id) = place(row)?;
                return Err(bad.at("identity_outbox", || format!("{tenant}/{user}/{}", Uuid::from_bytes(id))));
            }
        }
    }
    Ok(dead)
}

/// The message of this id.
pub(crate) fn read(connection: &Connection, id: MessageId) -> Result<Option<Posted>, StoreError> {
    let mut statement = connection.prepare_cached(MESSAGE).map_err(store)?;
    let mut rows = statement.query([id.as_uuid().into_bytes()]).map_err(store)?;
    rows.next().map_err(store)?.map(posted).transpose()
}

/// A user's messages.
pub(crate) fn list(
    connection: &Connection,
    key: &UserKey,
    after: Option<MessageId>,
    most: usize,
) -> Result<Vec<Posted>, StoreError> {
    let mut statement = connection.prepare_cached(POSTED).map_err(store)?;
    // An empty blob comes before every id.
    let after = after.map_or_else(Vec::new, |id| id.as_uuid().into_bytes().to_vec());
    let row = params![key.tenant.as_str(), key.user.as_str(), after, limit(most), FORMAT];
    let mut rows = statement.query(row).map_err(store)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(store)? {
        found.push(posted(row)?);
    }
    Ok(found)
}

/// Notes a report, and gives the message as it stands then.
pub(crate) fn report(connection: &Connection, id: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
    let Some(mut posted) = read(connection, id)? else { return Ok(None) };
    let goes_before = report.goes_before(posted.report.as_ref());
    let waiting = posted.sent_at.is_none() && posted.failed_at.is_none();
    if !goes_before {
        return Ok(Some(posted));
    }
    let arrived = matches!(report.state, DeliveryState::Accepted | DeliveryState::Delivered);
    if waiting || (posted.failed_at.is_some() && arrived) {
        (posted.sent_at, posted.failed_at) = (Some(report.at), None);
    }
    posted.report = Some(report.clone());
    let row = params![
        posted.message.key.tenant.as_str(),
        posted.message.key.user.as_str(),
        id.as_uuid().into_bytes(),
        posted.sent_at.map(Timestamp::as_micros),
        posted.failed_at.map(Timestamp::as_micros),
        report.state.as_str(),
        report.at.as_micros(),
        report.detail,
    ];
    execute(connection, REPORT, row)?;
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

fn posted(row: &Row<'_>) -> Result<Posted, StoreError> {
    let mut cells = Cells::from(row, 0);
    let mut read = || {
        let (message, cells) = message(&mut cells)?;
        let (attempts, uncertain) = (cells.int()?, cells.int()?);
        let mut text = || Ok::<_, Bad>(cells.opt_text()?.map(str::to_owned));
        let (provider, reference) = (text()?, text()?);
        let (sent_at, failed_at) = (cells.opt_time()?, cells.opt_time()?);
        let error = cells.opt_text()?.map(str::to_owned);
        let report = match cells.opt_text()? {
            None => None,
            Some(name) => {
                let state = DeliveryState::from_name(name).ok_or_else(|| Bad::from("its report has no such name"))?;
                Some(Report { state, at: cells.time()?, detail: cells.opt_shared()? })
            }
        };
        Ok(Posted { message, attempts, uncertain, provider, reference, sent_at, failed_at, error, report })
    };
    match read() {
        Ok(posted) => Ok(posted),
        Err(bad) => {
            let (tenant, user, id) = place(row)?;
            Err(Bad::at(bad, "identity_outbox", || format!("{tenant}/{user}/{}", Uuid::from_bytes(id))))
        }
    }
}

/// The key of a row, damaged or not.
fn place(row: &Row<'_>) -> Result<(String, String, [u8; 16]), StoreError> {
    let mut cells = Cells::from(row, 0);
    let mut read = || Ok((cells.text()?.to_owned(), cells.text()?.to_owned(), cells.id::<Uuid>()?.into_bytes()));
    read().map_err(|bad: Bad| bad.at("identity_outbox", String::new))
}

fn message<'c, 'r>(cells: &'c mut Cells<'r>) -> Result<(Message, &'c mut Cells<'r>), Bad> {
    let key =
        UserKey { tenant: cells.name(|id| TenantId::parse(id).ok())?, user: cells.name(|id| UserId::parse(id).ok())? };
    let id = cells.id()?;
    if cells.int::<u8>()? != FORMAT {
        return Err(Bad::from("it has a format that this program does not read"));
    }
    let channel = cells.name(|name| match name {
        "email" => Some(Channel::Email),
        "phone" => Some(Channel::Phone),
        _ => None,
    })?;
    let canonical = cells.text()?;
    let to = Address::restore(channel, canonical, cells.opt_text()?.unwrap_or(canonical))?;
    let content = cells.json()?;
    let locale = cells.opt_shared()?;
    let message = Message { id, key, to, content, locale, created_at: cells.time()?, expires_at: cells.time()? };
    Ok((message, cells))
}
