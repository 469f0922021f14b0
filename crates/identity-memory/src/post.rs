use std::collections::BTreeSet;

use async_trait::async_trait;
use identity_core::{Content, IdentifierId, Message, MessageId, Report, TenantId, Timestamp, UserKey};
use identity_ports::{Backlog, Lease, LeaseId, Leased, Outbox, PostState, Posted, Settled, StoreError};

use crate::MemoryStore;
use crate::lists::{Lists, Map, push, remove};

/// The messages of all tenants.
#[derive(Debug, Default)]
pub(crate) struct Post {
    /// Pending messages, and those that were sent or failed, until they are pruned.
    pub(crate) messages: Map<MessageId, Box<Kept>>,
    /// Every pending message, leased or not, in the order in which they are leased.
    due: BTreeSet<(Timestamp, MessageId)>,
    of_users: Lists<UserKey, MessageId>,
}

#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) posted: Posted,
    /// The lease that holds the message, and when it ends. It lasts when the message is reported on, because its holder may
    /// still note how the message was sent.
    lease: Option<(LeaseId, Timestamp)>,
}

impl Kept {
    fn is_pending(&self) -> bool {
        self.posted.state() == PostState::Waiting
    }

    fn is_held(&self, now: Timestamp) -> bool {
        self.lease.is_some_and(|(_, until)| now < until)
    }

    fn is_of(&self, lease: LeaseId) -> bool {
        self.lease.is_some_and(|(holder, _)| holder == lease)
    }

    fn place(&self) -> (Timestamp, MessageId) {
        (self.posted.message.created_at, self.posted.message.id)
    }

    fn leased(&self) -> Leased {
        self.posted.clone().leased()
    }
}

impl Post {
    pub(crate) fn enqueue(&mut self, message: Message) {
        let (id, due_at) = (message.id, message.created_at);
        self.due.insert((due_at, id));
        push(self.of_users.entry(message.key.clone()).or_default(), id);
        self.messages.insert(id, Box::new(Kept { posted: Posted::new(message), lease: None }));
    }

    fn of_user(&self, key: &UserKey) -> impl Iterator<Item = &Kept> {
        let ids = self.of_users.get(key).into_iter().flatten();
        ids.filter_map(|id| self.messages.get(id).map(|kept| &**kept))
    }

    /// Whether another message of the same user and channel has to go first.
    fn has_to_wait(&self, candidate: &Kept, now: Timestamp, at: Timestamp) -> bool {
        let earlier = |than: &Kept| {
            let (place, channel) = (than.place(), than.posted.message.to.channel());
            self.of_user(&candidate.posted.message.key).filter(move |other| {
                other.is_pending() && other.place() < place && other.posted.message.to.channel() == channel
            })
        };
        let same_address = |a: &Kept, b: &Kept| a.posted.message.to == b.posted.message.to;
        let is_first = |other: &Kept| !earlier(other).any(|before| same_address(before, other));
        earlier(candidate).any(|other| {
            other.is_held(at) || same_address(other, candidate) || (other.posted.due_at <= now && is_first(other))
        })
    }

    /// Settles one message; false when the lease does not hold it.
    fn settle(&mut self, lease: LeaseId, Settled { id, outcome }: Settled) -> bool {
        // A lease that ended still holds its messages until another lease takes them.
        let Some(kept) = self.messages.get_mut(&id).filter(|kept| kept.is_of(lease)) else { return false };
        kept.lease = None;
        self.due.remove(&(kept.posted.due_at, id));
        if !kept.posted.settle(outcome) {
            self.remove(id);
        } else if kept.is_pending() {
            self.due.insert((kept.posted.due_at, id));
        }
        true
    }

    /// Removes the pending messages with a challenge or something due of these identifiers that are not leased.
    pub(crate) fn withdraw(&mut self, key: &UserKey, identifiers: &[IdentifierId]) {
        let is_void = |content: &Content| match content {
            Content::Challenge { identifier, .. } | Content::Due { identifier } => identifiers.contains(identifier),
            _ => false,
        };
        self.remove_of_user(key, |kept| {
            kept.is_pending() && kept.lease.is_none() && is_void(&kept.posted.message.content)
        });
    }

    /// Removes all messages of a user, including finished ones, because they name the address.
    pub(crate) fn forget(&mut self, key: &UserKey) {
        self.remove_of_user(key, |_| true);
    }

