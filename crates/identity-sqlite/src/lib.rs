//! Users kept in a SQLite file: the embedded default.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("identity.db");
//! use identity_core::{TenantId, UserId, UserKey};
//! use identity_ports::UserRepository as _;
//! use identity_sqlite::SqliteStore;
//!
//! let store = SqliteStore::open(&path).await?; // creates and migrates
//! let nobody = UserKey { tenant: TenantId::default(), user: UserId::parse("nobody")? };
//! assert_eq!(store.load(&nobody).await?, None);
//! # Ok(())
//! # }
//! ```

mod cells;
mod commit;
mod connection;
mod error;
mod migrate;
mod options;
mod readers;
mod rows;
mod store;
mod work;
mod writer;

pub use commit::commit_in;
pub use migrate::migrate;
pub use options::{Durability, SqliteOptions};
pub use rusqlite;
pub use store::SqliteStore;
