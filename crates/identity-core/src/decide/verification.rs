use std::sync::Arc;
use std::time::Duration;

use super::bounded;
use crate::identifier::DAY;
use crate::message::binding;
use crate::policy::Resend;
use crate::{
    Attempts, Challenge, Change, Code, Context, Decision, Identifier, IdentifierId, LinkToken, Method, Proof, Purpose,
    Refusal, SendLimit, Status, Timestamp, User, Verified,
};

/// How an address is to be verified. The default is by code, for as long as the policy says.
#[derive(Debug, Clone, Default)]
pub struct Verification {
    /// By code, by link, or by either.
    pub proof: Proof,
    /// How long; the policy's life when it is absent. A challenge with a code lives as long as the policy says at most, one
    /// with a link alone 7 days.
    pub life: Option<Duration>,
    /// What the notifier is to know, a link template for example; at most 2,048 bytes.
    pub hint: Option<Arc<str>>,
}

/// The longest life of a link that goes without a code.
const LINK_LIFE: Duration = Duration::from_secs(7 * 86_400);

/// A challenge is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// From when on its code is void.
    pub expires_at: Timestamp,
    /// When the next message may be asked for.
    pub resend_at: Timestamp,
}

/// A code for an administrator to pass on.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The code.
    pub code: Code,
    /// From when on it is void.
    pub expires_at: Timestamp,
}

/// What somebody gives to show that they read the address's messages.
#[derive(Debug, Clone, Copy)]
pub enum Answer<'a> {
    /// The code that they typed.
    Code(&'a Code),
    /// The token of the link that they opened.
    Link(&'a LinkToken),
}

/// Whether an answer was right. A wrong one is not an error: it is counted, and that has to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// The address is verified now.
    Verified,
    /// The answer was wrong.
    Rejected {
        /// How many more this challenge takes.
        attempts_left: u8,
    },
}

impl User {
    /// Makes a challenge and sends it, or sends the one that is out once more.
    ///
    /// # Errors
    /// [`Refusal::AlreadyVerified`], [`Refusal::TooSoon`] with the time, [`Refusal::TooManyFailures`],
    /// [`Refusal::Restricted`], [`Refusal::Disabled`], [`Refusal::IdentifierNotFound`], [`Refusal::Life`],
    /// [`Refusal::TooLarge`] and [`Refusal::Nul`] for a hint that is.
    pub fn start_verification(
        &self,
        id: IdentifierId,
        request: &Verification,
        context: &Context<'_>,
    ) -> Result<Decision<Started>, Refusal> {
        let entry = self.challengeable(id, context)?;
        let restriction = context.policy.restriction().restricts(&entry.address).filter(|_| !entry.unrestricted);
        if let Some(restriction) = restriction {
            return Err(Refusal::Restricted(restriction));
        }
        may_fail(entry, context)?;
        may_send(&entry.attempts, context)?;
        let mut sent = entry.attempts.clone();
        sent.send(context.now);
        let resend_at = next_send(&sent, context).map_or(context.now, |(retry_at, _)| retry_at);
        let fresh = challenge(entry, request, context)?;
        let alive = entry.challenge().filter(|challenge| challenge.lives(context.now));
        let same = alive.filter(|alive| {
            context.policy.verification().resend() == Resend::SameCode
                && (alive.proof, &alive.hint) == (fresh.proof, &fresh.hint)
                && context
                    .keys
                    .code(&binding(context.tenant, &self.id, id, &entry.address, alive), alive.format)
                    .is_some()
        });
        let (change, expires_at) = match same {
            Some(alive) => (Change::CodeResent { id }, alive.expires_at),
            None => (Change::VerificationStarted { id, challenge: fresh.clone() }, fresh.expires_at),
        };
        Ok(Decision::of(context, vec![change], Started { expires_at, resend_at }))
    }

    /// Makes a challenge and gives its code to an administrator; nothing is sent. Wrong answers keep their count.
    ///
    /// # Errors
    /// [`Refusal::AdministratorOnly`], [`Refusal::AlreadyVerified`], [`Refusal::TooManyFailures`],
    /// [`Refusal::IdentifierNotFound`].
    pub fn issue_code(&self, id: IdentifierId, context: &Context<'_>) -> Result<Decision<Issued>, Refusal> {
        context.administrator()?;
        let entry = self.challengeable(id, context)?;
        may_fail(entry, context)?;
        let challenge = challenge(entry, &Verification::default(), context)?;
        let binding = binding(context.tenant, &self.id, id, &entry.address, &challenge);
        let code = context.keys.code(&binding, challenge.format).ok_or(Refusal::KeyGone)?;
        let issued = Issued { code, expires_at: challenge.expires_at };
        Ok(Decision::of(context, vec![Change::CodeIssued { id, challenge }], issued))
    }

