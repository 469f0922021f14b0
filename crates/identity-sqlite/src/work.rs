//! The writer's work for callers, in a transaction of its own or in a shared one.

use identity_core::{MessageId, Report, Timestamp};
use identity_ports::{Commit, CommitError, Committed, Lease, LeaseId, Leased, Posted, Settled, StoreError};
use rusqlite::Connection;

use crate::commit::{apply, begin, end, within_savepoint};
use crate::connection::Desk;
use crate::error::{is_busy, store};
use crate::rows::{outbox, quotas};

/// A request to write.
pub(crate) enum Work {
    Commit(Box<Commit>),
    Lease(Lease),
    Settle(LeaseId, Vec<Settled>),
    Report(MessageId, Report),
    Prune(Timestamp, usize),
}

/// The result of a request.
pub(crate) enum Done {
    Committed(Committed),
    Leased(Vec<Leased>),
    /// A message could not be read. That it is now a dead letter has been written.
    Damaged(StoreError),
    Settled(usize),
    Reported(Option<Box<Posted>>),
    Pruned(usize),
}

/// The answer to the caller.
pub(crate) type Answer = Result<Done, CommitError>;

impl Desk {
    /// Performs one request in its own transaction; `None` when another process writes and the connection does not wait.
    pub(crate) fn alone(&self, work: &Work) -> Option<Answer> {
        let connection = &self.connection;
        match begin(connection) {
            Ok(()) => {}
            Err(error) if is_busy(&error) => return None,
            Err(error) => return Some(Err(store(error).into())),
        }
        let answer = self.perform(work);
        if connection.is_autocommit() {
            // Some errors roll back the whole transaction.
            return Some(answer.and_then(|_| Err(ended().into())));
        }
        let ended = self.end(answer.is_ok());
        Some(match ended {
            Err(error) if answer.is_ok() => Err(error.into()),
            Ok(()) | Err(_) => answer,
        })
    }

    /// Performs several requests in one transaction, so that they share its sync. Each succeeds or fails on its own.
    pub(crate) fn together(&self, works: &[&Work]) -> Vec<Answer> {
        if works.len() < 2 {
            return self.one_by_one(works);
        }
        // A savepoint copies every page that is written within it. Most refusals come before anything is written and need
        // none. If a request is refused later, the whole transaction is repeated with savepoints.
        let connection = &self.connection;
        let as_they_come = |work: &Work| {
            let before = connection.total_changes();
            let answer = self.perform(work);
            let clean = answer.is_ok() || connection.total_changes() == before;
            clean.then_some(answer)
        };
        let each_undone = |work: &Work| Some(within_savepoint(connection, || self.perform(work)));
        match self.in_one(works, as_they_come) {
            Some(answers) => answers,
            None => self.in_one(works, each_undone).unwrap_or_else(|| self.one_by_one(works)),
        }
    }

    /// Performs the requests in one transaction; `None` when it failed as a whole, in which case nothing is written.
    fn in_one(&self, works: &[&Work], each: impl Fn(&Work) -> Option<Answer>) -> Option<Vec<Answer>> {
        let connection = &self.connection;
        if let Err(error) = begin(connection) {
            let error = if is_busy(&error) { busy() } else { store(error) };
            return Some(works.iter().map(|_| Err(error.clone().into())).collect());
        }
        let mut answers = Vec::with_capacity(works.len());
        for work in works {
            let answer = each(work);
            // Some errors roll back the whole transaction.
            if connection.is_autocommit() {
                return None;
            }
            let Some(answer) = answer else {
                let undone = self.end(false);
                return undone.err().map(|error| works.iter().map(|_| Err(error.clone().into())).collect());
            };
            answers.push(answer);
        }
        match self.end(true) {
            Ok(()) => Some(answers),
            // There may be room for single commits.
            Err(StoreError::Full) => None,
            Err(error) => Some(answers.into_iter().map(|answer| answer.and(Err(error.clone().into()))).collect()),
        }
    }

    /// Commits or rolls back the transaction. It is rolled back when the files are no longer where they were, because what
    /// is written to them then is lost.
    fn end(&self, keep: bool) -> Result<(), StoreError> {
        let placed = if keep { self.check_places() } else { Ok(()) };
        let ended = end(&self.connection, keep && placed.is_ok());
        placed.and(ended)
    }

    fn one_by_one(&self, works: &[&Work]) -> Vec<Answer> {
        let alone = |work: &&Work| self.alone(work).unwrap_or_else(|| Err(busy().into()));
        works.iter().map(alone).collect()
    }

    fn perform(&self, work: &Work) -> Answer {
        let connection = &self.connection;
        match work {
            Work::Commit(commit) => apply(connection, commit).map(Done::Committed),
            Work::Lease(lease) => {
                let found = outbox::lease(connection, lease, self.clock.now())?;
                self.prune(connection, &found.leased)?;
                Ok(found.damaged.map_or_else(|| Done::Leased(found.leased), Done::Damaged))
            }
            Work::Report(id, report) => Ok(Done::Reported(outbox::report(connection, *id, report)?.map(Box::new))),
            Work::Prune(before, most) => Ok(Done::Pruned(outbox::prune(connection, *before, *most, self.clock.now())?)),
            Work::Settle(lease, settled) => Ok(Done::Settled(outbox::settle(connection, *lease, settled)?)),
        }
    }

    /// Removes ended budget windows. Every message opens a few, so the sweep looks at more rows the more messages were
    /// leased.
    fn prune(&self, connection: &Connection, leased: &[Leased]) -> Result<(), StoreError> {
        const ROWS: usize = 16;
        const ROWS_A_MESSAGE: usize = 8;
        // The time of the newest message, not the worker's clock, which may be years ahead.
        let Some(now) = leased.iter().map(|leased| leased.message.created_at).max() else { return Ok(()) };
        let rows = ROWS + ROWS_A_MESSAGE.saturating_mul(leased.len().min(256));
        let mut place = self.pruned.borrow_mut();
        *place = quotas::prune(connection, place.as_ref(), rows, now)?;
        Ok(())
    }
}

fn ended() -> StoreError {
    StoreError::failed("SQLite rolled back the transaction on an error; nothing was written")
}

fn busy() -> StoreError {
    StoreError::failed(
        "another process was writing to the database for longer than the busy timeout; nothing was written, try again",
    )
}
