#![doc = include_str!("../README.md")]

mod commit;
mod connection;
mod error;
mod files;
mod migrate;
mod options;
mod readers;
mod records;
mod rows;
mod store;
mod verify;
mod work;
mod writer;

pub use commit::commit_in;
pub use migrate::migrate;
pub use options::{Durability, SqliteOptions};
pub use rusqlite;
pub use store::SqliteStore;
pub use verify::Verification;
