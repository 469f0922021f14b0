//! The laws of the ports, held through a pooler that gives every transaction another session.
#![expect(clippy::expect_used, reason = "a test that cannot go on ends")]

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use identity_conformance::Harness;
use identity_postgres::PostgresStore;
use postgres_testbed::{Cluster, Database, Pgbouncer, Pooling};

fn pooler() -> &'static Pgbouncer {
    static SHARED: OnceLock<Pgbouncer> = OnceLock::new();
    SHARED.get_or_init(|| Pgbouncer::start(Cluster::shared(), Pooling::Transaction, 4))
}

struct Pooled(Database);

impl Pooled {
    fn new() -> Self {
        Self(Cluster::shared().database())
    }
}

#[async_trait]
impl Harness for Pooled {
    type Store = PostgresStore;

    async fn open(&self) -> Arc<PostgresStore> {
        let store = PostgresStore::connect(&self.0.url_at(pooler().port())).await.expect("the database opens");
        assert!(!store.is_prepared(), "no statement outlives a transaction");
        Arc::new(store)
    }

    async fn restart(&self, store: Arc<PostgresStore>) -> Arc<PostgresStore> {
        drop(store);
        self.open().await
    }

    async fn bytes_at_rest(&self) -> Vec<u8> {
        self.0.dump()
    }
}

identity_conformance::suite!(Pooled::new());