    /// Judges an answer. A wrong code is counted, a wrong link needs no count; a right one verifies the address, ends the challenge and the count, lets the
    /// address that it replaces go, and may make it primary.
    ///
    /// # Errors
    /// [`Refusal::NoChallenge`], [`Refusal::AlreadyVerified`], [`Refusal::Expired`], [`Refusal::TooManyFailures`],
    /// [`Refusal::KeyGone`], [`Refusal::Disabled`], [`Refusal::IdentifierNotFound`]. None of them is a try.
    pub fn confirm(
        &self,
        id: IdentifierId,
        answer: Answer<'_>,
        context: &Context<'_>,
    ) -> Result<Decision<Confirmation>, Refusal> {
        let entry = self.challengeable(id, context)?;
        let challenge = entry.challenge().ok_or(Refusal::NoChallenge)?;
        let offered = match answer {
            Answer::Code(_) => challenge.proof.by_code(),
            Answer::Link(_) => challenge.proof.by_link(),
        };
        if !offered {
            return Err(Refusal::NoChallenge);
        }
        if !challenge.lives(context.now) {
            return Err(Refusal::Expired);
        }
        may_fail(entry, context)?;
        let binding = binding(context.tenant, &self.id, id, &entry.address, challenge);
        let (right, by) = match answer {
            Answer::Code(code) => {
                let expected = context.keys.code(&binding, challenge.format).ok_or(Refusal::KeyGone)?;
                (expected.matches(code), Method::Code)
            }
            Answer::Link(token) => {
                let expected = context.keys.link(&binding).ok_or(Refusal::KeyGone)?;
                (expected.matches(token), Method::Link)
            }
        };
        if bool::from(right) {
            let verified = Verified { at: context.now, by, source: None };
            let mut changes = vec![Change::Verified { id, verified }];
            changes.extend(self.settle_verified(entry, context));
            return Ok(Decision::of(context, changes, Confirmation::Verified));
        }
        match answer {
            Answer::Code(_) => {
                let outcome = Confirmation::Rejected { attempts_left: attempts_left(entry, challenge, context) };
                Ok(Decision::of(context, vec![Change::AnswerRejected { id }], outcome))
            }
            // Nobody guesses 256 bits. Counting would let a stranger lock the address by opening a made-up link.
            Answer::Link(_) => Ok(Decision::nothing(Confirmation::Rejected { attempts_left: challenge.tries_left() })),
        }
    }

    /// Verifies an address on an administrator's word. A challenge that is out is void. Nothing changes when it is verified.
    ///
    /// # Errors
    /// [`Refusal::AdministratorOnly`], [`Refusal::IdentifierNotFound`].
    pub fn mark_verified(
        &self,
        id: IdentifierId,
        source: Option<&str>,
        context: &Context<'_>,
    ) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let entry = self.entry(id)?;
        let source = bounded("source", source)?;
        if entry.is_verified() {
            return Ok(Decision::nothing(()));
        }
        let verified = Verified { at: context.now, by: Method::Administrator, source };
        let mut changes = vec![Change::Verified { id, verified }];
        changes.extend(self.settle_verified(entry, context));
        Ok(Decision::of(context, changes, ()))
    }

    /// Takes an address's verification away, and its challenge. Nothing changes when it has neither.
    ///
    /// # Errors
    /// [`Refusal::AdministratorOnly`], [`Refusal::IdentifierNotFound`].
    pub fn mark_unverified(&self, id: IdentifierId, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let entry = self.entry(id)?;
        if !entry.is_verified() && !entry.is_pending() {
            return Ok(Decision::nothing(()));
        }
        let mut changes = vec![Change::Unverified { id }];
        if entry.is_verified() {
            changes.extend(self.succeed(entry, context));
        }
        Ok(Decision::of(context, changes, ()))
    }

    /// Forgives an address its wrong answers. Nothing changes when it has none.
    ///
    /// # Errors
    /// [`Refusal::AdministratorOnly`], [`Refusal::IdentifierNotFound`].
    pub fn clear_attempts(&self, id: IdentifierId, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let attempts = &self.entry(id)?.attempts;
        let clear = attempts.failed_in_a_row == 0 && attempts.failed_at.is_empty();
        let changes = if clear { Vec::new() } else { vec![Change::AttemptsCleared { id }] };
        Ok(Decision::of(context, changes, ()))
    }

    fn challengeable(&self, id: IdentifierId, context: &Context<'_>) -> Result<&Identifier, Refusal> {
        self.open(context)?;
        let entry = self.entry(id)?;
        if entry.is_verified() { Err(Refusal::AlreadyVerified) } else { Ok(entry) }
    }
}

