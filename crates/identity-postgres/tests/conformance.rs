//! The laws of the ports, held against this adapter.
#![expect(clippy::expect_used, reason = "a test that cannot go on ends")]

mod common;

use std::sync::Arc;

use async_trait::async_trait;
use common::Place;
use identity_conformance::Harness;
use identity_postgres::PostgresStore;

#[async_trait]
impl Harness for Place {
    type Store = PostgresStore;

    async fn open(&self) -> Arc<PostgresStore> {
        Arc::new(self.options().connect(&self.url()).await.expect("the database opens"))
    }

    async fn restart(&self, store: Arc<PostgresStore>) -> Arc<PostgresStore> {
        drop(store);
        self.open().await
    }

    async fn bytes_at_rest(&self) -> Vec<u8> {
        self.dump().await
    }
}

identity_conformance::suite!(Place::new());
