use std::pin::pin;

use bytes::Bytes;
use futures_util::{SinkExt as _, Stream};
use identity_postgres::tokio_postgres::{Client, Transaction};
use identity_postgres::{PostgresStore, deadpool_postgres};

use crate::MoveError;
use crate::source::{Batch, Source};
use crate::tables::{Columns, Kind, TABLES, Table};

/// The table that records the progress of a move, from the first row until both sides were compared. The triggers that refuse
/// the writes of everybody else meanwhile, and their function, have the same name.
const NOTE: &str = "identity_move";

/// The setting of a transaction that the triggers let through.
const PASS: &str = "identity_move.writes";

/// What everybody else is told.
const REFUSAL: &str = "a move into this database is not finished; stop this program, run identity-move again until it says that \
                       both sides hold the same, and start the program then";

/// The connection to the target.
pub(crate) struct Target {
    connection: deadpool_postgres::Object,
    schema: Option<String>,
}

impl Target {
    pub(crate) async fn open(url: &str, schema: Option<&str>) -> Result<Self, MoveError> {
        let options = PostgresStore::options().with_pool_size(2);
        let options = match schema {
            Some(schema) => options.with_schema(schema),
            None => options,
        };
        let store = options.connect(url).await.map_err(MoveError::Target)?;
        let connection = store.pool().get().await.map_err(|error| MoveError::Unreachable(error.to_string()))?;
        Ok(Self { connection, schema: schema.map(str::to_owned) })
    }

