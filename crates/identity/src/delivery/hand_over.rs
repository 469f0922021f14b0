//! One message: what it carries, who gets it, and what the answer means.

use std::sync::Arc;
use std::time::Duration;

use identity_core::{Authority, Content, Fate, Message, Timestamp, UndeliverableReason};
use identity_ports::{Accepted, Leased, Notice, NotifyError, Settlement};

use super::Delivered;
use crate::{Error, Identity};

/// How long one hand-over may take.
pub(super) const HAND_OVER: Duration = Duration::from_secs(30);
/// The first wait after a failure, and the longest.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// As much of a provider's words is kept.
const WORDS: usize = 800;

/// What became of a message in hand.
pub(super) struct Handed {
    pub(super) outcome: Settlement,
    pub(super) delivered: Delivered,
}

/// An attempt that came to nothing.
struct Attempt {
    message: Arc<Message>,
    at: Timestamp,
    attempts: u32,
    uncertain: u32,
    provider: Option<String>,
}

impl Identity {
    pub(super) async fn hand_over(&self, leased: Leased) -> Result<Handed, Error> {
        let now = self.now();
        let Leased { message, attempts, uncertain, provider } = leased;
        let keys = &self.parts.keys;
        let message = Arc::new(message);
        let ticket = keys.ticket(message.id);
        let attempt = Attempt { message: Arc::clone(&message), at: now, attempts, uncertain, provider };
        if now >= message.expires_at {
            self.give_back(&attempt).await?;
            self.tell(&attempt, "expired", None);
            let delivered = Delivered { expired: 1, ..Delivered::default() };
            return Ok(Handed { outcome: Settlement::Done, delivered });
        }
        if attempts > self.parts.delivery.attempts {
            return self.dead_letter(&attempt, "every worker that leased the message ended before it settled it").await;
        }
        let (code, link) = (message.code(keys), message.link(keys));
        if let Content::Challenge { challenge, .. } = &message.content
            && (code.is_some(), link.is_some()) != (challenge.proof.by_code(), challenge.proof.by_link())
        {
            return self
                .dead_letter(
                    &attempt,
                    "the key that the code was made with is not configured; add it to the keys again",
                )
                .await;
        }
        let provider = attempt.provider.as_deref().map(Arc::from);
        let notice = Notice { message, code, link, provider, attempts, uncertain, ticket };
        let answer = tokio::time::timeout(HAND_OVER, self.parts.notifier.notify(&notice)).await;
        match answer.unwrap_or_else(|_| Err(NotifyError::unknown("the notifier did not answer within 30 s"))) {
            Ok(Accepted { reference, provider }) => {
                let provider = provider.or_else(|| attempt.provider.clone()).map(|name| words(&name));
                self.tell(&attempt, "sent", provider.as_deref());
                let outcome = match reference {
                    Some(reference) => {
                        Settlement::Sent { at: self.now(), provider, reference: Some(words(&reference)) }
                    }
                    None => Settlement::Done,
                };
                Ok(Handed { outcome, delivered: Delivered { sent: 1, ..Delivered::default() } })
            }
            Err(NotifyError::Permanent { reason }) => self.refuse(&attempt, &reason.to_string()).await,
            Err(error) if attempts >= self.parts.delivery.attempts => {
                let uncertain = uncertain + u32::from(matches!(error, NotifyError::Unknown { .. }));
                self.dead_letter(&Attempt { uncertain, ..attempt }, &error.to_string()).await
            }
            Err(NotifyError::Unknown { reason, provider }) => {
                let provider = provider.or_else(|| attempt.provider.clone());
                let wait = self.wait(attempts)?;
                Ok(self.retry(&attempt, wait, &reason.to_string(), provider, true))
            }
            Err(NotifyError::Transient { reason, retry_after, next }) => {
                let at_once = next.is_some() && retry_after == Some(Duration::ZERO);
                let wait =
                    if at_once { Duration::ZERO } else { retry_after.unwrap_or_default().max(self.wait(attempts)?) };
                let provider = next.or_else(|| attempt.provider.clone());
                Ok(self.retry(&attempt, wait, &reason.to_string(), provider, false))
            }
            Err(error) => self.dead_letter(&attempt, &error.to_string()).await,
        }
    }

    /// The notifier panicked: nobody knows what became of the message, and nobody will be told by it.
    pub(super) fn panicked(&self, attempts: u32, provider: Option<String>) -> Result<Handed, Error> {
        tracing::error!(target: "identity::delivery", event = "panicked", attempts);
        let error = "the notifier panicked".to_owned();
        if attempts >= self.parts.delivery.attempts {
            let delivered = Delivered { failed: 1, ..Delivered::default() };
            return Ok(Handed { outcome: Settlement::Failed { at: self.now(), error }, delivered });
        }
        let due_at = self.now() + self.wait(attempts)?;
        let delivered = Delivered { uncertain: 1, ..Delivered::default() };
        Ok(Handed { outcome: Settlement::Retry { due_at, error, provider, uncertain: true }, delivered })
    }

