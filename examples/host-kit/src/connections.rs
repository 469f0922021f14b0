use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::Activity;

/// The time after which another connection is asked to make room, where the last one has become busy in the meantime.
const AGAIN: Duration = Duration::from_millis(20);

/// The connections that are open: at most a fixed number.
#[derive(Debug)]
pub(crate) struct Connections {
    most: u32,
    free: Arc<Semaphore>,
    open: Mutex<HashMap<u64, Arc<Activity>>>,
}

impl Connections {
    pub(crate) fn new(most: u32) -> Arc<Self> {
        let free = Semaphore::new(usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS));
        Arc::new(Self { most, free: Arc::new(free), open: Mutex::default() })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Activity>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more connection. When there is none, the one that has been idle the longest is closed; when all are
    /// busy, the first to become idle.
    pub(crate) async fn place(self: &Arc<Self>, number: u64) -> Place {
        loop {
            let free = Arc::clone(&self.free);
            let permit = match Arc::clone(&free).try_acquire_owned() {
                Ok(permit) => Some(permit),
                Err(_) => {
                    self.evict();
                    tokio::time::timeout(AGAIN, free.acquire_owned()).await.ok().and_then(Result::ok)
                }
            };
            if let Some(permit) = permit {
                let activity = Arc::new(Activity::new());
                self.open().insert(number, Arc::clone(&activity));
                return Place { number, activity, connections: Arc::clone(self), _permit: permit };
            }
        }
    }

    /// Closes the connection that has been idle the longest.
    pub(crate) fn evict(&self) {
        let open = self.open();
        let idle = open.values().filter_map(|activity| Some((activity.idle_since()?, activity)));
        if let Some((_, activity)) = idle.min_by_key(|(since, _)| *since) {
            activity.evict();
        }
    }

    /// Waits until every connection is closed.
    pub(crate) async fn all_closed(&self) {
        // The semaphore is never closed.
        let _ = self.free.acquire_many(self.most).await;
    }
}

/// The place of a connection, until it is dropped.
pub(crate) struct Place {
    number: u64,
    pub(crate) activity: Arc<Activity>,
    connections: Arc<Connections>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open().remove(&self.number);
    }
}
