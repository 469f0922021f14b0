use identity_core::{Address, Channel, Message, MessageId, TenantId, UserId, UserKey};
use identity_ports::{Lease, LeaseId, Leased, Parked, Settled, Settlement, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::cells::{Bad, Cells, limit};
use crate::link::Link;
use crate::sql::Sql;
use crate::write::FORMAT;

const COLUMNS: &str = "o.tenant, o.user_id, o.id, o.format, o.channel, o.address, o.typed, o.content, o.locale, \
o.created_at, o.expires_at, o.due_at, o.attempts";

/// Leases what is due. Who else leases at the same moment passes over these rows and waits for nobody.
pub(crate) async fn lease(link: &Link, lease: &Lease) -> Result<Vec<Leased>, StoreError> {
    let tables = &link.tables;
    let text = format!(
        "WITH due AS (SELECT d.tenant, d.user_id, d.id FROM {tables}identity_outbox d \
         WHERE d.failed_at IS NULL AND d.sent_at IS NULL AND d.due_at <= $1 AND (d.lease IS NULL OR d.leased_until <= $1) \
         ORDER BY d.due_at, d.id LIMIT $2 FOR UPDATE SKIP LOCKED) \
         UPDATE {tables}identity_outbox o SET lease = $3, leased_until = $4, attempts = o.attempts + 1 FROM due \
         WHERE o.tenant = due.tenant AND o.user_id = due.user_id AND o.id = due.id RETURNING {COLUMNS}"
    );
    let sql = Sql::new(text)
        .with(lease.now.as_micros(), Type::INT8)
        .with(limit(lease.limit), Type::INT8)
        .with(lease.id.0, Type::UUID)
        .with(lease.until.as_micros(), Type::INT8);
    let rows = link.query(&sql).await?;
    let mut leased = Vec::with_capacity(rows.len());
    for row in &rows {
        let read = message(row).and_then(|message| {
            let cells = Cells(row);
            let due_at = cells.time("due_at")?;
            Ok((due_at, Leased { message, attempts: cells.int("attempts")? }))
        });
        match read {
            Ok(next) => leased.push(next),
            Err(bad) => {
                // It is parked, so that it does not hold up the others, and reported once.
                let error = bad.at("identity_outbox", || place(row));
                park_damaged(link, lease, row).await?;
                return Err(error);
            }
        }
    }
    leased.sort_unstable_by_key(|(due_at, leased)| (*due_at, leased.message.id));
    Ok(leased.into_iter().map(|(_, leased)| leased).collect())
}

/// Parks a message that makes no sense, and gives the others of its lease back.
async fn park_damaged(link: &Link, lease: &Lease, row: &Row) -> Result<(), StoreError> {
    let key = |name| row.try_get::<_, &str>(name).map_err(StoreError::failed);
    let id: Uuid = row.try_get("id").map_err(StoreError::failed)?;
    let text = format!(
        "UPDATE {}identity_outbox SET lease = NULL, leased_until = NULL, \
         attempts = attempts - CASE WHEN tenant = $2 AND user_id = $3 AND id = $4 THEN 0 ELSE 1 END, \
         failed_at = CASE WHEN tenant = $2 AND user_id = $3 AND id = $4 THEN $5 END, \
         error = CASE WHEN tenant = $2 AND user_id = $3 AND id = $4 THEN 'the row makes no sense' ELSE error END \
         WHERE lease = $1",
        link.tables
    );
    let sql = Sql::new(text)
        .with(lease.id.0, Type::UUID)
        .with(key("tenant")?, Type::TEXT)
        .with(key("user_id")?, Type::TEXT)
        .with(id, Type::UUID)
        .with(lease.now.as_micros(), Type::INT8);
    link.query(&sql).await.map(drop)
}

/// Settles what the lease still holds.
pub(crate) async fn settle(link: &Link, lease: LeaseId, settled: &[Settled]) -> Result<usize, StoreError> {
    let mut done = Vec::new();
    let (mut retried, mut due, mut why) = (Vec::new(), Vec::new(), Vec::new());
    let (mut failed, mut since, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    for Settled { id, outcome } in settled {
        let id = id.as_uuid();
        match outcome {
            Settlement::Retry { due_at, error } => {
                retried.push(id);
                due.push(due_at.as_micros());
                why.push(printable(error));
            }
            Settlement::Failed { at, error } => {
                failed.push(id);
                since.push(at.as_micros());
                reasons.push(printable(error));
            }
            // `Done`, and whatever comes to be added: it goes.
            _ => done.push(id),
        }
    }
    let tables = &link.tables;
    let text = format!(
        "WITH gone AS (DELETE FROM {tables}identity_outbox o WHERE o.lease = $1 AND o.id = ANY($2) RETURNING 1), \
         later AS (UPDATE {tables}identity_outbox o SET lease = NULL, leased_until = NULL, due_at = x.due_at, \
         error = x.error FROM unnest($3::uuid[], $4::int8[], $5::text[]) AS x(id, due_at, error) \
         WHERE o.lease = $1 AND o.id = x.id RETURNING 1), \
         never AS (UPDATE {tables}identity_outbox o SET lease = NULL, leased_until = NULL, failed_at = x.failed_at, \
         error = x.error FROM unnest($6::uuid[], $7::int8[], $8::text[]) AS x(id, failed_at, error) \
         WHERE o.lease = $1 AND o.id = x.id RETURNING 1) \
         SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM later) + (SELECT count(*) FROM never) AS count"
    );
    let sql = Sql::new(text)
        .with(lease.0, Type::UUID)
        .with(done, Type::UUID_ARRAY)
        .with(retried, Type::UUID_ARRAY)
        .with(due, Type::INT8_ARRAY)
        .with(why, Type::TEXT_ARRAY)
        .with(failed, Type::UUID_ARRAY)
        .with(since, Type::INT8_ARRAY)
        .with(reasons, Type::TEXT_ARRAY);
    let rows = link.query(&sql).await?;
    let count: i64 = rows.first().map_or(Ok(0), |row| row.try_get("count")).map_err(StoreError::failed)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// A provider's words, which may hold anything: the database keeps no U+0000.
fn printable(error: &str) -> String {
    error.replace('\0', "\u{fffd}")
}

/// Failed messages of a tenant.
pub(crate) async fn parked(
    link: &Link,
    tenant: &TenantId,
    after: Option<MessageId>,
    most: usize,
) -> Result<Vec<Parked>, StoreError> {
    let text = format!(
        "SELECT {COLUMNS}, o.failed_at, o.error FROM {}identity_outbox o \
         WHERE o.failed_at IS NOT NULL AND o.tenant = $1 AND ($2::uuid IS NULL OR o.id > $2) ORDER BY o.id LIMIT $3",
        link.tables
    );
    let sql = Sql::new(text)
        .with(tenant.as_str(), Type::TEXT)
        .with(after.map(MessageId::as_uuid), Type::UUID)
        .with(limit(most), Type::INT8);
    let rows = link.query(&sql).await?;
    let read = |row: &Row| {
        let cells = Cells(row);
        let parked = message(row).and_then(|message| {
            let (attempts, failed_at) = (cells.int("attempts")?, cells.time("failed_at")?);
            let error = cells.opt_text("error")?.unwrap_or_default().to_owned();
            Ok(Parked { message, attempts, failed_at, error })
        });
        parked.map_err(|bad| bad.at("identity_outbox", || place(row)))
    };
    rows.iter().map(read).collect()
}

/// The key of a row, damaged or not.
fn place(row: &Row) -> String {
    let text = |name| row.try_get::<_, &str>(name).unwrap_or_default();
    let id = row.try_get::<_, Uuid>("id").unwrap_or_default();
    format!("{}/{}/{id}", text("tenant"), text("user_id"))
}

fn message(row: &Row) -> Result<Message, Bad> {
    let cells = Cells(row);
    let key = UserKey {
        tenant: cells.name("tenant", |id| TenantId::parse(id).ok())?,
        user: cells.name("user_id", |id| UserId::parse(id).ok())?,
    };
    if cells.int::<u8>("format")? != FORMAT {
        return Err(Bad::from("it has a format that this program does not read"));
    }
    let channel = cells.name("channel", |name| match name {
        "email" => Some(Channel::Email),
        "phone" => Some(Channel::Phone),
        _ => None,
    })?;
    let canonical = cells.text("address")?;
    let to = Address::restore(channel, canonical, cells.opt_text("typed")?.unwrap_or(canonical))?;
    Ok(Message {
        id: cells.id("id")?,
        key,
        to,
        content: cells.json("content")?,
        locale: cells.opt_shared("locale")?,
        created_at: cells.time("created_at")?,
        expires_at: cells.time("expires_at")?,
    })
}
