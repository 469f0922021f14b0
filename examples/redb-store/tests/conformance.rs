//! The laws of the ports, held against this store.
#![expect(clippy::expect_used, reason = "a test that cannot go on ends")]

use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};

use identity_conformance::{Harness, Store};
use redb_store::RedbStore;
use tempfile::TempDir;

/// A file, which only one store can have open: whoever opens it again gets the same store.
struct InFile {
    folder: TempDir,
    open: Mutex<Weak<RedbStore>>,
}

impl InFile {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder for the file"), open: Mutex::default() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("identity.redb")
    }
}

#[async_trait::async_trait]
impl Harness for InFile {
    async fn open(&self) -> Arc<dyn Store> {
        let open = self.open.lock().expect("no thread panicked").upgrade();
        if let Some(store) = open {
            return store;
        }
        let store = Arc::new(RedbStore::open(self.path()).await.expect("the file opens"));
        *self.open.lock().expect("no thread panicked") = Arc::downgrade(&store);
        store
    }

    /// As a crash would: the file is copied while the store has it open, so that what was not durable yet is lost.
    async fn restart(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        let copy = self.folder.path().join("copy.redb");
        std::fs::copy(self.path(), &copy).expect("the file is copied");
        drop(store);
        let last = self.open.lock().expect("no thread panicked").upgrade().is_none();
        if last {
            std::fs::rename(&copy, self.path()).expect("the copy takes its place");
        }
        self.open().await
    }

    async fn bytes_at_rest(&self) -> Vec<u8> {
        std::fs::read(self.path()).expect("the file can be read")
    }
}

identity_conformance::suite!(InFile::new());
