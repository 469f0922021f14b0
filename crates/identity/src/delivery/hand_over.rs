//! The hand-over of one message to the notifier, and what follows from the answer.

use std::sync::Arc;
use std::time::Duration;

use identity_core::{
    Actor, Attempt as SignInAttempt, Content, Context, Fate, IdentifierId, Message, Purpose, Refusal, Timestamp,
    UndeliverableReason, User,
};
use identity_ports::{Accepted, LeaseId, Leased, Notice, NotifyError, Settled, Settlement};

use super::Delivered;
use crate::{Error, Identity};

/// How long a message is left for other workers when this one does not have the key of its code, and how long at most in all.
const NOT_MINE: Duration = Duration::from_secs(2);
const LEFT_AT_MOST: Duration = Duration::from_secs(3_600);
/// The first and the longest back-off after a failed attempt.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// The greatest length of a provider's error text that is stored, in octets.
const WORDS: usize = 800;

/// The result of a hand-over.
pub(super) struct Handed {
    pub(super) outcome: Settlement,
    pub(super) delivered: Delivered,
    /// Whether the provider answered; `None` when it was not asked.
    pub(super) answered: Option<bool>,
}

impl Handed {
    const fn of(outcome: Settlement, delivered: Delivered) -> Self {
        Self { outcome, delivered, answered: None }
    }
}

/// An attempt to hand a message over.
#[derive(Clone)]
struct Attempt {
    lease: LeaseId,
    message: Arc<Message>,
    at: Timestamp,
    attempts: u32,
    uncertain: u32,
    provider: Option<String>,
}

impl Identity {
    pub(super) async fn hand_over(&self, lease: LeaseId, leased: Leased) -> Result<Handed, Error> {
        let is_visitors = is_visitors(&leased.message);
        let handed = self.hand_over_to(lease, leased).await?;
        let outcome = match handed.outcome {
            // Nothing is kept of a visitor.
            Settlement::Sent { .. } | Settlement::Failed { .. } if is_visitors => Settlement::Done,
            outcome => outcome,
        };
        Ok(Handed { outcome, ..handed })
    }

    async fn hand_over_to(&self, lease: LeaseId, leased: Leased) -> Result<Handed, Error> {
        let now = self.now();
        if let Content::Due { identifier } = leased.message.content {
            return self.carry_out(&leased.message, identifier).await;
        }
        let Leased { message, attempts, uncertain, provider } = leased;
        let keys = &self.parts.keys;
        let message = Arc::new(message);
        let ticket = keys.ticket(message.id);
        let attempt = Attempt { lease, message: Arc::clone(&message), at: now, attempts, uncertain, provider };
        if is_challenge(&message, Purpose::StepUp) && self.load(&message.key).await?.is_none() {
            // No commit brought it, so it may have been enqueued after its user was erased. Nothing of it is kept then.
            self.tell(&attempt, "withheld", None);
            return Ok(Handed::of(Settlement::Done, Delivered { expired: 1, ..Delivered::default() }));
        }
        let (code, link) = (message.code(keys), message.link(keys));
        if let Content::Challenge { challenge, .. } = &message.content
            && (code.is_some(), link.is_some()) != (challenge.proof.by_code(), challenge.proof.by_link())
        {
            return self.left_for_others(&attempt, challenge.key.as_str()).await;
        }
        if now >= message.expires_at {
            self.conclude(&attempt, Settlement::Done, attempt.not_taken()).await?;
            self.tell(&attempt, "expired", None);
            let delivered = Delivered { expired: 1, ..Delivered::default() };
            return Ok(Handed::of(Settlement::Done, delivered));
        }
        if attempts > self.parts.delivery.attempts {
            return self.dead_letter(&attempt, "every worker that leased the message ended before it settled it").await;
        }
        if let Some((name, named)) = SignInAttempt::by_name(&message) {
            let is_sent_on = self.send_on(&message, &name, &named).await?;
            self.tell(&attempt, if is_sent_on { "sent_on" } else { "withheld" }, None);
            let (sent_on, expired) = (usize::from(is_sent_on), usize::from(!is_sent_on));
            return Ok(Handed::of(Settlement::Done, Delivered { sent_on, expired, ..Delivered::default() }));
        }
        let provider = attempt.provider.as_deref().map(Arc::from);
        let message = if is_visitors(&message) {
            // Whose address it is was not looked up for whoever asked: it would show in the time of the answer.
            match self.addressed(&message).await? {
                Some(addressed) => Arc::new(addressed),
                None => {
                    self.tell(&attempt, "withheld", None);
                    return Ok(Handed::of(Settlement::Done, Delivered { expired: 1, ..Delivered::default() }));
                }
            }
        } else {
            message
        };
        let disavowal = message.disavowal(keys);
        let notice = Notice { message, code, link, disavowal, provider, attempts, uncertain, ticket };
        let deadline = self.parts.delivery.deadline(notice.message.to.channel());
        let answer = tokio::time::timeout(deadline, self.parts.notifier.notify(&notice)).await;
        let answer = answer.unwrap_or_else(|_| {
            Err(NotifyError::unknown(format!("the notifier did not answer within {} s", deadline.as_secs())))
        });
        let answered = !matches!(answer, Err(NotifyError::Unknown { .. }));
        let handed = self.judge(&attempt, answer).await?;
        Ok(Handed { answered: Some(answered), ..handed })
    }

