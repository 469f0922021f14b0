//! The writer's work for callers, in a transaction of its own or in a shared one.

use identity_core::Timestamp;
use identity_ports::{CommitError, StoreError};
use tokio::sync::oneshot;

use crate::commit::{begin, end, ended, within_savepoint};
use crate::connection::Desk;
use crate::error::{is_busy, store};
use crate::rows::budgets;

/// The answer to the caller.
pub(crate) type Answer<T> = Result<T, CommitError>;

/// Work of a caller that waits. It may be performed more than once: a shared transaction may have to be repeated.
pub(crate) trait Work: Send {
    /// Performs the work within an open transaction, and says whether its writes may stay.
    fn perform(&mut self, desk: &Desk) -> bool;

    /// Nothing of it is written.
    fn fail(&mut self, error: &StoreError);

    /// Whether the caller still waits.
    fn is_wanted(&self) -> bool;

    fn answer(self: Box<Self>);
}

/// Work with the channel through which it is answered.
pub(crate) struct Request<T, F> {
    pub(crate) run: F,
    pub(crate) answer: Option<Answer<T>>,
    pub(crate) sender: oneshot::Sender<Answer<T>>,
}

impl<T: Send, F: Fn(&Desk) -> Answer<T> + Send> Work for Request<T, F> {
    fn perform(&mut self, desk: &Desk) -> bool {
        self.answer.insert((self.run)(desk)).is_ok()
    }

    fn fail(&mut self, error: &StoreError) {
        // A refusal stays one.
        if !matches!(self.answer, Some(Err(_))) {
            self.answer = Some(Err(error.clone().into()));
        }
    }

    fn is_wanted(&self) -> bool {
        !self.sender.is_closed()
    }

    fn answer(self: Box<Self>) {
        if let Some(answer) = self.answer {
            let _ = self.sender.send(answer);
        }
    }
}

/// Why nothing of a transaction is written.
enum Undone {
    /// Another process writes, for longer than the connection waits.
    Busy,
    /// SQLite rolled it back on an error of one of its statements.
    RolledBack,
    Failed(StoreError),
}

impl From<Undone> for StoreError {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Busy => Self::failed(
                "another process was writing to the database for longer than the busy timeout; nothing was written, try \
                 again",
            ),
            Undone::RolledBack => ended(),
            Undone::Failed(error) => error,
        }
    }
}

impl Desk {
    /// Runs a closure in a transaction, which is kept if the closure says so.
    fn transact(&self, run: impl FnOnce() -> bool) -> Result<bool, Undone> {
        begin(&self.connection)
            .map_err(|error| if is_busy(&error) { Undone::Busy } else { Undone::Failed(store(error)) })?;
        let keep = run();
        if self.connection.is_autocommit() {
            return Err(Undone::RolledBack);
        }
        // What is written to files that are no longer where they were is lost.
        let placed = if keep { self.check_places() } else { Ok(()) };
        let ended = end(&self.connection, keep && placed.is_ok());
        placed.and(ended).map(|()| keep).map_err(Undone::Failed)
    }

    /// Performs work in its own transaction; `None` when another process writes and the connection does not wait.
    pub(crate) fn alone<T>(&self, run: impl FnOnce(&Self) -> Answer<T>) -> Option<Answer<T>> {
        let mut answer = None;
        match self.transact(|| answer.insert(run(self)).is_ok()) {
            Ok(_) => answer,
            Err(Undone::Busy) => None,
            Err(undone) => Some(answer.and_then(Result::err).map_or_else(|| Err(StoreError::from(undone).into()), Err)),
        }
    }

    /// Performs work of several callers in one transaction, so that they share its sync. Each succeeds or fails on its own.
    pub(crate) fn together(&self, works: &mut [Box<dyn Work>]) {
        // A savepoint copies every page that is written within it. Most refusals come before anything is written and need
        // none. If work is refused later, the whole transaction is repeated with savepoints.
        let connection = &self.connection;
        let as_it_comes = |work: &mut dyn Work| {
            let before = connection.total_changes();
            work.perform(self) || connection.total_changes() == before
        };
        let undone = |work: &mut dyn Work| {
            let each = || if work.perform(self) { Ok(()) } else { Err(CommitError::Conflict) };
            if let Err(CommitError::Store(error)) = within_savepoint(connection, each) {
                work.fail(&error);
            }
            true
        };
        if works.len() > 1 && (self.shared(works, as_it_comes) || self.shared(works, undone)) {
            return;
        }
        for work in works {
            if let Err(undone) = self.transact(|| work.perform(self)) {
                work.fail(&undone.into());
            }
        }
    }

    /// Performs work in one transaction; `false` when it has to be done in another way, and nothing is written.
    fn shared(&self, works: &mut [Box<dyn Work>], each: impl Fn(&mut dyn Work) -> bool) -> bool {
        match self.transact(|| works.iter_mut().all(|work| each(&mut **work) && !self.connection.is_autocommit())) {
            Ok(kept) => kept,
            // There may be room for single commits.
            Err(Undone::RolledBack | Undone::Failed(StoreError::Full)) => false,
            Err(undone) => {
                let error = undone.into();
                works.iter_mut().for_each(|work| work.fail(&error));
                true
            }
        }
    }

    /// Removes ended budget windows. Every message opens a few, so the sweep looks at more rows the more messages were
    /// leased. `now` is the time of the newest message, not the worker's clock, which may be years ahead.
    pub(crate) fn prune(&self, now: Option<Timestamp>, leased: usize) -> Result<(), StoreError> {
        const ROWS: usize = 16;
        const ROWS_A_MESSAGE: usize = 8;
        let Some(now) = now else { return Ok(()) };
        let rows = ROWS + ROWS_A_MESSAGE.saturating_mul(leased.min(256));
        let mut place = self.pruned.borrow_mut();
        *place = budgets::prune(&self.connection, place.as_ref(), rows, now)?;
        Ok(())
    }
}
