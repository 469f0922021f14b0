//! A schema of its own in a database that the tests share.
#![expect(dead_code, unreachable_pub, reason = "every test file uses a part of it")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::sync::atomic::{AtomicU32, Ordering};

use identity_postgres::tokio_postgres::{Client, NoTls, connect};
use identity_postgres::{PostgresOptions, PostgresStore};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A schema.
pub struct Place {
    pub schema: String,
}

impl Place {
    pub fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { schema: format!("t_{}_{number}", std::process::id()) }
    }

    pub fn url(&self) -> String {
        std::env::var("PG_URL").unwrap()
    }

    pub fn options(&self) -> PostgresOptions {
        PostgresStore::options().with_schema(&self.schema).with_pool_size(8)
    }

    pub async fn store(&self) -> PostgresStore {
        self.options().connect(&self.url()).await.unwrap()
    }

    /// A connection past the adapter, with the schema in its path.
    pub async fn raw(&self) -> Client {
        let (client, connection) = connect(&self.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("SET search_path TO \"{}\"", self.schema)).await.unwrap();
        client
    }

    /// Every column of every row.
    pub async fn dump(&self) -> Vec<u8> {
        let client = self.raw().await;
        let mut bytes = Vec::new();
        for table in ["users", "profiles", "identifiers", "claims", "events", "outbox", "quotas"] {
            for row in client.query(&format!("SELECT r::text FROM identity_{table} r"), &[]).await.unwrap() {
                bytes.extend_from_slice(row.get::<_, &str>(0).as_bytes());
                bytes.push(b'\n');
            }
        }
        bytes
    }
}
