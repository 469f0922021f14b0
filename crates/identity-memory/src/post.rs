use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher as _;
use std::ops::Bound;

use foldhash::fast::RandomState;
use identity_core::{Content, DeliveryState, IdentifierId, Message, MessageId, Report, TenantId, Timestamp, UserKey};
use identity_ports::{DeadLetter, Lease, LeaseId, Leased, Posted, Settled, Settlement};
use uuid::Uuid;

use crate::map::Map;

/// The messages of all tenants.
#[derive(Debug, Default)]
pub(crate) struct Post {
    /// Boxed, because a message is large and a growing table moves its entries.
    queued: Map<MessageId, Box<Queued>>,
    /// Every pending message, leased or not, in the order in which they are leased.
    due: BTreeSet<(Timestamp, MessageId)>,
    /// The last pending message of each user, or of several users whose keys have the same hash; the earlier ones are
    /// linked from it.
    last: Map<u64, MessageId>,
    hashes: RandomState,
    /// Messages that were sent or failed, until they are pruned.
    ended: BTreeMap<MessageId, Ended>,
    dead_letters: BTreeSet<(TenantId, MessageId)>,
}

#[derive(Debug)]
struct Queued {
    message: Message,
    due_at: Timestamp,
    attempts: u32,
    uncertain: u32,
    provider: Option<String>,
    /// The lease that holds the message, and when it ends.
    lease: Option<(LeaseId, Timestamp)>,
    error: Option<String>,
    /// The previous pending message of the same user.
    earlier: Option<MessageId>,
}

#[derive(Debug)]
struct Ended {
    posted: Posted,
    /// The lease that held the message when it was reported on. It may still note how the message was sent.
    lease: Option<LeaseId>,
}

impl Queued {
    fn is_held(&self, now: Timestamp) -> bool {
        self.lease.is_some_and(|(_, until)| now < until)
    }

    fn place(&self) -> (Timestamp, MessageId) {
        (self.message.created_at, self.message.id)
    }

    fn leased(&self) -> Leased {
        let Self { message, attempts, uncertain, provider, .. } = self;
        Leased { message: message.clone(), attempts: *attempts, uncertain: *uncertain, provider: provider.clone() }
    }

    fn posted(&self) -> Posted {
        Posted {
            message: self.message.clone(),
            attempts: self.attempts,
            uncertain: self.uncertain,
            provider: self.provider.clone(),
            reference: None,
            sent_at: None,
            failed_at: None,
            error: self.error.clone(),
            report: None,
        }
    }
}

impl Ended {
    fn ended_at(&self) -> Option<Timestamp> {
        self.posted.sent_at.or(self.posted.failed_at)
    }
}

impl Post {
    pub(crate) fn knows(&self, message: &Message) -> bool {
        self.queued.contains_key(&message.id) || (!self.ended.is_empty() && self.ended.contains_key(&message.id))
    }

    pub(crate) fn enqueue(&mut self, message: Message) {
        let (id, due_at) = (message.id, message.created_at);
        self.due.insert((due_at, id));
        let earlier = self.last.insert(self.hashes.hash_one(&message.key), id);
        let queued =
            Queued { message, due_at, attempts: 0, uncertain: 0, provider: None, lease: None, error: None, earlier };
        self.queued.insert(id, Box::new(queued));
    }

    /// A user's pending messages, the latest first.
    fn of_user<'a>(&'a self, key: &'a UserKey) -> impl Iterator<Item = &'a Queued> {
        let mut next = self.last.get(&self.hashes.hash_one(key)).copied();
        let all = std::iter::from_fn(move || {
            let queued = self.queued.get(&next?)?;
            next = queued.earlier;
            Some(&**queued)
        });
        all.filter(|queued| queued.message.key == *key)
    }

    /// Whether another message of the same user and channel has to go first.
    fn has_to_wait(&self, candidate: &Queued, now: Timestamp, at: Timestamp) -> bool {
        let earlier = |than: &Queued| {
            let (place, channel) = (than.place(), than.message.to.channel());
            let of_user = self.of_user(&candidate.message.key);
            of_user.filter(move |other| other.place() < place && other.message.to.channel() == channel)
        };
        let is_first = |other: &Queued| earlier(other).all(|before| before.message.to != other.message.to);
        earlier(candidate).any(|other| {
            other.is_held(at) || other.message.to == candidate.message.to || (other.due_at <= now && is_first(other))
        })
    }

