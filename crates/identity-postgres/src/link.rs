//! Connections to the server, and one statement at a time over one of them.

use std::future::poll_fn;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolBuilder, QueueMode, RecyclingMethod, Runtime, Timeouts,
};
use identity_ports::StoreError;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::{CancelToken, Config, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Failure, Unknown, failure, pool};
use crate::options::{PostgresOptions, Statements};
use crate::sql::{Sql, Texts};
use crate::tls::Tls;

/// How long the server may take to confirm that a statement was cancelled at the deadline of its call. After that it is unknown
/// whether the statement was carried out.
const GRACE: Duration = Duration::from_millis(500);

/// The longest pause between two tries, as a power of two in milliseconds.
const LONGEST_PAUSE: u32 = 9;

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
    timeout: Duration,
    reconnect: Duration,
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
        if let Some(mode) = tls.mode() {
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
        let tuned = tuned(&config, options.timeout, &tls, until).await?;
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
        let base = Base { own_pool, host_pool, config, tls, tables, texts, prepared, proxied, timeout, reconnect };
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
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::late("the deadline passed before the statement was sent"));
        }
        let timeouts = Timeouts { wait: Some(left), create: Some(left), recycle: Some(left) };
        self.own_pool.timeout_get(&timeouts).await.map_err(pool)
    }

    /// Runs one statement, once.
    pub(crate) async fn once(&self, sql: &Sql<'_>) -> Result<Vec<Row>, Failure> {
        Ok(self.flight(std::slice::from_ref(sql)).await?.pop().unwrap_or_default())
    }

    /// Runs some statements, once, in one flight: several ones in one transaction. A connection that failed is not used again.
    pub(crate) async fn flight(&self, statements: &[Sql<'_>]) -> Result<Vec<Vec<Row>>, Failure> {
        let connection = self.connection().await?;
        let token = connection.cancel_token();
        let held = Held { connection: Some(connection), is_spent: AtomicBool::new(false) };
        let ran = self.bounded(self.all(&held, statements), &token).await;
        if ran.as_ref().is_err_and(Failure::spends_connection) {
            held.is_spent.store(true, Ordering::Relaxed);
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
        type Sent<'f> = Pin<Box<dyn Future<Output = Result<Vec<Row>, Failure>> + Send + 'f>>;
        let mut sent: Vec<Sent<'_>> = statements.iter().map(|sql| Box::pin(self.run(held, sql)) as Sent<'_>).collect();
        if statements.len() > 1 {
            // Each statement sees what was written before it began, whatever the server's default is.
            sent.insert(0, Box::pin(self.word(held, "BEGIN ISOLATION LEVEL READ COMMITTED")));
            sent.push(Box::pin(self.word(held, "COMMIT")));
        }
        let mut answers: Vec<Option<Result<Vec<Row>, Failure>>> = sent.iter().map(|_| None).collect();
        poll_fn(|context| {
            let mut open = false;
            // In their order: what is polled first is sent first.
            for (answer, sent) in answers.iter_mut().zip(&mut sent).filter(|(answer, _)| answer.is_none()) {
                match sent.as_mut().poll(context) {
                    Poll::Ready(told) => *answer = Some(told),
                    Poll::Pending => open = true,
                }
            }
            if open { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        // After the first failure the others fail because of it.
        let mut rows = answers.into_iter().flatten().collect::<Result<Vec<_>, _>>()?;
        if statements.len() > 1 {
            rows.pop();
            rows.remove(0);
        }
        Ok(rows)
    }

    async fn word(&self, held: &Held, word: &str) -> Result<Vec<Row>, Failure> {
        let Some(connection) = &held.connection else {
            return Err(Failure::away("there is no connection"));
        };
        connection.batch_execute(word).await.map(|()| Vec::new()).map_err(failure)
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
            Err(_) => Err(Failure::lost("the server did not answer before the deadline")),
        }
    }

    async fn run(&self, held: &Held, sql: &Sql<'_>) -> Result<Vec<Row>, Failure> {
        let Some(connection) = &held.connection else {
            return Err(Failure::away("there is no connection"));
        };
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
        held.is_spent.store(true, Ordering::Relaxed);
        let params = sql.typed_params();
        // If it cannot be prepared, the answer to the query says why, too.
        let (_, rows) = tokio::join!(preparing, connection.query_typed(&sql.text, &params));
        held.is_spent.store(false, Ordering::Relaxed);
        rows.map_err(failure)
    }

    /// Runs a statement that may be run twice: again when others were in the way or the connection broke, until the deadline.
    pub(crate) async fn query(&self, sql: &Sql<'_>) -> Result<Vec<Row>, StoreError> {
        Ok(self.queries(std::slice::from_ref(sql)).await?.pop().unwrap_or_default())
    }

    /// As [`query`](Self::query), for some statements in one flight.
    pub(crate) async fn queries(&self, statements: &[Sql<'_>]) -> Result<Vec<Vec<Row>>, StoreError> {
        let mut patience = Patience::new(self);
        loop {
            match self.flight(statements).await {
                Ok(rows) => return Ok(rows),
                Err(failure) => patience.after(failure).await?,
            }
        }
    }

    /// As [`query`](Self::query), for a statement that writes nothing: its failure leaves nothing unknown.
    pub(crate) async fn read(&self, sql: &Sql<'_>) -> Result<Vec<Row>, StoreError> {
        let mut patience = Patience::new(self);
        loop {
            let failure = match self.once(sql).await {
                Ok(rows) => return Ok(rows),
                Err(Failure::Lost(error)) => Failure::Away(error),
                Err(failure) => failure,
            };
            patience.after(failure).await?;
        }
    }
}

/// A connection in use; one that is spent does not go back to the pool.
struct Held {
    connection: Option<Object>,
    is_spent: AtomicBool,
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.is_spent.load(Ordering::Relaxed) {
            drop(self.connection.take().map(Object::take));
        }
    }
}

/// How long a call goes on trying.
#[derive(Clone)]
pub(crate) struct Patience {
    until: Instant,
    reconnect: Duration,
    tries: u32,
    /// When the server was first found to be away.
    away_since: Option<Instant>,
    /// Whether the answer to an earlier try was lost.
    unknown: bool,
}

impl Patience {
    pub(crate) fn new(link: &Link) -> Self {
        Self { until: link.until, reconnect: link.base.reconnect, tries: 0, away_since: None, unknown: false }
    }

    /// The same, up to another deadline.
    pub(crate) fn up_to(&self, until: Instant) -> Self {
        Self { until, ..self.clone() }
    }

    /// Notes that the answer to a try was lost: from now on, only an answer of the server says what was written.
    pub(crate) fn note(&mut self, failure: &Failure) {
        self.unknown |= matches!(failure, Failure::Lost(_));
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// The error of the call when another try is of no use or would begin after the deadline.
    pub(crate) async fn after(&mut self, failure: Failure) -> Result<(), StoreError> {
        self.note(&failure);
        self.tries += 1;
        let now = Instant::now();
        let longest = match &failure {
            Failure::Race(_) | Failure::Snapshot(_) => 1_u64 << self.tries.min(LONGEST_PAUSE),
            Failure::Away(_) | Failure::Lost(_) => {
                if now.duration_since(*self.away_since.get_or_insert(now)) >= self.reconnect {
                    return Err(self.last(failure));
                }
                25_u64 << self.tries.min(5)
            }
            Failure::Duplicate(_) if self.tries < 3 => 2,
            Failure::Late(_) | Failure::Fatal(_) | Failure::Duplicate(_) => return Err(self.last(failure)),
        };
        // The second try follows at once. Later ones keep apart, so that those who met do not meet again.
        let pause = Duration::from_millis(if self.tries > 1 { dice() % longest } else { 0 });
        if now + pause >= self.until {
            return Err(self.last(failure));
        }
        tracing::debug!(tries = self.tries, ?failure, "a statement failed and is tried again");
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// What the caller is told of the last failure: that nothing was written only when no try can have written anything.
    pub(crate) fn last(&self, failure: Failure) -> StoreError {
        match failure {
            failure if !self.unknown => failure.into_error(),
            Failure::Race(error) | Failure::Snapshot(error) | Failure::Away(error) | Failure::Late(error) => {
                Failure::Lost(error).into_error()
            }
            Failure::Lost(error) => Failure::Lost(error).into_error(),
            failure => StoreError::failed(Unknown(identity_ports::ForeignError::new(failure.into_error()))),
        }
    }
}

/// A number that differs from call to call and between processes. It protects no secret.
pub(crate) fn dice() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// The configuration of the store's own sessions; `None` where a proxy shares sessions between clients. A connection has a
/// session of its own when a setting that its start brought is set in it.
async fn tuned(
    plain: &Config,
    limit: Duration,
    tls: &MakeRustlsConnect,
    until: Instant,
) -> Result<Option<Config>, StoreError> {
    let name = format!("{:016x}", dice());
    let own = plain.get_options().map(|options| format!(" {options}")).unwrap_or_default();
    // The server itself gives up what a client that died, or was cut off, left behind.
    let statement = limit.as_millis().clamp(1, 2_147_483_647);
    let lock = (statement / 4).max(1);
    let mut config = plain.clone();
    config.options(format!("-c statement_timeout={statement} -c lock_timeout={lock}{own} -c identity.session={name}"));
    match ask(&config, tls, until).await {
        Ok(answer) if answer.as_deref() == Some(name.as_str()) => return Ok(Some(config)),
        Ok(_) => {}
        Err(Asked::Refused(error)) if is_about_settings(&error) => {}
        Err(error) => return Err(error.into_error()),
    }
    ask(plain, tls, until).await.map_err(Asked::into_error)?;
    Ok(None)
}

/// A proxy or an engine that does not take the settings says so; any other error stays without them, too.
fn is_about_settings(error: &tokio_postgres::Error) -> bool {
    let class = error.code().and_then(|code| code.code().get(..2));
    class.is_some_and(|class| !matches!(class, "28" | "3D" | "53" | "57"))
}

/// Why a first question was not answered.
enum Asked {
    Refused(tokio_postgres::Error),
    Late,
}

impl Asked {
    fn into_error(self) -> StoreError {
        match self {
            Self::Refused(error) => match failure(error) {
                Failure::Lost(error) => Failure::Away(error).into_error(),
                failure => failure.into_error(),
            },
            Self::Late => StoreError::unavailable("the server did not answer the first question before the timeout"),
        }
    }
}

async fn ask(config: &Config, tls: &MakeRustlsConnect, until: Instant) -> Result<Option<String>, Asked> {
    let asking = async {
        let (client, connection) = config.connect(tls.clone()).await?;
        // One flight, nothing prepared: this is also asked through a proxy.
        let asking = client.query_typed("SELECT current_setting('identity.session', true) AS name", &[]);
        tokio::select! {
            answer = asking => answer?.first().map_or(Ok(None), |row| row.try_get(0)),
            ended = connection => ended.map(|()| None),
        }
    };
    timeout_at(until, asking).await.map_err(|_| Asked::Late)?.map_err(Asked::Refused)
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
