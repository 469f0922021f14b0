use std::collections::HashSet;
use std::time::Duration;

use identity_core::{Channel, DeliveryState, MessageId, Report, TenantId, Timestamp, UserKey};
use identity_ports::{DeadLetter, Lease, LeaseId, Leased, Posted, Settled, Settlement, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::cells::{Bad, Cells, limit};
use crate::error::Failure;
use crate::link::{Link, Patience};
use crate::rows::message::{self, place};
use crate::sql::Kind::{Id, Long, Text};
use crate::sql::{Layout, Rows, Sql};
use crate::write::FORMAT;

/// How long after its end a message of an unknown format is left for programs that know it.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// Leases what is due. Who else leases at the same moment passes over these rows and waits for nobody.
pub(crate) async fn lease(link: &Link, lease: &Lease) -> Result<Vec<Leased>, StoreError> {
    let lasts = i64::try_from(lease.lasts.as_micros()).unwrap_or(i64::MAX >> 8);
    // The server's clock, unless a test passes a reading.
    let sql = Sql::new(&link.texts.lease)
        .with(lease.at.map(Timestamp::as_micros), Type::INT8)
        .with(lease.now.as_micros(), Type::INT8)
        .with(limit(lease.limit), Type::INT8)
        .with(lease.id.0, Type::UUID)
        .with(lasts, Type::INT8)
        .with(lease.channel.map(Channel::as_str), Type::TEXT)
        .with(i64::from(FORMAT), Type::INT8);
    let mut patience = Patience::new(link);
    let mut again = lease.again;
    let rows = loop {
        if again {
            let held = held(link, lease).await?;
            if !held.is_empty() {
                break held;
            }
        }
        match link.once(&sql).await {
            Ok(rows) => break rows,
            Err(failure) => {
                // It may have leased before its answer was lost.
                again |= matches!(failure, Failure::Lost(_));
                patience.after(failure).await?;
            }
        }
    };
    let mut leased = Vec::with_capacity(rows.len());
    for row in &rows {
        match one(row) {
            Ok(next) => leased.push(next),
            Err(bad) => {
                // It becomes a dead letter, so that it does not hold up the others, and is reported once.
                let error = bad.at("identity_outbox", || place(row));
                dead_letter_damaged(link, lease, row, &rows).await?;
                return Err(error);
            }
        }
    }
    leased.sort_unstable_by_key(|(due_at, leased)| (*due_at, leased.message.id));
    Ok(leased.into_iter().map(|(_, leased)| leased).collect())
}

/// What a lease that is asked for again holds.
async fn held(link: &Link, lease: &Lease) -> Result<Vec<Row>, StoreError> {
    let at = lease.at.map(Timestamp::as_micros);
    link.query(&Sql::new(&link.texts.leased).with(at, Type::INT8).with(lease.id.0, Type::UUID)).await
}

fn one(row: &Row) -> Result<(Timestamp, Leased), Bad> {
    let cells = Cells(row);
    let message = message::read(row)?;
    let (attempts, uncertain) = (cells.int("attempts")?, cells.int("uncertain")?);
    let provider = cells.opt_text("provider")?.map(str::to_owned);
    Ok((cells.time("due_at")?, Leased { message, attempts, uncertain, provider }))
}

/// Makes a message that cannot be read a dead letter, and releases the others of its lease.
async fn dead_letter_damaged(link: &Link, lease: &Lease, row: &Row, leased: &[Row]) -> Result<(), StoreError> {
    let key = |name| row.try_get::<_, &str>(name).map_err(StoreError::failed);
    let id: Uuid = row.try_get("id").map_err(StoreError::failed)?;
    let sql = Sql::new(&link.texts.damaged)
        .with(lease.id.0, Type::UUID)
        .with(key("tenant")?, Type::TEXT)
        .with(key("user_id")?, Type::TEXT)
        .with(id, Type::UUID)
        .with(lease.now.as_micros(), Type::INT8);
    let ids: Vec<Uuid> = leased.iter().filter_map(|row| row.try_get("id").ok()).collect();
    link.query(&sql.with(ids, Type::UUID_ARRAY)).await.map(drop)
}

/// What became of messages, as rows: id, outcome, at, error, provider, reference, uncertain.
const SETTLED: Layout = &[Id, Text, Long, Text, Text, Text, Long];

/// Settles what the lease still holds. What was reported on while it was held has ended: it is only let go of, though provider
/// and reference are noted.
pub(crate) async fn settle(link: &Link, lease: LeaseId, settled: &[Settled]) -> Result<usize, StoreError> {
    if settled.is_empty() {
        return Ok(0);
    }
    let (mut rows, mut done) = (Rows::new(SETTLED), Vec::new());
    let mut seen = HashSet::new();
    let mut sorted: Vec<&Settled> = settled.iter().filter(|settled| seen.insert(settled.id)).collect();
    // Everybody locks rows in the same order.
    sorted.sort_unstable_by_key(|settled| settled.id);
    for Settled { id, outcome } in sorted {
        let key = id.as_uuid().into();
        let none = || None::<String>.into();
        rows.push(match outcome {
            Settlement::Sent { at, provider, reference } => {
                let (provider, reference) = (optional(provider.as_deref()), optional(reference.as_deref()));
                let (provider, reference) = (provider.into(), reference.into());
                [key, "sent".into(), at.as_micros().into(), none(), provider, reference, 0_i64.into()]
            }
            Settlement::Retry { due_at, error, provider, uncertain } => {
                let (error, provider) = (printable(error).into(), optional(provider.as_deref()).into());
                let (at, uncertain) = (due_at.as_micros().into(), i64::from(*uncertain).into());
                [key, "retry".into(), at, error, provider, none(), uncertain]
            }
            Settlement::Release { due_at } => {
                let at = due_at.as_micros().into();
                [key, "release".into(), at, none(), none(), none(), 0_i64.into()]
            }
            Settlement::Failed { at, error } => {
                let (at, error) = (at.as_micros().into(), printable(error).into());
                [key, "failed".into(), at, error, none(), none(), 0_i64.into()]
            }
            // `Done`, and whatever comes to be added: it goes.
            _ => {
                done.push(id.as_uuid());
                [key, "done".into(), None::<i64>.into(), none(), none(), none(), 0_i64.into()]
            }
        });
    }
    let kept = Sql::new(&link.texts.settle).with(lease.0, Type::UUID).rows(rows);
    let flight = if done.is_empty() {
        vec![kept]
    } else {
        vec![Sql::new(&link.texts.finish).with(lease.0, Type::UUID).with(done, Type::UUID_ARRAY), kept]
    };
    Ok(link.queries(&flight).await?.iter().map(Vec::len).sum())
}

/// A provider's words, which may hold anything: the database keeps no U+0000.
fn printable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn optional(text: Option<&str>) -> Option<String> {
    text.map(printable)
}

/// Notes a report if it says more than the one that is noted, and reads the message as it stands then.
pub(crate) async fn report(link: &Link, id: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
    let states = [
        DeliveryState::Accepted,
        DeliveryState::Delivered,
        DeliveryState::Failed,
        DeliveryState::Bounced,
        DeliveryState::Complained,
    ];
    let behind: Vec<&str> =
        states.into_iter().filter(|state| state.rank() < report.state.rank()).map(DeliveryState::as_str).collect();
    let arrived = matches!(report.state, DeliveryState::Accepted | DeliveryState::Delivered);
    let sql = Sql::new(&link.texts.report)
        .with(id.as_uuid(), Type::UUID)
        .with(report.state.as_str(), Type::TEXT)
        .with(report.at.as_micros(), Type::INT8)
        .with(optional(report.detail.as_deref()), Type::TEXT)
        .with(arrived, Type::BOOL)
        .with(behind, Type::TEXT_ARRAY);
    link.query(&sql).await?.first().map(whole).transpose()
}

/// The message of this id.
pub(crate) async fn message(link: &Link, id: MessageId) -> Result<Option<Posted>, StoreError> {
    let rows = link.read(&Sql::new(&link.texts.one).with(id.as_uuid(), Type::UUID)).await?;
    rows.first().map(whole).transpose()
}

/// A user's messages.
pub(crate) async fn posted(
    link: &Link,
    key: &UserKey,
    after: Option<MessageId>,
    most: usize,
) -> Result<Vec<Posted>, StoreError> {
    let sql = Sql::new(&link.texts.posted)
        .with(key.tenant.as_str(), Type::TEXT)
        .with(key.user.as_str(), Type::TEXT)
        .with(after.map(MessageId::as_uuid), Type::UUID)
        .with(limit(most), Type::INT8)
        .with(i64::from(FORMAT), Type::INT8);
    link.read(&sql).await?.iter().map(whole).collect()
}

fn whole(row: &Row) -> Result<Posted, StoreError> {
    let cells = Cells(row);
    let read = || {
        let text = |name| Ok::<_, Bad>(cells.opt_text(name)?.map(str::to_owned));
        let report = match cells.opt_text("report")? {
            None => None,
            Some(_) => {
                let state = cells.name("report", DeliveryState::from_name)?;
                Some(Report { state, at: cells.time("reported_at")?, detail: cells.opt_shared("report_detail")? })
            }
        };
        Ok(Posted {
            message: message::read(row)?,
            attempts: cells.int("attempts")?,
            uncertain: cells.int("uncertain")?,
            provider: text("provider")?,
            reference: text("reference")?,
            sent_at: cells.opt_time("sent_at")?,
            failed_at: cells.opt_time("failed_at")?,
            error: text("error")?,
            report,
        })
    };
    read().map_err(|bad: Bad| bad.at("identity_outbox", || place(row)))
}

/// Removes messages that ended before this time. What nobody who knows its format has sent becomes a dead letter.
pub(crate) async fn prune(link: &Link, before: Timestamp, most: usize) -> Result<usize, StoreError> {
    let patience = i64::try_from(PATIENCE.as_micros()).unwrap_or(i64::MAX);
    let unknown = Sql::new(&link.texts.expire).with(None::<i64>, Type::INT8).with(i64::from(FORMAT), Type::INT8);
    link.query(&unknown.with(patience, Type::INT8)).await?;
    let sql = Sql::new(&link.texts.prune).with(before.as_micros(), Type::INT8).with(limit(most), Type::INT8);
    Ok(link.query(&sql).await?.len())
}

/// Failed messages of a tenant.
pub(crate) async fn dead_letters(
    link: &Link,
    tenant: &TenantId,
    after: Option<MessageId>,
    most: usize,
) -> Result<Vec<DeadLetter>, StoreError> {
    let sql = Sql::new(&link.texts.dead)
        .with(tenant.as_str(), Type::TEXT)
        .with(after.map(MessageId::as_uuid), Type::UUID)
        .with(limit(most), Type::INT8)
        .with(i64::from(FORMAT), Type::INT8);
    let rows = link.read(&sql).await?;
    let read = |row: &Row| {
        let cells = Cells(row);
        let dead = message::read(row).and_then(|message| {
            let (attempts, failed_at) = (cells.int("attempts")?, cells.time("failed_at")?);
            let error = cells.opt_text("error")?.unwrap_or_default().to_owned();
            Ok(DeadLetter { message, attempts, failed_at, error })
        });
        dead.map_err(|bad| bad.at("identity_outbox", || place(row)))
    };
    rows.iter().map(read).collect()
}