    /// What a lease that is asked for again holds.
    fn held_by(&self, lease: LeaseId, at: Timestamp) -> Vec<Leased> {
        let all = self.due.iter().filter_map(|(_, id)| self.queued.get(id));
        let held = all.filter(|queued| queued.lease.is_some_and(|(id, until)| id == lease && at < until));
        held.map(|queued| queued.leased()).collect()
    }

    /// Leases messages; `own` is the reading of the store's clock.
    pub(crate) fn lease(&mut self, lease: Lease, own: Timestamp) -> Vec<Leased> {
        let (at, until) = lease.times(|| own);
        if lease.again {
            let held = self.held_by(lease.id, at);
            if !held.is_empty() {
                return held;
            }
        }
        let due = self.due.iter().take_while(|(due_at, _)| *due_at <= lease.now);
        let asked = |queued: &&Queued| lease.channel.is_none_or(|channel| queued.message.to.channel() == channel);
        let free = due
            .filter_map(|(_, id)| self.queued.get(id).map(|queued| &**queued))
            .filter(asked)
            .filter(|queued| !queued.is_held(at));
        let heads = free.filter(|queued| !self.has_to_wait(queued, lease.now, at)).map(|queued| queued.message.id);
        let heads: Vec<MessageId> = heads.take(lease.limit).collect();
        let mut leased = Vec::with_capacity(heads.len());
        for id in heads {
            let Some(queued) = self.queued.get_mut(&id) else { continue };
            // A lease that is still noted ended before it was settled.
            if queued.lease.replace((lease.id, until)).is_some() {
                queued.uncertain = queued.uncertain.saturating_add(1);
            }
            queued.attempts = queued.attempts.saturating_add(1);
            leased.push(queued.leased());
        }
        leased
    }

    /// Settles one message; false when the lease does not hold it.
    pub(crate) fn settle(&mut self, lease: LeaseId, settled: Settled) -> bool {
        let Some(queued) = self.queued.get_mut(&settled.id) else {
            return self.settle_reported(lease, settled);
        };
        // A lease that ended still holds its messages until another lease takes them.
        if queued.lease.is_none_or(|(holder, _)| holder != lease) {
            return false;
        }
        match settled.outcome {
            Settlement::Retry { due_at, error, provider, uncertain } => {
                self.due.remove(&(queued.due_at, settled.id));
                self.due.insert((due_at, settled.id));
                (queued.due_at, queued.lease, queued.error) = (due_at, None, Some(error));
                queued.provider = provider;
                queued.uncertain = queued.uncertain.saturating_add(uncertain.into());
            }
            Settlement::Release { due_at } => {
                self.due.remove(&(queued.due_at, settled.id));
                self.due.insert((due_at, settled.id));
                (queued.due_at, queued.lease) = (due_at, None);
                queued.attempts = queued.attempts.saturating_sub(1);
            }
            Settlement::Failed { at, error } => self.end(settled.id, None, |posted| {
                (posted.failed_at, posted.error) = (Some(at), Some(error));
            }),
            Settlement::Sent { at, provider, reference } => self.end(settled.id, None, |posted| {
                posted.sent_at = Some(at);
                (posted.provider, posted.reference) = (provider, reference);
            }),
            // `Done`, and every variant that is added later, removes the message.
            _ => drop(self.remove(settled.id)),
        }
        true
    }

    /// Settles a message that was reported on while it was leased.
    fn settle_reported(&mut self, lease: LeaseId, settled: Settled) -> bool {
        let Some(ended) = self.ended.get_mut(&settled.id).filter(|ended| ended.lease == Some(lease)) else {
            return false;
        };
        ended.lease = None;
        if let Settlement::Sent { provider, reference, .. } = settled.outcome {
            (ended.posted.provider, ended.posted.reference) = (provider, reference);
        }
        true
    }

    /// Finishes a pending message, which becomes a record.
    fn end(&mut self, id: MessageId, lease: Option<LeaseId>, change: impl FnOnce(&mut Posted)) {
        let Some(queued) = self.remove(id) else { return };
        let mut posted = queued.posted();
        change(&mut posted);
        if posted.failed_at.is_some() {
            self.dead_letters.insert((posted.message.key.tenant.clone(), id));
        }
        self.ended.insert(id, Ended { posted, lease });
    }

    pub(crate) fn report(&mut self, id: MessageId, report: &Report) -> Option<Posted> {
        if let Some(queued) = self.queued.get(&id) {
            let lease = queued.lease.map(|(holder, _)| holder);
            self.end(id, lease, |posted| {
                (posted.sent_at, posted.report) = (Some(report.at), Some(report.clone()));
            });
        } else if let Some(Ended { posted, .. }) = self.ended.get_mut(&id)
            && report.goes_before(posted.report.as_ref())
        {
            if posted.failed_at.is_some() && matches!(report.state, DeliveryState::Accepted | DeliveryState::Delivered)
            {
                (posted.sent_at, posted.failed_at) = (Some(report.at), None);
                self.dead_letters.remove(&(posted.message.key.tenant.clone(), id));
            }
            posted.report = Some(report.clone());
        }
        self.message(id)
    }

