//! Creates and migrates the tables, in any number of processes at once.

mod old;

use std::time::Duration;

use identity_ports::StoreError;
use sha2::{Digest as _, Sha256};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, IsolationLevel};
use uuid::Uuid;

use crate::error::failure;
use crate::link::quoted;

/// The history of the tables: steps that are applied in their order and never changed again. But for one of them, a step is some
/// statements that are applied together or not at all.
const STEPS: [&str; 6] = [
    include_str!("../../migrations/0001_tables.sql"),
    include_str!("../../migrations/0002_records.sql"),
    USERS,
    include_str!("../../migrations/0004_views.sql"),
    include_str!("../../migrations/0005_events.sql"),
    include_str!("../../migrations/0006_feed.sql"),
];

/// The move of every user from the tables of the first version into records, some at a time.
const USERS: &str = "users";

/// The version of the tables that this program needs: the number of steps.
const PROGRAM: u32 = 6;

/// How long a step waits for a table, and the pause until it tries again. Whoever needs the table waits behind a step that
/// waits.
const PATIENCE: &str = "200ms";
const BETWEEN: Duration = Duration::from_millis(500);

/// The lock under which one process at a time migrates, and how long the others wait for their turn: until many users are moved.
const TURN: &str = "SET LOCAL client_min_messages = 'warning'; SET LOCAL lock_timeout = '1h'; SELECT pg_advisory_xact_lock(1768187246, 1)";

/// The place of the tables.
pub(crate) struct House<'a> {
    pub(crate) client: &'a mut Client,
    pub(crate) schema: Option<&'a str>,
    /// What stands before the name of every table.
    pub(crate) tables: &'a str,
}

impl House<'_> {
    /// Checks that the tables have the version of this program, and changes nothing.
    pub(crate) async fn check(&mut self) -> Result<(), StoreError> {
        let version = version(self.client, self.tables).await?.unwrap_or(0);
        if version == PROGRAM {
            return Ok(());
        }
        Err(StoreError::failed(format!(
            "the tables have version {version}, but this program needs version {PROGRAM}; first run a program that may \
             migrate them"
        )))
    }

    /// Creates the tables, or migrates them to the version of this program.
    pub(crate) async fn migrate(&mut self) -> Result<(), StoreError> {
        let (mut moved, mut told) = (0, 0);
        while version(self.client, self.tables).await? != Some(PROGRAM) {
            moved += self.go_on().await?;
            if moved >= told + 10_000 {
                told = moved;
                tracing::info!(moved, "users of the version before are moved into records");
            }
        }
        Ok(())
    }

    /// The name of the store in cursors of its feed, which the step made that brought it.
    pub(crate) async fn store(&mut self) -> Result<u64, StoreError> {
        let sql = format!("SELECT store FROM {}identity_meta WHERE value = 6", self.tables);
        let rows = self.client.query_typed(&sql, &[]).await.map_err(failed)?;
        let store: Option<Uuid> = rows.first().and_then(|row| row.try_get("store").ok());
        Ok(store.ok_or_else(not_ours)?.as_u64_pair().0)
    }

    /// Does what comes next in one transaction, while no other process does: a step or, where users are moved, a part of one.
    /// So whoever is interrupted goes on where it stopped. Gives the number of users that were moved.
    async fn go_on(&mut self) -> Result<usize, StoreError> {
        // Each statement has to see what was done while it waited for its turn.
        let transaction = self.client.build_transaction().isolation_level(IsolationLevel::ReadCommitted);
        let transaction = transaction.start().await.map_err(failed)?;
        transaction.batch_execute(TURN).await.map_err(failed)?;
        if let Some(schema) = self.schema {
            let there = "SELECT 1 FROM information_schema.schemata WHERE schema_name = $1";
            if transaction.query_typed(there, &[(&schema, Type::TEXT)]).await.map_err(failed)?.is_empty() {
                let create = format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(schema));
                transaction.batch_execute(&create).await.map_err(failed)?;
            }
        }
        let meta = format!(
            "SET LOCAL lock_timeout = '{PATIENCE}'; \
             CREATE TABLE IF NOT EXISTS {}identity_meta (value BIGINT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL)",
            self.tables
        );
        transaction.batch_execute(&meta).await.map_err(failed)?;
        let done = version(transaction.client(), self.tables).await?.unwrap_or(0);
        let next = usize::try_from(done).ok().and_then(|done| STEPS.get(done));
        // None: another process came first.
        let Some(step) = next else { return Ok(0) };
        let moved = if *step == USERS {
            old::step(&transaction, self.tables).await?
        } else if let Err(error) = transaction.batch_execute(&in_place(step, self.tables)).await {
            if error.code() == Some(&SqlState::DUPLICATE_TABLE) {
                let reason =
                    "a table or index named identity_* exists and is not of this library; choose another schema";
                return Err(StoreError::NotOurs(reason.to_owned()));
            }
            if error.code() != Some(&SqlState::LOCK_NOT_AVAILABLE) {
                return Err(failed(error));
            }
            drop(transaction);
            tracing::info!(done, "the migrations wait for a table that is in use, and try again");
            tokio::time::sleep(BETWEEN).await;
            return Ok(0);
        } else {
            0
        };
        if moved == 0 {
            let (tables, number, checksum) = (self.tables, done + 1, checksum(step));
            let note = format!("INSERT INTO {tables}identity_meta (value, checksum) VALUES ({number}, '{checksum}')");
            transaction.batch_execute(&note).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(moved)
    }
}

