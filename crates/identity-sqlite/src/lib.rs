//! A store that keeps users in a SQLite file: the embedded default.
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
//!
//! # Durability
//! An acknowledged commit survives a loss of power ([`Durability::Full`], the default) or the end of the process
//! ([`Durability::Normal`]). Commits that arrive together share a transaction and its sync, at most 64 of them, and each
//! succeeds or fails on its own. With `Full` a thread of the store writes; with `Normal`, where nothing waits for the disk,
//! a caller that finds the connection free writes immediately on its own thread, in some tens of microseconds. A future
//! that is dropped before its turn leaves its commit unwritten, without an effect on other commits. On macOS `Full` uses
//! `F_FULLFSYNC` (`fullfsync`), because a plain sync leaves the data in the memory of the disk.
//!
//! # Readers
//! Readers do not wait for the writer. [`load`](identity_ports::UserRepository::load) and
//! [`find`](identity_ports::UserRepository::find) run on the caller's thread; long pages and histories on the blocking
//! pool.
//!
//! # Several processes
//! Several processes on one machine may use one file on a local disk. A call that waits for another process for longer than
//! the busy timeout (5 s by default, see [`SqliteOptions::with_busy_timeout`]) fails.
//!
//! # Paths
//! A path is the name of a file. URLs (`sqlite:`, `file:`), `:memory:` and the empty path are refused.
//!
//! # Backup
//! [`SqliteStore::backup_to`] writes a copy of one moment to a new file while the store goes on working. A copy of the file
//! alone is no backup, because the last commits are in its write-ahead log. To restore one, stop the program, put the
//! backup in the place of the database, and remove the `-wal` and `-shm` files beside it.
//!
//! # Damage
//! Rows are read without trusting them. An address is compared with the key that it is found by, an entry of the index with
//! its row and with the claim, and a schema that is not the one of the migrations is refused: a damaged file gives
//! [`StoreError::Corrupt`](identity_ports::StoreError::Corrupt) with table and key, and never another owner or another
//! address. Other cells, such as times and the texts of a profile, carry no checksum. [`SqliteStore::verify`] checks the
//! pages and indexes of the whole file and compares the rows of every user with the state that follows from the events, so
//! it finds damage that a read cannot notice; in a past event only damage that makes it unreadable or changes that state.
//! `cargo run -p identity-sqlite --example verify -- identity.db` runs it from the command line, for example after a crash
//! of the machine and on backups.
//!
//! # A file that is removed under a running program
//! Every transaction looks, before it is committed, whether the database and its write-ahead log are still the files that
//! were opened (two calls of `stat`, about 2 µs together). When one of them was removed, moved away or replaced, nothing is
//! written, and the error says so; restart the program after the right file is back. Reads go on from the file that was
//! opened.
//!
//! # What is erased
//! Deleted rows are overwritten with zeros (`secure_delete`), and after an erasure the write-ahead log is written back and
//! truncated as soon as no reader needs it: a read transaction that stays open keeps what it saw. The unused part of a page
//! may still hold copies of rows that SQLite moved before they were deleted. A file of at most 32 MiB without tables of the
//! host is therefore compacted in the first second after an erasure in which nothing is written, or when the store closes;
//! [`SqliteStore::compact`] does it for any file. A host that erases with [`commit_in`] on a connection of its own sets
//! `PRAGMA secure_delete = ON` there. Backups, and blocks that the file system or the disk has released, are the
//! responsibility of the operator.
//!
//! # Permissions
//! New files are readable and writable by their owner alone (mode 0600), those beside the database included. An existing
//! database of this library that everybody could read or write is changed to 0600 when it is opened; permissions of a group
//! stay, and so do those of a host's own database.
//!
//! # Tables
//! `identity_users`, `identity_profiles`, `identity_identifiers`, `identity_claims`, `identity_events`, `identity_outbox`,
//! `identity_quotas` and `identity_meta`, all keyed by tenant first: a host may read and join them, and must not write to
//! them. Times are microseconds since the Unix epoch; ids of identifiers and messages are the 16 bytes of a UUID. None of
//! them holds a code or a key. A file that this crate makes has the application id `IDNT` and its version as
//! `user_version`; [`migrate`] adds the tables to a database of the host and does not set those marks.
//!
//! # A host's own rows in the same transaction
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("identity.db");
//! # use std::sync::Arc;
//! # use identity_core::{Actor, Change, ClaimChanges, Event, EventFormat, Recorded, TenantId, Timestamp, User, UserId, UserKey};
//! # use identity_ports::{Commit, CommitError, Expected, StoreError, UserRepository as _};
//! # let store = identity_sqlite::SqliteStore::open(&path).await?;
//! # let key = UserKey { tenant: TenantId::default(), user: UserId::parse("ada")? };
//! # let event = Event {
//! #     v: EventFormat,
//! #     at: Timestamp::from_secs(1_640_975_400),
//! #     actor: Actor::Holder,
//! #     change: Change::Created { user: key.user.clone() },
//! # };
//! # let commit = Commit {
//! #     key: key.clone(),
//! #     expected: Expected::Absent,
//! #     before: None,
//! #     after: User::from_events(&[event.clone()]).map(Arc::new),
//! #     claims: ClaimChanges::default(),
//! #     events: vec![Recorded { number: 1, event }],
//! #     withdraw: Vec::new(),
//! #     charges: Vec::new(),
//! #     messages: Vec::new(),
//! #     refunds: Vec::new(),
//! # };
//! use identity_sqlite::commit_in;
//!
//! let signed_up = store.transaction(move |transaction| {
//!     transaction.execute_batch("CREATE TABLE IF NOT EXISTS orders (user_id TEXT)").map_err(StoreError::failed)?;
//!     transaction.execute("INSERT INTO orders VALUES (?1)", [commit.key.user.as_str()]).map_err(StoreError::failed)?;
//!     commit_in(transaction, &commit)?;
//!     Ok::<_, CommitError>(commit.version())
//! });
//! assert_eq!(signed_up.await?.0, 1);
//! assert!(store.load(&key).await?.is_some());
//! # Ok(())
//! # }
//! ```
//!
//! # The driver
//! [`rusqlite`] 0.41 with SQLite included, re-exported: a binary links `sqlite3` once, so all other code in it that uses
//! SQLite must use this version. A change of its minor version is a breaking change of this crate.
//!
//! # What this crate does not do
//! No databases in memory (the crate `identity-memory` has those), no encryption of the file, no network file systems.

mod budgets;
mod cells;
mod commit;
mod connection;
mod error;
mod files;
mod migrate;
mod options;
mod readers;
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