    fn remove_of_user(&mut self, key: &UserKey, which: impl Fn(&Kept) -> bool) {
        let ids = self.of_user(key).filter(|kept| which(kept)).map(|kept| kept.posted.message.id);
        ids.collect::<Vec<_>>().into_iter().for_each(|id| self.remove(id));
    }

    fn remove(&mut self, id: MessageId) {
        if let Some(kept) = self.messages.remove(&id) {
            self.due.remove(&(kept.posted.due_at, id));
            remove(&mut self.of_users, &kept.posted.message.key, &id);
        }
    }
}

/// The first of these messages in the order of their ids, behind one of them.
fn page<'a>(all: impl Iterator<Item = &'a Kept>, after: Option<MessageId>, limit: usize) -> Vec<Posted> {
    let posted = all.map(|kept| &kept.posted);
    let mut page: Vec<&Posted> = posted.filter(|posted| after.is_none_or(|after| after < posted.message.id)).collect();
    page.sort_unstable_by_key(|posted| posted.message.id);
    page.into_iter().take(limit).cloned().collect()
}

#[async_trait]
impl Outbox for MemoryStore {
    async fn enqueue(&self, message: Message) -> Result<(), StoreError> {
        let post = &mut self.write()?.post;
        if !post.messages.contains_key(&message.id) {
            post.enqueue(message);
        }
        Ok(())
    }

    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError> {
        let (at, until) = lease.times(|| self.clock.now());
        let post = &mut self.write()?.post;
        let pending = || post.due.iter().filter_map(|(_, id)| post.messages.get(id));
        let held = pending().filter(|kept| lease.again && kept.is_held(at) && kept.is_of(lease.id));
        let held: Vec<Leased> = held.map(|kept| kept.leased()).collect();
        if !held.is_empty() {
            return Ok(held);
        }
        let is_asked = |message: &Message| {
            let of_channel = lease.channel.is_none_or(|channel| message.to.channel() == channel);
            of_channel && !lease.except.contains(&message.key.tenant)
        };
        let heads = pending()
            .take_while(|kept| kept.posted.due_at <= lease.now)
            .filter(|kept| is_asked(&kept.posted.message) && !kept.is_held(at))
            .filter(|kept| !post.has_to_wait(kept, lease.now, at))
            .map(|kept| kept.posted.message.id);
        let heads: Vec<MessageId> = heads.take(lease.limit).collect();
        let take = |id: MessageId| {
            let kept = post.messages.get_mut(&id)?;
            // A lease that is still noted ended before it was settled.
            let unsettled = kept.lease.replace((lease.id, until)).is_some();
            kept.posted.lease(unsettled);
            Some(kept.leased())
        };
        Ok(heads.into_iter().filter_map(take).collect())
    }

    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        let post = &mut self.write()?.post;
        Ok(settled.into_iter().map(|settled| post.settle(lease, settled)).filter(|held| *held).count())
    }

    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        let Post { messages, due, .. } = &mut self.write()?.post;
        let Some(Kept { posted, .. }) = messages.get_mut(&message).map(|kept| &mut **kept) else {
            return Ok(None);
        };
        if posted.note(report) {
            due.remove(&(posted.due_at, message));
        }
        Ok(Some(posted.clone()))
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError> {
        Ok(self.read()?.post.messages.get(&message).map(|kept| kept.posted.clone()))
    }

    async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError> {
        Ok(page(self.read()?.post.of_user(key), after, limit))
    }

    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let post = &mut self.write()?.post;
        let is_old = |posted: &Posted| posted.sent_at.or(posted.failed_at).is_some_and(|at| at < before);
        let old = post.messages.iter().filter(|(_, kept)| is_old(&kept.posted)).map(|(id, _)| *id);
        let old: Vec<MessageId> = old.take(limit).collect();
        old.iter().for_each(|id| post.remove(*id));
        Ok(old.len())
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Posted>, StoreError> {
        let post = &self.read()?.post;
        let is_dead = |posted: &Posted| posted.message.key.tenant == *tenant && posted.state() == PostState::DeadLetter;
        let dead = post.messages.values().map(|kept| &**kept).filter(|kept| is_dead(&kept.posted));
        Ok(page(dead, after, limit))
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let due = &self.read()?.post.due;
        Ok(Backlog { pending: due.len() as u64, oldest_due: due.first().map(|(due_at, _)| *due_at) })
    }
}
