//! The provider that a world sends through, and what reached it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use identity::delivery::{DeliveryTicket, Message};
use identity::system::Clock as _;
use identity::testing::HandClock;
use identity::{Accepted, Code, LinkToken, Notice, Notifier, NotifyError, Timestamp, async_trait};

use super::script::Dice;

/// What the provider answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Answered {
    /// It took the message on.
    Accepted,
    /// It took the message on, and will not report.
    AcceptedForGood,
    Transient,
    /// Nobody knows whether it took the message on.
    Unknown,
    Permanent,
}

/// A message that was handed over.
#[derive(Clone)]
pub(crate) struct Handed {
    pub(crate) message: Arc<Message>,
    pub(crate) code: Option<Code>,
    pub(crate) link: Option<LinkToken>,
    pub(crate) ticket: DeliveryTicket,
    pub(crate) attempts: u32,
    pub(crate) uncertain: u32,
    pub(crate) answered: Answered,
    /// The time of day.
    pub(crate) at: Timestamp,
}

/// What reached the provider, oldest first, and its mood.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) handed: Vec<Handed>,
    mood: Option<Dice>,
}

/// The provider as one process knows it.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) desk: Arc<Mutex<Desk>>,
    pub(crate) clock: HandClock,
    pub(crate) alive: Arc<AtomicBool>,
}

impl Provider {
    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the mood; in mood 0 everything is accepted.
    pub(crate) fn set_mood(&self, mood: u32) {
        self.desk().mood = (mood != 0).then(|| Dice::new(mood.into()));
    }
}

#[async_trait]
impl Notifier for Provider {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        if !self.alive.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let roll = self.desk().mood.as_mut().map_or(20, |dice| dice.roll(40));
        let answered = match roll {
            0..=3 => Answered::Transient,
            4..=7 => Answered::Unknown,
            8 | 9 => Answered::Permanent,
            10..=16 => Answered::AcceptedForGood,
            _ => Answered::Accepted,
        };
        let Notice { message, code, link, ticket, attempts, uncertain, .. } = notice.clone();
        let at = self.clock.now();
        let id = message.id;
        self.desk().handed.push(Handed { message, code, link, ticket, attempts, uncertain, answered, at });
        match (answered, roll) {
            (Answered::Transient, 0) => Err(NotifyError::Transient {
                reason: identity::store::ForeignError::new("busy"),
                retry_after: Some(Duration::from_secs(7)),
                next: None,
            }),
            (Answered::Transient, _) => Err(NotifyError::transient("busy")),
            (Answered::Unknown, 4) => {
                // Longer than anybody waits.
                tokio::time::sleep(Duration::from_secs(60)).await;
                Ok(Accepted::default())
            }
            (Answered::Unknown, _) => Err(NotifyError::unknown("the answer was lost")),
            (Answered::Permanent, _) => Err(NotifyError::permanent("no such recipient")),
            (Answered::AcceptedForGood, _) => Ok(Accepted::default()),
            (Answered::Accepted, _) => {
                tokio::task::yield_now().await;
                Ok(Accepted { reference: Some(id.to_string()), provider: None })
            }
        }
    }
}
