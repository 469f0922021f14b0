use std::sync::Arc;
use std::time::Duration;

use identity_conformance::kit::{NOW, Person, code_keys, create};
use identity_core::{
    Address, Charge, ClaimKey, ClaimKind, Email, Exhausted, Outgoing, Phone, Recorded, Status, TenantId, Timestamp,
    User, UserId, UserKey, WhenExhausted,
};
use identity_ports::{
    Commit, CommitError, Committed, Expected, ListOrder, ListQuery, Outbox, Settled, Settlement, StoreError, Stored,
    UserRepository,
};

use super::{Fault, FaultyStore};

/// The prefix of users that the faults need. They are not listed.
pub(super) const SHADOW: &str = "shadow ";

impl FaultyStore {
    pub(super) async fn faulty_commit(&self, mut commit: Commit) -> Result<Committed, CommitError> {
        commit.key = self.key(&commit.key);
        if self.fault == Fault::VersionsAreIgnored {
            self.dawdle().await;
        }
        let stored = self.inner.load(&commit.key).await?;
        self.spoil_texts(&mut commit);
        self.spoil_windows(&mut commit);
        self.spoil(&mut commit, stored.as_ref());
        if let Some(also) = commit.also.take() {
            return self.faulty_pair(commit, *also).await;
        }
        if let Some(mistaken) = self.mistaken(&commit) {
            return Err(mistaken);
        }
        match self.fault {
            Fault::ReleasesTouchAnybody => {
                for key in &commit.claims.release {
                    for holder in self.holders(&commit.key.tenant, key).await {
                        let key_of = UserKey { tenant: commit.key.tenant.clone(), user: holder.user.id().clone() };
                        if key_of != commit.key {
                            let person = Person::of(&holder.user);
                            let draft = identity_conformance::kit::change(&key_of, &holder, &person).release(key);
                            self.inner.commit(draft.0).await?;
                        }
                    }
                }
            }
            Fault::FirstComeHolds => {
                for claim in &commit.claims.take {
                    let holders = self.holders(&commit.key.tenant, &claim.key).await;
                    if holders.iter().any(|holder| *holder.user.id() != commit.key.user) {
                        return Err(CommitError::Taken(claim.clone()));
                    }
                }
            }
            Fault::WithheldDraws => self.draw_for_withheld(&commit).await,
            Fault::QuotasRace => return self.race_for_quotas(commit).await,
            Fault::ErasedEventsStay | Fault::HundredAreStripped if commit.after.is_none() => {
                let mut events = self.inner.history(&commit.key, 0, 10_000).await?;
                events.extend(commit.events.clone());
                let stripped = if self.fault == Fault::HundredAreStripped { 100 } else { 0 };
                for recorded in events.iter_mut().take(stripped) {
                    recorded.event = recorded.event.clone().stripped();
                }
                self.notes.lock().unwrap().events.insert(commit.key.clone(), events);
            }
            Fault::EndedLeasesAreWithdrawn if !commit.withdraw.is_empty() => {
                let ended = std::mem::take(&mut self.notes.lock().unwrap().ended);
                for (id, lease) in ended {
                    let outcome = Settlement::Release { due_at: NOW };
                    self.inner.settle(lease, vec![Settled { id, outcome }]).await?;
                }
            }
            Fault::ClaimsComeLater => {
                let held = stored.as_ref().map(|stored| stored.claims.clone()).unwrap_or_default();
                self.notes.lock().unwrap().late.insert(commit.key.clone(), held);
                let result = self.inner.commit(commit.clone()).await;
                self.pause().await;
                self.notes.lock().unwrap().late.remove(&commit.key);
                return result;
            }
            Fault::BudgetsComeEarly | Fault::BudgetsComeLater if stored.is_some() => {
                let charges = std::mem::take(&mut commit.charges);
                if self.fault == Fault::BudgetsComeEarly {
                    self.draw(&commit.key.tenant, charges.clone()).await;
                    self.pause().await;
                }
                let tenant = commit.key.tenant.clone();
                let result = self.inner.commit(commit).await;
                if self.fault == Fault::BudgetsComeLater {
                    self.pause().await;
                    self.draw(&tenant, charges).await;
                }
                return result;
            }
            _ => {}
        }
        self.note(&commit);
        let result = self.inner.commit(commit.clone()).await;
        self.leave_a_trace(commit, result, stored).await
    }

