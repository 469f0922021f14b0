use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes that one token may have in flight: 8 MiB.
const BYTES: usize = 8_388_608;

/// The bytes that a request counts for, beside those of its body.
const REQUEST: usize = 4_096;

/// The bytes that the requests of one token hold at once, bodies above all: at most 8 MiB, where every request counts for at
/// least 4 KiB. Clones share one account.
///
/// ```
/// use host_kit::{Busy, InFlight};
///
/// let token = InFlight::default();
/// let large = token.request()?;
/// large.grow(8 * 1_048_576 - 4_096)?;
/// assert_eq!(token.request().err(), Some(Busy));
/// drop(large);
/// assert!(token.request().is_ok());
/// # Ok::<(), Busy>(())
/// ```
#[derive(Clone)]
pub struct InFlight(Arc<Semaphore>);

/// The token has too many bytes in flight; they are free again when its requests are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests of this token are under way; send fewer at once")]
pub struct Busy;

/// What one request holds, until the last clone is dropped. As an extension of a response it is held until the answer was sent.
#[derive(Debug, Clone)]
pub struct Share {
    account: Arc<Semaphore>,
    held: Arc<Mutex<OwnedSemaphorePermit>>,
}

impl InFlight {
    /// A share for one request.
    ///
    /// # Errors
    /// [`Busy`] when the token's account is used up.
    pub fn request(&self) -> Result<Share, Busy> {
        let held = Arc::new(Mutex::new(take(&self.0, REQUEST)?));
        Ok(Share { account: Arc::clone(&self.0), held })
    }
}

impl Share {
    /// Adds bytes that the request holds.
    ///
    /// # Errors
    /// [`Busy`] when the token's account is used up; the share is as it was.
    pub fn grow(&self, bytes: usize) -> Result<(), Busy> {
        let more = take(&self.account, bytes)?;
        self.held.lock().unwrap_or_else(PoisonError::into_inner).merge(more);
        Ok(())
    }
}

fn take(account: &Arc<Semaphore>, bytes: usize) -> Result<OwnedSemaphorePermit, Busy> {
    let bytes = u32::try_from(bytes).map_err(|_| Busy)?;
    Arc::clone(account).try_acquire_many_owned(bytes).map_err(|_| Busy)
}

impl Default for InFlight {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BYTES)))
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes free", self.0.available_permits())
    }
}
