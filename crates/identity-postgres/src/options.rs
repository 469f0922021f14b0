use std::fmt;
use std::time::Duration;

use identity_ports::StoreError;
use rustls::ClientConfig;

use crate::PostgresStore;

/// How statements reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Statements {
    /// Prepared when every connection keeps a session of its own on the server, unprepared when a proxy hands sessions
    /// round (pgbouncer with `pool_mode = transaction`); found out when the store connects.
    #[default]
    Detect,
    /// Prepared on each connection, which keeps up to 64: the server does not plan a statement each time.
    Prepared,
    /// Sent with their text each time, in one flight all the same: for proxies that hand sessions round.
    Unprepared,
}

/// How a database is used. It prints no password: it holds none.
///
/// ```no_run
/// # async fn connect() -> Result<(), identity_ports::StoreError> {
/// use identity_postgres::PostgresStore;
///
/// let store = PostgresStore::options()
///     .with_schema("accounts")
///     .with_pool_size(16)
///     .connect("postgres://identity@db.example.com/app?sslmode=verify-full")
///     .await?;
/// # drop(store);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresOptions {
    pub(crate) pool_size: usize,
    pub(crate) timeout: Duration,
    pub(crate) schema: Option<String>,
    pub(crate) statements: Statements,
    pub(crate) tls: Option<ClientConfig>,
    pub(crate) migrate: bool,
    pub(crate) notify: bool,
}

impl Default for PostgresOptions {
    /// At most 16 connections, 10 s of patience, the schema that the server's `search_path` names first, statements as
    /// detected, encryption as the URL says, migrations applied, notifications sent.
    fn default() -> Self {
        Self {
            pool_size: 16,
            timeout: Duration::from_secs(10),
            schema: None,
            statements: Statements::Detect,
            tls: None,
            migrate: true,
            notify: true,
        }
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("pool_size", &self.pool_size)
            .field("timeout", &self.timeout)
            .field("schema", &self.schema)
            .field("statements", &self.statements)
            .field("migrate", &self.migrate)
            .field("notify", &self.notify)
            .finish_non_exhaustive()
    }
}

impl PostgresOptions {
    /// With at most so many connections, 1 to 1,000.
    #[must_use]
    pub fn with_pool_size(self, pool_size: usize) -> Self {
        Self { pool_size: pool_size.clamp(1, 1_000), ..self }
    }

    /// With so much patience: for a connection, for one that is free, and for the answer to a statement. What takes longer
    /// fails, and its connection is given up.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// With the tables in this schema, which is created when it is missing.
    #[must_use]
    pub fn with_schema(self, schema: impl Into<String>) -> Self {
        Self { schema: Some(schema.into()), ..self }
    }

    /// With statements that reach the server so.
    #[must_use]
    pub fn with_statements(self, statements: Statements) -> Self {
        Self { statements, ..self }
    }

    /// With this configuration for encrypted connections, in place of what `sslmode` and `sslrootcert` say about trust: for
    /// certificates of clients, for authorities in memory. `sslmode` still says whether to encrypt.
    #[must_use]
    pub fn with_tls(self, tls: ClientConfig) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Leaves the tables alone: for a program that may not change them. Tables of an earlier version are refused.
    #[must_use]
    pub fn without_migrating(self) -> Self {
        Self { migrate: false, ..self }
    }

    /// Sends no notifications of new messages: other processes find them when they next look, within a second.
    #[must_use]
    pub fn without_notifying(self) -> Self {
        Self { notify: false, ..self }
    }

    /// Connects, and brings the tables up to date. The connection string is a URL (`postgres://user:password@host:port/db`) or
    /// a list of keys and values (`host=.. dbname=..`), as libpq takes them; several hosts with
    /// `target_session_attrs=read-write` find the primary after a failover.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a database of a later program, [`StoreError::NotOurs`] when tables named like ours are
    /// somebody else's, [`StoreError::Failed`] for anything else, with what to do about it. No error holds the password.
    pub async fn connect(self, connection: &str) -> Result<PostgresStore, StoreError> {
        PostgresStore::connect_with(self, connection).await
    }
}
