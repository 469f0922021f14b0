//! The laws of the ports, held against this adapter.
#![expect(clippy::expect_used, reason = "a test that cannot go on ends")]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use identity_conformance::{Harness, Store};
use identity_sqlite::SqliteStore;
use tempfile::TempDir;

/// A folder for the database, and those that it had before.
struct InFile(Mutex<Vec<TempDir>>);

impl InFile {
    fn new() -> Self {
        Self(Mutex::new(vec![tempfile::tempdir().expect("a folder for the database")]))
    }

    fn folder(&self) -> PathBuf {
        let folders = self.0.lock().expect("no thread panicked");
        folders.last().expect("there is one").path().to_owned()
    }
}

#[async_trait]
impl Harness for InFile {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.folder().join("identity.db")).await.expect("the database opens"))
    }

    /// As a crash would: the files are copied while the store has them open, so that what was not written yet is lost.
    async fn restart(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        let copy = tempfile::tempdir().expect("a folder for the copy");
        // The log first: a checkpoint between the two copies writes what the log has into the database.
        for name in ["identity.db-wal", "identity.db"] {
            std::fs::copy(self.folder().join(name), copy.path().join(name)).expect("the file is copied");
        }
        drop(store);
        self.0.lock().expect("no thread panicked").push(copy);
        self.open().await
    }

    async fn bytes_at_rest(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder()).expect("the folder is there");
        files.flat_map(|file| std::fs::read(file.expect("a file").path()).unwrap_or_default()).collect()
    }
}

identity_conformance::suite!(InFile::new());
