use std::error::Error;
use std::sync::Arc;

use bytes::BytesMut;
use identity::store::{Commit, CommitError, Committed, UserRepository as _};
use identity::{CodeKeys, Identity, Notifier, StoreError};
use identity_postgres::PostgresStore;
use identity_postgres::tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use identity_postgres::tokio_postgres::{Column, Row, Transaction as PostgresTransaction};
use identity_sqlite::rusqlite::Transaction;
use identity_sqlite::rusqlite::types::{ToSqlOutput, ValueRef};
use identity_sqlite::{SqliteStore, commit_in, rusqlite};

use crate::{Statement, Value};

/// A store on SQLite or PostgreSQL. Clones are handles of the same store.
#[derive(Debug, Clone)]
pub enum SqlStore {
    /// In a file.
    Sqlite(SqliteStore),
    /// On a server; needs tokio.
    Postgres(PostgresStore),
}

impl SqlStore {
    /// Opens `sqlite:FILE` (or `sqlite://FILE`), or connects to `postgres://USER:PASSWORD@HOST/DATABASE`, and migrates the
    /// library's tables. A store with other options is opened by its adapter and put into the variant:
    ///
    /// ```no_run
    /// # async fn open(url: &str) -> Result<(), identity::StoreError> {
    /// use std::time::Duration;
    ///
    /// use identity_postgres::PostgresStore;
    /// use identity_sql::SqlStore;
    ///
    /// // A page does not wait longer than this for a server that is away; 10 s by default.
    /// let options = PostgresStore::options().with_timeout(Duration::from_secs(3));
    /// let store = SqlStore::Postgres(options.connect(url).await?);
    /// # let _ = store;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Failed`] for any other URL, and as [`SqliteStore::open`] and [`PostgresStore::connect`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        match url.split_once(':') {
            Some(("sqlite", file)) if file.contains('?') => {
                Err(StoreError::failed("a URL of SQLite has no settings here: write sqlite:FILE"))
            }
            Some(("sqlite", file)) => {
                Ok(Self::Sqlite(SqliteStore::open(file.strip_prefix("//").unwrap_or(file)).await?))
            }
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(PostgresStore::connect(url).await?)),
            // The URL is not repeated: it may have a password in it.
            _ => Err(StoreError::failed("the URL is neither sqlite:FILE nor postgres://USER:PASSWORD@HOST/DATABASE")),
        }
    }

    /// The use cases on this store, as [`Identity::new`] makes them.
    #[must_use]
    pub fn identity(&self, notifier: impl Notifier, keys: CodeKeys) -> Identity {
        match self {
            Self::Sqlite(store) => Identity::new(store.clone(), notifier, keys),
            Self::Postgres(store) => Identity::new(store.clone(), notifier, keys),
        }
    }

    /// The same use cases, whose commits also write rows of the host's own: in one transaction, after the change itself. When a
    /// statement fails, nothing is written, and the caller gets [`Error::Store`](identity::Error::Store). The statements of a
    /// commit are asked for at each try. A commit that has none is written as without this.
    ///
    /// A code was used up before: the person whose confirmation failed for a statement asks for a new one.
    #[must_use]
    pub fn with_rows(
        &self,
        identity: &Identity,
        rows: impl Fn(&Commit) -> Vec<Statement> + Send + Sync + 'static,
    ) -> Identity {
        let (store, rows) = (self.clone(), Arc::new(rows));
        identity.with_commit(move |commit| {
            let (store, rows) = (store.clone(), Arc::clone(&rows));
            async move {
                let statements = rows(&commit);
                store.commit(commit, statements).await
            }
        })
    }

    async fn commit(&self, commit: Commit, statements: Vec<Statement>) -> Result<Committed, CommitError> {
        match self {
            Self::Sqlite(store) if statements.is_empty() => store.commit(commit).await,
            Self::Postgres(store) if statements.is_empty() => store.commit(commit).await,
            Self::Sqlite(store) => {
                let both = move |tx: &Transaction<'_>| {
                    let committed = commit_in(tx, &commit)?;
                    statements.iter().try_for_each(|statement| run_sqlite(tx, statement).map(drop))?;
                    Ok(committed)
                };
                store.transaction(both).await
            }
            Self::Postgres(store) => {
                let mut client = store.pool().get().await.map_err(StoreError::failed)?;
                let mut tx = client.transaction().await.map_err(StoreError::failed)?;
                let committed = store.commit_in(&mut tx, &commit).await?;
                for statement in &statements {
                    run_postgres(&tx, statement).await?;
                }
                tx.commit().await.map_err(StoreError::failed)?;
                store.tell_of_messages();
                Ok(committed)
            }
        }
    }

    /// Runs several statements without values, separated by semicolons, in one transaction: those that create tables.
    ///
    /// # Errors
    /// [`StoreError`] when one of them fails; none has an effect then.
    pub async fn batch(&self, sql: &'static str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(store) => store.transaction(|tx| tx.execute_batch(sql).map_err(StoreError::failed)).await,
            Self::Postgres(store) => {
                let client = store.pool().get().await.map_err(StoreError::failed)?;
                // The server tells of each table that is there already, and the driver logs it.
                let quiet = format!("SET LOCAL client_min_messages = 'warning'; {sql}");
                client.batch_execute(&quiet).await.map_err(StoreError::failed)
            }
        }
    }

    /// Runs a statement in a transaction of its own, and returns the rows that it gives: the values of each, in the order of the
    /// columns. An `INSERT`, `UPDATE` or `DELETE` gives rows with `RETURNING`.
    ///
    /// # Errors
    /// [`StoreError`] when it fails, when it has more or fewer parameters than values, or when a column has another type than
    /// those of the [crate documentation](crate).
    pub async fn query(&self, statement: Statement) -> Result<Vec<Vec<Value>>, StoreError> {
        match self {
            Self::Sqlite(store) => store.transaction(move |tx| run_sqlite(tx, &statement)).await,
            Self::Postgres(store) => {
                let mut client = store.pool().get().await.map_err(StoreError::failed)?;
                let tx = client.transaction().await.map_err(StoreError::failed)?;
                let rows = run_postgres(&tx, &statement).await?;
                tx.commit().await.map_err(StoreError::failed)?;
                Ok(rows)
            }
        }
    }
}

