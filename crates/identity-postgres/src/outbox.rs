//! Messages that wait, and what became of the others.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use identity_core::{Address, Channel, DeliveryState, Message, MessageId, Report, TenantId, Timestamp, UserKey};
use identity_ports::{Backlog, Lease, LeaseId, Leased, Outbox, Posted, Settled, Settlement, StoreError};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::PostgresStore;
use crate::cells::{Bad, Cells, capped, json};
use crate::error::Failure;
use crate::link::Link;
use crate::patience::Patience;
use crate::sql::Sql;
use crate::write::{self, FORMAT};

/// How long after its end a message of an unknown format is left for programs that know it.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// How long an ended window of a budget is kept: a policy may have made windows longer meanwhile. And how many go at most for
/// each message that may be pruned: every message opens a few, and most messages leave nothing to prune.
const KEPT: Duration = Duration::from_secs(7 * 86_400);
const WINDOWS: usize = 100;

#[async_trait]
impl Outbox for PostgresStore {
    async fn enqueue(&self, message: Message) -> Result<(), StoreError> {
        let content = json(&message.content)?;
        let (_, _, user, id, channel, address, typed, content, locale, created_at, expires_at, identifier) =
            write::message(0, 0, &message, &content);
        let link = self.link();
        let sql = Sql::new(&link.texts.enqueue).with((message.key.tenant.as_str(), user, id, FORMAT, channel, address));
        let sql = sql.with((typed, content, locale, created_at, expires_at, identifier));
        link.query(&sql).await.map(drop)
    }

    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError> {
        if lease.limit == 0 && !lease.again {
            return Ok(Vec::new());
        }
        let link = self.link();
        let rows = due(&link, &lease).await?;
        let mut leased = Vec::with_capacity(rows.len());
        for row in &rows {
            match whole(row) {
                Ok(posted) => leased.push(posted),
                Err(error) => {
                    // It becomes a dead letter, so that it does not hold up the others, and is reported once.
                    dead_letter_damaged(&link, &lease, row, &rows).await?;
                    return Err(error);
                }
            }
        }
        leased.sort_unstable_by_key(|posted| (posted.due_at, posted.message.id));
        Ok(leased.into_iter().map(Posted::leased).collect())
    }

    /// Settles what the lease still holds. What was reported on while it was held has ended: it is only let go of, though
    /// provider and reference are noted.
    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        if settled.is_empty() {
            return Ok(0);
        }
        let mut seen = HashSet::new();
        let mut settled: Vec<&Settled> = settled.iter().filter(|settled| seen.insert(settled.id)).collect();
        // Everybody locks rows in the same order.
        settled.sort_unstable_by_key(|settled| settled.id);
        let link = self.link();
        let rows: Vec<Outcome> = settled.into_iter().map(outcome).collect();
        let done: Vec<_> = rows.iter().filter(|(_, word, ..)| *word == DONE).map(|(id, ..)| (*id,)).collect();
        let kept = Sql::new(&link.texts.settle).with((lease.0,)).rows(rows);
        let flight = if done.is_empty() {
            vec![kept]
        } else {
            vec![Sql::new(&link.texts.finish).with((lease.0,)).rows(done), kept]
        };
        Ok(link.queries(&flight, true).await?.iter().map(Vec::len).sum())
    }

    /// Notes a report if it says more than the one that is noted, and reads the message as it stands then.
    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        let behind = DeliveryState::ALL.into_iter().filter(|state| state.rank() < report.state.rank());
        let arrived = matches!(report.state, DeliveryState::Accepted | DeliveryState::Delivered);
        let (at, detail) = (report.at.as_micros(), report.detail.as_deref().map(printable));
        let link = self.link();
        let sql = Sql::new(&link.texts.report).with((message.as_uuid(), report.state.as_str(), at, detail, arrived));
        link.query(&sql.rows(behind.map(|state| (state.as_str(),)))).await?.first().map(whole).transpose()
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError> {
        let link = self.link();
        let rows = link.read(&Sql::new(&link.texts.one).with((message.as_uuid(),))).await?;
        rows.first().map(whole).transpose()
    }

    async fn posted(&self, key: &UserKey, after: Option<MessageId>, most: usize) -> Result<Vec<Posted>, StoreError> {
        let (link, after) = (self.link(), after.map(MessageId::as_uuid));
        let values = (key.tenant.as_str(), key.user.as_str(), after, capped(most), FORMAT);
        link.read(&Sql::new(&link.texts.posted).with(values)).await?.iter().map(whole).collect()
    }

    /// Removes messages that ended before this time, and windows of budgets that ended long before it. What nobody who knows its
    /// format has sent becomes a dead letter.
    async fn prune(&self, before: Timestamp, most: usize) -> Result<usize, StoreError> {
        let link = self.link();
        link.query(&Sql::new(&link.texts.expire).with((None::<i64>, FORMAT, capped(PATIENCE.as_micros())))).await?;
        let windows = ((before - KEPT).as_micros(), capped(KEPT.as_micros()), capped(WINDOWS.saturating_mul(most)));
        link.query(&Sql::new(&link.texts.sweep).with(windows)).await?;
        let sql = Sql::new(&link.texts.prune).with((before.as_micros(), capped(most)));
        Ok(link.query(&sql).await?.len())
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        most: usize,
    ) -> Result<Vec<Posted>, StoreError> {
        let (link, after) = (self.link(), after.map(MessageId::as_uuid));
        let sql = Sql::new(&link.texts.dead).with((tenant.as_str(), after, capped(most), FORMAT));
        link.read(&sql).await?.iter().map(whole).collect()
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let link = self.link();
        let rows = link.read(&Sql::new(&link.texts.backlog)).await?;
        let Some(row) = rows.first() else { return Ok(Backlog::default()) };
        let read = || {
            let cells = Cells(row);
            Ok::<_, Bad>(Backlog { pending: cells.int("pending")?, oldest_due: cells.opt_time("oldest_due")? })
        };
        read().map_err(|bad| bad.at("identity_outbox", String::new))
    }
}

