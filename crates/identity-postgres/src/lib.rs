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
//! let store = PostgresStore::connect(&url).await?; // makes the tables, or brings them up to date
//! let nobody = UserKey { tenant: TenantId::default(), user: UserId::parse("nobody")? };
//! assert_eq!(store.load(&nobody).await?, None);
//! # Ok(())
//! # }
//! ```
//!
//! # One round trip
//! A commit is one statement, and so is a load. The server judges the commit by what it sees when the statement begins, and
//! writes it under the same conditions; when somebody else was faster in between, the statement ends itself, nothing of it
//! stays, and it is run again. No transaction stays open while anything is decided. Commits that arrive together travel in one
//! statement, and each still succeeds or fails on its own; a commit that finds nobody on the way goes at once.
//!
//! | call | statement | round trips |
//! |---|---|---|
//! | `commit` | judge and write, by CTEs over unnested arrays | 1 |
//! | `load` | `union all` over the user's four tables | 1 |
//! | `find` | a lateral join over the keys | 1 |
//! | `list` | the page, and the rows of its users; with a prefix a count of at most 1,001 before | 1, with a prefix 2 |
//! | `browse` | the page, the rows of its users, and the count | 1 |
//! | `history`, `dead_letters`, `posted`, `message` | a select by key | 1 |
//! | `lease` | `for update skip locked` and update; a sweep of old budget windows when there was something | 1 or 2 |
//! | `settle` | delete and update under the lease | 1 |
//! | `report` | update when it says more, and the row as it stands | 1 |
//! | `prune` | delete of at most so many | 1 |
//!
//! # When an answer is lost
//! Every commit has an id of its own, which its events carry. When the connection goes while a commit is on its way, the same
//! statement is run again: it finds either its own events, and then the commit went through, or the user as expected, and then
//! it goes through now; there is no third. After some tries the answer is [`StoreError::Failed`](identity_ports::StoreError),
//! and a `load` says what is there. What a commit withheld is not told again when only its first answer was lost.
//!
//! # Isolation
//! It is exact at `read committed`, the server's default, and at `repeatable read` and `serializable`. Serialization failures
//! and deadlocks (SQLSTATE 40001 and 40P01) are tried again, with pauses that grow, at most 24 times; within a transaction of
//! the host's ([`PostgresStore::commit_in`]) a serialization failure is told at once, for it stays one there.
//!
//! # Plans
//! A statement that a connection meets for the first time is prepared for the next time, and run, in one flight. A plan of the
//! statement that commits takes the server about 1 MB for each connection, so commits that travel together share one or two
//! texts, no connection keeps more than 64 plans, and the connections that were used last are used first. A connection plans
//! anew after 16, 64, 256, 1,024 and each further 4,096 uses: what was planned for small tables may be slow on large ones.
//!
//! # Proxies
//! Statements are prepared when a connection has a session of the server's to itself, and sent with their text, in one flight
//! all the same, when a proxy hands sessions round (pgbouncer with `pool_mode = transaction`). Which of the two it is the store
//! finds out when it connects; [`Statements`] says it outright. On sessions of its own the store turns sequential scans, hash
//! and merge joins and just-in-time compilation off, so that statements which were planned for small tables stay fast on large
//! ones; through a proxy the server plans each statement anew.
//!
//! # Word of new messages
//! A delivery loop looks for messages every second. [`PostgresStore::listen`] tells it at once when another process has
//! enqueued one:
//! ```no_run
//! # async fn run(store: identity_postgres::PostgresStore, identity: identity::Identity) {
//! tokio::spawn(async move { store.listen(move || identity.wake_delivery()).await });
//! # }
//! ```
//! Word is sent at most every 20 ms and after the commit, never in it: a transaction that notifies waits for every other one
//! that does. Behind a proxy that hands sessions round nobody can listen, and the loop's own looking has to do.
//!
//! # Tables
//! `identity_users`, `identity_profiles`, `identity_identifiers`, `identity_claims`, `identity_events`, `identity_outbox`,
//! `identity_quotas` and `identity_meta`, all keyed by tenant first, in the schema of [`PostgresOptions::with_schema`]: a host
//! may read and join them, and must not write to them. Times are microseconds since the Unix epoch, texts compare byte by
//! byte, JSON stands in text columns as it was written. No code and no key is in any of them. Nothing refers to another table
//! by a foreign key: on an engine that shards, a claim lies elsewhere than its user.
//!
//! Migrations run forward only, any number of processes at once; a database of a later program is refused. What has to be run
//! by somebody with more rights is run by a program that connects with them; the others say
//! [`without_migrating`](PostgresOptions::without_migrating).
//!
//! # A host's own rows in the same transaction
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
//! Such a transaction locks what it writes until it ends: it should do so soon.
//!
//! # Encryption
//! `sslmode` in the URL means what it means to libpq: `disable`, `prefer` (the default: encrypted where the server offers it),
//! `require` (encrypted, by whomever), `verify-ca` and `verify-full` (by somebody whose certificate an authority signed, and
//! in the host's name). `sslrootcert` names a file of authorities, else those of the operating system count. Over a network
//! that is not one's own nothing less than `verify-full` is enough. [`PostgresOptions::with_tls`] takes anything else.
//!
//! # The driver
//! [`tokio_postgres`] 0.7 with [`deadpool_postgres`] 0.14 and [`rustls`] 0.23, re-exported; a change of one of these minor
//! versions is a breaking change of this crate.
//!
//! # What this crate does not do
//! It makes no backups and moves no primary. It reads from no replica: what it answers is always the primary's word.

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
