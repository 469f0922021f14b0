use std::sync::Arc;
use std::time::Duration;

use subtle::Choice;

use crate::address::Address;
use crate::base::{DAY, IdentifierId, Timestamp};
use crate::change::{Change, binding};
use crate::decide::{Context, Decision};
use crate::policy::Resend;
use crate::secret::{Binding, Code, KeyId, LinkToken, Purpose};
use crate::user::{
    Attempts, Challenge, Identifier, Method, ProofBy, Refusal, SendLimit, Status, User, Verified, bounded,
};

/// A request to verify an address. The default is a code that is valid for as long as the policy says.
#[derive(Debug, Clone, Default)]
pub struct Verification {
    /// Whether the address is verified by code, by link, or by either.
    pub proof: ProofBy,
    /// How long the challenge is valid; the policy's lifetime when absent. The maximum is the policy's lifetime for a
    /// challenge with a code, and 7 days for a link alone.
    pub life: Option<Duration>,
    /// A hint for the notifier, for example a link template; at most 2,048 bytes.
    pub hint: Option<Arc<str>>,
}

/// The longest lifetime of a link that is sent without a code.
const LINK_LIFE: Duration = Duration::from_secs(7 * 86_400);

/// The answer to a started verification: a challenge is open and a message was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// When the challenge expires; its code is refused at and after this time.
    pub expires_at: Timestamp,
    /// The earliest time at which the next message may be requested.
    pub resend_at: Timestamp,
}

/// A code for an administrator to pass on to the holder.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The code.
    pub code: Code,
    /// When the code expires; it is refused at and after this time.
    pub expires_at: Timestamp,
}

/// An answer to a challenge, which shows that somebody can read the messages of the address.
#[derive(Debug, Clone, Copy)]
pub enum Answer<'a> {
    /// A code that was typed.
    Code(&'a Code),
    /// The token of a link that was opened.
    Link(&'a LinkToken),
}

/// The outcome of an answer. A wrong answer is an outcome and not an error, because the count of wrong answers has to
/// be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// The answer was right, and the address is now verified.
    Verified,
    /// The answer was right, and the address is verified with another user: a contest is open, and the address stays unverified
    /// until it ends ([`ContestPolicy`](crate::policy::ContestPolicy)).
    Contested,
    /// The answer was wrong.
    Rejected {
        /// How many more answers the challenge accepts.
        attempts_left: u8,
    },
}

