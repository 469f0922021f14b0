use std::time::Duration;

use identity_core::Channel;

/// The options of delivery: concurrency, deadlines, attempts and retention.
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
    email_deadline: Duration,
    phone_deadline: Duration,
}

/// The longest deadline of a hand-over, a quarter of a lease.
const LONGEST_DEADLINE: Duration = Duration::from_secs(30);

impl Default for Delivery {
    /// 16 messages at a time to each provider, up to 256 leased at once, 24 attempts, a deadline of 30 s for each of them,
    /// records kept for 30 days.
    fn default() -> Self {
        Self {
            concurrency: 16,
            batch: 256,
            attempts: 24,
            retention: Duration::from_secs(30 * 86_400),
            email_deadline: LONGEST_DEADLINE,
            phone_deadline: LONGEST_DEADLINE,
        }
    }
}

impl Delivery {
    /// With at most this many messages handed over to one provider of a channel at a time by one worker: 1 to 1,024. Channels
    /// do not share them, nor do the providers that a [`Router`](crate::delivery::Router) names.
    #[must_use]
    pub fn with_concurrency(self, concurrency: usize) -> Self {
        Self { concurrency: concurrency.clamp(1, 1_024), ..self }
    }

    /// With at most this many messages leased at once: 1 to 4,096. A worker never leases more than it has free hands for.
    #[must_use]
    pub fn with_batch(self, batch: usize) -> Self {
        Self { batch: batch.clamp(1, 4_096), ..self }
    }

    /// With this many attempts before a message becomes a dead letter; at least 1. A switch to the next provider counts as an attempt.
    #[must_use]
    pub fn with_attempts(self, attempts: u32) -> Self {
        Self { attempts: attempts.max(1), ..self }
    }

    /// With this deadline for an attempt on a channel: 1 s to 30 s. It is unknown whether a provider that does not answer
    /// within it accepted the message.
    #[must_use]
    pub fn with_deadline(mut self, channel: Channel, deadline: Duration) -> Self {
        let deadline = deadline.clamp(Duration::from_secs(1), LONGEST_DEADLINE);
        match channel {
            Channel::Email => self.email_deadline = deadline,
            Channel::Phone => self.phone_deadline = deadline,
        }
        self
    }

    pub(super) const fn deadline(&self, channel: Channel) -> Duration {
        match channel {
            Channel::Email => self.email_deadline,
            Channel::Phone => self.phone_deadline,
        }
    }

    /// With the records of sent messages and dead letters kept for this long. A report that arrives later finds no message.
    #[must_use]
    pub fn with_retention(self, retention: Duration) -> Self {
        Self { retention, ..self }
    }
}

/// The outcome of a delivery pass, as numbers of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Delivered {
    /// Messages that a provider accepted.
    pub sent: usize,
    /// Messages that are tried again later, and certainly were not accepted.
    pub retried: usize,
    /// Messages that are tried again later, and may have been accepted.
    pub uncertain: usize,
    /// Messages that became dead letters; [`Admin::dead_letters`](crate::Admin::dead_letters) lists them.
    pub failed: usize,
    /// Messages that expired before they were sent, and codes to sign in that go to nobody.
    pub expired: usize,
    /// Messages that are left for another worker, which has the key of their codes.
    pub left: usize,
    /// Codes to sign in by username that were sent on to the address of the user, which is a message of its own.
    pub sent_on: usize,
}

impl Delivered {
    pub(super) const fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.retried += other.retried;
        self.uncertain += other.uncertain;
        self.failed += other.failed;
        self.expired += other.expired;
        self.left += other.left;
        self.sent_on += other.sent_on;
    }
}
