use std::sync::Arc;

use identity_ports::StoreError;
use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::error::Result;

/// The pool of read-only connections. Readers and the writer do not wait for each other.
pub(crate) struct Readers {
    connections: Vec<Arc<Mutex<Connection>>>,
    /// As many permits as connections, so that whoever has one finds a free connection.
    free: Arc<Semaphore>,
}

/// A connection of the pool, returned to it when this is dropped.
pub(crate) struct Reader {
    pub(crate) connection: OwnedMutexGuard<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Readers {
    pub(crate) fn new(connections: Vec<Connection>) -> Self {
        let free = Arc::new(Semaphore::new(connections.len()));
        Self { connections: connections.into_iter().map(|one| Arc::new(Mutex::new(one))).collect(), free }
    }

    pub(crate) async fn take(&self) -> Result<Reader> {
        let permit = Arc::clone(&self.free).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let free = self.connections.iter().find_map(|connection| Arc::clone(connection).try_lock_owned().ok());
        Ok(Reader { connection: free.ok_or(StoreError::Closed)?, _permit: permit })
    }
}
