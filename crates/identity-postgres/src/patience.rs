//! How long, and after which pauses, a statement that failed is tried again.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use identity_ports::{ForeignError, StoreError};
use tokio::time::Instant;

use crate::error::{Failure, Unknown};
use crate::link::Link;

/// The longest pause between two tries, as a power of two in milliseconds.
const LONGEST_PAUSE: u32 = 9;

/// How long a call goes on trying.
#[derive(Clone)]
pub(crate) struct Patience {
    until: Instant,
    reconnect: Duration,
    tries: u32,
    /// When the server was first found to be away.
    away_since: Option<Instant>,
    /// Whether the answer to an earlier try was lost.
    unknown: bool,
}

impl Patience {
    pub(crate) fn new(link: &Link) -> Self {
        Self { until: link.deadline(), reconnect: link.reconnect, tries: 0, away_since: None, unknown: false }
    }

    /// The same, up to another deadline.
    pub(crate) fn up_to(&self, until: Instant) -> Self {
        Self { until, ..self.clone() }
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// The error of the call when another try is of no use or would begin after the deadline.
    pub(crate) async fn after(&mut self, failure: Failure) -> Result<(), StoreError> {
        // From now on, only an answer of the server says what was written.
        self.unknown |= matches!(failure, Failure::Lost(_));
        self.tries += 1;
        let now = Instant::now();
        let longest = match &failure {
            Failure::Race(_) | Failure::Snapshot(_) => 1_u64 << self.tries.min(LONGEST_PAUSE),
            Failure::Away(_) | Failure::Lost(_) => {
                if now.duration_since(*self.away_since.get_or_insert(now)) >= self.reconnect {
                    return Err(self.last(failure));
                }
                25_u64 << self.tries.min(5)
            }
            Failure::Duplicate(_) if self.tries < 3 => 2,
            Failure::Late(_) | Failure::Fatal(_) | Failure::Duplicate(_) => return Err(self.last(failure)),
        };
        // The second try follows at once. Later ones keep apart, so that those who met do not meet again.
        let pause = Duration::from_millis(if self.tries > 1 { dice() % longest } else { 0 });
        if now + pause >= self.until {
            return Err(self.last(failure));
        }
        tracing::debug!(tries = self.tries, ?failure, "a statement failed and is tried again");
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// What the caller is told of the last failure: that nothing was written only when no try can have written anything.
    fn last(&self, failure: Failure) -> StoreError {
        match failure {
            failure if !self.unknown => failure.into_error(),
            Failure::Race(error)
            | Failure::Snapshot(error)
            | Failure::Away(error)
            | Failure::Late(error)
            | Failure::Lost(error) => StoreError::failed(Unknown(error)),
            failure => StoreError::failed(Unknown(ForeignError::new(failure.into_error()))),
        }
    }
}

/// A number that differs from call to call and between processes. It protects no secret.
pub(crate) fn dice() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
