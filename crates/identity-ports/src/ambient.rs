use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use identity_core::{Seed, Timestamp};

/// The source of time.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Clock: Send + Sync + 'static {
    /// The time of day. It may step in either direction, as the clock of a machine does when it is set. It must never block.
    fn now(&self) -> Timestamp;

    /// The time that has passed since some fixed moment before the first call. It must never go back and never step, whatever
    /// happens to the time of day, and it must never block.
    fn monotonic(&self) -> Duration;
}

/// Prints nothing of the clock, so that options and stores that hold one can be printed.
impl std::fmt::Debug for dyn Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where time comes from")]
    fn now(&self) -> Timestamp {
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
        };
        Timestamp::from_micros(micros)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place where time comes from")]
    fn monotonic(&self) -> Duration {
        static FIRST: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        let first = *FIRST;
        Instant::now().saturating_duration_since(first)
    }
}

/// The largest step back of the time of day that is bridged.
const LARGEST_STEP: Duration = Duration::from_secs(86_400);

/// A time that does not go back when the time of day steps back by up to a day.
///
/// It follows the time of day forward. After such a step back it continues from the latest time that it returned, at the pace
/// of the monotonic clock, and is ahead of the time of day from then on. A larger step back means that the clock was wrong
/// before, so the time of day is adopted.
pub struct SteadyClock {
    clock: Arc<dyn Clock>,
    latest: Mutex<Option<Reading>>,
}

/// The latest time that was returned, with the reading of the monotonic clock at that moment.
#[derive(Clone, Copy)]
struct Reading {
    at: Timestamp,
    monotonic: Duration,
}

impl SteadyClock {
    /// The steady time of this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, latest: Mutex::new(None) }
    }

    /// The present time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.read(None).0
    }

    /// The present time, which from now on is at or after `seen`, a time from another process. A time more than a day ahead of
    /// this machine's time of day is considered an error of that process and ignored.
    #[must_use]
    pub fn now_after(&self, seen: Timestamp) -> Timestamp {
        self.read(Some(seen)).0
    }

    /// The time of day at which this time reaches `at`. The two differ after the time of day stepped back.
    #[must_use]
    pub fn time_of_day(&self, at: Timestamp) -> Timestamp {
        let (now, time_of_day) = self.read(None);
        at - now.since(time_of_day)
    }

    /// This time, and the time of day.
    fn read(&self, seen: Option<Timestamp>) -> (Timestamp, Timestamp) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that the readings are in the order in which they are used.
        let (time_of_day, monotonic) = (self.clock.now(), self.clock.monotonic());
        let gone_on = latest.map(|latest| latest.at + monotonic.saturating_sub(latest.monotonic));
        let ahead = |at: &Timestamp| *at > time_of_day && at.since(time_of_day) <= LARGEST_STEP;
        let at = [gone_on, seen].into_iter().flatten().filter(ahead).fold(time_of_day, Timestamp::max);
        *latest = Some(Reading { at, monotonic });
        (at, time_of_day)
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}

/// Prints the latest time that was returned.
impl std::fmt::Debug for SteadyClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).map(|latest| latest.at);
        f.debug_tuple("SteadyClock").field(&latest).finish()
    }
}

/// The reason why randomness is not available.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the source of randomness failed: {0}")]
pub struct EntropyError(pub crate::ForeignError);

/// The source of randomness.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Entropy: Send + Sync + 'static {
    /// 32 unpredictable bytes. An implementation must never return the same bytes twice, also not after a fork of the
    /// process.
    ///
    /// # Errors
    /// [`EntropyError`] when the source fails; then nothing is decided.
    fn seed(&self) -> Result<Seed, EntropyError>;
}
