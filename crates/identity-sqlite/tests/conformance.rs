//! The laws of the ports, held against this adapter.
#![expect(clippy::expect_used, reason = "a test that cannot go on ends")]

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use identity_conformance::Harness;
use identity_sqlite::SqliteStore;
use tempfile::TempDir;

struct InFile(TempDir);

impl InFile {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder for the database"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("identity.db")
    }
}

#[async_trait]
impl Harness for InFile {
    type Store = SqliteStore;

    async fn open(&self) -> Arc<SqliteStore> {
        Arc::new(SqliteStore::open(self.path()).await.expect("the database opens"))
    }

    async fn restart(&self, store: Arc<SqliteStore>) -> Arc<SqliteStore> {
        drop(store);
        self.open().await
    }

    async fn bytes_at_rest(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.0.path()).expect("the folder is there");
        files.flat_map(|file| std::fs::read(file.expect("a file").path()).unwrap_or_default()).collect()
    }
}

identity_conformance::suite!(InFile::new());
identity_conformance::budgets_suite!(InFile::new());
