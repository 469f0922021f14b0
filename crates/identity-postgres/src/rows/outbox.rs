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
use crate::rows::message::{self, COLUMNS, place};
use crate::sql::Kind::{Flag, Id, Long, Text};
use crate::sql::{Layout, Rows, Sql};
use crate::write::FORMAT;

/// Free and due, but for those that another message of the same user and channel has to go before: one that is held, one to
/// the same address, or one that is due and the first to its own address. `{at}` is the reading of the clock that leases are
/// measured by.
const DUE: &str = "d.sent_at IS NULL AND d.failed_at IS NULL AND d.due_at <= $1 \
AND (d.lease IS NULL OR d.leased_until <= {at}) AND ($6::text IS NULL OR d.channel = $6) AND d.format <= $7 \
AND NOT EXISTS (SELECT 1 FROM {t}identity_outbox earlier \
WHERE earlier.tenant = d.tenant AND earlier.user_id = d.user_id AND earlier.id <> d.id \
AND earlier.sent_at IS NULL AND earlier.failed_at IS NULL AND earlier.channel = d.channel \
AND (earlier.created_at, earlier.id) < (d.created_at, d.id) \
AND ((earlier.lease IS NOT NULL AND earlier.leased_until > {at}) \
OR earlier.address = d.address \
OR (earlier.due_at <= $1 AND NOT EXISTS (SELECT 1 FROM {t}identity_outbox head \
WHERE head.tenant = d.tenant AND head.user_id = d.user_id AND head.sent_at IS NULL AND head.failed_at IS NULL \
AND (head.created_at, head.id) < (earlier.created_at, earlier.id) \
AND head.channel = earlier.channel AND head.address = earlier.address))))";

/// The server's clock in microseconds, unless a test passes a reading. The time at which the statement began: it is constant
/// while the statement runs, so that it can stand in a condition on a key.
const AT: &str = "coalesce($5::int8, (extract(epoch FROM statement_timestamp()) * 1000000)::int8)";

/// How long after its end a message of an unknown format is left for programs that know it.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// Leases what is due. Who else leases at the same moment passes over these rows and waits for nobody.
pub(crate) async fn lease(link: &Link, lease: &Lease) -> Result<Vec<Leased>, StoreError> {
    let tables = &link.tables;
    let text = format!(
        "WITH due AS (SELECT d.tenant, d.user_id, d.id FROM {tables}identity_outbox d WHERE {} \
         ORDER BY d.due_at, d.id LIMIT $2 FOR UPDATE OF d SKIP LOCKED) \
         UPDATE {tables}identity_outbox o SET lease = $3, leased_until = CASE WHEN $4 > 0 THEN {AT} + $4 ELSE 0 END, \
         attempts = LEAST(o.attempts + 1, 4294967295), \
         uncertain = o.uncertain + CASE WHEN o.lease IS NULL THEN 0 ELSE 1 END FROM due \
         WHERE o.tenant = due.tenant AND o.user_id = due.user_id AND o.id = due.id RETURNING {COLUMNS}",
        DUE.replace("{t}", tables).replace("{at}", AT)
    );
    let lasts = i64::try_from(lease.lasts.as_micros()).unwrap_or(i64::MAX >> 8);
    let sql = Sql::new(text)
        .with(lease.now.as_micros(), Type::INT8)
        .with(limit(lease.limit), Type::INT8)
        .with(lease.id.0, Type::UUID)
        .with(lasts, Type::INT8)
        .with(lease.at.map(Timestamp::as_micros), Type::INT8)
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
    let at = AT.replace("$5", "$2");
    let text = format!(
        "SELECT {COLUMNS} FROM {}identity_outbox o WHERE o.sent_at IS NULL AND o.failed_at IS NULL AND o.lease = $1 \
         AND o.leased_until > {at}",
        link.tables
    );
    link.query(&Sql::new(text).with(lease.id.0, Type::UUID).with(lease.at.map(Timestamp::as_micros), Type::INT8)).await
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
    let text = format!(
        "UPDATE {}identity_outbox SET lease = NULL, leased_until = NULL, \
         attempts = attempts - CASE WHEN tenant = $2 AND user_id = $3 AND id = $4 THEN 0 ELSE 1 END, \
         failed_at = CASE WHEN tenant = $2 AND user_id = $3 AND id = $4 THEN $5 END, \
         error = CASE WHEN tenant = $2 AND user_id = $3 AND id = $4 THEN 'the stored message is damaged' ELSE error END \
         WHERE lease = $1 AND id = ANY($6)",
        link.tables
    );
    let sql = Sql::new(text)
        .with(lease.id.0, Type::UUID)
        .with(key("tenant")?, Type::TEXT)
        .with(key("user_id")?, Type::TEXT)
        .with(id, Type::UUID)
        .with(lease.now.as_micros(), Type::INT8);
    let ids: Vec<Uuid> = leased.iter().filter_map(|row| row.try_get("id").ok()).collect();
    link.query(&sql.with(ids, Type::UUID_ARRAY)).await.map(drop)
}

