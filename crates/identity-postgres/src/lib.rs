#![doc = include_str!("../MANUAL.md")]

mod cells;
mod clock;
mod error;
mod feed;
mod link;
mod mail;
mod migrate;
mod options;
mod outbox;
mod patience;
mod sql;
mod store;
mod tls;
mod users;
mod write;

pub use deadpool_postgres;
pub use options::{PostgresOptions, Statements};
pub use rustls;
pub use store::PostgresStore;
pub use tokio_postgres;