    async fn begin(&mut self) -> Result<Transaction<'_>, MoveError> {
        let client: &mut Client = &mut self.connection;
        let transaction = client.transaction().await?;
        if let Some(schema) = &self.schema {
            let schema = schema.replace('"', "\"\"");
            transaction.batch_execute(&format!("SET LOCAL search_path = \"{schema}\"")).await?;
        }
        Ok(transaction)
    }

    /// The columns of a table to copy: every column that the file has.
    pub(crate) async fn columns(&mut self, table: Table, source: &Source) -> Result<Columns, MoveError> {
        let transaction = self.begin().await?;
        let sql = "SELECT attname::text, format_type(atttypid, NULL), attnotnull AND NOT atthasdef FROM pg_attribute \
                   WHERE attrelid = to_regclass($1::text) AND attnum > 0 AND NOT attisdropped";
        let rows = transaction.query(sql, &[&table.name]).await?;
        let differs = |reason: String| MoveError::Tables { table: table.name, reason };
        let mut theirs = Vec::with_capacity(rows.len());
        for row in rows {
            let (name, kind, needed): (String, String, bool) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let kind = match kind.as_str() {
                "text" | "character varying" | "json" => Kind::Text,
                "bigint" | "integer" | "smallint" => Kind::Number,
                "boolean" => Kind::Flag,
                "uuid" => Kind::Id,
                "bytea" => Kind::Bytes,
                other => return Err(differs(format!("the target's column {name} has the type {other}"))),
            };
            theirs.push((name, kind, needed));
        }
        let ours = source.columns(table).await?;
        if let Some((name, ..)) = theirs.iter().find(|(name, _, needed)| *needed && !ours.contains(name)) {
            return Err(differs(format!("the target requires a column {name}, which the file does not have")));
        }
        let first = table.key.iter().map(|name| (*name).to_owned());
        let names = first.chain(ours.into_iter().filter(|name| !table.key.contains(&name.as_str())));
        let kind = |name: String| {
            let found = theirs.iter().find(|(theirs, ..)| *theirs == name).map(|(_, kind, _)| *kind);
            found.map(|kind| (name.clone(), kind)).ok_or_else(|| differs(format!("the target has no column {name}")))
        };
        Ok(Columns { table, columns: names.map(kind).collect::<Result<_, _>>()? })
    }

    /// The number of rows of each table that were copied already. When a move begins, the target must be empty.
    pub(crate) async fn progress(&mut self, totals: &[u64]) -> Result<Vec<u64>, MoveError> {
        let transaction = self.begin().await?;
        let there = transaction.query_one("SELECT to_regclass($1::text) IS NOT NULL", &[&NOTE]).await?;
        if !there.try_get::<_, bool>(0)? {
            // Waits for whoever is writing, so that what it finds empty stays empty.
            transaction.batch_execute(&guard()).await?;
            for table in TABLES {
                let any = format!("SELECT EXISTS (SELECT 1 FROM {})", table.name);
                if transaction.query_one(&any, &[]).await?.try_get(0)? {
                    return Err(MoveError::NotEmpty { table: table.name });
                }
            }
            let note = "name TEXT PRIMARY KEY, total BIGINT NOT NULL, copied BIGINT NOT NULL";
            transaction.batch_execute(&format!("CREATE TABLE {NOTE} ({note})")).await?;
            for (table, total) in TABLES.iter().zip(totals) {
                let insert = format!("INSERT INTO {NOTE} VALUES ($1, $2, 0)");
                transaction.execute(&insert, &[&table.name, &signed(*total)]).await?;
            }
            transaction.commit().await?;
            return Ok(vec![0; TABLES.len()]);
        }
        let mut copied = Vec::with_capacity(TABLES.len());
        for (table, now) in TABLES.iter().zip(totals) {
            let select = format!("SELECT total, copied FROM {NOTE} WHERE name = $1");
            let (then, done) = match transaction.query_opt(&select, &[&table.name]).await? {
                Some(row) => (unsigned(row.try_get(0)?), unsigned(row.try_get(1)?)),
                None => (0, 0),
            };
            if then != *now {
                return Err(MoveError::AnotherMove { table: table.name, then, now: *now });
            }
            copied.push(done);
        }
        Ok(copied)
    }

    /// Writes a batch of rows after the first `done`, and records the progress in the same transaction.
    pub(crate) async fn write(&mut self, columns: &Columns, done: u64, batch: Batch) -> Result<(), MoveError> {
        let transaction = self.begin().await?;
        transaction.batch_execute(&format!("SET LOCAL {PASS} = 'yes'")).await?;
        let table = columns.table.name;
        // This comes first, so that the second of two concurrent moves waits here, and finds that the progress has changed.
        let note = format!("UPDATE {NOTE} SET copied = $3 WHERE name = $1 AND copied = $2");
        let moved = [signed(done), signed(done + batch.rows)];
        if transaction.execute(&note, &[&table, &moved[0], &moved[1]]).await? != 1 {
            return Err(MoveError::Together);
        }
        let copy = format!("COPY {table} ({}) FROM STDIN", columns.names());
        let mut sink = pin!(transaction.copy_in::<_, Bytes>(&copy).await?);
        sink.send(Bytes::from(batch.lines)).await?;
        sink.finish().await?;
        Ok(transaction.commit().await?)
    }

    /// The rows of a table in the order of its key, as lines.
    pub(crate) async fn read<T, F>(&mut self, columns: &Columns, read: F) -> Result<T, MoveError>
    where
        F: AsyncFnOnce(
            std::pin::Pin<&mut (dyn Stream<Item = Result<Bytes, identity_postgres::tokio_postgres::Error>> + Send)>,
        ) -> Result<T, MoveError>,
    {
        let transaction = self.begin().await?;
        let (names, table, key) = (columns.names(), columns.table.name, columns.key());
        let copy = format!("COPY (SELECT {names} FROM {table} ORDER BY {key}) TO STDOUT");
        let stream = pin!(transaction.copy_out(&copy).await?);
        read(stream).await
    }

    /// Ends a verified move: removes the record of the progress and the triggers, and updates the statistics of the planner.
    pub(crate) async fn finish(&mut self) -> Result<(), MoveError> {
        let transaction = self.begin().await?;
        let open = format!("DROP TABLE IF EXISTS {NOTE}; DROP FUNCTION IF EXISTS {NOTE}() CASCADE");
        transaction.batch_execute(&open).await?;
        for table in TABLES {
            transaction.batch_execute(&format!("ANALYZE {}", table.name)).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// Makes the triggers, one for each table. They are part of the database, so they also hold while a move is interrupted, and
/// for hosts that were connected before.
fn guard() -> String {
    let function = format!(
        "CREATE OR REPLACE FUNCTION {NOTE}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF coalesce(current_setting('{PASS}', true), '') <> 'yes' THEN \
         RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = '{REFUSAL}'; END IF; \
         RETURN NULL; END $$;"
    );
    let trigger = |Table { name, .. }: Table| {
        format!(
            "CREATE TRIGGER {NOTE} BEFORE INSERT OR UPDATE OR DELETE ON {name} \
             FOR EACH STATEMENT EXECUTE FUNCTION {NOTE}();"
        )
    };
    TABLES.into_iter().map(trigger).fold(function, |all, one| all + &one)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
