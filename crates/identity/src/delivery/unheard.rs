//! The warning that messages wait and nobody delivers them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use identity_core::MessageId;
use identity_ports::{Clock as _, PostState};

use crate::Identity;

/// How long a message may wait before the host is told, and how often it is looked for at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known of the delivery of the messages that this process enqueues.
#[derive(Debug, Default)]
pub(crate) struct Unheard(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    /// No message was enqueued, and no worker ran.
    #[default]
    Silent,
    /// This message was enqueued at this monotonic time, and no worker ran in this process.
    Waiting { first: MessageId, since: Duration },
    /// A worker ran, or the host was told.
    Over,
}

impl Unheard {
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A worker runs.
    pub(super) fn heard(&self) {
        self.with(|state| *state = State::Over);
    }

    /// Notes a message that was enqueued, and returns an earlier one that it is time to look for.
    fn note(&self, id: MessageId, now: Duration) -> Option<MessageId> {
        self.with(|state| match *state {
            State::Waiting { first, since } if now.saturating_sub(since) >= PATIENCE => {
                *state = State::Waiting { first: id, since: now };
                Some(first)
            }
            State::Silent => {
                *state = State::Waiting { first: id, since: now };
                None
            }
            State::Waiting { .. } | State::Over => None,
        })
    }
}

impl Identity {
    /// Wakes delivery after a message was enqueued. When nothing in this process ever delivered, and a message that it enqueued
    /// a minute ago was never taken by another process either, the host is told, once.
    pub(crate) async fn enqueued(&self, id: MessageId) {
        self.wake_delivery();
        let Some(first) = self.parts.unheard.note(id, self.parts.clock.monotonic()) else { return };
        // An error of the store is not this call's: its message is enqueued.
        if let Ok(Some(posted)) = self.parts.store.message(first).await
            && posted.state() == PostState::Waiting
            && posted.attempts == 0
        {
            self.parts.unheard.heard();
            tracing::warn!(
                target: "identity::delivery", event = "no_worker", waited_secs = PATIENCE.as_secs(),
                "messages wait and nobody delivers them: spawn `deliver_forever` in one process at least, or call `deliver_due`",
            );
        }
    }
}
