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
//! The store keeps records, whose form the core defines, and understands none of them. A commit is one flight: the client sends
//! all of its statements before the answer to the first one comes, and the server runs them in one transaction.
//!
//! 1. **Hold.** The claims and budgets of the commit are locked by their keys, as advisory locks, whether or not they have rows.
//! 2. **Commit.** One statement locks the user's row at the expected version, judges the commit by what it sees, and writes it.
//!    Everything that it judges is locked, so nobody can be faster between the judgement and the writing, and no part of a commit
//!    can be written without the others. The only row that is not locked is the one of a user who is created: it is written
//!    first, and everything else only when that was possible. What became of the commit is told by rows, never by an error.
//! 3. **Clear**, only when something goes: released claims, entries by which a user was found, withdrawn messages, and
//!    everything of an erased user.
//!
//! A commit without claims, budgets and anything that goes is the second statement alone, without a transaction around it. No
//! transaction stays open while anything is decided. Commits of one tenant that arrive together share a flight, and each still
//! succeeds or fails on its own: what somebody else has locked is passed over, and the commits that need it go alone. A commit
//! that arrives alone is sent at once.
//!
//! The texts of the statements are files in `src/sql`. Every part of those that write a commit or read a tenant's users has
//! `tenant = $1`, and no statement changes a table twice; a law holds that.
//!
//! | call | statement | round trips |
//! |---|---|---|
//! | `commit` | hold, commit, clear | 1 |
//! | `load` | the records and claims of a user by key | 1 |
//! | `find` | a lateral join over the keys | 1 |
//! | `list`, `browse` | the page with the records and claims of its users; `browse` also the count | 1 |
//! | `history`, `dead_letters`, `posted`, `message` | a select by key | 1 |
//! | `lease` | `for update skip locked` and update; a sweep of old budget windows when a message was leased | 1 or 2 |
//! | `settle` | delete of what is done, update of the rest | 1 |
//! | `report` | update when the report says more, and the row as it stands | 1 |
//! | `prune` | delete of at most `limit` rows | 1 |
//!
//! A commit that changes a user without bringing the user as it was ([`Commit::before`](identity_ports::Commit::before)) is
//! preceded by a load.
//!
//! # When an answer is lost
//! Every commit has an id, which its events carry. When the connection breaks while a commit is on its way, the same flight
//! is sent again: it finds either its own events, and then the commit was written, or the user at the expected version, and then
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
//! commit that waits for a locked claim or budget keeps a connection while it waits, one of a quarter of the pool's, and holds up
//! no commit that touches nothing that is locked.
//!
//! # Isolation
//! Commits are exact at `read committed`, the server's default, and at `repeatable read` and `serializable`; the store's own
//! flights are `read committed` whatever the default is. Serialization
//! failures and deadlocks (SQLSTATE 40001 and 40P01) are retried until the deadline, after random pauses of at most half a
//! second. Inside a transaction of the host ([`PostgresStore::commit_in`]) a serialization failure is returned at once, because
//! a retry would fail there, too.
//!
//! # Plans
//! A statement that is new to a connection is prepared and run in one flight. There are four texts for commits, so a connection
//! keeps few plans, and the most recently used connections are used first. The store changes no setting of the planner. A plan
//! that was made while the tables were empty may read a whole table until the server has counted its rows, which autovacuum
//! does within a minute; after loading many users at once, run `ANALYZE`.
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
//! | table | rows | indexes beside the key |
//! |---|---|---|
//! | `identity_users` | one for each user: version, times, record; an erased user leaves a row without record | by creation, for lists |
//! | `identity_profiles` | the second record, where there is one | |
//! | `identity_lookup` | one for each address and username, claimed or not; its key begins with kind and key, for `find` | |
//! | `identity_claims` | who holds an address or username | by user, for `load` and erasure |
//! | `identity_events` | one for each commit, an array of events | by last change, for lists |
//! | `identity_outbox` | messages | due, id, dead letters, ended |
//! | `identity_budgets` | windows of budgets | |
//! | `identity_meta` | the steps of the schema | |
//!
//! All are keyed by tenant first, in the schema of [`PostgresOptions::with_schema`]. Times are microseconds since the Unix epoch,
//! and texts compare byte by byte. No table holds a code or a key.
//!
//! No index of `identity_users` has a column that a change of a user changes, so that an update stays on its page when there is
//! room (a HOT update). Lists by the last change are served from the events: an event counts while its user is at its version. A
//! list from the oldest change on therefore passes over one entry for each earlier commit.
//!
//! A host may read the tables, and must not write to them. It joins on `identity_lookup` by index. For reports there are two
//! views over the records, which read every record of the tenant that they are asked for, and fail while one of them is
//! damaged: `identity_identifiers` (`tenant`, `user_id`, `identifier`, `kind`, `address`, `typed`, `is_primary`, `verified_at`,
//! `verified_by`, `added_at`) and `identity_primary` (`tenant`, `user_id`, `primary_email`, `primary_phone`).
//!
//! # Migrations
//! Migrations run forward only, in any number of processes at once. Steps wait 200 ms for a table that is in use, let those
//! pass who wait behind them, and try again. Users of the first version are moved into records some at a time; the log tells
//! how many, and whoever is interrupted goes on where it stopped. Programs of the first version fail from the beginning of the
//! move on, and refuse the database when they start.
//!
//! A database that a newer program migrated is refused, unless its `compatible_since` says that this version can go on with it. A
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
