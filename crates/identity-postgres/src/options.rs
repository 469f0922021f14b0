use std::time::Duration;

use identity_ports::StoreError;
use rustls::ClientConfig;

use crate::PostgresStore;

/// How statements reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Statements {
    /// Prepared when every connection has a session of the server to itself, unprepared when a proxy shares sessions between
    /// clients (pgbouncer with `pool_mode = transaction`). The store finds out which when it connects.
    #[default]
    Detect,
    /// Prepared on each connection: the server does not plan a statement each time.
    Prepared,
    /// Sent with their text each time, still in one flight: for proxies that share sessions between clients.
    Unprepared,
}

/// The settings of a [`PostgresStore`]. They hold no password.
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
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    pub(crate) pool_size: usize,
    pub(crate) timeout: Duration,
    pub(crate) reconnect: Option<Duration>,
    pub(crate) queue: usize,
    pub(crate) schema: Option<String>,
    pub(crate) statements: Statements,
    pub(crate) tls: Option<ClientConfig>,
    pub(crate) migrate: bool,
    pub(crate) notify: bool,
}

impl Default for PostgresOptions {
    /// At most 16 connections for the store and 16 for the host, a timeout of 10 s, at most 16,384 waiting commits, the first
    /// schema of the server's `search_path`, statements as detected, encryption as the URL says, migrations applied,
    /// notifications sent.
    fn default() -> Self {
        Self {
            pool_size: 16,
            timeout: Duration::from_secs(10),
            reconnect: None,
            queue: 16_384,
            schema: None,
            statements: Statements::Detect,
            tls: None,
            migrate: true,
            notify: true,
        }
    }
}

impl PostgresOptions {
    /// Sets the number of connections that the store opens at most: 1 to 1,000, by default 16. [`PostgresStore::pool`], the
    /// pool of the host, has the same limit and opens none until the host uses it.
    #[must_use]
    pub fn with_pool_size(self, pool_size: usize) -> Self {
        Self { pool_size: pool_size.clamp(1, 1_000), ..self }
    }

    /// Sets the deadline of every call of the store, by default 10 s and at least 1 ms. It covers everything: the wait for other
    /// commits and for a connection, every try, and the pauses between tries. A statement that is still running at the deadline
    /// is cancelled; half a second later at the latest the call answers [`StoreError::Unavailable`] (nothing was written), or
    /// [`StoreError::Failed`] when the server confirmed neither the cancellation nor the write.
    ///
    /// The sessions of the store also have it as their `statement_timeout`, and a quarter of it as their `lock_timeout`, so
    /// that the server ends what a client that died left behind. Behind a proxy that shares sessions between clients (see
    /// [`Statements`]) these two have to be set for the role: `ALTER ROLE identity SET statement_timeout = '10s'`, and
    /// likewise `lock_timeout = '2500ms'`.
    ///
    /// A use case of `identity` is a load and at least one commit, each a call of its own.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout: timeout.max(Duration::from_millis(1)), ..self }
    }

    /// Sets how long a call goes on trying to reach a server that refuses connections, breaks them, is starting or stopping, or
    /// takes no writes: by default, and at most, until the deadline of the call. With zero, the first such failure is the answer.
    ///
    /// A failover takes 10 to 60 s with most managers of PostgreSQL clusters. To ride over one, give the call a timeout that is
    /// longer than the failover; to fail fast and let the host's own clients try again, keep this short.
    #[must_use]
    pub fn with_reconnect(self, reconnect: Duration) -> Self {
        Self { reconnect: Some(reconnect), ..self }
    }

    /// Sets the number of commits that may wait to be sent, by default 16,384. Any further commit fails at once with
    /// [`StoreError::Unavailable`].
    #[must_use]
    pub fn with_queue(self, queue: usize) -> Self {
        Self { queue: queue.max(1), ..self }
    }

    /// Sets the schema that holds the tables. It is created when it does not exist. Default: the first schema of the server's
    /// `search_path`.
    #[must_use]
    pub fn with_schema(self, schema: impl Into<String>) -> Self {
        Self { schema: Some(schema.into()), ..self }
    }

    /// Sets how statements reach the server. Default: [`Statements::Detect`].
    #[must_use]
    pub fn with_statements(self, statements: Statements) -> Self {
        Self { statements, ..self }
    }

    /// Sets the configuration of encrypted connections, in place of what `sslmode` and `sslrootcert` say about trust: for
    /// client certificates, or for authorities in memory. `sslmode` still says whether to encrypt.
    #[must_use]
    pub fn with_tls(self, tls: ClientConfig) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Applies no migrations: for a program whose database user may not change tables. Connecting fails when the tables have
    /// an earlier version.
    #[must_use]
    pub fn without_migrating(self) -> Self {
        Self { migrate: false, ..self }
    }

    /// Sends no notifications of new messages and events. Other processes find them when they next look, within a second.
    #[must_use]
    pub fn without_notifying(self) -> Self {
        Self { notify: false, ..self }
    }

    /// Connects, and migrates the tables to the version of this program. The connection string is a URL
    /// (`postgres://user:password@host:port/db`) or a list of keys and values (`host=.. dbname=..`), as libpq takes them;
    /// several hosts with `target_session_attrs=read-write` find the primary after a failover.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when a newer program migrated the tables, [`StoreError::NotOurs`] when tables with the names of
    /// ours belong to something else, [`StoreError::Unavailable`] when the server cannot be reached or does not answer within
    /// the timeout, and [`StoreError::Failed`] for anything else, with what to do about it. No error holds the password.
    pub async fn connect(self, connection: &str) -> Result<PostgresStore, StoreError> {
        PostgresStore::connect_with(self, connection).await
    }
}