/// Leases what is due. Who else leases at the same moment passes over these rows and waits for nobody.
async fn due(link: &Link, lease: &Lease) -> Result<Vec<Row>, StoreError> {
    let lasts = i64::try_from(lease.lasts.as_micros()).unwrap_or(i64::MAX >> 8);
    // The server's clock, unless a test passes a reading.
    let (at, now, channel) =
        (lease.at.map(Timestamp::as_micros), lease.now.as_micros(), lease.channel.map(Channel::as_str));
    let values = (at, now, capped(lease.limit), lease.id.0, lasts, channel, FORMAT);
    let sql = Sql::new(&link.texts.lease).with(values);
    let sql = sql.rows(lease.except.iter().map(|tenant| (tenant.as_str(),)));
    let mut patience = Patience::new(link);
    let mut again = lease.again;
    loop {
        if again {
            // What a lease that is asked for again holds.
            let held = link.query(&Sql::new(&link.texts.leased).with((at, lease.id.0))).await?;
            if !held.is_empty() {
                return Ok(held);
            }
        }
        match link.once(&sql).await {
            Ok(rows) => return Ok(rows),
            Err(failure) => {
                // It may have leased before its answer was lost.
                again |= matches!(failure, Failure::Lost(_));
                patience.after(failure).await?;
            }
        }
    }
}

/// Makes a message that cannot be read a dead letter, and releases the others of its lease.
async fn dead_letter_damaged(link: &Link, lease: &Lease, row: &Row, leased: &[Row]) -> Result<(), StoreError> {
    let key = |name| row.try_get::<_, &str>(name).map_err(StoreError::failed);
    let id: Uuid = row.try_get("id").map_err(StoreError::failed)?;
    let values = (lease.id.0, key("tenant")?, key("user_id")?, id, lease.now.as_micros());
    let ids = leased.iter().filter_map(|row| row.try_get::<_, Uuid>("id").ok());
    link.query(&Sql::new(&link.texts.damaged).with(values).rows(ids.map(|id| (id,)))).await.map(drop)
}

const DONE: &str = "done";

/// What became of a message: id, outcome, at, error, provider, reference, uncertain.
type Outcome = (Uuid, &'static str, Option<i64>, Option<String>, Option<String>, Option<String>, i64);

fn outcome(Settled { id, outcome }: &Settled) -> Outcome {
    let id = id.as_uuid();
    match outcome {
        Settlement::Sent { at, provider, reference } => {
            let (provider, reference) = (provider.as_deref().map(printable), reference.as_deref().map(printable));
            (id, "sent", Some(at.as_micros()), None, provider, reference, 0)
        }
        Settlement::Retry { due_at, error, provider, uncertain } => {
            let (error, provider) = (Some(printable(error)), provider.as_deref().map(printable));
            (id, "retry", Some(due_at.as_micros()), error, provider, None, i64::from(*uncertain))
        }
        Settlement::Release { due_at } => (id, "release", Some(due_at.as_micros()), None, None, None, 0),
        Settlement::Failed { at, error } => (id, "failed", Some(at.as_micros()), Some(printable(error)), None, None, 0),
        // `Done`, and whatever comes to be added: it goes.
        _ => (id, DONE, None, None, None, None, 0),
    }
}

/// A provider's words, which may hold anything: the database keeps no U+0000.
fn printable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn whole(row: &Row) -> Result<Posted, StoreError> {
    let cells = Cells(row);
    let read = || {
        let report = match cells.get::<Option<&str>>("report")? {
            None => None,
            Some(_) => {
                let detail = cells.get::<Option<&str>>("report_detail")?.map(Arc::from);
                Some(Report { state: cells.name("report")?, at: cells.time("reported_at")?, detail })
            }
        };
        Ok(Posted {
            message: message(cells)?,
            due_at: cells.time("due_at")?,
            attempts: cells.int("attempts")?,
            uncertain: cells.int("uncertain")?,
            provider: cells.get("provider")?,
            reference: cells.get("reference")?,
            sent_at: cells.opt_time("sent_at")?,
            failed_at: cells.opt_time("failed_at")?,
            error: cells.get("error")?,
            report,
        })
    };
    read().map_err(|bad: Bad| bad.at("identity_outbox", || place(row)))
}

/// The key of a row, damaged or not.
fn place(row: &Row) -> String {
    let text = |name| row.try_get::<_, &str>(name).unwrap_or_default();
    let id = row.try_get::<_, Uuid>("id").unwrap_or_default();
    format!("{}/{}/{id}", text("tenant"), text("user_id"))
}

fn message(cells: Cells<'_>) -> Result<Message, Bad> {
    if cells.int::<i64>("format")? != FORMAT {
        return Err(Bad::from("it has a format that this program does not read"));
    }
    let canonical = cells.get("address")?;
    let to =
        Address::restore(cells.name("channel")?, canonical, cells.get::<Option<_>>("typed")?.unwrap_or(canonical))?;
    Ok(Message {
        id: cells.get::<Uuid>("id")?.into(),
        key: cells.key("user_id")?,
        to,
        content: cells.json("content")?,
        locale: cells.get::<Option<&str>>("locale")?.map(Arc::from),
        created_at: cells.time("created_at")?,
        expires_at: cells.time("expires_at")?,
    })
}
