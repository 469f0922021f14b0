use identity_core::{Address, Channel, Message, MessageId, TenantId, Timestamp, UserId, UserKey};
use identity_ports::{Lease, LeaseId, Leased, Parked, Settled, Settlement, StoreError};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::cells::{Bad, Cells, json, limit};
use crate::error::store;
use crate::rows::users::execute;

/// The format of the contents that this program writes and reads.
const FORMAT: u8 = 1;

const INSERT: &str = "INSERT INTO identity_outbox (tenant, user_id, id, format, channel, address, typed, content, locale, \
created_at, expires_at, due_at, attempts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?10, 0)";

const ANY_DUE: &str = "SELECT EXISTS (SELECT 1 FROM identity_outbox \
WHERE failed_at IS NULL AND due_at <= ?1 AND (lease IS NULL OR leased_until <= ?1))";

const DUE: &str = "SELECT tenant, user_id, id, format, channel, address, typed, content, locale, created_at, expires_at, \
attempts FROM identity_outbox WHERE failed_at IS NULL AND due_at <= ?1 AND (lease IS NULL OR leased_until <= ?1) \
ORDER BY due_at, id LIMIT ?2";

const TAKE: &str = "UPDATE identity_outbox SET lease = ?4, leased_until = ?5, attempts = ?6 \
WHERE tenant = ?1 AND user_id = ?2 AND id = ?3";

const PARK_DAMAGED: &str = "UPDATE identity_outbox SET lease = NULL, leased_until = NULL, failed_at = ?4, error = ?5 \
WHERE tenant = ?1 AND user_id = ?2 AND id = ?3";

const DONE: &str = "DELETE FROM identity_outbox WHERE lease = ?1 AND id = ?2";

const RETRY: &str = "UPDATE identity_outbox SET lease = NULL, leased_until = NULL, due_at = ?3, error = ?4 \
WHERE lease = ?1 AND id = ?2";

const FAILED: &str = "UPDATE identity_outbox SET lease = NULL, leased_until = NULL, failed_at = ?3, error = ?4 \
WHERE lease = ?1 AND id = ?2";

const PARKED: &str = "SELECT tenant, user_id, id, format, channel, address, typed, content, locale, created_at, expires_at, \
attempts, failed_at, error FROM identity_outbox \
WHERE failed_at IS NOT NULL AND tenant = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

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
    ];
    execute(connection, INSERT, row).map(drop)
}

/// Removes a user's messages, parked ones too: they name the address.
pub(crate) fn forget(connection: &Connection, key: &UserKey) -> Result<(), StoreError> {
    let sql = "DELETE FROM identity_outbox WHERE tenant = ?1 AND user_id = ?2";
    execute(connection, sql, params![key.tenant.as_str(), key.user.as_str()]).map(drop)
}

/// Whether a lease would find anything.
pub(crate) fn any_due(connection: &Connection, now: Timestamp) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(ANY_DUE).map_err(store)?;
    statement.query_row([now.as_micros()], |row| row.get(0)).map_err(store)
}

/// What a lease found.
pub(crate) struct Found {
    pub(crate) leased: Vec<Leased>,
    /// A message that makes no sense. It is parked, so that it does not hold up the others, and reported once.
    pub(crate) damaged: Option<StoreError>,
}

/// Leases what is due.
pub(crate) fn lease(connection: &Connection, lease: &Lease) -> Result<Found, StoreError> {
    let mut statement = connection.prepare_cached(DUE).map_err(store)?;
    let mut rows = statement.query(params![lease.now.as_micros(), limit(lease.limit)]).map_err(store)?;
    let mut found = Found { leased: Vec::new(), damaged: None };
    let mut bad = None;
    while let Some(row) = rows.next().map_err(store)? {
        match message(&mut Cells::from(row, 0)).and_then(|(message, cells)| Ok((message, cells.int::<u32>()?))) {
            Ok((message, attempts)) => found.leased.push(Leased { message, attempts: attempts.saturating_add(1) }),
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
            let row = params![tenant, user, id, lease.now.as_micros(), "the row makes no sense"];
            execute(connection, PARK_DAMAGED, row)?;
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
            lease.until.as_micros(),
            leased.attempts,
        ];
        execute(connection, TAKE, row)?;
    }
    Ok(found)
}

/// Settles what the lease still holds.
pub(crate) fn settle(connection: &Connection, lease: LeaseId, settled: &[Settled]) -> Result<usize, StoreError> {
    let lease = lease.0.into_bytes();
    let mut count = 0;
    for Settled { id, outcome } in settled {
        let id = id.as_uuid().into_bytes();
        count += match outcome {
            Settlement::Retry { due_at, error } => {
                execute(connection, RETRY, params![lease, id, due_at.as_micros(), error])?
            }
            Settlement::Failed { at, error } => execute(connection, FAILED, params![lease, id, at.as_micros(), error])?,
            // `Done`, and whatever comes to be added: it goes.
            _ => execute(connection, DONE, params![lease, id])?,
        };
    }
    Ok(count)
}

/// Failed messages of a tenant.
pub(crate) fn parked(
    connection: &Connection,
    tenant: &TenantId,
    after: Option<MessageId>,
    most: usize,
) -> Result<Vec<Parked>, StoreError> {
    let mut statement = connection.prepare_cached(PARKED).map_err(store)?;
    // An empty blob comes before every id.
    let after = after.map_or_else(Vec::new, |id| id.as_uuid().into_bytes().to_vec());
    let mut rows = statement.query(params![tenant.as_str(), after, limit(most)]).map_err(store)?;
    let mut parked = Vec::new();
    while let Some(row) = rows.next().map_err(store)? {
        let read = message(&mut Cells::from(row, 0)).and_then(|(message, cells)| {
            let (attempts, failed_at) = (cells.int()?, cells.time()?);
            let error = cells.opt_text()?.unwrap_or_default().to_owned();
            Ok(Parked { message, attempts, failed_at, error })
        });
        match read {
            Ok(message) => parked.push(message),
            Err(bad) => {
                let (tenant, user, id) = place(row)?;
                return Err(bad.at("identity_outbox", || format!("{tenant}/{user}/{}", Uuid::from_bytes(id))));
            }
        }
    }
    Ok(parked)
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
