//! Transactions of the connection that writes: of one caller, and of several who share its sync.

use identity_ports::{CommitError, StoreError};
use rusqlite::Connection;

use crate::cells::execute;
use crate::connection::Desk;
use crate::error::{Result, is_busy, store};
use crate::writer::{Answer, Work};

/// Runs a closure within the open transaction, and undoes its writes when it fails.
pub(crate) fn within_savepoint<T, E: From<StoreError>>(
    connection: &Connection,
    run: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let execute = |sql| execute(connection, sql, []).map(drop);
    execute("SAVEPOINT identity")?;
    let result = run();
    // Some errors roll back the whole transaction, and the savepoint with it.
    if connection.is_autocommit() {
        return result.and(Err(E::from(ended())));
    }
    if result.is_err() {
        execute("ROLLBACK TO identity")?;
    }
    execute("RELEASE identity")?;
    result
}

fn ended() -> StoreError {
    StoreError::failed("SQLite rolled back the transaction on an error; nothing was written")
}

impl Desk {
    fn begin(&self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)
    }

    /// Commits or rolls back the transaction. A commit that fails is rolled back.
    fn end(&self, keep: bool) -> Result<()> {
        if self.connection.is_autocommit() {
            return Err(ended());
        }
        // What is written to files that are no longer where they were is lost.
        let placed = if keep { self.places.check() } else { Ok(()) };
        let ended = execute(&self.connection, if keep && placed.is_ok() { "COMMIT" } else { "ROLLBACK" }, []);
        if ended.is_err() {
            self.roll_back();
        }
        placed.and(ended).map(drop)
    }

    /// Performs work in its own transaction; `None` when another process writes and the connection does not wait.
    pub(crate) fn alone<T>(&self, run: impl FnOnce(&Self) -> Answer<T>) -> Option<Answer<T>> {
        match self.begin() {
            Err(error) if is_busy(&error) => return None,
            Err(error) => return Some(Err(store(error).into())),
            Ok(()) => {}
        }
        let answer = run(self);
        Some(match self.end(answer.is_ok()) {
            Ok(()) => answer,
            Err(error) => answer.and(Err(error.into())),
        })
    }

    /// Performs work of several callers in one transaction. Each succeeds or fails on its own.
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
            let begun = self.begin().map_err(store);
            if let Err(error) = begun.and_then(|()| self.end(work.perform(self))) {
                work.fail(&error);
            }
        }
    }

    /// Performs work in one transaction; `false` when it has to be done in another way, and nothing is written.
    fn shared(&self, works: &mut [Box<dyn Work>], each: impl Fn(&mut dyn Work) -> bool) -> bool {
        let shared = self.begin().map_err(store).and_then(|()| {
            let keep = works.iter_mut().all(|work| each(&mut **work) && !self.connection.is_autocommit());
            // What SQLite rolled back on an error of one of its statements may succeed one by one.
            if self.connection.is_autocommit() { Ok(false) } else { self.end(keep).map(|()| keep) }
        });
        shared.unwrap_or_else(|error| {
            // There may be room for single commits.
            let again = matches!(error, StoreError::Full);
            works.iter_mut().filter(|_| !again).for_each(|work| work.fail(&error));
            !again
        })
    }
}