fn run_sqlite(tx: &Transaction<'_>, statement: &Statement) -> Result<Vec<Vec<Value>>, StoreError> {
    statement.check()?;
    let mut prepared = tx.prepare_cached(&statement.sql).map_err(StoreError::failed)?;
    for (number, value) in (1..).zip(&statement.values) {
        // SQLite numbers parameters as they come, whatever their names are.
        let index = prepared.parameter_index(&format!("${number}")).map_err(StoreError::failed)?;
        let index = index.ok_or_else(|| StoreError::failed("the parameters of a statement are $1, $2 and so on"))?;
        prepared.raw_bind_parameter(index, value).map_err(StoreError::failed)?;
    }
    let columns = prepared.column_count();
    let (mut rows, mut all) = (prepared.raw_query(), Vec::new());
    while let Some(row) = rows.next().map_err(StoreError::failed)? {
        let cells = (0..columns).map(|column| {
            Ok(match row.get_ref(column).map_err(StoreError::failed)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(value) => Value::Integer(value),
                ValueRef::Real(value) => Value::Real(value),
                ValueRef::Text(text) => Value::Text(std::str::from_utf8(text).map_err(StoreError::failed)?.to_owned()),
                ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
            })
        });
        all.push(cells.collect::<Result<_, StoreError>>()?);
    }
    Ok(all)
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// In one flight, which also suits proxies that share sessions.
async fn run_postgres(tx: &PostgresTransaction<'_>, statement: &Statement) -> Result<Vec<Vec<Value>>, StoreError> {
    statement.check()?;
    let typed = |value: &Value| match value {
        // The server finds out which.
        Value::Null => Type::UNKNOWN,
        Value::Integer(_) => Type::INT8,
        Value::Real(_) => Type::FLOAT8,
        Value::Text(_) => Type::TEXT,
        Value::Blob(_) => Type::BYTEA,
    };
    let values: Vec<_> = statement.values.iter().map(|value| (value as &(dyn ToSql + Sync), typed(value))).collect();
    let rows = tx.query_typed(&statement.sql, &values).await.map_err(StoreError::failed)?;
    rows.iter().map(cells).collect()
}

fn cells(row: &Row) -> Result<Vec<Value>, StoreError> {
    let cell = |(place, column): (usize, &Column)| {
        let read = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(place).map(Value::from),
            Type::INT4 => row.try_get::<_, Option<i32>>(place).map(Value::from),
            Type::INT2 => row.try_get::<_, Option<i16>>(place).map(|value| value.map(i32::from).into()),
            Type::BOOL => row.try_get::<_, Option<bool>>(place).map(|value| value.map(i32::from).into()),
            Type::FLOAT8 => row.try_get::<_, Option<f64>>(place).map(Value::from),
            Type::FLOAT4 => row.try_get::<_, Option<f32>>(place).map(|value| value.map(f64::from).into()),
            Type::TEXT | Type::VARCHAR => row.try_get::<_, Option<String>>(place).map(Value::from),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(place).map(Value::from),
            ref other => {
                let (name, other) = (column.name(), other.name());
                let text = format!("the column {name} has the type {other}; cast it to one that the crate documents");
                return Err(StoreError::failed(text));
            }
        };
        read.map_err(StoreError::failed)
    };
    row.columns().iter().enumerate().map(cell).collect()
}

impl ToSql for Value {
    fn to_sql(&self, r#type: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(value) => value.to_sql(r#type, out),
            Self::Real(value) => value.to_sql(r#type, out),
            Self::Text(text) => text.to_sql(r#type, out),
            Self::Blob(bytes) => bytes.to_sql(r#type, out),
        }
    }

    /// The type is chosen by the value.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
