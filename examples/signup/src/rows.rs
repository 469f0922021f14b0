//! The database: users are the library's, members are ours. A member is written in the same transaction as its user.

use identity::store::{Commit, CommitError, Committed};
use identity::{CodeKeys, Identity, Notifier, StoreError, UserId};
use identity_postgres::PostgresStore;
use identity_postgres::tokio_postgres::types::ToSql;
use identity_sqlite::rusqlite::{OptionalExtension as _, params_from_iter};
use identity_sqlite::{SqliteStore, commit_in};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS members (user_id TEXT PRIMARY KEY, name TEXT NOT NULL)";
const JOIN: &str = "INSERT INTO members (user_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const LEAVE: &str = "DELETE FROM members WHERE user_id = $1";
const NAME: &str = "SELECT name FROM members WHERE user_id = $1";

#[derive(Clone)]
pub(crate) enum Rows {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

impl Rows {
    /// Opens `sqlite:FILE` or `postgres://..`, and creates or migrates the tables.
    pub(crate) async fn open(url: &str) -> Result<Self, StoreError> {
        match url.split_once(':') {
            Some(("sqlite", file)) => {
                let store = SqliteStore::open(file.strip_prefix("//").unwrap_or(file)).await?;
                store.transaction(|tx| tx.execute_batch(TABLE).map_err(StoreError::failed)).await?;
                Ok(Self::Sqlite(store))
            }
            Some(("postgres" | "postgresql", _)) => {
                let store = PostgresStore::connect(url).await?;
                let connection = store.pool().get().await.map_err(StoreError::failed)?;
                connection.batch_execute(TABLE).await.map_err(StoreError::failed)?;
                Ok(Self::Postgres(store))
            }
            _ => Err(StoreError::failed("it is neither sqlite:FILE nor postgres://USER:PASSWORD@HOST/DATABASE")),
        }
    }

    pub(crate) fn identity(&self, notifier: impl Notifier, keys: CodeKeys) -> Identity {
        match self {
            Self::Sqlite(store) => Identity::new(store.clone(), notifier, keys),
            Self::Postgres(store) => Identity::new(store.clone(), notifier, keys),
        }
    }

    /// The use cases, whose commits also write a new member with this name.
    pub(crate) fn joining(&self, identity: &Identity, name: String) -> Identity {
        let rows = self.clone();
        identity.with_commit(move |commit| {
            let values = vec![commit.key.user.to_string(), name.clone()];
            rows.clone().write(commit, JOIN, values)
        })
    }

    /// The use cases, whose commits also delete the member.
    pub(crate) fn leaving(&self, identity: &Identity) -> Identity {
        let rows = self.clone();
        identity.with_commit(move |commit| {
            let values = vec![commit.key.user.to_string()];
            rows.clone().write(commit, LEAVE, values)
        })
    }

    async fn write(self, commit: Commit, sql: &'static str, values: Vec<String>) -> Result<Committed, CommitError> {
        match self {
            Self::Sqlite(store) => {
                let both = move |tx: &identity_sqlite::rusqlite::Transaction<'_>| {
                    tx.execute(sql, params_from_iter(values)).map_err(StoreError::failed)?;
                    commit_in(tx, &commit)
                };
                store.transaction(both).await
            }
            Self::Postgres(store) => {
                let mut connection = store.pool().get().await.map_err(StoreError::failed)?;
                let mut tx = connection.transaction().await.map_err(StoreError::failed)?;
                let values: Vec<_> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
                tx.execute(sql, &values).await.map_err(StoreError::failed)?;
                let committed = store.commit_in(&mut tx, &commit).await?;
                tx.commit().await.map_err(StoreError::failed)?;
                Ok(committed)
            }
        }
    }

    /// The name of a member.
    pub(crate) async fn name(&self, user: &UserId) -> Result<Option<String>, StoreError> {
        let user = user.to_string();
        match self {
            Self::Sqlite(store) => {
                let read = move |tx: &identity_sqlite::rusqlite::Transaction<'_>| {
                    tx.query_row(NAME, [user], |row| row.get(0)).optional().map_err(StoreError::failed)
                };
                store.transaction(read).await
            }
            Self::Postgres(store) => {
                let connection = store.pool().get().await.map_err(StoreError::failed)?;
                let row = connection.query_opt(NAME, &[&user]).await.map_err(StoreError::failed)?;
                row.map(|row| row.try_get(0)).transpose().map_err(StoreError::failed)
            }
        }
    }
}
