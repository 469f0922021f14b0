//! Transactions of the connection that writes: of one caller, and of several who share its sync.

use identity_ports::StoreError;

use crate::cells::execute;
use crate::connection::Desk;
use crate::error::{Result, is_busy, store};
use crate::writer::{Answer, Work};

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

    /// Performs work of several callers, in one transaction if possible. Each succeeds or fails on its own.
    pub(crate) fn together(&self, works: &mut [Box<dyn Work>]) {
        if works.len() > 1 && self.shared(works) {
            return;
        }
        for work in works {
            let begun = self.begin().map_err(store);
            if let Err(error) = begun.and_then(|()| self.end(work.perform(self))) {
                work.fail(&error);
            }
        }
    }

    /// Performs work in one transaction; `false` when each has to have its own, and nothing is written.
    fn shared(&self, works: &mut [Box<dyn Work>]) -> bool {
        let connection = &self.connection;
        let each = |work: &mut Box<dyn Work>| {
            let before = connection.total_changes();
            // What is refused has written nothing. What fails later takes the transaction with it.
            (work.perform(self) || connection.total_changes() == before) && !connection.is_autocommit()
        };
        let shared = self.begin().map_err(store).and_then(|()| {
            let keep = works.iter_mut().all(each);
            // SQLite rolls back on some errors itself.
            if connection.is_autocommit() { Ok(false) } else { self.end(keep).map(|()| keep) }
        });
        shared.unwrap_or_else(|error| {
            // There may be room for single commits.
            let again = matches!(error, StoreError::Full);
            works.iter_mut().filter(|_| !again).for_each(|work| work.fail(&error));
            !again
        })
    }
}
