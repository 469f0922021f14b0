//! Moving house: everything in an SQLite file goes to PostgreSQL, and is proved to have arrived.
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
//! Users with their profiles, identifiers and challenges, claims, events, messages on their way and the record of those that
//! went, and what is drawn from budgets: row by row, as it stands. Codes in people's hands go on working, because the host
//! keeps its keys.
//!
//! # How
//! Stop the hosts first. The file is locked for others who write, and its tables are brought up to date; apart from that it is
//! not changed. Rows go over in batches, each in a transaction with the note of how far it came, so that a move that was
//! killed, by Ctrl-C or by the loss of a machine, goes on where it was when it is run again. In the end both sides are read
//! in the order of their keys, and the digests of what belongs to each user, claim and budget are compared. Only then is the
//! note removed and the target free to be used.
//!
//! # What this crate does not do
//! It does not merge: the target has to be empty. It does not follow a file that is still in use.

mod cells;
mod compare;
mod error;
mod moving;
mod source;
mod tables;
mod target;

pub use error::MoveError;
pub use moving::{Move, Report, Step, TableReport, Watch};
