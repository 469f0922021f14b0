use std::sync::{Mutex, PoisonError};

use identity_ports::StoreError;
use rusqlite::Connection;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The pool of read-only connections. Readers and the writer do not wait for each other.
pub(crate) struct Readers {
    idle: Mutex<Vec<Connection>>,
    free: Semaphore,
}

/// A connection of the pool, returned to it when this is dropped.
pub(crate) struct Reader<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
    _permit: SemaphorePermit<'a>,
}

impl Readers {
    pub(crate) fn new(connections: Vec<Connection>) -> Self {
        Self { free: Semaphore::new(connections.len()), idle: Mutex::new(connections) }
    }

    pub(crate) async fn take(&self) -> Result<Reader<'_>, StoreError> {
        let permit = self.free.acquire().await.map_err(|_| StoreError::Closed)?;
        let connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Reader { readers: self, connection, _permit: permit })
    }
}

impl Reader<'_> {
    pub(crate) fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or(StoreError::Closed)
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}
