//! For programs that run on SQLite or on PostgreSQL, as their settings say: a URL opens the store, and the rows of the program's own
//! are written in the transaction that writes the change of a user, by the same statements on both.
//!
//! ```
//! use identity::history::Change;
//! use identity::{CodeKeys, NewUser, delivery::Terminal};
//! use identity_sql::{SqlStore, Statement};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! # let folder = tempfile::tempdir()?;
//! # let url = format!("sqlite:{}", folder.path().join("app.db").display());
//! let store = SqlStore::open(&url).await?; // or postgres://USER:PASSWORD@HOST/DATABASE
//! store.batch("CREATE TABLE IF NOT EXISTS members (user_id TEXT PRIMARY KEY, points BIGINT NOT NULL)").await?;
//!
//! let identity = store.identity(Terminal, CodeKeys::parse(&"5a".repeat(32))?);
//! let identity = store.with_rows(&identity, |commit| {
//!     let user = commit.key.user.as_str();
//!     let rows = commit.events.iter().filter_map(|recorded| match recorded.event.change {
//!         Change::Created { .. } => Some("INSERT INTO members (user_id, points) VALUES ($1, 10)"),
//!         Change::Erased => Some("DELETE FROM members WHERE user_id = $1"),
//!         _ => None,
//!     });
//!     rows.map(|sql| Statement::new(sql).bind(user)).collect()
//! });
//!
//! let ada = identity.admin("signup").create(NewUser::default()).await?.outcome;
//! let points = Statement::new("SELECT points FROM members WHERE user_id = $1").bind(ada.as_str());
//! assert_eq!(store.query(points).await?[0][0].as_integer(), Some(10));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Statements
//! One dialect is the program's: parameters are `$1`, `$2` and so on, on both databases, and what stands around them has to be SQL
//! that both understand. A [`Value`] goes into columns of these types, and comes out of them:
//!
//! | value | SQLite | PostgreSQL |
//! |---|---|---|
//! | [`Value::Integer`] | `INTEGER`, `BIGINT` | `BIGINT`, `INTEGER`, `SMALLINT`; what is read may be `BOOLEAN` too |
//! | [`Value::Real`] | `REAL`, `DOUBLE PRECISION` | `DOUBLE PRECISION`, `REAL` |
//! | [`Value::Text`] | `TEXT` | `TEXT`, `VARCHAR` |
//! | [`Value::Blob`] | `BLOB`, `BYTEA` | `BYTEA` |
//! | [`Value::Null`] | any | any |
//!
//! A time goes into a `BIGINT` of microseconds ([`Timestamp::as_micros`](identity::Timestamp::as_micros) and `from_micros`). No type that
//! counts ids is the same on both: make them in the program, for example a UUID as `TEXT`, so that a form that is sent twice has the
//! same one.
//!
//! Rows are read as lists of values, which serialize, into a template or into JSON:
//!
//! ```
//! use identity::Timestamp;
//! use identity_sql::{SqlStore, Statement, Value};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! # let folder = tempfile::tempdir()?;
//! # let url = format!("sqlite:{}", folder.path().join("app.db").display());
//! let store = SqlStore::open(&url).await?;
//! store.batch("CREATE TABLE bookings (id TEXT PRIMARY KEY, what TEXT NOT NULL, at BIGINT NOT NULL)").await?;
//! let at: Timestamp = "2026-11-22T14:30:00Z".parse()?;
//! let booking = "INSERT INTO bookings (id, what, at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";
//! let booking = Statement::new(booking).bind("4a2f1c66").bind("massage").bind(at.as_micros());
//! store.query(booking).await?;
//!
//! let rows = store.query(Statement::new("SELECT id, what, at FROM bookings ORDER BY at")).await?;
//! assert_eq!(serde_json::to_string(&rows)?, r#"[["4a2f1c66","massage",1795357800000000]]"#);
//! for row in &rows {
//!     let [Value::Text(id), Value::Text(what), Value::Integer(at)] = row.as_slice() else { continue };
//!     println!("{id}: {what} at {}", Timestamp::from_micros(*at));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What this crate does not do
//! It is no layer over databases: it maps no types, builds no SQL and has no migrations. The variants of [`SqlStore`] have the
//! adapters, and those have the drivers. On SQLite every statement here takes the connection that writes, so that others wait while
//! it runs. A program that runs on one database alone takes that adapter, and its own `commit_in`.

mod sql;
mod value;

pub use sql::SqlStore;
pub use value::{Statement, Value};