    pub(crate) fn message(&self, id: MessageId) -> Option<Posted> {
        let queued = self.queued.get(&id).map(|queued| queued.posted());
        queued.or_else(|| self.ended.get(&id).map(|ended| ended.posted.clone()))
    }

    pub(crate) fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Vec<Posted> {
        let ended = self.ended.values().map(|ended| &ended.posted).filter(|posted| posted.message.key == *key);
        let mut posted: Vec<Posted> = self.of_user(key).map(Queued::posted).chain(ended.cloned()).collect();
        posted.retain(|posted| after.is_none_or(|after| after < posted.message.id));
        posted.sort_by_key(|posted| posted.message.id);
        posted.truncate(limit);
        posted
    }

    pub(crate) fn prune(&mut self, before: Timestamp, limit: usize) -> usize {
        let old = |ended: &Ended| ended.ended_at().is_some_and(|at| at < before);
        let old = self.ended.iter().filter(|(_, ended)| old(ended)).map(|(id, _)| *id);
        let old: Vec<MessageId> = old.take(limit).collect();
        for id in &old {
            if let Some(ended) = self.ended.remove(id) {
                self.dead_letters.remove(&(ended.posted.message.key.tenant, *id));
            }
        }
        old.len()
    }

    pub(crate) fn dead_letters(&self, tenant: &TenantId, after: Option<MessageId>, limit: usize) -> Vec<DeadLetter> {
        let first = MessageId::from_uuid(Uuid::nil());
        let from = match after {
            Some(after) => Bound::Excluded((tenant.clone(), after)),
            None => Bound::Included((tenant.clone(), first)),
        };
        let rows = self.dead_letters.range((from, Bound::Unbounded)).take_while(|(owner, _)| owner == tenant);
        let posted = rows.filter_map(|(_, id)| self.ended.get(id)).map(|ended| &ended.posted);
        let listed = posted.filter_map(|posted| {
            Some(DeadLetter {
                message: posted.message.clone(),
                attempts: posted.attempts,
                failed_at: posted.failed_at?,
                error: posted.error.clone().unwrap_or_default(),
            })
        });
        listed.take(limit).collect()
    }

    /// Removes the messages with a challenge of these identifiers that are not leased.
    pub(crate) fn withdraw(&mut self, key: &UserKey, identifiers: &[IdentifierId]) {
        let void = |queued: &&Queued| {
            queued.lease.is_none()
                && matches!(&queued.message.content, Content::Challenge { identifier, .. } if identifiers.contains(identifier))
        };
        let void: Vec<MessageId> = self.of_user(key).filter(void).map(|queued| queued.message.id).collect();
        for id in void {
            self.remove(id);
        }
    }

    /// Removes all messages of a user, including finished ones, because they name the address.
    pub(crate) fn forget(&mut self, key: &UserKey) {
        let queued: Vec<MessageId> = self.of_user(key).map(|queued| queued.message.id).collect();
        for id in queued {
            self.remove(id);
        }
        let Self { ended, dead_letters, .. } = self;
        ended.retain(|id, ended| {
            let keep = ended.posted.message.key != *key;
            if !keep {
                dead_letters.remove(&(key.tenant.clone(), *id));
            }
            keep
        });
    }

    fn remove(&mut self, id: MessageId) -> Option<Box<Queued>> {
        let queued = self.queued.remove(&id)?;
        self.due.remove(&(queued.due_at, id));
        // Messages that were linked from this one are linked from its predecessor.
        let hash = self.hashes.hash_one(&queued.message.key);
        if let Some(last) = self.last.get_mut(&hash) {
            if *last == id {
                match queued.earlier {
                    Some(earlier) => *last = earlier,
                    None => drop(self.last.remove(&hash)),
                }
            } else {
                let mut next = Some(*last);
                while let Some(later) = next.and_then(|id| self.queued.get_mut(&id)) {
                    if later.earlier == Some(id) {
                        later.earlier = queued.earlier;
                        break;
                    }
                    next = later.earlier;
                }
            }
        }
        Some(queued)
    }

    /// Every message with its state of delivery.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Posted> {
        let ended = self.ended.values().map(|ended| ended.posted.clone());
        self.queued.values().map(|queued| queued.posted()).chain(ended)
    }
}