/// What became of messages, as rows.
const SETTLED: Layout = &[
    ("id", Id),
    ("outcome", Text),
    ("at", Long),
    ("error", Text),
    ("provider", Text),
    ("reference", Text),
    ("uncertain", Long),
    ("goes", Flag),
];

/// Settles what the lease still holds, in one statement. What was reported on while it was held has ended: it is only let go
/// of, though provider and reference are noted.
pub(crate) async fn settle(link: &Link, lease: LeaseId, settled: &[Settled]) -> Result<usize, StoreError> {
    if settled.is_empty() {
        return Ok(0);
    }
    let mut rows = Rows::new(SETTLED);
    let mut seen = HashSet::new();
    let mut sorted: Vec<&Settled> = settled.iter().filter(|settled| seen.insert(settled.id)).collect();
    // Everybody locks rows in the same order.
    sorted.sort_unstable_by_key(|settled| settled.id);
    for Settled { id, outcome } in sorted {
        let id = id.as_uuid().into();
        let none = || None::<String>.into();
        rows.push(match outcome {
            Settlement::Sent { at, provider, reference } => {
                let (provider, reference) = (optional(provider.as_deref()), optional(reference.as_deref()));
                let (provider, reference) = (provider.into(), reference.into());
                [id, "sent".into(), at.as_micros().into(), none(), provider, reference, 0_i64.into(), false.into()]
            }
            Settlement::Retry { due_at, error, provider, uncertain } => {
                let (error, provider) = (printable(error).into(), optional(provider.as_deref()).into());
                let (at, uncertain) = (due_at.as_micros().into(), i64::from(*uncertain).into());
                [id, "retry".into(), at, error, provider, none(), uncertain, false.into()]
            }
            Settlement::Release { due_at } => {
                let at = due_at.as_micros().into();
                [id, "release".into(), at, none(), none(), none(), 0_i64.into(), false.into()]
            }
            Settlement::Failed { at, error } => {
                let (at, error) = (at.as_micros().into(), printable(error).into());
                [id, "failed".into(), at, error, none(), none(), 0_i64.into(), false.into()]
            }
            // `Done`, and whatever comes to be added: it goes.
            _ => [id, "done".into(), None::<i64>.into(), none(), none(), none(), 0_i64.into(), true.into()],
        });
    }
    let tables = &link.tables;
    let mut sql = Sql::new("WITH x AS (SELECT * FROM ").with(lease.0, Type::UUID);
    sql.unnest(rows, "x");
    sql.push(&format!(
        "), held AS (SELECT o.id FROM x JOIN {tables}identity_outbox o ON o.id = x.id WHERE o.lease = $1), \
         gone AS (DELETE FROM {tables}identity_outbox o USING x WHERE o.id = x.id AND o.lease = $1 AND x.goes \
         AND o.sent_at IS NULL RETURNING 1), \
         kept AS (UPDATE {tables}identity_outbox o SET lease = NULL, leased_until = NULL, \
         provider = CASE WHEN x.outcome = 'sent' OR (x.outcome = 'retry' AND o.sent_at IS NULL) THEN x.provider \
         ELSE o.provider END, \
         reference = CASE WHEN x.outcome = 'sent' THEN x.reference ELSE o.reference END, \
         sent_at = CASE WHEN x.outcome = 'sent' THEN coalesce(o.sent_at, x.at) ELSE o.sent_at END, \
         due_at = CASE WHEN x.outcome IN ('retry', 'release') AND o.sent_at IS NULL THEN x.at ELSE o.due_at END, \
         attempts = CASE WHEN x.outcome = 'release' AND o.sent_at IS NULL THEN greatest(o.attempts - 1, 0) \
         ELSE o.attempts END, \
         failed_at = CASE WHEN x.outcome = 'failed' AND o.sent_at IS NULL THEN x.at ELSE o.failed_at END, \
         error = CASE WHEN x.outcome IN ('retry', 'failed') AND o.sent_at IS NULL THEN x.error ELSE o.error END, \
         uncertain = o.uncertain + CASE WHEN o.sent_at IS NULL THEN x.uncertain ELSE 0 END \
         FROM x WHERE o.id = x.id AND o.lease = $1 AND NOT (x.goes AND o.sent_at IS NULL) RETURNING 1), \
         counts AS (SELECT (SELECT count(*) FROM held) AS held, \
         (SELECT count(*) FROM gone) + (SELECT count(*) FROM kept) AS settled) \
         SELECT settled AS count, (CASE WHEN held = settled THEN '0' \
         ELSE 'identity: a report came in between, nothing is written, it is tried again' END)::int4 AS told FROM counts"
    ));
    let rows = link.query(&sql).await?;
    let count: i64 = rows.first().map_or(Ok(0), |row| row.try_get("count")).map_err(StoreError::failed)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// A provider's words, which may hold anything: the database keeps no U+0000.
fn printable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn optional(text: Option<&str>) -> Option<String> {
    text.map(printable)
}

/// What a message's row says beyond the message.
const POSTED: &str = "o.uncertain, o.provider, o.reference, o.sent_at, o.failed_at, o.error, o.report, o.reported_at, \
o.report_detail";

/// Notes a report if it says more than the one that is noted, and reads the message as it stands then.
pub(crate) async fn report(link: &Link, id: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
    let tables = &link.tables;
    // The rows that are updated are read as they are by then; those that are not are read as they were.
    let text = format!(
        "WITH noted AS (UPDATE {tables}identity_outbox o SET report = $2, reported_at = $3, report_detail = $4, \
         sent_at = CASE WHEN (o.sent_at IS NULL AND o.failed_at IS NULL) OR (o.failed_at IS NOT NULL AND $5) \
         THEN $3 ELSE o.sent_at END, \
         failed_at = CASE WHEN $5 THEN NULL ELSE o.failed_at END \
         WHERE o.id = $1 AND (o.report IS NULL OR o.report = ANY($6)) RETURNING {}, {POSTED}) \
         SELECT * FROM noted UNION ALL SELECT {}, {POSTED} FROM {tables}identity_outbox o \
         WHERE o.id = $1 AND NOT EXISTS (SELECT 1 FROM noted)",
        message::POSTED_COLUMNS,
        message::POSTED_COLUMNS
    );
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
    let sql = Sql::new(text)
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
    let text =
        format!("SELECT {}, {POSTED} FROM {}identity_outbox o WHERE o.id = $1", message::POSTED_COLUMNS, link.tables);
    let rows = link.query(&Sql::new(text).with(id.as_uuid(), Type::UUID)).await?;
    rows.first().map(whole).transpose()
}

/// A user's messages.
pub(crate) async fn posted(
    link: &Link,
    key: &UserKey,
    after: Option<MessageId>,
    most: usize,
) -> Result<Vec<Posted>, StoreError> {
    let text = format!(
        "SELECT {}, {POSTED} FROM {}identity_outbox o WHERE o.tenant = $1 AND o.user_id = $2 \
         AND ($3::uuid IS NULL OR o.id > $3) AND o.format <= $5 ORDER BY o.id LIMIT $4",
        message::POSTED_COLUMNS,
        link.tables
    );
    let sql = Sql::new(text)
        .with(key.tenant.as_str(), Type::TEXT)
        .with(key.user.as_str(), Type::TEXT)
        .with(after.map(MessageId::as_uuid), Type::UUID)
        .with(limit(most), Type::INT8)
        .with(i64::from(FORMAT), Type::INT8);
    link.query(&sql).await?.iter().map(whole).collect()
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
    let tables = &link.tables;
    let at = AT.replace("$5", "$2");
    let text = format!(
        "UPDATE {tables}identity_outbox SET failed_at = {at}, error = 'its format ' || format || ' is not known to this \
         program, and no newer program sent it before it expired; run a worker of the newer version' \
         WHERE sent_at IS NULL AND failed_at IS NULL AND format > $1 AND expires_at < {at} - $3 \
         AND (lease IS NULL OR leased_until <= {at})"
    );
    let patience = i64::try_from(PATIENCE.as_micros()).unwrap_or(i64::MAX);
    let unknown =
        Sql::new(text).with(i64::from(FORMAT), Type::INT8).with(None::<i64>, Type::INT8).with(patience, Type::INT8);
    link.query(&unknown).await?;
    let text = format!(
        "WITH old AS (SELECT o.tenant, o.user_id, o.id FROM {tables}identity_outbox o \
         WHERE (o.sent_at IS NOT NULL OR o.failed_at IS NOT NULL) AND coalesce(o.sent_at, o.failed_at) < $1 \
         ORDER BY coalesce(o.sent_at, o.failed_at) LIMIT $2 FOR UPDATE SKIP LOCKED), \
         gone AS (DELETE FROM {tables}identity_outbox o USING old WHERE o.tenant = old.tenant \
         AND o.user_id = old.user_id AND o.id = old.id RETURNING 1) SELECT count(*) AS count FROM gone"
    );
    let sql = Sql::new(text).with(before.as_micros(), Type::INT8).with(limit(most), Type::INT8);
    let rows = link.query(&sql).await?;
    let count: i64 = rows.first().map_or(Ok(0), |row| row.try_get("count")).map_err(StoreError::failed)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Failed messages of a tenant.
pub(crate) async fn dead_letters(
    link: &Link,
    tenant: &TenantId,
    after: Option<MessageId>,
    most: usize,
) -> Result<Vec<DeadLetter>, StoreError> {
    let text = format!(
        "SELECT {COLUMNS}, o.failed_at, o.error FROM {}identity_outbox o \
         WHERE o.failed_at IS NOT NULL AND o.tenant = $1 AND ($2::uuid IS NULL OR o.id > $2) AND o.format <= $4 \
         ORDER BY o.id LIMIT $3",
        link.tables
    );
    let sql = Sql::new(text)
        .with(tenant.as_str(), Type::TEXT)
        .with(after.map(MessageId::as_uuid), Type::UUID)
        .with(limit(most), Type::INT8)
        .with(i64::from(FORMAT), Type::INT8);
    let rows = link.query(&sql).await?;
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
