use std::time::Duration;

/// How messages are delivered.
///
/// ```
/// use std::time::Duration;
/// use identity::delivery::Delivery;
/// let delivery = Delivery::default().with_concurrency(64).with_retention(Duration::from_secs(7 * 86_400));
/// # let _ = delivery;
/// ```
#[derive(Debug, Clone)]
pub struct Delivery {
    pub(crate) concurrency: usize,
    pub(crate) batch: usize,
    pub(crate) attempts: u32,
    pub(crate) retention: Duration,
}

impl Default for Delivery {
    /// 16 messages side by side, 256 leased at once, 24 attempts, records kept for 30 days.
    fn default() -> Self {
        Self { concurrency: 16, batch: 256, attempts: 24, retention: Duration::from_secs(30 * 86_400) }
    }
}

impl Delivery {
    /// With so many messages handed over side by side by one worker: 1 to 1,024.
    #[must_use]
    pub fn with_concurrency(self, concurrency: usize) -> Self {
        Self { concurrency: concurrency.clamp(1, 1_024), ..self }
    }

    /// With so many messages leased at once: 1 to 4,096. What a worker leased nobody else delivers meanwhile.
    #[must_use]
    pub fn with_batch(self, batch: usize) -> Self {
        Self { batch: batch.clamp(1, 4_096), ..self }
    }

    /// With this many attempts before a message becomes a dead letter; at least 1. A switch to the next provider counts as an attempt.
    #[must_use]
    pub fn with_attempts(self, attempts: u32) -> Self {
        Self { attempts: attempts.max(1), ..self }
    }

    /// With the records of sent messages and dead letters kept for this long. A report that arrives later finds no message.
    #[must_use]
    pub fn with_retention(self, retention: Duration) -> Self {
        Self { retention, ..self }
    }
}

/// What became of the messages that were due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Delivered {
    /// Handed over.
    pub sent: usize,
    /// To be tried again later: surely not taken on.
    pub retried: usize,
    /// To be tried again later: nobody knows whether they were taken on.
    pub uncertain: usize,
    /// Messages that became dead letters; [`Admin::dead_letters`](crate::Admin::dead_letters) lists them.
    pub failed: usize,
    /// Not worth sending any more, and not sent.
    pub expired: usize,
}

impl Delivered {
    pub(super) const fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.retried += other.retried;
        self.uncertain += other.uncertain;
        self.failed += other.failed;
        self.expired += other.expired;
    }

    pub(super) const fn is_nothing(&self) -> bool {
        self.sent + self.retried + self.uncertain + self.failed + self.expired == 0
    }
}
