//! Places for stores: schemas of one database on a throwaway server.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use identity_conformance::{Harness, Store};
use identity_postgres::tokio_postgres::{Client, NoTls, connect};
use identity_postgres::{PostgresOptions, PostgresStore};
use postgres_testbed::{Cluster, Database};

/// A schema of its own in the database that this process's tests share.
pub(crate) struct Place {
    pub(crate) database: &'static Database,
    pub(crate) schema: String,
    /// Who stands before the server.
    port: Option<u16>,
    /// Where the server's log was when the place was first opened.
    began: OnceLock<String>,
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
        Self {
            database,
            schema: format!("Place {}", NEXT.fetch_add(1, Ordering::Relaxed)),
            port,
            began: OnceLock::new(),
        }
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

    /// Every column of every row of every table.
    pub(crate) async fn dump(&self) -> Vec<u8> {
        let client = self.raw().await;
        // Binary columns are shown as the text that is in them.
        client.batch_execute("SET bytea_output TO 'escape'").await.unwrap();
        let tables = "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'm')";
        let tables = client.query(tables, &[]).await.unwrap();
        assert!(!tables.is_empty(), "the tables are found");
        let mut bytes = Vec::new();
        for table in tables {
            let table: &str = table.get(0);
            for row in client.query(&format!("SELECT r::text FROM {table} r"), &[]).await.unwrap() {
                bytes.extend_from_slice(row.get::<_, &str>(0).as_bytes());
                bytes.push(b'\n');
            }
        }
        bytes
    }

    /// Runs SQL past the adapter.
    pub(crate) async fn sql(&self, sql: &str) {
        self.raw().await.batch_execute(sql).await.unwrap();
    }
}

#[async_trait]
impl Harness for Place {
    async fn open(&self) -> Arc<dyn Store> {
        if self.began.get().is_none() {
            let (client, connection) = connect(&self.database.url(), NoTls).await.unwrap();
            tokio::spawn(connection);
            let now = client.query_one("SELECT pg_current_wal_insert_lsn()::text", &[]).await.unwrap();
            let _ = self.began.set(now.get(0));
        }
        Arc::new(self.store().await)
    }

    async fn restart(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        drop(store);
        self.open().await
    }

    /// Every table, and the segments of the write-ahead log since the place was opened.
    async fn bytes_at_rest(&self) -> Vec<u8> {
        let mut bytes = self.dump().await;
        let began = self.began.get().unwrap();
        let segments = "SELECT pg_read_binary_file('pg_wal/' || pg_walfile_name($1::text::pg_lsn + n * 16777216), 0, 16777216, true)
            FROM generate_series(0, div(pg_current_wal_insert_lsn() - $1::text::pg_lsn, 16777216) + 1) n";
        let mut log: Vec<u8> = Vec::new();
        for row in self.raw().await.query(segments, &[began]).await.unwrap() {
            log.extend_from_slice(row.get::<_, Option<&[u8]>>(0).unwrap_or_default());
        }
        assert!(log.len() >= 16_777_216, "the log is read");
        bytes.append(&mut log);
        bytes
    }
}
