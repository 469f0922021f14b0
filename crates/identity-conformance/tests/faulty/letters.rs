use std::time::Duration;

use identity_core::{Message, MessageId, Report, Timestamp, UserId, UserKey};
use identity_ports::{
    Backlog, Lease, LeaseId, Leased, Outbox, PostState, Posted, Settled, Settlement, StoreError, UserRepository,
};
use uuid::Uuid;

use super::{Fault, FaultyStore};

impl FaultyStore {
    pub(super) async fn faulty_enqueue(&self, mut message: Message) -> Result<(), StoreError> {
        message.key = self.key(&message.key);
        let is_user = self.inner.load(&message.key).await?.is_some();
        match self.fault {
            Fault::VisitorsAreDropped if !is_user => return Ok(()),
            Fault::EnqueuesAgain if self.inner.message(message.id).await?.is_some() => {
                message.id = MessageId::from_uuid(Uuid::from_u128(message.id.as_uuid().as_u128() + 1_000));
            }
            Fault::EnqueuesApart => message.key.user = UserId::parse("apart").unwrap(),
            _ => {}
        }
        self.inner.enqueue(message).await
    }

    pub(super) async fn faulty_lease(&self, mut lease: Lease) -> Result<Vec<Leased>, StoreError> {
        match self.fault {
            Fault::NobodyIsLeftOut => lease.except.clear(),
            Fault::LeasesHoldNothing => lease.lasts = Duration::ZERO,
            Fault::WorkersClocksCount => lease.at = Some(lease.now),
            Fault::LeasesRace => {
                let seen = self.inner.lease(Lease { lasts: Duration::ZERO, ..lease.clone() }).await?;
                self.dawdle().await;
                self.inner.lease(lease).await?;
                return Ok(seen);
            }
            Fault::YoungestFirst => {
                let mut leased =
                    self.inner.lease(Lease { limit: 10_000, lasts: Duration::ZERO, ..lease.clone() }).await?;
                leased.sort_by_key(|leased| std::cmp::Reverse((leased.message.created_at, leased.message.id)));
                leased.truncate(lease.limit);
                return Ok(leased);
            }
            _ => {}
        }
        let seen = match self.fault {
            Fault::LeasesScan64 => self.first_due(&lease, 64).await?,
            Fault::LeasesScanFourTimes => self.first_due(&lease, 4 * lease.limit).await?,
            _ => Vec::new(),
        };
        let mut leased = self.inner.lease(lease.clone()).await?;
        if lease.times(|| lease.now).1 < identity_conformance::kit::NOW {
            let ended = leased.iter().map(|leased| (leased.message.id, lease.id));
            self.notes.lock().unwrap().ended.extend(ended);
        }
        match self.fault {
            Fault::AgainIsCut if lease.again => leased.truncate(lease.limit),
            Fault::AgainShowsTheReported if lease.again => {
                let held: Vec<MessageId> = {
                    let notes = self.notes.lock().unwrap();
                    let of_it = notes.holders.iter().filter(|(_, holder)| **holder == lease.id);
                    of_it.map(|(id, _)| *id).collect()
                };
                for id in held {
                    let posted = self.inner.message(id).await?;
                    leased.extend(posted.filter(|posted| posted.sent_at.is_some()).map(Posted::leased));
                }
                leased.sort_by_key(|leased| leased.message.id);
            }
            Fault::LeasesScan64 | Fault::LeasesScanFourTimes => {
                leased.retain(|leased| seen.contains(&leased.message.id));
            }
            Fault::AttemptsAreNotCounted => leased.iter_mut().for_each(|leased| leased.attempts = 1),
            Fault::ProvidersAreForgotten => leased.iter_mut().for_each(|leased| leased.provider = None),
            Fault::UnsettledIsForgotten => leased.iter_mut().for_each(|leased| leased.uncertain = 0),
            // Other due messages of the same users are leased along with it.
            Fault::UsersAreNotInOrder => {
                let heads: Vec<UserKey> = leased.iter().map(|leased| leased.message.key.clone()).collect();
                for key in heads {
                    for posted in self.inner.posted(&key, None, 1_000).await? {
                        let waiting = posted.sent_at.is_none() && posted.failed_at.is_none();
                        let Posted { message, attempts, uncertain, provider, .. } = posted;
                        if waiting && leased.iter().all(|other| other.message.id != message.id) {
                            leased.push(Leased { message, attempts: attempts + 1, uncertain, provider });
                        }
                    }
                }
            }
            _ => {}
        }
        let holders = leased.iter().map(|leased| (leased.message.id, lease.id));
        self.notes.lock().unwrap().holders.extend(holders);
        Ok(leased)
    }

