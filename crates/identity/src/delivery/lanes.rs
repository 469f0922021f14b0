//! The circuit breakers of providers, by channel.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use identity_core::{Channel, Timestamp};
use tokio::time::Instant;

/// The number of attempts in a row without an answer that opens the circuit breaker of a provider.
const UNANSWERED: u32 = 8;
/// How long an open breaker keeps messages back, at first and at most. It doubles each time that a trial is not answered.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How long other messages wait while a trial is under way.
const TRIAL: Duration = Duration::from_secs(1);

/// A provider of a channel, by the name that the notifier gives it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    pub(crate) channel: Channel,
    pub(crate) provider: Option<Arc<str>>,
}

/// The circuit breakers of all providers. The workers of a process share them.
#[derive(Debug, Default)]
pub(crate) struct Lanes(Mutex<HashMap<Lane, Breaker>>);

#[derive(Debug, Default)]
struct Breaker {
    /// The number of attempts that began after the last answer and got none.
    unanswered: u32,
    /// When the provider last answered.
    answered: Option<Instant>,
    /// The end of the pause, while the breaker is open.
    open_until: Option<Timestamp>,
    pauses: u32,
    /// Whether one message is tried although the breaker is open.
    trial: bool,
}

impl Lanes {
    fn lock(&self) -> MutexGuard<'_, HashMap<Lane, Breaker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a message may go to this provider now. When the pause of an open breaker is over, one message may.
    ///
    /// # Errors
    /// The time at which to look again.
    pub(super) fn begin(&self, lane: &Lane, now: Timestamp) -> Result<(), Timestamp> {
        let mut lanes = self.lock();
        let Some((breaker, until)) = lanes.get_mut(lane).and_then(|breaker| {
            let until = breaker.open_until?;
            Some((breaker, until))
        }) else {
            return Ok(());
        };
        if now < until {
            return Err(until);
        }
        if breaker.trial {
            return Err(now + TRIAL);
        }
        breaker.trial = true;
        Ok(())
    }

    /// Records how an attempt that began at `began` has just ended: with an answer, whatever it was, without one, or, with
    /// `None`, before the provider was asked. An attempt without an answer counts only when the provider has answered no other
    /// attempt since it began: the few slow ones that are left at the end of a burst do not show that a provider is silent.
    pub(super) fn end(&self, lane: &Lane, answered: Option<bool>, began: Instant, now: Timestamp) {
        let mut lanes = self.lock();
        let provider = lane.provider.as_deref().unwrap_or_default();
        let channel = lane.channel.as_str();
        match answered {
            None => {
                if let Some(breaker) = lanes.get_mut(lane) {
                    breaker.trial = false;
                }
            }
            Some(true) => {
                let fresh = Breaker { answered: Some(Instant::now()), ..Breaker::default() };
                if lanes.insert(lane.clone(), fresh).is_some_and(|breaker| breaker.open_until.is_some()) {
                    tracing::info!(
                        target: "identity::delivery", event = "breaker_closed", channel, provider,
                        "the provider answers again; messages to it are sent as they fall due",
                    );
                }
            }
            Some(false) => {
                let breaker = lanes.entry(lane.clone()).or_default();
                if breaker.answered.is_some_and(|answered| answered > began) {
                    return;
                }
                breaker.unanswered = breaker.unanswered.saturating_add(1);
                let reopened = std::mem::take(&mut breaker.trial);
                if reopened || (breaker.open_until.is_none() && breaker.unanswered >= UNANSWERED) {
                    let pause = FIRST_PAUSE.saturating_mul(1 << breaker.pauses.min(8)).min(LONGEST_PAUSE);
                    breaker.pauses = breaker.pauses.saturating_add(1);
                    breaker.open_until = Some(now + pause);
                    tracing::warn!(
                        target: "identity::delivery", event = "breaker_opened", channel, provider,
                        unanswered = breaker.unanswered, pause_ms = pause.as_millis(),
                        "the provider does not answer; messages to it wait for the pause to end, then one is tried",
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_that_began_before_the_last_answer_do_not_open_the_breaker() {
        let (lanes, lane) = (Lanes::default(), Lane { channel: Channel::Phone, provider: None });
        let now = Timestamp::from_secs(1_800_000_000);
        let before = Instant::now() - Duration::from_millis(1);
        lanes.end(&lane, Some(true), before, now);
        for _ in 0..100 {
            lanes.end(&lane, Some(false), before, now);
        }
        assert_eq!(lanes.begin(&lane, now), Ok(()), "the provider answered while these were under way");
        let after = Instant::now();
        for _ in 1..UNANSWERED {
            lanes.end(&lane, Some(false), after, now);
            assert_eq!(lanes.begin(&lane, now), Ok(()));
        }
        lanes.end(&lane, Some(false), after, now);
        assert_eq!(lanes.begin(&lane, now), Err(now + FIRST_PAUSE));
    }
}
