//! Power cuts under the real SQLite.
//!
//! A file system in memory lies under SQLite in this process. It keeps what was synced apart from what was only written, and when
//! its power fails it drops, tears and reorders the rest. A [`Lab`] runs scripts of use cases through the adapter on it, lets
//! one thing go wrong as a [`Plan`] says, cuts the power, opens what is left, and compares it with what the script had written
//! after each of its steps:
//!
//! * Every database opens, and `SqliteStore::verify` finds nothing wrong with it.
//! * What is there is what was there after one of the steps: no commit is half there.
//! * With `Durability::Full`, no step that was answered is missing. A step without an answer may be there or not.
//!
//! A disk whose syncs lie ([`Fault::Lie`]) answers before anything is written but keeps its order across them; of it the first
//! two are asked. A disk that lies and keeps no order can destroy any database.
//!
//! The disk's own failures are counted by operations and never by time, so a plan that failed fails again. Two things are left to
//! chance: whether a read meets an idle writer, which moves no operation that changes the disk, and whether 100 ms pass after
//! an erasure, when the adapter truncates its log.
//!
//! `cargo test --workspace --all-features --locked --test cuts` carries out plans that found bugs before, fixed ones and fresh ones,
//! whose seed it prints. `IDENTITY_LAB_CUTS=5000` sets how often the power is cut at least (1,000 by default),
//! `IDENTITY_LAB_SEED` repeats fresh plans, and `IDENTITY_LAB_PLAN='users full cut 57 8'` carries out a single one; with
//! `-- --nocapture power` the numbers are shown.
//!
//! What is not shown: the checks of the adapter that look at the database through the operating system (its permissions, its
//! length, whether it was replaced) see an empty file beside the disk, and the temporary files of SQLite are the system's.

mod disk;
mod lab;
mod plan;
mod script;
mod vfs;

pub use lab::{Damage, Lab, Outcome, Planted, Tally};
pub use plan::{Fault, Plan, PlanError, Script};
