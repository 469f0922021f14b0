//! Places for stores: schemas of one database on a throwaway server.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use identity_conformance::Harness;
use identity_postgres::tokio_postgres::{Client, NoTls, connect};
use identity_postgres::{PostgresOptions, PostgresStore};
use postgres_testbed::{Cluster, Database};

/// A schema of its own in the database that this process's tests share.
pub(crate) struct Place {
    pub(crate) database: &'static Database,
    pub(crate) schema: String,
    /// Who stands before the server.
    port: Option<u16>,
}

impl Place {
    /// Straight at the server.
    pub(crate) fn new() -> Self {
        static SHARED: OnceLock<Database> = OnceLock::new();
        Self::within(SHARED.get_or_init(|| Cluster::shared().database()), None)
    }

    /// In this database, by way of this port.
    pub(crate) fn within(database: &'static Database, port: Option<u16>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self { database, schema: format!("Place {}", NEXT.fetch_add(1, Ordering::Relaxed)), port }
    }

    pub(crate) fn url(&self) -> String {
        self.port.map_or_else(|| self.database.url(), |port| self.database.url_at(port))
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        PostgresStore::options().with_schema(&self.schema).with_pool_size(4)
    }

    pub(crate) async fn store(&self) -> PostgresStore {
        self.options().connect(&self.url()).await.unwrap()
    }

    /// A connection past the adapter and past whoever stands before the server, with the schema in its path.
    pub(crate) async fn raw(&self) -> Client {
        let (client, connection) = connect(&self.database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("SET search_path TO \"{}\"", self.schema)).await.unwrap();
        client
    }

    /// Runs SQL past the adapter.
    pub(crate) async fn sql(&self, sql: &str) {
        self.raw().await.batch_execute(sql).await.unwrap();
    }
}

#[async_trait]
impl Harness for Place {
    type Store = PostgresStore;

    async fn open(&self) -> Arc<PostgresStore> {
        Arc::new(self.store().await)
    }

    async fn restart(&self, store: Arc<PostgresStore>) -> Arc<PostgresStore> {
        drop(store);
        self.open().await
    }

    /// Every column of every row.
    async fn bytes_at_rest(&self) -> Vec<u8> {
        let client = self.raw().await;
        let mut bytes = Vec::new();
        for table in ["users", "profiles", "lookup", "claims", "events", "outbox", "budgets"] {
            for row in client.query(&format!("SELECT r::text FROM identity_{table} r"), &[]).await.unwrap() {
                bytes.extend_from_slice(row.get::<_, &str>(0).as_bytes());
                bytes.push(b'\n');
            }
        }
        bytes
    }
}