    /// Carries out what is due, as the holder who asked for it: nobody else had a part in it. Nothing is sent. A worker that dies
    /// before it settles leaves it to the next one, which finds nothing left to do.
    async fn carry_out(&self, message: &Message, identifier: IdentifierId) -> Result<Handed, Error> {
        let of_tenant = self.for_tenant(message.key.tenant.clone());
        let decide = |user: &User, context: &Context<'_>| Ok(user.carry_out(identifier, context));
        let later = match of_tenant.run("delivery.carry_out", &message.key, &Actor::Holder, decide).await {
            Ok(receipt) => receipt.outcome,
            Err(Error::Refused(Refusal::UserNotFound)) => None,
            Err(error) => return Err(error),
        };
        let outcome = later.map_or(Settlement::Done, |due_at| Settlement::Release { due_at });
        Ok(Handed::of(outcome, Delivered::default()))
    }

    async fn judge(&self, attempt: &Attempt, answer: Result<Accepted, NotifyError>) -> Result<Handed, Error> {
        let (attempts, uncertain) = (attempt.attempts, attempt.uncertain);
        match answer {
            Ok(Accepted { reference, provider }) => {
                let provider = provider.or_else(|| attempt.provider.clone()).map(|name| words(&name));
                self.tell(attempt, "sent", provider.as_deref());
                let outcome = match reference {
                    Some(reference) => {
                        Settlement::Sent { at: self.now(), provider, reference: Some(words(&reference)) }
                    }
                    None => Settlement::Done,
                };
                Ok(Handed::of(outcome, Delivered { sent: 1, ..Delivered::default() }))
            }
            Err(NotifyError::Permanent { reason }) => self.refuse(attempt, &reason.to_string()).await,
            Err(error) if attempts >= self.parts.delivery.attempts => {
                let uncertain = uncertain + u32::from(matches!(error, NotifyError::Unknown { .. }));
                self.dead_letter(&Attempt { uncertain, ..attempt.clone() }, &error.to_string()).await
            }
            Err(NotifyError::Unknown { reason, provider }) => {
                let provider = provider.or_else(|| attempt.provider.clone());
                let wait = self.wait(attempts)?;
                Ok(self.retry(attempt, wait, &reason.to_string(), provider, true))
            }
            Err(NotifyError::Transient { reason, retry_after, next }) => {
                let at_once = next.is_some() && retry_after == Some(Duration::ZERO);
                let wait =
                    if at_once { Duration::ZERO } else { retry_after.unwrap_or_default().max(self.wait(attempts)?) };
                let provider = next.or_else(|| attempt.provider.clone());
                Ok(self.retry(attempt, wait, &reason.to_string(), provider, false))
            }
            Err(error) => self.dead_letter(attempt, &error.to_string()).await,
        }
    }

    /// This worker does not have the key of the message's code: another one may, while a new key is rolled out. When nobody had
    /// it in time the message becomes a dead letter.
    async fn left_for_others(&self, attempt: &Attempt, key: &str) -> Result<Handed, Error> {
        let Attempt { message, at, .. } = attempt;
        let until = message.expires_at.min(message.created_at + LEFT_AT_MOST);
        if *at >= until {
            let reason = format!(
                "no worker had the key `{key}`, which the code was made with, in time; configure it on every worker before \
                 it becomes the first key of any"
            );
            return self.dead_letter(attempt, &reason).await;
        }
        tracing::warn!(
            target: "identity::delivery", event = "left", id = %message.id, tenant = %message.key.tenant,
            channel = message.to.channel().as_str(), key,
            "this worker does not have the key of the code; the message is left for one that has, configure the key here",
        );
        let outcome = Settlement::Release { due_at: (*at + NOT_MINE).min(until) };
        Ok(Handed::of(outcome, Delivered { left: 1, ..Delivered::default() }))
    }

