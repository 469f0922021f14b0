use identity_ports::{Lease, LeaseId, Leased, Outbox, Settled, Settlement, StoreError};

use super::{Fault, FaultyStore};

impl FaultyStore {
    pub(super) async fn faulty_lease(&self, mut lease: Lease) -> Result<Vec<Leased>, StoreError> {
        match self.fault {
            Fault::LeasesHoldNothing => lease.until = lease.now,
            Fault::LeasesRace => {
                let seen = self.inner.lease(Lease { until: lease.now, ..lease }).await?;
                self.dawdle().await;
                self.inner.lease(lease).await?;
                return Ok(seen);
            }
            Fault::YoungestFirst => {
                let mut leased = self.inner.lease(Lease { limit: 10_000, until: lease.now, ..lease }).await?;
                leased.sort_by_key(|leased| std::cmp::Reverse((leased.message.created_at, leased.message.id)));
                leased.truncate(lease.limit);
                return Ok(leased);
            }
            _ => {}
        }
        let mut leased = self.inner.lease(lease).await?;
        if self.fault == Fault::AttemptsAreNotCounted {
            leased.iter_mut().for_each(|leased| leased.attempts = 1);
        }
        let holders = leased.iter().map(|leased| (leased.message.id, lease.id));
        self.notes.lock().unwrap().holders.extend(holders);
        Ok(leased)
    }

    pub(super) async fn faulty_settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        let mut count = 0;
        for mut settled in settled {
            let holder = match self.fault {
                Fault::AnyLeaseSettles => self.notes.lock().unwrap().holders.get(&settled.id).copied().unwrap_or(lease),
                _ => lease,
            };
            settled.outcome = match settled.outcome {
                Settlement::Failed { .. } if self.fault == Fault::FailedAreDropped => Settlement::Done,
                Settlement::Retry { error, .. } if self.fault == Fault::RetriesAreDueAtOnce => {
                    Settlement::Retry { due_at: identity_conformance::kit::NOW, error }
                }
                outcome => outcome,
            };
            count += self.inner.settle(holder, vec![settled]).await?;
        }
        Ok(count)
    }
}
