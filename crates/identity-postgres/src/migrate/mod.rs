//! Creates and migrates the tables, in any number of processes at once.

mod old;

use std::time::Duration;

use identity_ports::StoreError;
use sha2::{Digest as _, Sha256};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::error::failure;
use crate::link::quoted;

/// A step of the tables' history. Steps are applied in their order and never changed again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// Statements that are applied together or not at all.
    Tables(&'static str),
    /// The move of every user from the tables of the first version into records, some at a time.
    Users,
}

/// The history of the tables.
pub(crate) const STEPS: &[Step] = &[
    Step::Tables(include_str!("../../migrations/0001_tables.sql")),
    Step::Tables(include_str!("../../migrations/0002_records.sql")),
    Step::Users,
    Step::Tables(include_str!("../../migrations/0004_views.sql")),
];

/// The number of times that another process's work on the same step is waited for, 50 ms each time: an hour, for many users.
const WAITS: u32 = 72_000;
const WAIT: Duration = Duration::from_millis(50);

/// How long a step waits for a table, in milliseconds, and the pause until it tries again. Whoever needs the table waits behind
/// a step that waits.
const LOCKS: u32 = 200;
const BETWEEN: Duration = Duration::from_millis(500);

/// The place of the tables.
pub(crate) struct House<'a> {
    pub(crate) client: &'a mut Client,
    pub(crate) schema: Option<&'a str>,
    /// What stands before the name of every table.
    pub(crate) tables: &'a str,
}