/// Whether another wrong answer may be taken, so that a code may be compared or sent at all.
fn may_fail(entry: &Identifier, context: &Context<'_>) -> Result<(), Refusal> {
    let policy = context.policy.verification();
    if entry.attempts.failed_in_a_row >= policy.failures_in_a_row() {
        return Err(Refusal::TooManyFailures { retry_at: None });
    }
    let retry_at = full(&entry.attempts.failed_at, policy.failures_a_day(), DAY, context.now);
    let locked = entry.challenge().filter(|challenge| challenge.lives(context.now) && challenge.tries_left() == 0);
    // Without a challenge there was one that went with the address when it was removed: its lock outlives it.
    let life = policy.life(entry.address.channel());
    let again = match entry.status {
        Status::Unverified => full(&entry.attempts.failed_at, u32::from(policy.tries()), life, context.now),
        Status::Pending(_) | Status::Verified(_) => None,
    };
    match retry_at.max(locked.map(|challenge| challenge.expires_at)).max(again) {
        Some(retry_at) => Err(Refusal::TooManyFailures { retry_at: Some(retry_at) }),
        None => Ok(()),
    }
}

/// Wrong answers left after the one that was just given.
fn attempts_left(entry: &Identifier, challenge: &Challenge, context: &Context<'_>) -> u8 {
    let policy = context.policy.verification();
    let today = entry.attempts.failed_at.iter().filter(|at| context.now.since(**at) < DAY).count();
    let today = u32::try_from(today).unwrap_or(u32::MAX);
    let left = u32::from(challenge.tries_left())
        .min(policy.failures_a_day().saturating_sub(today))
        .min(policy.failures_in_a_row().saturating_sub(entry.attempts.failed_in_a_row));
    u8::try_from(left.saturating_sub(1)).unwrap_or(u8::MAX)
}

fn may_send(attempts: &Attempts, context: &Context<'_>) -> Result<(), Refusal> {
    match next_send(attempts, context) {
        Some((retry_at, limit)) => Err(Refusal::TooSoon { retry_at, limit }),
        None => Ok(()),
    }
}

/// When the next message may be sent, and which limit keeps it waiting the longest; `None` when it may be sent now.
fn next_send(attempts: &Attempts, context: &Context<'_>) -> Option<(Timestamp, SendLimit)> {
    let policy = context.policy.verification();
    let sent = &attempts.sent_at;
    let wait = sent.last().map(|last| *last + policy.resend_wait()).filter(|retry_at| context.now < *retry_at);
    let window = full(sent, policy.sends_per_window(), policy.window(), context.now);
    let day = full(sent, policy.sends_a_day(), DAY, context.now);
    let limits = [(wait, SendLimit::ResendWait), (window, SendLimit::Window), (day, SendLimit::Day)];
    let waiting = limits.into_iter().filter_map(|(retry_at, limit)| retry_at.map(|retry_at| (retry_at, limit)));
    waiting.max_by_key(|(retry_at, _)| *retry_at)
}

/// When there is room again in a sliding window that takes `limit`; `None` when there is room now.
fn full(times: &[Timestamp], limit: u32, window: Duration, now: Timestamp) -> Option<Timestamp> {
    let oldest_that_counts = times.len().checked_sub(usize::try_from(limit).ok()?)?;
    let retry_at = *times.get(oldest_that_counts)? + window;
    (now < retry_at).then_some(retry_at)
}

fn challenge(entry: &Identifier, request: &Verification, context: &Context<'_>) -> Result<Challenge, Refusal> {
    let policy = context.policy.verification();
    let channel = entry.address.channel();
    let life = policy.life(channel);
    let most = if request.proof.by_code() { life } else { LINK_LIFE };
    let life = request.life.unwrap_or(life);
    if life.is_zero() || life > most {
        return Err(Refusal::Life);
    }
    if request.hint.as_ref().is_some_and(|hint| hint.len() > 2_048) {
        return Err(Refusal::TooLarge { what: "hint", limit: "2,048 bytes" });
    }
    if request.hint.as_ref().is_some_and(|hint| hint.contains('\0')) {
        return Err(Refusal::Nul { what: "hint" });
    }
    // Wrong answers to a challenge that still lives count against the one that voids it. When the address was removed with
    // its challenge and added again, those of the time that a challenge lives count.
    let recent = || entry.attempts.failed_at.iter().filter(|at| context.now.since(**at) < policy.life(channel)).count();
    let failed = match &entry.status {
        Status::Pending(challenge) if challenge.lives(context.now) => challenge.failed,
        Status::Pending(_) | Status::Verified(_) => 0,
        Status::Unverified => u8::try_from(recent()).unwrap_or(u8::MAX).min(policy.tries()),
    };
    Ok(Challenge {
        nonce: context.seed.nonce(0),
        key: context.keys.current().clone(),
        purpose: if entry.replaces.is_some() { Purpose::Replacement } else { Purpose::Verification },
        proof: request.proof,
        format: policy.format(),
        issued_at: context.now,
        expires_at: context.now + life,
        tries: policy.tries(),
        failed,
        hint: request.hint.clone(),
    })
}