    /// A commit of two users.
    async fn faulty_pair(&self, mut first: Commit, mut also: Commit) -> Result<Committed, CommitError> {
        let key = first.key.clone();
        match self.fault {
            Fault::AlsoIsDropped => return self.inner.commit(first).await,
            Fault::AlsoIsUnchecked if also.expected != Expected::Absent => {
                let stored = self.inner.load(&also.key).await?;
                expect_what_is(&mut also, stored.as_ref());
            }
            Fault::AlsoComesLater => {
                let Committed { mut exhausted } = self.inner.commit(first).await?;
                self.pause().await;
                exhausted.extend(self.inner.commit(also).await?.exhausted);
                return Ok(Committed { exhausted });
            }
            Fault::AlsoComesFirst => std::mem::swap(&mut first, &mut also),
            Fault::AlsoHasBudgets => charges(&mut also).for_each(|charge| charge.quota.push_str(" also")),
            Fault::AlsoUsesIdsAgain => {
                let known =
                    |outgoing: &Outgoing| first.messages.iter().any(|own| own.message.id == outgoing.message.id);
                also.messages.retain(|outgoing| !known(outgoing));
            }
            Fault::AlsoIsNotStripped if also.after.is_none() => {
                let mut events = self.inner.history(&also.key, 0, 10_000).await?;
                events.extend(also.events.clone());
                self.notes.lock().unwrap().events.insert(also.key.clone(), events);
            }
            Fault::OppositesDeadlock => {
                self.notes.lock().unwrap().pairs.push(key.clone());
                self.pause().await;
                let mut notes = self.notes.lock().unwrap();
                let is_locked = notes.pairs.contains(&also.key);
                notes.pairs.retain(|other| *other != key);
                if is_locked {
                    return Err(StoreError::failed("deadlock detected").into());
                }
            }
            _ => {}
        }
        first.also = Some(Box::new(also));
        self.inner.commit(first).await
    }

    fn note(&self, commit: &Commit) {
        let mut notes = self.notes.lock().unwrap();
        notes.tenants.insert(commit.key.tenant.clone());
        for entry in commit.lookup().remove {
            *notes.gone.entry(entry.key).or_default() += 1;
        }
        if matches!(
            self.fault,
            Fault::ErasedMessagesStay | Fault::HundredAreRemoved | Fault::LeasesScan64 | Fault::LeasesScanFourTimes
        ) {
            notes.messages.extend(commit.messages.iter().map(|outgoing| outgoing.message.clone()));
        }
    }