fn checksum(step: &str) -> String {
    Sha256::digest(step).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A step with the names of the tables in place, also within a text.
fn in_place(sql: &str, tables: &str) -> String {
    sql.replace("'{s}", &format!("'{}", tables.replace('\'', "''"))).replace("{s}", tables)
}

/// The version of the tables; `None` when there are none.
async fn version(client: &Client, tables: &str) -> Result<Option<u32>, StoreError> {
    let sql = format!("SELECT value, checksum FROM {tables}identity_meta ORDER BY value");
    let rows = match client.query_typed(&sql, &[]).await {
        Ok(rows) => rows,
        Err(error) => {
            return match error.code() {
                Some(code) if [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME].contains(code) => Ok(None),
                Some(code) if *code == SqlState::UNDEFINED_COLUMN => Err(not_ours()),
                _ => Err(failed(error)),
            };
        }
    };
    let mut version = 0;
    for row in &rows {
        let value: i64 = row.try_get("value").map_err(|_| not_ours())?;
        let checksum: &str = row.try_get("checksum").map_err(|_| not_ours())?;
        version = u32::try_from(value).map_err(|_| not_ours())?;
        let step = usize::try_from(version).ok().and_then(|version| version.checked_sub(1));
        let Some(known) = step.and_then(|step| STEPS.get(step)) else {
            let newest = rows.last().and_then(|row| row.try_get::<_, i64>("value").ok());
            let database = newest.and_then(|value| u32::try_from(value).ok()).ok_or_else(not_ours)?;
            return compatible(client, tables, database).await.map(Some);
        };
        if self::checksum(known) != checksum {
            return Err(StoreError::NotOurs(format!(
                "step {version} of its migrations differs from the one of this program; use the program that made the tables"
            )));
        }
    }
    Ok(Some(version))
}

/// The version of this program, when a newer program says that this one may go on.
async fn compatible(client: &Client, tables: &str, database: u32) -> Result<u32, StoreError> {
    let newer = StoreError::Newer { database, program: PROGRAM };
    let sql = format!("SELECT max(compatible_since) AS since FROM {tables}identity_meta");
    // A table without such a column is of a program that knew none.
    let Ok(rows) = client.query_typed(&sql, &[]).await else { return Err(newer) };
    let since: Option<i64> = rows.first().and_then(|row| row.try_get("since").ok());
    if since.is_some_and(|since| since <= i64::from(PROGRAM)) { Ok(PROGRAM) } else { Err(newer) }
}

fn failed(error: tokio_postgres::Error) -> StoreError {
    failure(error).into_error()
}

fn not_ours() -> StoreError {
    StoreError::NotOurs(
        "its table identity_meta has another structure than this library's; choose another schema".to_owned(),
    )
}
