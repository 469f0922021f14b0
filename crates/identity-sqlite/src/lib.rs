#![doc = include_str!("../README.md")]

/// The text of a statement in the folder `sql`.
macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../sql/", $name, ".sql"))
    };
}

mod budgets;
mod cells;
mod commit;
mod connection;
mod error;
mod events;
mod files;
mod list;
mod lookup;
mod migrate;
mod options;
mod outbox;
mod records;
mod store;
mod transaction;
mod users;
mod verify;
mod writer;

pub use commit::commit_in;
pub use migrate::migrate;
pub use options::{Durability, SqliteOptions};
pub use rusqlite;
pub use store::SqliteStore;
pub use verify::Verification;