    /// Changes the commit before it is written.
    fn spoil(&self, commit: &mut Commit, stored: Option<&Stored>) {
        match self.fault {
            Fault::CreateOverwrites if commit.expected == Expected::Absent => expect_what_is(commit, stored),
            Fault::VersionsAreIgnored if commit.expected != Expected::Absent => expect_what_is(commit, stored),
            Fault::OneEventACommit => {
                let number = commit.events[0].number;
                commit.events = commit.events.pop().into_iter().map(|last| Recorded { number, ..last }).collect();
            }
            Fault::TypedFormsAreLost => edit(commit, |person| {
                for entry in &mut person.entries {
                    let text = entry.address.as_str();
                    entry.address = match &entry.address {
                        Address::Email(_) => Email::restore(text, text).unwrap().into(),
                        Address::Phone(_) => Phone::restore(text, text).unwrap().into(),
                    };
                }
            }),
            Fault::TimesAreCut => edit(commit, |person| {
                let cut = |at: Timestamp| Timestamp::from_micros(at.as_micros() / 1_000 * 1_000);
                person.parts.created_at = cut(person.parts.created_at);
                person.parts.updated_at = cut(person.parts.updated_at);
            }),
            Fault::HintsAreLost => edit(commit, |person| {
                for entry in &mut person.entries {
                    if let Status::Pending(challenge) = &mut entry.status {
                        challenge.hint = None;
                    }
                }
            }),
            Fault::StrengthIsKept => {
                let held = stored.map(|stored| stored.claims.clone()).unwrap_or_default();
                commit.claims.take.retain(|claim| held.iter().all(|held| held.key != claim.key));
            }
            Fault::ReleasedLast => {
                let release = commit.claims.release.clone();
                commit.claims.take.retain(|claim| !release.contains(&claim.key));
            }
            Fault::WithholdingRefuses => {
                for charge in charges(commit) {
                    charge.when_exhausted = WhenExhausted::Refuse;
                }
            }
            Fault::OwnChargesAreFree => commit.charges.clear(),
            Fault::IdsAreUsedAgain => {
                let known = &mut self.notes.lock().unwrap().ids;
                commit.messages.retain(|outgoing| known.insert(outgoing.message.id));
            }
            Fault::NothingAlwaysFits => commit.charges.retain(|charge| charge.amount > 0),
            Fault::ChargesAreOne => charges(commit).for_each(|charge| charge.amount = 1),
            Fault::RecordingWithholds => {
                for charge in charges(commit).filter(|charge| charge.when_exhausted == WhenExhausted::Record) {
                    charge.when_exhausted = WhenExhausted::Withhold;
                }
            }
            Fault::NothingIsWithdrawn => commit.withdraw.clear(),
            Fault::NothingIsRefunded => commit.refunds.clear(),
            Fault::RefundsGoAnywhere => {
                let last = identity_conformance::kit::at(61);
                commit.refunds.iter_mut().filter(|refund| refund.at > NOW).for_each(|refund| refund.at = last);
            }
            Fault::WindowsOnTheMinute => {
                for charge in charges(commit) {
                    charge.at = Timestamp::from_secs(charge.at.as_secs() / 60 * 60);
                }
            }
            Fault::NamesClaimNames
                if commit.claims.take.iter().any(|claim| claim.key.kind() == ClaimKind::Username) =>
            {
                commit.claims.take.retain(|claim| claim.key.kind() == ClaimKind::Username);
            }
            Fault::CodesAreWritten => {
                let codes = commit.messages.iter().filter_map(|outgoing| outgoing.message.code(&code_keys()));
                let mut notes = self.notes.lock().unwrap();
                codes.for_each(|code| notes.written.extend(code.reveal().as_bytes()));
            }
            Fault::SpellingsAreNotWritten if commit.before == commit.after => commit.after = commit.before.clone(),
            _ => {}
        }
    }

    async fn leave_a_trace(
        &self,
        commit: Commit,
        mut result: Result<Committed, CommitError>,
        stored: Option<Stored>,
    ) -> Result<Committed, CommitError> {
        if let (Ok(committed), Fault::NothingIsTold) = (&mut result, self.fault) {
            committed.exhausted.clear();
        }
        match (&result, self.fault) {
            (Err(CommitError::Conflict), Fault::ErasedIdsAreNew)
                if commit.expected == Expected::Absent && stored.is_none() =>
            {
                return Ok(Committed::default());
            }
            (Err(CommitError::Conflict), Fault::ConflictsSend) => {
                let messages = commit.messages.into_iter();
                let unpaid = messages.map(|outgoing| Outgoing { charges: Vec::new(), ..outgoing });
                self.shadow(&commit.key.tenant, unpaid.collect()).await;
            }
            (Err(CommitError::Taken(claim)), Fault::TakenTellsTheHolders) => {
                let holders = self.holders(&commit.key.tenant, &claim.key).await;
                let held = holders.into_iter().flat_map(|holder| holder.claims).find(|held| held.key == claim.key);
                return Err(CommitError::Taken(held.unwrap_or_else(|| claim.clone())));
            }
            (Ok(committed), Fault::WithheldBegins | Fault::NothingBegins | Fault::NothingMovesEnds) => {
                self.begin_windows(&commit, committed).await
            }
            (Err(CommitError::Taken(_)), Fault::TakenDraws) => {
                for outgoing in commit.messages {
                    self.draw(&commit.key.tenant, outgoing.charges).await;
                }
            }
            (Err(CommitError::Exhausted(_)), Fault::ExhaustedClaims) => {
                if let Some(stored) = stored {
                    let person = Person::of(&stored.user);
                    let mut draft = identity_conformance::kit::change(&commit.key, &stored, &person).0;
                    draft.claims = commit.claims;
                    self.inner.commit(draft).await?;
                }
            }
            (Ok(_), Fault::ErasedMessagesStay | Fault::HundredAreRemoved) if commit.after.is_none() => {
                let removed = if self.fault == Fault::HundredAreRemoved { 100 } else { 0 };
                let messages: Vec<_> = {
                    let notes = self.notes.lock().unwrap();
                    notes.messages.iter().filter(|message| message.key == commit.key).cloned().collect()
                };
                let left = messages.into_iter().skip(removed);
                let free = left.map(|message| Outgoing { message, charges: Vec::new() });
                self.shadow(&commit.key.tenant, free.collect()).await;
            }
            _ => {}
        }
        result
    }