impl User {
    /// Starts the verification of an address: opens a challenge and requests its message. When the policy resends the
    /// same code, the open challenge is kept and its message requested again, as long as proof and hint are the same.
    ///
    /// When [`Context::funding`] is [`Funding::Withheld`](crate::decide::Funding::Withheld), the challenge is a decoy that no answer fits, no message follows, and the
    /// answer is the same. A decoy is never resent: the next start for which the budget has room opens a challenge that
    /// can be answered, for the rest of the decoy's lifetime.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] for [`ProofBy::Issued`], which only [`issue_code`](Self::issue_code) makes.
    /// * [`Refusal::AlreadyVerified`] when the address is verified, [`Refusal::Contested`] while a contest over it is open.
    /// * [`Refusal::TooSoon`] when a limit on sends to this identifier postpones the message.
    /// * [`Refusal::TooManyFailures`] when the address is locked after wrong answers.
    /// * [`Refusal::Restricted`] when the restriction policy refuses the address.
    /// * [`Refusal::Life`] when the requested lifetime is zero or too long.
    /// * [`Refusal::TooLarge`] and [`Refusal::Nul`] for a hint above 2,048 bytes or with U+0000.
    /// * [`Refusal::IdentifierNotFound`] when the user has no such address.
    /// * [`Refusal::Disabled`] when the holder of a disabled user asks.
    pub fn start_verification(
        &self,
        id: IdentifierId,
        request: &Verification,
        context: &Context<'_>,
    ) -> Result<Decision<Started>, Refusal> {
        if request.proof == ProofBy::Issued {
            return Err(Refusal::AdministratorOnly);
        }
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
                && has_life_left(alive, context)
                && (alive.proof, &alive.hint) == (fresh.proof, &fresh.hint)
                && (alive.is_decoy()
                    || context
                        .keys
                        .code(&binding(context.tenant, &self.parts.id, id, &entry.address, alive), alive.format)
                        .is_some())
        });
        let (change, expires_at) = match same {
            Some(alive) if context.funding.is_withheld() || !alive.is_decoy() => {
                (Change::CodeResent { id }, alive.expires_at)
            }
            // What was never sent cannot be sent again. The answer is that of a resend all the same.
            Some(decoy) => {
                let challenge = Challenge { nonce: fresh.nonce, key: fresh.key, ..decoy.clone() };
                (Change::VerificationStarted { id, challenge }, decoy.expires_at)
            }
            None => {
                let expires_at = fresh.expires_at;
                (Change::VerificationStarted { id, challenge: fresh }, expires_at)
            }
        };
        Ok(Decision::of(context, vec![change], Started { expires_at, resend_at }))
    }

    /// Opens a challenge and returns its code to an administrator; nothing is sent. Earlier wrong answers still count.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] when the holder asks.
    /// * [`Refusal::AlreadyVerified`] when the address is verified, [`Refusal::Contested`] while a contest over it is open.
    /// * [`Refusal::TooManyFailures`] when the address is locked after wrong answers.
    /// * [`Refusal::IdentifierNotFound`] when the user has no such address.
    pub fn issue_code(&self, id: IdentifierId, context: &Context<'_>) -> Result<Decision<Issued>, Refusal> {
        context.administrator()?;
        let entry = self.challengeable(id, context)?;
        may_fail(entry, context)?;
        let request = Verification { proof: ProofBy::Issued, ..Verification::default() };
        let challenge = challenge(entry, &request, context)?;
        let binding = binding(context.tenant, &self.parts.id, id, &entry.address, &challenge);
        let code = context.keys.code(&binding, challenge.format).ok_or(Refusal::KeyGone)?;
        let issued = Issued { code, expires_at: challenge.expires_at };
        Ok(Decision::of(context, vec![Change::CodeIssued { id, challenge }], issued))
    }

    /// Judges an answer to the open challenge of an address. A right answer verifies the address, closes the challenge,
    /// resets the count of wrong answers, removes the address that this one replaces, and may make it primary. A wrong
    /// code is counted; a wrong link is not, because its 256 bits cannot be guessed.
    ///
    /// # Errors
    /// None of these counts as a wrong answer.
    /// * [`Refusal::NoChallenge`] when there is no open challenge, or it does not accept this kind of answer.
    /// * [`Refusal::Expired`] when the challenge has expired.
    /// * [`Refusal::TooManyFailures`] when the address is locked after wrong answers.
    /// * [`Refusal::KeyGone`] when the key of the challenge is no longer configured.
    /// * [`Refusal::AlreadyVerified`] when the address is verified, [`Refusal::Contested`] while a contest over it is open.
    /// * [`Refusal::IdentifierNotFound`] when the user has no such address.
    /// * [`Refusal::Disabled`] when the holder of a disabled user asks.
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
        let binding = binding(context.tenant, &self.parts.id, id, &entry.address, challenge);
        // The same work for a decoy: something is derived and compared, and it is never right.
        let sent = Choice::from(u8::from(!challenge.is_decoy()));
        let binding = if challenge.is_decoy() { Binding { key: context.keys.current(), ..binding } } else { binding };
        let (right, by) = match answer {
            Answer::Code(code) => {
                let expected = context.keys.code(&binding, challenge.format).ok_or(Refusal::KeyGone)?;
                let by = if challenge.proof == ProofBy::Issued { Method::AdministratorCode } else { Method::Code };
                (expected.matches(code), by)
            }
            Answer::Link(token) => {
                let expected = context.keys.link(&binding).ok_or(Refusal::KeyGone)?;
                (expected.matches(token), Method::Link)
            }
        };
        if bool::from(right & sent) {
            let verified = Verified { at: context.now, by, source: None };
            if let Some(opened) = self.contest_over(id, &entry.address, &verified, context) {
                return Ok(Decision::of(context, vec![opened], Confirmation::Contested));
            }
            let mut changes = vec![Change::Verified { id, verified }];
            changes.extend(self.settle_verified(entry, context));
            return Ok(Decision::of(context, changes, Confirmation::Verified));
        }
        match answer {
            Answer::Code(_) => {
                let outcome = Confirmation::Rejected { attempts_left: attempts_left(entry, challenge, context) };
                Ok(Decision::of(context, vec![Change::AnswerRejected { id }], outcome))
            }
            // A token of 256 bits cannot be guessed. Counting would let a stranger lock the address by opening a
            // made-up link.
            Answer::Link(_) => Ok(Decision::nothing(Confirmation::Rejected { attempts_left: challenge.tries_left() })),
        }
    }

    /// Verifies an address on an administrator's word and makes an open challenge void. If the address is verified
    /// already, the decision has no events.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] when the holder asks.
    /// * [`Refusal::IdentifierNotFound`] when the user has no such address.
    /// * [`Refusal::TooLarge`] and [`Refusal::Nul`] for a `source` above 800 bytes or with U+0000.
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

    /// Renews the evidence of a verified address: its holder showed at `at`, by a code or a link that the caller has judged, that
    /// they still have it. The address stays verified whatever comes of it, and nobody is notified. The decision has no events
    /// when the present evidence is as new.
    ///
    /// # Errors
    /// * [`Refusal::NotVerified`] when the address is not verified.
    /// * [`Refusal::IdentifierNotFound`] when the user has no such address.
    /// * [`Refusal::Disabled`] when the holder of a disabled user asks.
    pub fn renew(
        &self,
        address: &Address,
        by: Method,
        at: Timestamp,
        context: &Context<'_>,
    ) -> Result<Decision<IdentifierId>, Refusal> {
        self.open(context)?;
        let same = |entry: &&Identifier| entry.address.claim_key() == address.claim_key();
        let entry = self.identifiers().find(same).ok_or(Refusal::IdentifierNotFound)?;
        let known = entry.verified().ok_or(Refusal::NotVerified)?;
        // Who showed it cannot have done so later than now.
        let at = at.min(context.now);
        if at <= known.at {
            return Ok(Decision::nothing(entry.id));
        }
        let verified = Verified { at, by, source: None };
        Ok(Decision::of(context, vec![Change::Verified { id: entry.id, verified }], entry.id))
    }

    /// Withdraws the verification and the open challenge of an address. If it has neither, the decision has no events.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] when the holder asks.
    /// * [`Refusal::IdentifierNotFound`] when the user has no such address.
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

    /// Resets the count of wrong answers of an address. If there are none, the decision has no events.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] when the holder asks.
    /// * [`Refusal::IdentifierNotFound`] when the user has no such address.
    pub fn clear_attempts(&self, id: IdentifierId, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let clear = self.entry(id)?.attempts.failed_in_a_row == 0;
        let changes = if clear { Vec::new() } else { vec![Change::AttemptsCleared { id }] };
        Ok(Decision::of(context, changes, ()))
    }

    fn challengeable(&self, id: IdentifierId, context: &Context<'_>) -> Result<&Identifier, Refusal> {
        self.open(context)?;
        let entry = self.entry(id)?;
        if entry.is_verified() {
            Err(Refusal::AlreadyVerified)
        } else if entry.contest.is_some() {
            Err(Refusal::Contested)
        } else {
            Ok(entry)
        }
    }
}

