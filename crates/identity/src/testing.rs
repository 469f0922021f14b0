//! What tests of a host need: a clock that they move, randomness that repeats itself, a mailbox that shows codes, and a store
//! whose answers they say. The feature `testing` has it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use identity_core::{Code, DisavowToken, LinkToken, Message, Seed, Timestamp};
use identity_ports::{Accepted, Clock, Entropy, EntropyError, Notice, Notifier, NotifyError};

pub use identity_ports::mock::MockStore;

/// A clock that stands still until a test moves it. Clones are the same clock. It begins at 2027-01-15T08:00:00Z.
#[derive(Debug, Clone)]
pub struct HandClock {
    time_of_day: Arc<AtomicI64>,
    passed: Arc<AtomicU64>,
}

impl HandClock {
    /// A clock that begins at this time.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self { time_of_day: Arc::new(AtomicI64::new(time.as_micros())), passed: Arc::default() }
    }

    /// Lets time pass.
    pub fn forward(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.passed.fetch_add(micros, Ordering::SeqCst);
        self.step(i64::try_from(micros).unwrap_or(i64::MAX));
    }

    /// Moves the time of day by so many microseconds while no time passes, as when the clock of a machine is set.
    pub fn step(&self, micros: i64) {
        self.time_of_day.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Default for HandClock {
    fn default() -> Self {
        Self::at(Timestamp::from_secs(1_800_000_000))
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.time_of_day.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.passed.load(Ordering::SeqCst))
    }
}

/// A different seed at each call, and the same ones in every run: ids and codes repeat themselves. Clones count on from each
/// other. Never use it outside tests, because everybody knows its codes.
#[derive(Debug, Clone, Default)]
pub struct CountedEntropy(Arc<AtomicU64>);

impl Entropy for CountedEntropy {
    fn seed(&self) -> Result<Seed, EntropyError> {
        let mut bytes = [7; 32];
        let count = self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        bytes.iter_mut().zip(count).for_each(|(byte, count)| *byte = count);
        Ok(Seed::new(bytes))
    }
}

/// A notifier that keeps what it is given. Clones are the same mailbox.
#[derive(Debug, Clone, Default)]
pub struct Mailbox(Arc<Mutex<Vec<Notice>>>);

impl Mailbox {
    /// The last code that came to an address, given in its canonical form; `None` when none came.
    #[must_use]
    pub fn code(&self, address: &str) -> Option<Code> {
        self.last(address, |notice| notice.code.clone())
    }

    /// The last link token that came to an address, given in its canonical form; `None` when none came.
    #[must_use]
    pub fn link(&self, address: &str) -> Option<LinkToken> {
        self.last(address, |notice| notice.link.clone())
    }

    /// The last token that came to an address, given in its canonical form, with which its reader may undo a change; `None` when
    /// none came.
    #[must_use]
    pub fn disavowal(&self, address: &str) -> Option<DisavowToken> {
        self.last(address, |notice| notice.disavowal.clone())
    }

    /// What came, oldest first.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        self.with(|notices| notices.clone())
    }

    /// The messages of what came, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Arc<Message>> {
        self.with(|notices| notices.iter().map(|notice| Arc::clone(&notice.message)).collect())
    }

    /// Empties the mailbox.
    pub fn clear(&self) {
        self.with(Vec::clear);
    }

    fn last<T>(&self, address: &str, what: impl Fn(&Notice) -> Option<T>) -> Option<T> {
        self.with(|notices| notices.iter().rev().filter(|notice| notice.message.to.as_str() == address).find_map(what))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Notice>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait::async_trait]
impl Notifier for Mailbox {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        self.with(|notices| notices.push(notice.clone()));
        Ok(Accepted::default())
    }
}
