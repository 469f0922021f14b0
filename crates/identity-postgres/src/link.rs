//! Connections to the server, and one statement at a time over one of them.

use std::future::poll_fn;
use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolBuilder, QueueMode, RecyclingMethod, Runtime, Timeouts,
};
use futures_util::future::{join_all, join3};
use identity_ports::{ForeignError, StoreError};
use scopeguard::guard;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::{CancelToken, Config, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::clock::ServerClock;
use crate::error::{Failure, failure, in_tokio, pool};
use crate::options::{PostgresOptions, Statements};
use crate::patience::{Patience, dice};
use crate::sql::{Sql, Texts};
use crate::tls::Tls;

/// How long the server may take to confirm that a statement was cancelled at the deadline of its call. After that it is unknown
/// whether the statement was carried out.
const GRACE: Duration = Duration::from_millis(500);

/// An unused connection is probed after this time unless the connection string says otherwise. Devices on the way, such as
/// those that translate addresses, often forget a connection much sooner than the driver's two hours.
const IDLE: Duration = Duration::from_secs(60);
const DRIVERS_IDLE: Duration = Duration::from_secs(2 * 60 * 60);

/// Everything by which the server is reached.
pub(crate) struct Base {
    /// The connections of the store, with time limits.
    pub(crate) own_pool: Pool,
    /// The connections of the host, without them. It opens none until the host asks.
    pub(crate) host_pool: Pool,
    /// How to connect without time limits: for migrations and for listening.
    pub(crate) config: Config,
    pub(crate) tls: MakeRustlsConnect,
    /// What stands before the name of every table: nothing, or a quoted schema and a dot.
    pub(crate) tables: String,
    pub(crate) texts: Texts,
    pub(crate) prepared: bool,
    /// Whether a proxy shares sessions between clients, so that nothing that belongs to a session can be used.
    pub(crate) proxied: bool,
    pub(crate) clock: Arc<ServerClock>,
    timeout: Duration,
    pub(crate) reconnect: Duration,
}

/// The way to the server for one call, which ends at a deadline.
#[derive(Clone)]
pub(crate) struct Link {
    base: Arc<Base>,
    until: Instant,
}

impl Deref for Link {
    type Target = Base;

    fn deref(&self) -> &Base {
        &self.base
    }
}

impl Link {
    pub(crate) async fn open(options: &PostgresOptions, connection: &str) -> Result<Self, StoreError> {
        let (tls, connection) = Tls::take_out(connection)?;
        let mut config: Config = connection.parse().map_err(|error: tokio_postgres::Error| {
            StoreError::failed(format!("the connection string cannot be read: {}", without_values(&error)))
        })?;
        if let Some(mode) = tls.mode {
            config.ssl_mode(mode);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(options.timeout);
        }
        if config.get_keepalives_idle() == DRIVERS_IDLE {
            config.keepalives_idle(IDLE);
        }
        if config.get_application_name().is_none() {
            config.application_name("identity");
        }
        let tls = tls.connector(options.tls.as_ref())?;
        let tables = options.schema.as_deref().map(|schema| format!("{}.", quoted(schema))).unwrap_or_default();
        let until = Instant::now() + options.timeout;
        let clock = Arc::new(ServerClock::default());
        let tuned = tuned(&config, options.timeout, &tls, until, &clock).await?;
        let proxied = tuned.is_none();
        let prepared = match options.statements {
            Statements::Detect => !proxied,
            Statements::Prepared => true,
            Statements::Unprepared => false,
        };
        let builder = |config: Config| {
            let kept = ManagerConfig { recycling_method: RecyclingMethod::Fast };
            Pool::builder(Manager::from_config(config, tls.clone(), kept))
                .max_size(options.pool_size)
                .runtime(Runtime::Tokio1)
                .wait_timeout(Some(options.timeout))
                .create_timeout(Some(options.timeout))
        };
        let build = |builder: PoolBuilder| builder.build().map_err(StoreError::failed);
        let host_pool = build(builder(config.clone()))?;
        let pool = builder(tuned.unwrap_or_else(|| config.clone()))
            // A few connections do most of the work, and meet most of the statements.
            .queue_mode(QueueMode::Lifo);
        let (own_pool, reconnect) = (build(pool)?, options.reconnect.unwrap_or(options.timeout));
        let timeout = options.timeout;
        let texts = Texts::new(&tables);
        let base =
            Base { own_pool, host_pool, config, tls, tables, texts, prepared, proxied, clock, timeout, reconnect };
        Ok(Self { base: Arc::new(base), until })
    }

    /// The same way for a call that begins now.
    pub(crate) fn now(&self) -> Self {
        self.until(Instant::now() + self.timeout)
    }

    /// The same way for a call with this deadline.
    pub(crate) fn until(&self, until: Instant) -> Self {
        Self { base: Arc::clone(&self.base), until }
    }

    /// The deadline of the call.
    pub(crate) const fn deadline(&self) -> Instant {
        self.until
    }

    /// A connection of the pool, waited for until the deadline.
    async fn connection(&self) -> Result<Object, Failure> {
        in_tokio().map_err(Failure::Fatal)?;
        if self.until <= Instant::now() {
            return Err(Failure::late("the deadline passed before the statement was sent"));
        }
        // One deadline for all that the pool does: a place that becomes free in the last moment leaves no time to connect.
        match timeout_at(self.until, self.own_pool.timeout_get(&Timeouts::new())).await {
            Ok(connection) => connection.map_err(pool),
            Err(_) => Err(Failure::late(
                "no connection to the database became free before the deadline; enlarge the pool or the timeout, or see what \
                 holds the connections",
            )),
        }
    }

    /// Runs one statement, once.
    pub(crate) async fn once(&self, sql: &Sql<'_>) -> Result<Vec<Row>, Failure> {
        Ok(self.flight(std::slice::from_ref(sql)).await?.pop().unwrap_or_default())
    }

    /// Runs some statements, once, in one flight: several ones in one transaction. A connection that failed is not used again.
    pub(crate) async fn flight(&self, statements: &[Sql<'_>]) -> Result<Vec<Vec<Row>>, Failure> {
        let connection = self.connection().await?;
        let token = connection.cancel_token();
        let held = guard(Held { connection, spent: AtomicUsize::new(0) }, |Held { connection, spent }| {
            if spent.into_inner() > 0 {
                drop(Object::take(connection));
            }
        });
        let ran = self.bounded(self.all(&held, statements), &token).await;
        if ran.as_ref().is_err_and(Failure::spends_connection) {
            held.spent.fetch_add(1, Ordering::Relaxed);
        }
        if matches!(ran, Err(Failure::Lost(_))) {
            // The server may not have noticed yet: it must not go on with what nobody waits for.
            let tls = self.tls.clone();
            tokio::spawn(async move { drop(timeout(GRACE, token.cancel_query(tls)).await) });
        }
        ran
    }

    /// Sends all statements before the answer to the first one comes, and gives the rows of each.
    async fn all(&self, held: &Held, statements: &[Sql<'_>]) -> Result<Vec<Vec<Row>>, Failure> {
        let all = join_all(statements.iter().map(|sql| self.run(held, sql)));
        if statements.len() > 1 {
            // Each statement sees what was written before it began, whatever the server's default is.
            let begin = held.connection.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED");
            // What is polled first is sent first.
            let (begun, rows, ended) = join3(begin, all, held.connection.batch_execute("COMMIT")).await;
            // After the first failure the others fail because of it.
            let rows = begun.map_err(failure).and_then(|()| rows.into_iter().collect())?;
            ended.map(|()| rows).map_err(failure)
        } else {
            all.await.into_iter().collect()
        }
    }

    /// Waits for a statement until the deadline. Then the statement is cancelled, and the server gets a moment to say that it
    /// did: only when it does not, it is unknown whether the statement was carried out.
    pub(crate) async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
        token: &CancelToken,
    ) -> Result<T, Failure> {
        let mut work = pin!(work);
        if let Ok(done) = timeout_at(self.until, &mut work).await {
            return done;
        }
        let cancelled = timeout(GRACE, async {
            tokio::select! {
                done = &mut work => return done,
                _ = token.cancel_query(self.tls.clone()) => {}
            }
            work.await
        });
        match cancelled.await {
            Ok(Err(Failure::Away(_) | Failure::Race(_) | Failure::Snapshot(_))) => {
                Err(Failure::late("the statement did not finish before the deadline and was cancelled"))
            }
            Ok(done) => done,
            Err(_) => Err(Failure::Lost(ForeignError::new("the server did not answer before the deadline"))),
        }
    }

    async fn run(&self, held: &Held, sql: &Sql<'_>) -> Result<Vec<Row>, Failure> {
        let connection = &held.connection;
        if !self.prepared {
            return connection.query_typed(&sql.text, &sql.typed_params()).await.map_err(failure);
        }
        let types = sql.types();
        let mut preparing = pin!(connection.prepare_typed_cached(&sql.text, &types));
        if let Poll::Ready(prepared) = poll_fn(|context| Poll::Ready(preparing.as_mut().poll(context))).await {
            return connection.query(&prepared.map_err(failure)?, &sql.params()).await.map_err(failure);
        }
        // This connection meets the statement for the first time: it is prepared for the next time, and run, in one flight. A
        // caller that is dropped meanwhile leaves a statement behind on the server that nobody can close.
        held.spent.fetch_add(1, Ordering::Relaxed);
        let params = sql.typed_params();
        // If it cannot be prepared, the answer to the query says why, too.
        let (_, rows) = tokio::join!(preparing, connection.query_typed(&sql.text, &params));
        held.spent.fetch_sub(1, Ordering::Relaxed);
        rows.map_err(failure)
    }

    /// Runs a statement that may be run twice: again when others were in the way or the connection broke, until the deadline.
    pub(crate) async fn query(&self, sql: &Sql<'_>) -> Result<Vec<Row>, StoreError> {
        Ok(self.queries(std::slice::from_ref(sql), true).await?.pop().unwrap_or_default())
    }

    /// As [`query`](Self::query), for a statement that writes nothing: its failure leaves nothing unknown.
    pub(crate) async fn read(&self, sql: &Sql<'_>) -> Result<Vec<Row>, StoreError> {
        Ok(self.queries(std::slice::from_ref(sql), false).await?.pop().unwrap_or_default())
    }

    /// As [`query`](Self::query) or [`read`](Self::read), for some statements in one flight.
    pub(crate) async fn queries(&self, statements: &[Sql<'_>], writes: bool) -> Result<Vec<Vec<Row>>, StoreError> {
        let mut patience = Patience::new(self);
        loop {
            match self.flight(statements).await {
                Ok(rows) => return Ok(rows),
                Err(failure) if writes => patience.after(failure).await?,
                Err(failure) => patience.after(failure.without_writing()).await?,
            }
        }
    }
}

/// A connection in use.
struct Held {
    connection: Object,
    /// How many reasons there are not to give it back to the pool.
    spent: AtomicUsize,
}

/// The configuration of the store's own sessions; `None` where a proxy shares sessions between clients. A connection has a
/// session of its own when a setting that its start brought is set in it.
async fn tuned(
    plain: &Config,
    limit: Duration,
    tls: &MakeRustlsConnect,
    until: Instant,
    clock: &ServerClock,
) -> Result<Option<Config>, StoreError> {
    let name = format!("{:016x}", dice());
    let own = plain.get_options().map(|options| format!(" {options}")).unwrap_or_default();
    // The server itself gives up what a client that died, or was cut off, left behind.
    let statement = limit.as_millis().clamp(1, 2_147_483_647);
    let lock = (statement / 4).max(1);
    let mut config = plain.clone();
    config.options(format!("-c statement_timeout={statement} -c lock_timeout={lock}{own} -c identity.session={name}"));
    let late = |_| StoreError::unavailable("the server did not answer the first question before the timeout");
    let refused = |error| failure(error).without_writing().into_error();
    match timeout_at(until, ask(&config, tls, clock)).await.map_err(late)? {
        Ok(answer) if answer.as_deref() == Some(name.as_str()) => return Ok(Some(config)),
        Err(error) if !is_about_settings(&error) => return Err(refused(error)),
        Ok(_) | Err(_) => {}
    }
    timeout_at(until, ask(plain, tls, clock)).await.map_err(late)?.map_err(refused)?;
    Ok(None)
}

/// A proxy or an engine that does not take the settings says so; any other error stays without them, too.
fn is_about_settings(error: &tokio_postgres::Error) -> bool {
    let class = error.code().and_then(|code| code.code().get(..2));
    class.is_some_and(|class| !matches!(class, "28" | "3D" | "53" | "57"))
}

/// Asks for the name of the session, as the server sees it, and for the server's time.
async fn ask(
    config: &Config,
    tls: &MakeRustlsConnect,
    clock: &ServerClock,
) -> Result<Option<String>, tokio_postgres::Error> {
    let (client, connection) = config.connect(tls.clone()).await?;
    // One flight, nothing prepared: this is also asked through a proxy.
    let asking = client.query_typed(
        "SELECT current_setting('identity.session', true), \
         (extract(epoch FROM statement_timestamp()) * 1000000)::int8",
        &[],
    );
    let answer = tokio::select! {
        answer = asking => answer?,
        ended = connection => return ended.map(|()| None),
    };
    let Some(row) = answer.first() else { return Ok(None) };
    clock.hear(row.try_get(1)?);
    row.try_get(0)
}

/// What is wrong with a connection string, without any of its values.
fn without_values(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    // The driver names the option and not its value. An option that it does not know may be a part of a password.
    match cause {
        cause if cause.starts_with("invalid value for option") => cause,
        cause if cause.starts_with("unknown option") => {
            "it has an option that is not known; take it out of the connection string".to_owned()
        }
        _ => "it is neither a URL nor a list of keys and values".to_owned(),
    }
}

/// A name as SQL takes it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