    /// Commits messages for a hidden user.
    async fn shadow(&self, tenant: &TenantId, messages: Vec<Outgoing>) {
        let number = {
            let mut notes = self.notes.lock().unwrap();
            notes.shadows += 1;
            notes.shadows
        };
        let user = UserId::parse(&format!("{SHADOW}{number}")).unwrap();
        let mut draft = create(&UserKey { tenant: tenant.clone(), user }, &Person::default());
        draft.0.messages = messages;
        // An exhausted budget has nothing left to draw.
        let _ = self.inner.commit(draft.0).await;
    }

    /// Draws without a visible message: the lists and messages of its tenant are not read.
    pub(super) async fn draw(&self, tenant: &TenantId, charges: Vec<Charge>) {
        let far = identity_conformance::kit::FAR + Duration::from_secs(1_000_000);
        let number = 1_000_000 + u128::from(self.notes.lock().unwrap().shadows);
        let key = UserKey { tenant: tenant.clone(), user: UserId::parse("shadow").unwrap() };
        let message = identity_conformance::kit::letter(number, &key, far);
        self.shadow(tenant, vec![Outgoing { message, charges }]).await;
    }

    async fn draw_for_withheld(&self, commit: &Commit) {
        for outgoing in &commit.messages {
            let withheld = {
                let mut notes = self.notes.lock().unwrap();
                let withholds = |charge: &&Charge| charge.when_exhausted == WhenExhausted::Withhold;
                let mut withholding = outgoing.charges.iter().filter(withholds);
                withholding.any(|charge| {
                    let drawn = notes.draws.entry((charge.kind, charge.quota.clone())).or_default();
                    *drawn += 1;
                    *drawn > charge.budget.limit
                })
            };
            if withheld {
                let others = outgoing.charges.iter().filter(|charge| charge.when_exhausted == WhenExhausted::Refuse);
                self.draw(&commit.key.tenant, others.cloned().collect()).await;
            }
        }
    }

    async fn race_for_quotas(&self, mut commit: Commit) -> Result<Committed, CommitError> {
        let mut drawn = Vec::new();
        for charge in commit.messages.iter_mut().flat_map(|outgoing| std::mem::take(&mut outgoing.charges)) {
            let name = (charge.kind, charge.quota.clone());
            let before = self.notes.lock().unwrap().draws.get(&name).copied().unwrap_or(0);
            if before >= charge.budget.limit {
                let charge = Charge { kind: name.0, quota: name.1, ..charge };
                return Err(CommitError::Exhausted(Exhausted::of(&charge, before, charge.at + charge.budget.window)));
            }
            drawn.push((name, before + 1));
        }
        self.dawdle().await;
        self.notes.lock().unwrap().draws.extend(drawn);
        self.inner.commit(commit).await
    }

    async fn holders(&self, tenant: &TenantId, key: &ClaimKey) -> Vec<Stored> {
        let query = ListQuery { order: ListOrder::Created, after: None, limit: 10_000, prefix: None };
        let users = self.inner.list(tenant, &query).await.unwrap().users;
        users.into_iter().filter(|stored| stored.claims.iter().any(|claim| claim.key == *key)).collect()
    }
}

fn charges(commit: &mut Commit) -> impl Iterator<Item = &mut Charge> {
    commit.messages.iter_mut().flat_map(|outgoing| &mut outgoing.charges)
}

fn expect_what_is(commit: &mut Commit, stored: Option<&Stored>) {
    if let Some(stored) = stored {
        commit.expected = Expected::At(stored.version);
        for (number, recorded) in (stored.version.0 + 1..).zip(&mut commit.events) {
            recorded.number = number;
        }
    }
}

pub(super) fn edit(commit: &mut Commit, edit: impl FnOnce(&mut Person)) {
    let Some(user) = commit.after.take() else { return };
    let mut person = Person::of(&user);
    edit(&mut person);
    let edited: Arc<User> = person.user();
    commit.after = Some(edited);
}
