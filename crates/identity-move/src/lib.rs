//! Copies everything in a SQLite file of `identity-sqlite` to PostgreSQL, and verifies that both sides hold the same.
//!
//! ```no_run
//! # async fn moving() -> Result<(), identity_move::MoveError> {
//! use identity_move::Move;
//!
//! let report = Move::new("identity.db", "postgres://identity@db.example.com/app").run(&mut ()).await?;
//! assert!(report.tables.iter().all(|table| table.rows == 0 || table.groups > 0));
//! # Ok(())
//! # }
//! ```
//!
//! The same as a command: `identity-move identity.db postgres://identity@db.example.com/app`.
//!
//! # What moves
//! Users with their profiles, identifiers and challenges; claims; events; messages that wait, were sent or are dead
//! letters; and budget windows: row by row, unchanged. Codes that were delivered before the move keep working as long as
//! the host keeps its keys.
//!
//! # How
//! Stop the hosts first: a file that any program has open is refused, and whoever opens it during the move waits for its busy
//! timeout and fails. The tables of the file are migrated; it is not changed in any other way. Rows are copied in batches. Each
//! batch is one transaction, which records the progress as well, so that a move that was stopped, by Ctrl-C or by the loss of a
//! machine, continues where it stopped when it is run again. At the end both sides are read in the order of their keys, and the digests of the rows of each user, claim and budget are compared.
//! Only then is the record of the progress removed, and the target ready for use. Until then triggers in the target refuse
//! what anybody else writes to its tables, with a sentence that says why.
//!
//! # What this crate does not do
//! It does not merge: the target must be empty. It does not copy tables of the host's own; [`Report::left`] names them. It does
//! not copy a file that is in use.

mod cells;
mod compare;
mod error;
mod moving;
mod source;
mod tables;
mod target;

pub use error::MoveError;
pub use moving::{Move, Report, Step, TableReport, Watch};