/// Whether so much of a challenge's life is left that a resend keeps its code.
fn has_life_left(challenge: &Challenge, context: &Context<'_>) -> bool {
    let whole = challenge.expires_at.since(challenge.issued_at).as_micros();
    let left = challenge.expires_at.since(context.now).as_micros();
    left * 100 >= whole * u128::from(context.policy.verification().resend_percent())
}

/// Checks that another wrong answer may be accepted, which a code has to allow before it is compared or sent.
fn may_fail(entry: &Identifier, context: &Context<'_>) -> Result<(), Refusal> {
    let policy = context.policy.verification();
    if entry.attempts.failed_in_a_row >= policy.failures_in_a_row() {
        return Err(Refusal::TooManyFailures { retry_at: None });
    }
    let retry_at = full(&entry.attempts.failed_at, policy.failures_a_day(), DAY, context.now);
    let locked = entry.challenge().filter(|challenge| challenge.lives(context.now) && challenge.tries_left() == 0);
    // The address was removed together with its challenge and added again: the lock of that challenge still applies.
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

/// The number of answers left after the wrong one that was just given.
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

/// The earliest time for the next message and the limit that postpones it the longest; `None` when it may be sent now.
fn next_send(attempts: &Attempts, context: &Context<'_>) -> Option<(Timestamp, SendLimit)> {
    let policy = context.policy.verification();
    let sent = &attempts.sent_at;
    let last = sent.iter().rfind(|at| is_believed(**at, context.now));
    let wait = last.map(|last| *last + policy.resend_wait()).filter(|retry_at| context.now < *retry_at);
    let window = full(sent, policy.sends_per_window(), policy.window(), context.now);
    let day = full(sent, policy.sends_a_day(), DAY, context.now);
    let limits = [(wait, SendLimit::ResendWait), (window, SendLimit::Window), (day, SendLimit::Day)];
    let waiting = limits.into_iter().filter_map(|(retry_at, limit)| retry_at.map(|retry_at| (retry_at, limit)));
    waiting.max_by_key(|(retry_at, _)| *retry_at)
}

/// Whether a recorded time counts. One that lies more than a day ahead was written by a clock that was wrong by more than a
/// day: nobody can wait for it. Up to a day ahead it counts, so that a clock that steps back gives no sends or guesses back.
fn is_believed(at: Timestamp, now: Timestamp) -> bool {
    at <= now + DAY
}

/// The time at which a sliding window of `limit` entries has room again; `None` when it has room now.
fn full(times: &[Timestamp], limit: u32, window: Duration, now: Timestamp) -> Option<Timestamp> {
    let past = || times.iter().filter(|at| is_believed(**at, now));
    let oldest_that_counts = past().count().checked_sub(usize::try_from(limit).ok()?)?;
    let retry_at = *past().nth(oldest_that_counts)? + window;
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
    // Wrong answers to a challenge that is still open count against its successor. When the address was removed with
    // its challenge and added again, those within the lifetime of a challenge count.
    let recent = || entry.attempts.failed_at.iter().filter(|at| context.now.since(**at) < policy.life(channel)).count();
    let failed = match &entry.status {
        Status::Pending(challenge) if challenge.lives(context.now) => challenge.failed,
        Status::Pending(_) | Status::Verified(_) => 0,
        Status::Unverified => u8::try_from(recent()).unwrap_or(u8::MAX).min(policy.tries()),
    };
    Ok(Challenge {
        nonce: context.seed.nonce(0),
        key: if context.funding.is_withheld() { KeyId::withheld() } else { context.keys.current().clone() },
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
