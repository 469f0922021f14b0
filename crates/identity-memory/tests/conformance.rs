//! The laws of the ports, tested with this adapter.

use std::sync::Arc;

use async_trait::async_trait;
use identity_conformance::{Harness, Store};
use identity_memory::MemoryStore;

struct InMemory(MemoryStore);

#[async_trait]
impl Harness for InMemory {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.0.clone())
    }

    // The content ends with the process, so another handle is the closest thing to a restart.
    async fn restart(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        drop(store);
        self.open().await
    }

    async fn bytes_at_rest(&self) -> Vec<u8> {
        self.0.dump().unwrap_or_default()
    }

    fn is_in_memory(&self) -> bool {
        true
    }
}

identity_conformance::suite!(InMemory(MemoryStore::new()));
