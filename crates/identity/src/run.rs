//! The one way in which a user changes: load, decide, plan, commit against the version that was read, start over on a conflict.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use identity_core::policy::{Listed, MailboxLimit, Mode};
use identity_core::{
    Actor, BudgetKind, Change, Charge, Claim, ClaimChanges, ClaimKey, Commit, Committed, Context, Decision, Exhausted,
    Funding, Identifier, IdentifierId, Issued, Outgoing, Planned, Policy, Recorded, Refund, Refusal, Rival, SendLimit,
    Started, Stored, TenantId, Timestamp, User, UserId, UserKey, Version, WhenExhausted, asks_for, held_before, plan,
    resting, shared_charges,
};
use identity_ports::{CommitError, StoreError};
use tokio::runtime::Handle;
use tracing::Instrument as _;

use crate::{Error, Identity, Receipt};

/// The number of rounds after which a change fails with [`Error::Contended`].
pub(crate) const ROUNDS: u32 = 64;

/// The number of a user's newest events that are searched for a proof of an address when strangers have used up its budgets, and
/// of the events that are read at a time where all are needed.
const REMEMBERED: u16 = 256;

impl Identity {
    /// Changes an existing user.
    pub(crate) async fn run<T: 'static>(
        &self,
        use_case: &'static str,
        key: &UserKey,
        actor: &Actor,
        decide: impl Fn(&User, &Context<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<Receipt<T>, Error> {
        self.rounds(use_case, key, actor, false, |user, _, context| decide(user, context)).await
    }

    /// Changes an existing user by a decision that depends on all events of the user.
    pub(crate) async fn run_with_history<T: 'static>(
        &self,
        use_case: &'static str,
        key: &UserKey,
        actor: &Actor,
        decide: impl Fn(&User, &[Recorded], &Context<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<Receipt<T>, Error> {
        self.rounds(use_case, key, actor, true, decide).await
    }

    async fn rounds<T: 'static>(
        &self,
        use_case: &'static str,
        key: &UserKey,
        actor: &Actor,
        remembers: bool,
        decide: impl Fn(&User, &[Recorded], &Context<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<Receipt<T>, Error> {
        let rounds = pin!(async {
            actor.check()?;
            let mut heeds_rest = !actor.is_administrator();
            for round in 0..ROUNDS {
                let (key, stored) = self.load(key).await?.ok_or(Refusal::UserNotFound)?;
                let history = if remembers { self.history_of(&key, stored.version).await? } else { Vec::new() };
                let decide = |context: &Context<'_>| decide(&stored.user, &history, context);
                let mut attempted = self.attempt(&key, &stored, actor, Funding::Shared, heeds_rest, decide).await;
                if let Err(Failure::Crowded(crowded)) = attempted {
                    attempted = self.uncrowd(&key, &stored, actor, crowded, heeds_rest, decide).await;
                }
                match attempted {
                    // Somebody changed the user in between.
                    Err(Failure::Conflict | Failure::Crowded(_)) => self.back_off(round).await?,
                    Err(Failure::Resting { claim, until }) => {
                        // Whoever makes a holder's call come here has proved that they have the address.
                        if !held_before(&self.history_of(&key, stored.version).await?, &claim) {
                            return Err(Failure::Resting { claim, until }.into());
                        }
                        heeds_rest = false;
                    }
                    ended => return ended.map_err(Error::from),
                }
            }
            Err(Error::Contended)
        });
        self.told(use_case, rounds, done).await
    }

    /// All events of a user up to a version.
    async fn history_of(&self, key: &UserKey, Version(version): Version) -> Result<Vec<Recorded>, Error> {
        let mut history: Vec<Recorded> = Vec::new();
        while let Some(after) = Some(history.last().map_or(0, |last| last.number)).filter(|after| *after < version) {
            let page = self.parts.store.history(key, after, REMEMBERED.into()).await?;
            if page.is_empty() {
                break;
            }
            history.extend(page);
        }
        // What was written since is another version, which the commit finds.
        history.retain(|recorded| recorded.number <= version);
        Ok(history)
    }

    /// Changes two existing users in one commit, or none. The receipt is the first one's.
    pub(crate) async fn run_two<T: 'static>(
        &self,
        use_case: &'static str,
        [first, second]: [&UserKey; 2],
        actor: &Actor,
        decide: impl Fn(&User, &User, &Context<'_>) -> Result<(Decision<T>, Decision<()>), Refusal>,
    ) -> Result<Receipt<T>, Error> {
        let rounds = pin!(async {
            actor.check()?;
            for round in 0..ROUNDS {
                let (first, one) = self.load(first).await?.ok_or(Refusal::UserNotFound)?;
                let (second, other) = self.load(second).await?.ok_or(Refusal::UserNotFound)?;
                let seeds = [self.parts.entropy.seed()?, self.parts.entropy.seed()?];
                let now = self.parts.clock.now_after(one.user.updated_at().max(other.user.updated_at()));
                let policy = self.policy();
                let contexts = seeds.each_ref().map(|seed| self.context(now, seed, &policy, actor, Funding::Shared));
                let [context, with] = contexts;
                let (decision, also) = decide(&one.user, &other.user, &context)?;
                let planned = plan(&first, Some(&one), decision, &context)?;
                let planned = planned.with(plan(&second, Some(&other), also, &with)?, &context);
                match self.commit(&first, planned, &context).await {
                    Err(Failure::Conflict | Failure::Crowded(_)) => self.back_off(round).await?,
                    ended => return ended.map_err(Error::from),
                }
            }
            Err(Error::Contended)
        });
        self.told(use_case, rounds, done).await
    }

    /// A user with its key; when the user became a part of another one, that one.
    pub(crate) async fn load(&self, key: &UserKey) -> Result<Option<(UserKey, Stored)>, StoreError> {
        let mut key = key.clone();
        // Who was merged is never there again, so there is no circle.
        loop {
            if let Some(stored) = self.parts.store.load(&key).await? {
                return Ok(Some((key, stored)));
            }
            let mut last = None;
            loop {
                let read = last.as_ref().map_or(0, |last: &Recorded| last.number);
                let Some(newest) = self.parts.store.history(&key, read, REMEMBERED.into()).await?.pop() else { break };
                last = Some(newest);
            }
            let Some(Change::MergedInto { user }) = last.map(|last| last.event.change) else { return Ok(None) };
            key.user = user;
        }
    }

    /// Creates a user. A conflict is final, because the id is or was in use.
    pub(crate) async fn begin<T: 'static>(
        &self,
        use_case: &'static str,
        key_of: impl Fn(&T) -> UserKey,
        actor: &Actor,
        heeds_rest: bool,
        decide: impl Fn(&Context<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<Receipt<T>, Error> {
        let once = pin!(async {
            actor.check()?;
            let seed = self.parts.entropy.seed()?;
            let policy = self.policy();
            let context = self.context(self.now(), &seed, &policy, actor, Funding::Shared);
            let context = Context { heeds_rest, ..context };
            let decision = decide(&context)?;
            let key = key_of(&decision.outcome);
            match self.commit(&key, plan(&key, None, decision, &context)?, &context).await {
                Err(Failure::Conflict | Failure::Crowded(_)) => Err(Refusal::UserExists.into()),
                ended => ended.map_err(Error::from),
            }
        });
        self.told(use_case, once, done).await
    }

    async fn attempt<T>(
        &self,
        key: &UserKey,
        stored: &Stored,
        actor: &Actor,
        funding: Funding,
        heeds_rest: bool,
        decide: impl Fn(&Context<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<Receipt<T>, Failure> {
        let seed = self.parts.entropy.seed().map_err(Error::from)?;
        // Another process may have given a later time than this one's clock shows: events stand in the order of their times.
        let now = self.parts.clock.now_after(stored.user.updated_at());
        let policy = self.policy();
        let context = Context { heeds_rest, ..self.context(now, &seed, &policy, actor, funding) };
        let mut decision = decide(&context).map_err(Error::from)?;
        let end = stored.user.ends_contest(&mut decision.events, &context);
        let mut planned = plan(key, Some(stored), decision, &context).map_err(Error::from)?;
        if let Some(end) = end {
            let decide = |user: &User, context: &Context<'_>| Some(user.follow_contest(&end, context));
            if let Some(other) = self.other_half(&end.with, &context, decide).await? {
                planned = planned.with(other, &context);
            }
        }
        match self.commit(key, planned, &context).await {
            Err(Failure::Taken(claim)) => self.contest(key, stored, &claim, &context, decide).await,
            written => written,
        }
    }

    /// Makes a decision once more, whose commit met the claim of another user: it contests the address where the policy opens a
    /// contest.
    async fn contest<T>(
        &self,
        key: &UserKey,
        stored: &Stored,
        claim: &Claim,
        context: &Context<'_>,
        decide: impl Fn(&Context<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<Receipt<T>, Failure> {
        let taken = || Failure::Taken(claim.clone());
        if context.actor.is_administrator() || !context.policy.contest().opens() {
            return Err(taken());
        }
        let found = self.parts.store.find(&key.tenant, std::slice::from_ref(&claim.key)).await.map_err(Error::from)?;
        let owner = found.into_iter().find(|found| found.verified && found.user != key.user).ok_or_else(taken)?.user;
        let seed = self.parts.entropy.seed().map_err(Error::from)?;
        let rival = Rival { owner: &owner, key: &claim.key };
        let context = Context { seed: &seed, rival: Some(rival), ..*context };
        let decision = decide(&context).map_err(Error::from)?;
        let events = decision.events.clone();
        let planned = plan(key, Some(stored), decision, &context).map_err(Error::from)?;
        let decide = |user: &User, context: &Context<'_>| user.contested_by(&stored.user, &events, context);
        let other = self.other_half(&owner, &context, decide).await?.ok_or_else(taken)?;
        self.commit(key, planned.with(other, &context), &context).await
    }

    /// Plans what the other user of a contest has to write; `None` when there is nothing to decide about that user.
    async fn other_half(
        &self,
        user: &UserId,
        context: &Context<'_>,
        decide: impl FnOnce(&User, &Context<'_>) -> Option<Decision<()>>,
    ) -> Result<Option<Planned<()>>, Failure> {
        let key = UserKey { tenant: context.tenant.clone(), user: user.clone() };
        let seed = self.parts.entropy.seed().map_err(Error::from)?;
        let Some(stored) = self.parts.store.load(&key).await.map_err(Error::from)? else { return Ok(None) };
        // The other user may have been written by a clock that is ahead of this one: its events stand in their order as well.
        let now = self.parts.clock.now_after(stored.user.updated_at()).max(context.now);
        let context = Context { now, seed: &seed, actor: &Actor::contest(), heeds_rest: false, ..*context };
        let Some(decision) = decide(&stored.user, &context) else { return Ok(None) };
        Ok(Some(plan(&key, Some(&stored), decision, &context).map_err(Error::from)?))
    }

    /// Makes a decision once more, for which a budget that strangers share had no room: from the reserve of the address when
    /// the user is no stranger there and the reserve has room, withheld when the holder asks for a code, or refused.
    async fn uncrowd<T>(
        &self,
        key: &UserKey,
        stored: &Stored,
        actor: &Actor,
        Crowded { exhausted, asked, at }: Crowded,
        heeds_rest: bool,
        decide: impl Fn(&Context<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<Receipt<T>, Failure> {
        if self.policy().send().reserve().is_some() {
            let newest = stored.version.0.saturating_sub(REMEMBERED.into());
            let history = self.parts.store.history(key, newest, REMEMBERED.into()).await.map_err(Error::from)?;
            if let Some(standing) = asked.and_then(|id| stored.user.standing(id, &history)) {
                let funded = self.attempt(key, stored, actor, Funding::Reserve(standing), heeds_rest, &decide).await;
                if !matches!(funded, Err(Failure::Crowded(_))) {
                    return funded;
                }
            }
        }
        if exhausted.kind.is_shared() && !actor.is_administrator() {
            tell(&key.tenant, &Exhausted { effect: WhenExhausted::Withhold, ..exhausted });
            return self.attempt(key, stored, actor, Funding::Withheld, heeds_rest, decide).await;
        }
        tell(&key.tenant, &exhausted);
        Err(refused_by(exhausted, at))
    }

    pub(crate) fn context<'a>(
        &'a self,
        now: Timestamp,
        seed: &'a identity_core::Seed,
        policy: &'a Policy,
        actor: &'a Actor,
        funding: Funding,
    ) -> Context<'a> {
        let heeds_rest = !actor.is_administrator();
        let (tenant, keys) = (&self.tenant, &self.parts.keys);
        Context { now, seed, tenant, policy, keys, actor, funding, heeds_rest, rival: None }
    }

    async fn commit<T>(
        &self,
        key: &UserKey,
        Planned { commit, user, version, outcome }: Planned<T>,
        context: &Context<'_>,
    ) -> Result<Receipt<T>, Failure> {
        let receipt = Receipt { outcome, user, version, at: context.now };
        let Some(commit) = commit else { return Ok(receipt) };
        let mail = commit.messages.first().map(|outgoing| outgoing.message.id);
        let before = commit.before.clone();
        let (asked, claims) = (asks_for(&commit.events), commit.claims.clone());
        let failed = |error| match error {
            CommitError::Exhausted(exhausted) => exhausted_by(exhausted, asked, &claims, key, context),
            error => Failure::from(error),
        };
        let drawn = self.draw_shared(&commit.messages).await.map_err(failed)?;
        let mode = context.policy.mailbox_limit().map_or(Mode::Refuse, MailboxLimit::mode);
        let committed = match self.write_slots(commit, context.policy, mode).await {
            Ok(committed) => committed,
            Err(error) => {
                // After any other error it may have been written.
                if matches!(error, CommitError::Conflict | CommitError::Taken(_) | CommitError::Exhausted(_)) {
                    self.give_back_shared(drawn).await;
                }
                return Err(failed(error));
            }
        };
        committed.exhausted.iter().for_each(|exhausted| tell(&key.tenant, exhausted));
        tell_of_listed(before.as_deref(), &receipt.user, context);
        if let Some(id) = mail {
            self.enqueued(id).await;
        }
        Ok(receipt)
    }

    /// Writes a commit. A slot of a mailbox that another user holds is passed over, as long as there is a next one. When there is
    /// none, the answer says that the first one is taken, or the commit is written without it and the excess is logged.
    pub(crate) async fn write_slots(
        &self,
        mut commit: Commit,
        policy: &Policy,
        mode: Mode,
    ) -> Result<Committed, CommitError> {
        let users = policy.mailbox_limit().map_or(0, MailboxLimit::users);
        let mut exceeded = Vec::new();
        loop {
            let again = commit.parts().any(|part| part.claims.takes_slot()).then(|| commit.clone());
            let taken = match (self.write(commit).await, again) {
                (Err(CommitError::Taken(taken)), Some(again)) => {
                    commit = again;
                    taken
                }
                (Ok(committed), _) => {
                    exceeded.iter().for_each(|slot| self.tell_of_exceeded(slot, users));
                    return Ok(committed);
                }
                (error, _) => return error,
            };
            let takes = |part: &Commit| part.claims.take.iter().any(|claim| claim.key == taken.key);
            let claims = match &mut commit.also {
                Some(also) if takes(also) => &mut also.claims,
                _ => &mut commit.claims,
            };
            match claims.pass_over(&taken.key, users) {
                Ok(()) => {}
                Err(slot) if mode == Mode::Record && slot.slot().is_some() => {
                    claims.take.retain(|claim| claim.key != taken.key);
                    exceeded.push(slot);
                }
                Err(key) => return Err(CommitError::Taken(Claim { key, ..taken })),
            }
        }
    }

    /// Logs that more users hold verified addresses of a mailbox than a limit says that only records.
    fn tell_of_exceeded(&self, slot: &ClaimKey, users: u8) {
        let mailbox = slot.slot().map_or("", |(mailbox, _)| mailbox);
        let (tenant, mailbox, list) = (&self.tenant, self.parts.keys.pseudonym(&self.tenant, mailbox), "mailbox");
        tracing::info!(target: "identity::restriction", event = "recorded", %tenant, list, mailbox, users);
    }

    /// Draws what these messages cost from the budgets that all tenants share, and returns what there is to give back when the
    /// messages are not enqueued. A process that ends in between leaves too much drawn, and never too little.
    pub(crate) async fn draw_shared(&self, messages: &[Outgoing]) -> Result<Vec<Refund>, CommitError> {
        let Some((budgets, policy)) = &self.parts.shared else { return Ok(Vec::new()) };
        let charges = shared_charges(messages, policy, &self.parts.keys);
        if charges.is_empty() {
            return Ok(Vec::new());
        }
        budgets.draw(&TenantId::shared(), &[], &charges).await?;
        let refund = |Charge { kind, quota, amount, at, .. }| Refund { kind, quota, amount, at };
        Ok(charges.into_iter().map(refund).collect())
    }

    async fn give_back_shared(&self, drawn: Vec<Refund>) {
        if let Some((budgets, _)) = self.parts.shared.as_ref().filter(|_| !drawn.is_empty())
            && let Err(error) = budgets.draw(&TenantId::shared(), &drawn, &[]).await
        {
            tracing::warn!(%error, "what a refused change drew from the budgets of all tenants was not given back");
        }
    }

    /// Waits before the next round. The longest wait doubles with each round and the actual one is random, so that callers who
    /// collided do not collide again at once.
    pub(crate) async fn back_off(&self, round: u32) -> Result<(), Error> {
        #[cfg(feature = "metrics")]
        crate::metrics::conflict();
        tracing::trace!(round, "conflict");
        // Stores within the process need no tokio, which measures the wait.
        if round < 2 || Handle::try_current().is_err() {
            tokio::task::yield_now().await;
            return Ok(());
        }
        let most = 1_u64 << round.min(6);
        let [chance, ..] = *self.parts.entropy.seed()?.nonce(0).as_bytes();
        tokio::time::sleep(Duration::from_micros(most * 500 * u64::from(chance) / 255)).await;
        Ok(())
    }

    /// Logs the result of a use case within a span of its own. Neither names a user or an address.
    pub(crate) async fn told<T: 'static>(
        &self,
        use_case: &'static str,
        work: Pin<&mut impl Future<Output = Result<T, Error>>>,
        done: impl FnOnce(&T),
    ) -> Result<T, Error> {
        let span = tracing::info_span!("identity", use_case, tenant = %self.tenant);
        let ended = work.instrument(span.clone()).await.map_err(|error| self.in_time_of_day(error));
        #[cfg(feature = "metrics")]
        crate::metrics::use_case(use_case, &ended);
        span.in_scope(|| match &ended {
            Ok(answer) => done(answer),
            Err(Error::Refused(refusal)) => {
                tracing::info!(target: "identity::refused", code = refusal.code(), reason = %refusal, "refused");
            }
            Err(error) => tracing::warn!(%error, "failed"),
        });
        ended
    }
}

impl Identity {
    /// The caller waits by the time of day, which may be behind the time that decisions are made by.
    fn in_time_of_day(&self, error: Error) -> Error {
        let shown = |at| self.parts.clock.time_of_day(at);
        match error {
            Error::Refused(Refusal::TooSoon { retry_at, limit }) => {
                Refusal::TooSoon { retry_at: shown(retry_at), limit }.into()
            }
            Error::Refused(Refusal::Resting { kind, until }) => Refusal::Resting { kind, until: shown(until) }.into(),
            Error::Refused(Refusal::TooManyFailures { retry_at }) => {
                Refusal::TooManyFailures { retry_at: retry_at.map(shown) }.into()
            }
            error => error,
        }
    }

    /// The same for the times of a challenge that was started.
    pub(crate) fn started(&self, receipt: Receipt<Started>) -> Receipt<Started> {
        let shown = |at| self.parts.clock.time_of_day(at);
        let Started { expires_at, resend_at } = receipt.outcome;
        Receipt { outcome: Started { expires_at: shown(expires_at), resend_at: shown(resend_at) }, ..receipt }
    }

    /// The same for a code that was issued.
    pub(crate) fn issued(&self, receipt: Receipt<Issued>) -> Receipt<Issued> {
        let expires_at = self.parts.clock.time_of_day(receipt.outcome.expires_at);
        Receipt { outcome: Issued { expires_at, ..receipt.outcome }, ..receipt }
    }
}

fn done<T>(receipt: &Receipt<T>) {
    tracing::debug!(version = receipt.version.0, "done");
}

/// Logs that a budget was exhausted, with its numbers. The quota is a pseudonym, a country or a tenant.
pub(crate) fn tell(tenant: &TenantId, exhausted: &Exhausted) {
    let Exhausted { kind, quota, limit, drawn, amount, window, retry_at, effect } = exhausted;
    tracing::info!(
        target: "identity::spend",
        event = "exhausted",
        %tenant,
        kind = kind.as_str(),
        quota,
        limit,
        drawn,
        amount,
        window = window.as_secs(),
        retry_at = retry_at.as_secs(),
        effect = effect.as_str(),
    );
}

/// Logs that a new address is on a list that only records, with the entry and the date of the list.
fn tell_of_listed(before: Option<&User>, after: &User, context: &Context<'_>) {
    let restriction = context.policy.restriction();
    for Identifier { id, address, .. } in after.identifiers() {
        let Some(Listed { entry, date, mode: Mode::Record }) = restriction.disposable(address) else { continue };
        if before.is_some_and(|user| user.identifier(*id).is_some()) {
            continue;
        }
        let (tenant, list) = (context.tenant, "disposable");
        tracing::info!(target: "identity::restriction", event = "recorded", %tenant, list, date, entry);
    }
}

/// Judges the exhaustion of a budget: the decision is made once more, or refused.
fn exhausted_by(
    exhausted: Exhausted,
    asked: Option<IdentifierId>,
    claims: &ClaimChanges,
    key: &UserKey,
    context: &Context<'_>,
) -> Failure {
    if let Some(claim) = resting(claims, &exhausted, context) {
        return Failure::Resting { claim: claim.clone(), until: exhausted.retry_at };
    }
    let crowded = exhausted.kind.is_shared() || exhausted.kind == BudgetKind::Guesses;
    let again = match context.funding {
        Funding::Shared => crowded,
        Funding::Reserve(_) => crowded || exhausted.kind == BudgetKind::Reserve,
        Funding::Withheld => false,
    };
    if again {
        return Failure::Crowded(Crowded { exhausted, asked, at: context.now });
    }
    tell(&key.tenant, &exhausted);
    refused_by(exhausted, context.now)
}

fn refused_by(exhausted: Exhausted, now: Timestamp) -> Failure {
    let refusal = match exhausted.kind {
        // The end of the window would tell when strangers began to guess. A whole window from now there is room in any case.
        BudgetKind::Guesses => Refusal::TooManyFailures { retry_at: Some(now + exhausted.window) },
        _ => Refusal::TooSoon { retry_at: exhausted.retry_at, limit: SendLimit::Shared(Arc::new(exhausted)) },
    };
    Failure::Other(refusal.into())
}

enum Failure {
    Conflict,
    /// Nothing is written, because another user holds a claim.
    Taken(Claim),
    /// Nothing is written, and the decision is made once more.
    Crowded(Crowded),
    /// Nothing is written, because what the commit takes rests.
    Resting {
        claim: ClaimKey,
        until: Timestamp,
    },
    Other(Error),
}

/// A budget that the user shares with strangers and that has no room.
struct Crowded {
    exhausted: Exhausted,
    /// The address that the user asked a code for, or answered.
    asked: Option<IdentifierId>,
    /// When the decision was made.
    at: Timestamp,
}

/// The answer when the decision is not made once more.
impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Conflict | Failure::Crowded(_) => Self::Contended,
            Failure::Taken(claim) => Refusal::from(&claim).into(),
            Failure::Resting { claim, until } => Refusal::Resting { kind: claim.kind(), until }.into(),
            Failure::Other(error) => error,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        Self::Other(match error {
            CommitError::Conflict => return Self::Conflict,
            CommitError::Taken(claim) => return Self::Taken(claim),
            CommitError::Store(error) => error.into(),
            other => identity_ports::StoreError::failed(other).into(),
        })
    }
}
