//! A store of users in PostgreSQL, for hosts on several machines.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let database = postgres_testbed::Cluster::shared().database();
//! # let url = database.url();
//! use identity_core::{TenantId, UserId, UserKey};
//! use identity_ports::UserRepository as _;
//! use identity_postgres::PostgresStore;
//!
//! let store = PostgresStore::connect(&url).await?; // creates or migrates the tables
//! let nobody = UserKey { tenant: TenantId::default(), user: UserId::parse("nobody")? };
//! assert_eq!(store.load(&nobody).await?, None);
//! # Ok(())
//! # }
//! ```
//!
//! # One round trip
//! A commit is one statement, and so is a load. The server judges the commit by what it sees when the statement begins, and
//! writes it under the same conditions. When another transaction was faster in between, nothing of the commit is written, and
//! it is tried again. No transaction stays open while anything is decided. Commits that arrive together share one statement,
//! and each still succeeds or fails on its own; a commit that arrives alone is sent at once.
//!
//! | call | statement | round trips |
//! |---|---|---|
//! | `commit` | judges and writes, by CTEs over unnested arrays | 1 |
//! | `load` | `union all` over the user's four tables | 1 |
//! | `find` | a lateral join over the keys | 1 |
//! | `list` | the page, and the rows of its users; with a prefix a count of at most 1,001 before | 1, with a prefix 2 |
//! | `browse` | the page, the rows of its users, and the count | 1 |
//! | `history`, `dead_letters`, `posted`, `message` | a select by key | 1 |
//! | `lease` | `for update skip locked` and update; a sweep of old budget windows when a message was leased | 1 or 2 |
//! | `settle` | delete and update under the lease | 1 |
//! | `report` | update when the report says more, and the row as it stands | 1 |
//! | `prune` | delete of at most `limit` rows | 1 |
//!
//! # When an answer is lost
//! Every commit has an id, which its events carry. When the connection breaks while a commit is on its way, the same statement
//! is run again: it finds either its own events, and then the commit was written, or the user at the expected version, and then
//! it is written now. When this cannot be found out before the deadline, the answer is
//! [`StoreError::Failed`](identity_ports::StoreError::Failed), and a `load` tells. What a commit withheld is not reported again
//! when only its first answer was lost.
//!
//! # Deadlines
//! Every call has one deadline ([`PostgresOptions::with_timeout`], 10 s), which covers waiting, every try and the pauses between
//! them. A statement that is running at the deadline is cancelled, and the server has half a second to confirm that. The answer
//! is [`StoreError::Unavailable`](identity_ports::StoreError::Unavailable) when nothing was written, and `Failed` only when that
//! is unknown. [`PostgresOptions::with_reconnect`] says how long a server that refuses connections is tried.
//!
//! A commit whose user is locked by another transaction waits without a connection, and holds up no commit of another user. A
//! commit that waits for a locked claim or budget keeps a connection while it waits; commits that touch nothing that is locked
//! go on after half a second at most, as long as a quarter of the pool's connections are enough for those that wait.
//!
//! # Isolation
//! Commits are exact at `read committed`, the server's default, and at `repeatable read` and `serializable`. Serialization
//! failures and deadlocks (SQLSTATE 40001 and 40P01) are retried until the deadline, after random pauses of at most half a
//! second. Inside a transaction of the host ([`PostgresStore::commit_in`]) a serialization failure is returned at once, because
//! a retry would fail there, too.
//!
//! # Plans
//! A statement that is new to a connection is prepared and run in one flight. A plan of the statement that writes commits takes
//! the server about 1 MB for each connection; therefore commits that travel together share one or two texts, no connection keeps
//! more than 64 plans, and the most recently used connections are used first. A connection plans its statements anew after 16,
//! 64, 256, 1,024 and each further 4,096 uses, because a plan for small tables may be slow on large ones.
//!
//! For the same reason the store's own sessions do without sequential scans, hash and merge joins and just-in-time compilation.
//! The connections of [`PostgresStore::pool`], which are the host's, have the settings of the server.
//!
//! # Proxies
//! Statements are prepared when a connection has a session of the server to itself, and sent with their text, still in one
//! flight, when a proxy shares sessions between clients (pgbouncer with `pool_mode = transaction`). The store finds out which
//! when it connects; [`Statements`] sets it outright. Through such a proxy the server plans each statement anew, and the store
//! cannot set time limits for sessions: [`PostgresOptions::with_timeout`] says how to set them for the role.
//!
//! # Notification of new messages
//! A delivery loop looks for messages every second. [`PostgresStore::listen`] wakes it as soon as another process has enqueued
//! one:
//! ```no_run
//! # async fn run(store: identity_postgres::PostgresStore, identity: identity::Identity) {
//! tokio::spawn(async move { store.listen(move || identity.wake_delivery()).await });
//! # }
//! ```
//! Notifications are sent at most every 20 ms, and after the commit, never in it: transactions that notify wait for each other.
//! Behind a proxy that shares sessions between clients listening is impossible, and the loop finds messages by looking.
//!
//! # Tables
//! `identity_users`, `identity_profiles`, `identity_identifiers`, `identity_claims`, `identity_events`, `identity_outbox`,
//! `identity_quotas` and `identity_meta`, all keyed by tenant first, in the schema of [`PostgresOptions::with_schema`]. A host
//! may read and join them, and must not write to them. Times are microseconds since the Unix epoch, texts compare byte by byte,
//! and JSON is stored in text columns as it was written. No table holds a code or a key.
//!
//! Migrations run forward only, in any number of processes at once; a database that a newer program migrated is refused. A
//! program whose database user may not change tables connects with [`without_migrating`](PostgresOptions::without_migrating),
//! after another program has migrated.
//!
//! # Rows of the host in the same transaction
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use std::sync::Arc;
//! # use identity_core::{Actor, Change, ClaimChanges, Event, EventFormat, Recorded, TenantId, Timestamp, User, UserId, UserKey};
//! # use identity_ports::{Commit, Expected, UserRepository as _};
//! # let database = postgres_testbed::Cluster::shared().database();
//! # database.sql("CREATE TABLE orders (user_id TEXT)");
//! # let store = identity_postgres::PostgresStore::connect(&database.url()).await?;
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
//! #     charges: Vec::new(),
//! #     messages: Vec::new(),
//! #     withdraw: Vec::new(),
//! #     refunds: Vec::new(),
//! # };
//! let mut connection = store.pool().get().await?;
//! let mut transaction = connection.transaction().await?;
//! transaction.execute("INSERT INTO orders VALUES ($1)", &[&commit.key.user.as_str()]).await?;
//! store.commit_in(&mut transaction, &commit).await?;
//! transaction.commit().await?;
//! assert!(store.load(&key).await?.is_some());
//! # Ok(())
//! # }
//! ```
//! Such a transaction locks what it writes until it ends, and should end soon.
//!
//! # Encryption
//! `sslmode` in the URL has the meaning that libpq gives it: `disable`; `prefer` (the default: encrypted when the server offers
//! it); `require` (encrypted, without checking the certificate unless `sslrootcert` is given); `verify-ca` and `verify-full`
//! (with a certificate that an authority signed, and, for `verify-full`, that names the host). `sslrootcert` names a file of
//! authorities; without it, those of the operating system are trusted. Over a network that others can reach, use `verify-full`.
//! [`PostgresOptions::with_tls`] takes any other configuration.
//!
//! # The driver
//! [`tokio_postgres`] 0.7, [`deadpool_postgres`] 0.14 and [`rustls`] 0.23 are re-exported. A change of one of these minor
//! versions is a breaking change of this crate.
//!
//! # What this crate does not do
//! It makes no backups and promotes no standby. It never reads from a replica: every answer comes from the primary. It supports
//! PostgreSQL only; engines that speak PostgreSQL's protocol are not tested.

mod budgets;
mod cells;
mod error;
mod link;
mod mail;
mod migrate;
mod options;
mod rows;
mod sql;
mod store;
mod tls;
mod write;

pub use deadpool_postgres;
pub use options::{PostgresOptions, Statements};
pub use rustls;
pub use store::PostgresStore;
pub use tokio_postgres;
