//! Connections to the server, and one statement at a time over one of them.

use std::future::poll_fn;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use deadpool_postgres::{Hook, Manager, ManagerConfig, Object, Pool, QueueMode, RecyclingMethod, Runtime};
use identity_ports::StoreError;
use tokio_postgres::{Config, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Failure, failure, pool};
use crate::options::{PostgresOptions, Statements};
use crate::sql::Sql;
use crate::tls::Tls;

/// Every statement goes by keys. Planned once for all, it must not read a whole table because that was small then; and to plan
/// the statement that commits takes longer than to run it.
const SETTINGS: &str = "-c plan_cache_mode=force_generic_plan -c jit=off -c enable_seqscan=off -c enable_bitmapscan=off \
                        -c enable_hashjoin=off -c enable_mergejoin=off";

/// How often a statement is tried that others are in the way of, or whose connection went.
const TRIES: u32 = 24;
/// How often one whose connection went.
const LOST_TRIES: u32 = 4;

/// As many plans a connection keeps, each of which takes the server about a megabyte; with one more it forgets all of them.
const PLANS: usize = 64;

/// After this time a connection that nobody uses is asked whether it is still there, unless the connection string says when;
/// what stands between, such as a translation of addresses, often forgets it much sooner than in the driver's two hours.
const IDLE: Duration = Duration::from_secs(60);
const DRIVERS_IDLE: Duration = Duration::from_secs(2 * 60 * 60);

