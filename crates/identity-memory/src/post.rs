use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use identity_core::{Message, MessageId, TenantId, Timestamp, UserKey};
use identity_ports::{Lease, LeaseId, Leased, Parked, Settled, Settlement};
use uuid::Uuid;

use crate::map::Map;

/// The messages of all tenants.
#[derive(Debug, Default)]
pub(crate) struct Post {
    /// Boxed: a message is large, and a table that grows moves what is in it.
    queued: Map<MessageId, Box<Queued>>,
    /// Every queued message, leased or not, in the order in which they are leased.
    due: BTreeSet<(Timestamp, MessageId)>,
    parked: BTreeMap<(TenantId, MessageId), Parked>,
}

#[derive(Debug)]
struct Queued {
    message: Message,
    due_at: Timestamp,
    attempts: u32,
    /// Who holds it, and until when.
    lease: Option<(LeaseId, Timestamp)>,
    error: Option<String>,
}

impl Post {
    pub(crate) fn knows(&self, message: &Message) -> bool {
        self.queued.contains_key(&message.id) || self.parked.contains_key(&(message.key.tenant.clone(), message.id))
    }

    pub(crate) fn enqueue(&mut self, message: Message) {
        let due_at = message.created_at;
        self.due.insert((due_at, message.id));
        let queued = Queued { message, due_at, attempts: 0, lease: None, error: None };
        self.queued.insert(queued.message.id, Box::new(queued));
    }

    pub(crate) fn lease(&mut self, lease: Lease) -> Vec<Leased> {
        let mut leased = Vec::new();
        for (_, id) in self.due.iter().take_while(|(due_at, _)| *due_at <= lease.now) {
            if leased.len() == lease.limit {
                break;
            }
            let Some(queued) = self.queued.get_mut(id) else { continue };
            if queued.lease.is_some_and(|(_, until)| lease.now < until) {
                continue;
            }
            queued.lease = Some((lease.id, lease.until));
            queued.attempts = queued.attempts.saturating_add(1);
            leased.push(Leased { message: queued.message.clone(), attempts: queued.attempts });
        }
        leased
    }

    /// Settles one message; false when the lease does not hold it.
    pub(crate) fn settle(&mut self, lease: LeaseId, settled: Settled) -> bool {
        let Some(queued) = self.queued.get_mut(&settled.id) else { return false };
        // A lease that ran out holds on until another one takes the message.
        if queued.lease.is_none_or(|(holder, _)| holder != lease) {
            return false;
        }
        match settled.outcome {
            Settlement::Retry { due_at, error } => {
                self.due.remove(&(queued.due_at, settled.id));
                self.due.insert((due_at, settled.id));
                (queued.due_at, queued.lease, queued.error) = (due_at, None, Some(error));
            }
            Settlement::Failed { at, error } => {
                if let Some(Queued { message, attempts, .. }) = self.remove(settled.id).map(|queued| *queued) {
                    let key = (message.key.tenant.clone(), message.id);
                    self.parked.insert(key, Parked { message, attempts, failed_at: at, error });
                }
            }
            // `Done`, and whatever comes to be added: it goes.
            _ => drop(self.remove(settled.id)),
        }
        true
    }

    pub(crate) fn parked(&self, tenant: &TenantId, after: Option<MessageId>, limit: usize) -> Vec<Parked> {
        let first = MessageId::from_uuid(Uuid::nil());
        let from = match after {
            Some(after) => Bound::Excluded((tenant.clone(), after)),
            None => Bound::Included((tenant.clone(), first)),
        };
        let rows = self.parked.range((from, Bound::Unbounded)).take_while(|((owner, _), _)| owner == tenant);
        rows.take(limit).map(|(_, parked)| parked.clone()).collect()
    }

    /// Forgets a user's messages, parked ones too: they name the address.
    pub(crate) fn forget(&mut self, key: &UserKey) {
        let Self { queued, due, parked } = self;
        queued.retain(|id, queued| {
            let keep = queued.message.key != *key;
            if !keep {
                due.remove(&(queued.due_at, *id));
            }
            keep
        });
        parked.retain(|_, parked| parked.message.key != *key);
    }

    fn remove(&mut self, id: MessageId) -> Option<Box<Queued>> {
        let queued = self.queued.remove(&id)?;
        self.due.remove(&(queued.due_at, id));
        Some(queued)
    }

    /// Every message, and what was noted about it.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&Message, Option<&str>)> {
        let queued = self.queued.values().map(|queued| (&queued.message, queued.error.as_deref()));
        queued.chain(self.parked.values().map(|parked| (&parked.message, Some(parked.error.as_str()))))
    }
}