    fn retry(
        &self,
        attempt: &Attempt,
        wait: Duration,
        reason: &str,
        provider: Option<String>,
        uncertain: bool,
    ) -> Handed {
        let (event, delivered) = match uncertain {
            true => ("uncertain", Delivered { uncertain: 1, ..Delivered::default() }),
            false => ("retried", Delivered { retried: 1, ..Delivered::default() }),
        };
        let (message, attempts) = (&attempt.message, attempt.attempts);
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let next = provider.as_deref().unwrap_or_default();
        tracing::info!(
            target: "identity::delivery", event, id = %message.id, tenant = %message.key.tenant,
            channel = message.to.channel().as_str(), provider = next, attempts, wait_ms, reason,
        );
        // Where the next try would come too late, it comes in time to say so.
        let due_at = (self.now() + wait).min(message.expires_at);
        let (error, provider) = (words(reason), provider.map(|name| words(&name)));
        Handed { outcome: Settlement::Retry { due_at, error, provider, uncertain }, delivered }
    }

    /// The provider refused for good: the address is undeliverable, and a code is not counted as sent.
    async fn refuse(&self, attempt: &Attempt, reason: &str) -> Result<Handed, Error> {
        // An earlier attempt may have been accepted, and is paid for then.
        let refused = Fate::Undeliverable(UndeliverableReason::Refused);
        let fate = if attempt.uncertain == 0 { refused } else { Fate::RefusedInDoubt };
        match self.note_fate(&attempt.message, fate, &delivery()).await {
            // It will be refused once more.
            Err(Error::Contended) => {
                let (wait, provider) = (self.wait(attempt.attempts)?, attempt.provider.clone());
                return Ok(self.retry(attempt, wait, reason, provider, false));
            }
            noted => noted?,
        }
        Ok(self.failed(attempt, &format!("permanently refused: {reason}")))
    }

    /// Makes the message a dead letter.
    async fn dead_letter(&self, attempt: &Attempt, reason: &str) -> Result<Handed, Error> {
        self.give_back(attempt).await?;
        Ok(self.failed(attempt, reason))
    }

    fn failed(&self, attempt: &Attempt, reason: &str) -> Handed {
        let Attempt { message, attempts, uncertain, .. } = attempt;
        tracing::warn!(
            target: "identity::delivery", event = "dead_letter", id = %message.id, tenant = %message.key.tenant,
            channel = message.to.channel().as_str(), attempts, uncertain, reason,
        );
        let outcome = Settlement::Failed { at: attempt.at, error: words(reason) };
        Handed { outcome, delivered: Delivered { failed: 1, ..Delivered::default() } }
    }

    /// A code that surely nobody took on is not counted as sent.
    async fn give_back(&self, attempt: &Attempt) -> Result<(), Error> {
        let is_code = matches!(attempt.message.content, Content::Challenge { .. });
        if is_code && attempt.uncertain == 0 {
            match self.note_fate(&attempt.message, Fate::NotTaken, &delivery()).await {
                // The person is busy with it; the send stays counted.
                Ok(()) | Err(Error::Contended) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn tell(&self, attempt: &Attempt, event: &'static str, provider: Option<&str>) {
        let Attempt { message, at, attempts, uncertain, .. } = attempt;
        let waited_ms = u64::try_from(at.since(message.created_at).as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            target: "identity::delivery", event, id = %message.id, tenant = %message.key.tenant,
            channel = message.to.channel().as_str(), provider = provider.unwrap_or_default(), attempts, uncertain,
            waited_ms,
        );
    }

    /// Doubles with every attempt, three quarters to all of it by chance: those who failed together do not come back together.
    fn wait(&self, attempts: u32) -> Result<Duration, Error> {
        let wait = FIRST_WAIT.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST_WAIT);
        let [chance, ..] = *self.parts.entropy.seed()?.nonce(0).as_bytes();
        Ok(wait.mul_f64(0.75 + f64::from(chance) / 1_020.0))
    }
}

/// On whose word events of the delivery happen.
fn delivery() -> Authority {
    Authority::Administrator("delivery".into())
}

/// A provider's words as every store can keep them.
fn words(text: &str) -> String {
    let end = (0..=WORDS.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().replace('\0', "\u{fffd}")
}