/// Everything by which the server is reached.
pub(crate) struct Link {
    pub(crate) pool: Pool,
    pub(crate) config: Config,
    pub(crate) tls: MakeRustlsConnect,
    /// What stands before the name of every table: nothing, or a quoted schema and a dot.
    pub(crate) tables: String,
    pub(crate) prepared: bool,
    /// Whether a proxy hands sessions round, so that nothing that belongs to a session can be used.
    pub(crate) proxied: bool,
    timeout: Duration,
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
        let (config, proxied) = sessions(config, &tls, options.timeout).await?;
        let prepared = match options.statements {
            Statements::Detect => !proxied,
            Statements::Prepared => true,
            Statements::Unprepared => false,
        };
        let kept = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config.clone(), tls.clone(), kept);
        let pool = Pool::builder(manager)
            .max_size(options.pool_size)
            // A few connections do most of the work, and meet most of the statements.
            .queue_mode(QueueMode::Lifo)
            .post_recycle(Hook::sync_fn(|connection, used| {
                if is_due_for_planning(used.recycle_count) {
                    connection.statement_cache.clear();
                }
                Ok(())
            }))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(options.timeout))
            .create_timeout(Some(options.timeout))
            .build()
            .map_err(StoreError::failed)?;
        Ok(Self { pool, config, tls, tables, prepared, proxied, timeout: options.timeout })
    }

    /// Runs one statement, once. What comes of a connection that failed is thrown away with it.
    pub(crate) async fn once(&self, sql: &Sql<'_>) -> Result<Vec<Row>, Failure> {
        let held = Held { connection: Some(self.pool.get().await.map_err(pool)?), is_spent: AtomicBool::new(false) };
        let ran = tokio::time::timeout(self.timeout, self.run(&held, sql)).await;
        let ran = ran.unwrap_or_else(|_| {
            Err(Failure::Lost(StoreError::failed(
                "the server did not answer in time; whether something was written is for a new `load` to say",
            )))
        });
        if matches!(ran, Err(Failure::Lost(_))) {
            // A session of a server that is going, or that only reads by now, is no use to anybody.
            held.is_spent.store(true, Ordering::Relaxed);
        }
        ran
    }

    async fn run(&self, held: &Held, sql: &Sql<'_>) -> Result<Vec<Row>, Failure> {
        let Some(connection) = &held.connection else {
            return Err(Failure::Fatal(StoreError::failed("there is no connection")));
        };
        if !self.prepared {
            return connection.query_typed(&sql.text, &sql.typed_params()).await.map_err(failure);
        }
        let types = sql.types();
        let mut preparing = pin!(connection.prepare_typed_cached(&sql.text, &types));
        if let Poll::Ready(prepared) = poll_fn(|context| Poll::Ready(preparing.as_mut().poll(context))).await {
            return connection.query(&prepared.map_err(failure)?, &sql.params()).await.map_err(failure);
        }
        // The first time that this connection meets it: it is prepared for the next time, and run, in one flight. Whoever gives
        // up meanwhile leaves a statement behind on the server that nobody can close.
        held.is_spent.store(true, Ordering::Relaxed);
        let params = sql.typed_params();
        // If it cannot be prepared the answer says why, too.
        let (_, rows) = tokio::join!(preparing, connection.query_typed(&sql.text, &params));
        held.is_spent.store(false, Ordering::Relaxed);
        if connection.statement_cache.size() > PLANS {
            connection.statement_cache.clear();
        }
        rows.map_err(failure)
    }

    /// Runs a statement that may be run twice: again, when others were in the way or the connection went.
    pub(crate) async fn query(&self, sql: &Sql<'_>) -> Result<Vec<Row>, StoreError> {
        let mut patience = Patience::default();
        loop {
            match self.once(sql).await {
                Ok(rows) => return Ok(rows),
                Err(failure) => patience.after(failure).await.map_err(Failure::into_error)?,
            }
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

/// Whether a connection that was used so often plans its statements anew. While a table is all but empty the server finds one
/// way to a row as good as another, and keeps to what it found; once there are rows it finds the right one.
const fn is_due_for_planning(uses: usize) -> bool {
    matches!(uses, 16 | 64 | 256 | 1_024) || (uses > 0 && uses.is_multiple_of(4_096))
}

/// How much longer something is tried.
#[derive(Default)]
pub(crate) struct Patience {
    tries: u32,
    lost: u32,
}

impl Patience {
    /// Waits a moment before the next try; gives the failure back when there is no use in one.
    pub(crate) async fn after(&mut self, failure: Failure) -> Result<(), Failure> {
        self.tries += 1;
        let longest = match &failure {
            Failure::Race(_) | Failure::Snapshot(_) if self.tries < TRIES => 1_u64 << self.tries.min(6),
            Failure::Lost(_) if self.lost < LOST_TRIES => {
                self.lost += 1;
                25 << self.lost.min(4)
            }
            Failure::Duplicate(_) if self.tries < 3 => 2,
            _ => return Err(failure),
        };
        tracing::debug!(tries = self.tries, ?failure, "tried again");
        if self.tries > 1 {
            // Apart from each other, so that those who met do not meet again.
            let millis = dice() % longest;
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        Ok(())
    }
}

/// A number that differs from time to time and between processes. Nothing secret hangs on it.
pub(crate) fn dice() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// Whether a connection has a session of the server's to itself: only then does a setting that the start of the connection
/// brought stand in it.
async fn sessions(
    mut config: Config,
    tls: &MakeRustlsConnect,
    patience: Duration,
) -> Result<(Config, bool), StoreError> {
    let plain = config.clone();
    let name = format!("{:016x}", dice());
    let own = config.get_options().map(|options| format!("{options} ")).unwrap_or_default();
    config.options(format!("{own}{SETTINGS} -c identity.session={name}"));
    match ask(&config, tls, patience).await {
        Ok(answer) if answer.as_deref() == Some(name.as_str()) => return Ok((config, false)),
        Ok(_) => {}
        Err(error) if is_about_settings(&error) => {}
        Err(error) => return Err(failure(error).into_error()),
    }
    ask(&plain, tls, patience).await.map_err(|error| failure(error).into_error())?;
    Ok((plain, true))
}

/// A proxy, or an engine, that does not take the settings says so; what is wrong otherwise is wrong without them, too.
fn is_about_settings(error: &tokio_postgres::Error) -> bool {
    let class = error.code().and_then(|code| code.code().get(..2));
    class.is_some_and(|class| !matches!(class, "28" | "3D" | "53" | "57"))
}

async fn ask(
    config: &Config,
    tls: &MakeRustlsConnect,
    patience: Duration,
) -> Result<Option<String>, tokio_postgres::Error> {
    let (client, connection) = config.connect(tls.clone()).await?;
    // One flight, nothing prepared: this is also asked through a proxy.
    let asking = client.query_typed("SELECT current_setting('identity.session', true) AS name", &[]);
    tokio::select! {
        answer = asking => answer?.first().map_or(Ok(None), |row| row.try_get(0)),
        ended = connection => ended.map(|()| None),
        // Who answers the greeting and then nothing more fails the first statement as well, and says so there.
        () = tokio::time::sleep(patience) => Ok(None),
    }
}

/// What is wrong with a connection string, without what stands in it.
fn without_values(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    // The driver names the option and not its value. An option that it does not know may be a part of a password.
    match cause {
        cause if cause.starts_with("invalid value for option") => cause,
        cause if cause.starts_with("unknown option") => "it has an option that is not known; take it out".to_owned(),
        _ => "it is neither a URL nor a list of keys and values".to_owned(),
    }
}

/// A name as SQL takes it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