impl Step {
    fn checksum(self) -> String {
        let text = match self {
            Self::Tables(sql) => sql.to_owned(),
            Self::Users => "users".to_owned(),
        };
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn program(steps: &[Step]) -> u32 {
    u32::try_from(steps.len()).unwrap_or(u32::MAX)
}

impl House<'_> {
    /// Checks that the tables have the version of this program, and changes nothing.
    pub(crate) async fn check(&mut self, steps: &[Step]) -> Result<(), StoreError> {
        let version = self.version(steps).await?.unwrap_or(0);
        if version == program(steps) {
            return Ok(());
        }
        Err(StoreError::failed(format!(
            "the tables have version {version}, but this program needs version {}; first run a program that may \
             migrate them",
            program(steps)
        )))
    }

    /// Creates the tables, or migrates them to the version of this program.
    pub(crate) async fn migrate(&mut self, steps: &[Step]) -> Result<(), StoreError> {
        if self.version(steps).await? == Some(program(steps)) {
            return Ok(());
        }
        self.begin().await?;
        for (number, step) in (1..).zip(steps) {
            let mut waits = 0;
            while !self.apply(number, *step, steps).await? {
                waits += 1;
                if waits > WAITS {
                    let reason = format!(
                        "another process has been applying step {number} of the migrations for an hour; see what it waits for"
                    );
                    return Err(StoreError::failed(reason));
                }
                tokio::time::sleep(WAIT).await;
            }
        }
        Ok(())
    }

    /// The version of the tables; `None` when there are none.
    async fn version(&mut self, steps: &[Step]) -> Result<Option<u32>, StoreError> {
        let sql = format!("SELECT value, checksum FROM {}identity_meta ORDER BY value", self.tables);
        let rows = match self.client.query_typed(&sql, &[]).await {
            Ok(rows) => rows,
            Err(error) => {
                return match error.code() {
                    Some(code) if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::INVALID_SCHEMA_NAME => {
                        Ok(None)
                    }
                    Some(code) if *code == SqlState::UNDEFINED_COLUMN => Err(not_ours()),
                    _ => Err(failure(error).into_error()),
                };
            }
        };
        let mut version = 0;
        for row in &rows {
            let value: i64 = row.try_get("value").map_err(|_| not_ours())?;
            let checksum: &str = row.try_get("checksum").map_err(|_| not_ours())?;
            version = u32::try_from(value).map_err(|_| not_ours())?;
            let step = usize::try_from(version).ok().and_then(|version| version.checked_sub(1));
            let Some(known) = step.and_then(|step| steps.get(step)) else {
                let newest = rows.last().and_then(|row| row.try_get::<_, i64>("value").ok());
                let database = newest.and_then(|value| u32::try_from(value).ok()).ok_or_else(not_ours)?;
                return self.compatible(database, steps).await.map(Some);
            };
            if known.checksum() != checksum {
                return Err(StoreError::NotOurs(format!(
                    "step {version} of its migrations differs from the one of this program; use the program that made the \
                     tables"
                )));
            }
        }
        Ok(Some(version))
    }

    /// The version of this program, when a newer program says that this one may go on.
    async fn compatible(&mut self, database: u32, steps: &[Step]) -> Result<u32, StoreError> {
        let newer = StoreError::Newer { database, program: program(steps) };
        let sql = format!("SELECT max(compatible_since) AS since FROM {}identity_meta", self.tables);
        // A table without such a column is of a program that knew none.
        let Ok(rows) = self.client.query_typed(&sql, &[]).await else { return Err(newer) };
        let since: Option<i64> = rows.first().and_then(|row| row.try_get("since").ok());
        let may = since.is_some_and(|since| since <= i64::from(program(steps)));
        if may { Ok(program(steps)) } else { Err(newer) }
    }

    /// Creates the schema and the table of versions. When several processes do so at once, some get one of several errors which
    /// say that it exists.
    async fn begin(&mut self) -> Result<(), StoreError> {
        let schema = self.schema.map(|schema| format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(schema)));
        let meta = format!(
            "CREATE TABLE IF NOT EXISTS {}identity_meta (value BIGINT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL)",
            self.tables
        );
        let there = if let Some(schema) = self.schema {
            let sql = "SELECT 1 FROM information_schema.schemata WHERE schema_name = $1";
            let params: &[(&(dyn tokio_postgres::types::ToSql + Sync), _)] =
                &[(&schema, tokio_postgres::types::Type::TEXT)];
            !self.client.query_typed(sql, params).await.map_err(|error| failure(error).into_error())?.is_empty()
        } else {
            true
        };
        for sql in schema.filter(|_| !there).into_iter().chain([meta]) {
            let mut tries = 0;
            while let Err(error) = self.client.batch_execute(&sql).await {
                let raced = error.code().is_some_and(|code| {
                    [SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_TABLE, SqlState::DUPLICATE_SCHEMA].contains(code)
                        || [SqlState::DUPLICATE_OBJECT, SqlState::T_R_SERIALIZATION_FAILURE].contains(code)
                });
                tries += 1;
                if !raced || tries > 50 {
                    return Err(failure(error).into_error());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        Ok(())
    }

    /// Applies a step unless it has been applied; false when another process is applying it.
    async fn apply(&mut self, number: i64, step: Step, steps: &[Step]) -> Result<bool, StoreError> {
        let done = u32::try_from(number).map_err(StoreError::failed)?;
        if self.version(steps).await?.is_some_and(|version| version >= done) {
            return Ok(true);
        }
        match step {
            Step::Tables(sql) => self.tables(number, step, sql).await,
            Step::Users => self.users(number, step).await,
        }
    }

    /// Applies a step in one transaction with the row that records it. A second process waits at the key of that row, and then
    /// finds it taken.
    async fn tables(&mut self, number: i64, step: Step, sql: &str) -> Result<bool, StoreError> {
        let note = self.note(number, step);
        let sql = sql.replace("{s}", self.tables);
        let text = format!("BEGIN; SET LOCAL lock_timeout = {LOCKS}; {note}; {sql}; COMMIT");
        let Err(error) = self.client.batch_execute(&text).await else { return Ok(true) };
        let _ = self.client.batch_execute("ROLLBACK").await;
        let code = error.code().cloned();
        match code {
            // Another process recorded it, or is about to.
            Some(code) if code == SqlState::UNIQUE_VIOLATION || code == SqlState::T_R_SERIALIZATION_FAILURE => {
                Ok(false)
            }
            Some(code) if code == SqlState::T_R_DEADLOCK_DETECTED => Ok(false),
            Some(code) if code == SqlState::LOCK_NOT_AVAILABLE => {
                tracing::info!(number, "a step of the migrations waits for a table that is in use, and tries again");
                tokio::time::sleep(BETWEEN).await;
                Ok(false)
            }
            Some(code) if code == SqlState::DUPLICATE_TABLE => Err(StoreError::NotOurs(
                "a table or index named identity_* exists and is not of this library; choose another schema".to_owned(),
            )),
            _ => Err(failure(error).into_error()),
        }
    }

    /// Moves users, some in each transaction, so that whoever is interrupted goes on where it stopped.
    async fn users(&mut self, number: i64, step: Step) -> Result<bool, StoreError> {
        let note = self.note(number, step);
        // The row of the step before is locked by whoever is moving users.
        let mine =
            format!("SELECT 1 FROM {}identity_meta WHERE value = {} FOR UPDATE SKIP LOCKED", self.tables, number - 1);
        let noted = format!("SELECT 1 FROM {}identity_meta WHERE value = {number}", self.tables);
        let (mut moved, mut told) = (0, 0);
        loop {
            let failed = |error| failure(error).into_error();
            let transaction = self.client.transaction().await.map_err(failed)?;
            if transaction.query_typed(&mine, &[]).await.map_err(failed)?.is_empty() {
                return Ok(false);
            }
            if !transaction.query_typed(&noted, &[]).await.map_err(failed)?.is_empty() {
                return Ok(true);
            }
            let count = old::step(&transaction, self.tables).await?;
            if count == 0 {
                transaction.batch_execute(&note).await.map_err(failed)?;
                return transaction.commit().await.map(|()| true).map_err(failed);
            }
            transaction.commit().await.map_err(failed)?;
            moved += count;
            if moved - told >= 10_000 {
                told = moved;
                tracing::info!(moved, "users of the version before are moved into records");
            }
        }
    }

    fn note(&self, number: i64, step: Step) -> String {
        format!("INSERT INTO {}identity_meta (value, checksum) VALUES ({number}, '{}')", self.tables, step.checksum())
    }
}

fn not_ours() -> StoreError {
    StoreError::NotOurs(
        "its table identity_meta has another structure than this library's; choose another schema".to_owned(),
    )
}