    pub(super) async fn faulty_backlog(&self) -> Result<Backlog, StoreError> {
        let mut backlog = self.inner.backlog().await?;
        if self.fault == Fault::BacklogsCountTheEnded {
            let leased: Vec<MessageId> = self.notes.lock().unwrap().holders.keys().copied().collect();
            for id in leased {
                let posted = self.inner.message(id).await?;
                backlog.pending += u64::from(posted.is_some_and(|posted| posted.state() != PostState::Waiting));
            }
        }
        Ok(backlog)
    }

    /// The first messages that are due, whether they may be taken or not.
    async fn first_due(&self, lease: &Lease, most: usize) -> Result<Vec<MessageId>, StoreError> {
        let mut messages = self.notes.lock().unwrap().messages.clone();
        messages.retain(|message| message.created_at <= lease.now);
        messages.sort_by_key(|message| (message.created_at, message.id));
        let mut due = Vec::new();
        for message in messages {
            let posted = self.inner.message(message.id).await?;
            due.extend(posted.filter(|posted| posted.state() == PostState::Waiting).map(|_| message.id));
        }
        due.truncate(most);
        Ok(due)
    }

    pub(super) async fn faulty_settle(&self, lease: LeaseId, mut settled: Vec<Settled>) -> Result<usize, StoreError> {
        let mut count = 0;
        if self.fault == Fault::OutcomesShift {
            let mut unknown = false;
            for (place, before) in settled.clone().iter().enumerate() {
                unknown |= self.inner.message(before.id).await?.is_none();
                if let Some(after) = settled.get_mut(place + 1).filter(|_| unknown) {
                    after.outcome = before.outcome.clone();
                }
            }
        }
        for mut settled in settled {
            let holder = match self.fault {
                Fault::AnyLeaseSettles => self.notes.lock().unwrap().holders.get(&settled.id).copied().unwrap_or(lease),
                _ => lease,
            };
            settled.outcome = match settled.outcome {
                Settlement::Failed { .. } if self.fault == Fault::FailedAreDropped => Settlement::Done,
                Settlement::Sent { .. } if self.fault == Fault::SentIsDropped => Settlement::Done,
                Settlement::Sent { at, provider: None, reference } if self.fault == Fault::ProvidersStay => {
                    let provider = self.inner.message(settled.id).await?.and_then(|posted| posted.provider);
                    Settlement::Sent { at, provider, reference }
                }
                Settlement::Retry { error, provider, uncertain, .. } if self.fault == Fault::RetriesAreDueAtOnce => {
                    Settlement::Retry { due_at: identity_conformance::kit::NOW, error, provider, uncertain }
                }
                outcome => outcome,
            };
            count += self.inner.settle(holder, vec![settled]).await?;
        }
        Ok(count)
    }

    pub(super) async fn faulty_report(&self, id: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        let before = self.inner.message(id).await?;
        if self.fault == Fault::ReportsDoNotEnd
            && let Some(before) = before.filter(|posted| posted.sent_at.is_none())
        {
            return Ok(Some(before));
        }
        let mut after = self.inner.report(id, report).await?;
        if self.fault == Fault::LastReportCounts
            && let Some(after) = &mut after
        {
            after.report = Some(report.clone());
        }
        Ok(after)
    }

    pub(super) async fn faulty_posted(
        &self,
        key: &UserKey,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Posted>, StoreError> {
        let limit = if self.fault == Fault::PostedIsCapped { limit.min(1_000) } else { limit };
        self.inner.posted(&self.key(key), after, limit).await
    }

    pub(super) async fn faulty_prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let ahead = if self.fault == Fault::PrunesAhead { 1 } else { 0 };
        self.inner.prune(before + Duration::from_micros(ahead), limit).await
    }
}