    /// The settlement after a panic of the notifier: whether the message was sent is unknown.
    pub(super) fn panicked(&self, attempts: u32, provider: Option<String>) -> Result<Handed, Error> {
        tracing::error!(
            target: "identity::delivery", event = "panicked", attempts,
            "delivery outcome unknown: the notifier panicked",
        );
        let error = "the notifier panicked".to_owned();
        if attempts >= self.parts.delivery.attempts {
            let delivered = Delivered { failed: 1, ..Delivered::default() };
            return Ok(Handed::of(Settlement::Failed { at: self.now(), error }, delivered));
        }
        let due_at = self.now() + self.wait(attempts)?;
        let delivered = Delivered { uncertain: 1, ..Delivered::default() };
        Ok(Handed::of(Settlement::Retry { due_at, error, provider, uncertain: true }, delivered))
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
        let said = match uncertain {
            true => format!("delivery outcome unknown: {reason}; the message will be retried"),
            false => format!("not delivered: {reason}; the message will be retried"),
        };
        let (message, attempts) = (&attempt.message, attempt.attempts);
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let next = provider.as_deref().unwrap_or_default();
        tracing::info!(
            target: "identity::delivery", event, id = %message.id, tenant = %message.key.tenant,
            channel = message.to.channel().as_str(), provider = next, attempts, wait_ms, reason, "{said}",
        );
        // When the back-off ends after the message has expired, the next attempt is due at the expiry, and records it.
        let due_at = (self.now() + wait).min(message.expires_at);
        let (error, provider) = (words(reason), provider.map(|name| words(&name)));
        Handed::of(Settlement::Retry { due_at, error, provider, uncertain }, delivered)
    }

    /// The provider refused for good: the address is undeliverable, and a code is not counted as sent.
    async fn refuse(&self, attempt: &Attempt, reason: &str) -> Result<Handed, Error> {
        // An earlier attempt may have been accepted, and is paid for then.
        let refused = Fate::Undeliverable(UndeliverableReason::Refused);
        let fate = if attempt.uncertain == 0 { refused } else { Fate::RefusedInDoubt };
        self.fail(attempt, &format!("permanently refused: {reason}"), Some(fate)).await
    }

    /// Makes the message a dead letter.
    async fn dead_letter(&self, attempt: &Attempt, reason: &str) -> Result<Handed, Error> {
        self.fail(attempt, reason, attempt.not_taken()).await
    }

    async fn fail(&self, attempt: &Attempt, reason: &str, fate: Option<Fate>) -> Result<Handed, Error> {
        let Attempt { message, attempts, uncertain, .. } = attempt;
        let outcome = Settlement::Failed { at: attempt.at, error: words(reason) };
        self.conclude(attempt, outcome.clone(), fate).await?;
        tracing::warn!(
            target: "identity::delivery", event = "dead_letter", id = %message.id, tenant = %message.key.tenant,
            channel = message.to.channel().as_str(), attempts, uncertain, reason,
            "the message became a dead letter: {reason}",
        );
        Ok(Handed::of(outcome, Delivered { failed: 1, ..Delivered::default() }))
    }

    /// Settles the message for good, and then notes its fate. The other order could give back the send and the budgets of a code
    /// that another attempt delivers after all; a worker that ends in between leaves them counted. The worker settles the message
    /// once more, which changes nothing.
    async fn conclude(&self, attempt: &Attempt, outcome: Settlement, fate: Option<Fate>) -> Result<(), Error> {
        let Some(fate) = fate.filter(|_| !is_visitors(&attempt.message)) else { return Ok(()) };
        let settled = vec![Settled { id: attempt.message.id, outcome }];
        if self.parts.store.settle(attempt.lease, settled).await? == 0 {
            return Ok(());
        }
        match self.note_fate(&attempt.message, fate, &delivery()).await {
            // The user is being changed by others; the send stays counted.
            Err(Error::Contended) => Ok(()),
            noted => noted,
        }
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

    /// The back-off before the next attempt. It doubles with every attempt, and a random part of up to a quarter is taken off,
    /// so that messages which failed together are not tried again together.
    fn wait(&self, attempts: u32) -> Result<Duration, Error> {
        let wait = FIRST_WAIT.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST_WAIT);
        let [chance, ..] = *self.parts.entropy.seed()?.nonce(0).as_bytes();
        Ok(wait.mul_f64(0.75 + f64::from(chance) / 1_020.0))
    }
}

impl Attempt {
    /// The fate of a code that certainly no provider accepted.
    fn not_taken(&self) -> Option<Fate> {
        let is_code = matches!(self.message.content, Content::Challenge { .. });
        (is_code && self.uncertain == 0).then_some(Fate::NotTaken)
    }
}

/// Whether the message signs somebody in, who need not be a user.
pub(crate) fn is_visitors(message: &Message) -> bool {
    is_challenge(message, Purpose::SignIn)
}

fn is_challenge(message: &Message, purpose: Purpose) -> bool {
    matches!(&message.content, Content::Challenge { challenge, .. } if challenge.purpose == purpose)
}

/// The actor of the events that delivery causes.
fn delivery() -> Actor {
    Actor::Administrator("delivery".into())
}

/// A provider's text in a form that every store can keep: shortened, and without U+0000.
fn words(text: &str) -> String {
    let end = (0..=WORDS.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().replace('\0', "\u{fffd}")
}
