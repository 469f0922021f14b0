//! Messages: their queue, and what became of them.

use std::ops::Bound::Excluded;
use std::sync::Arc;

use async_trait::async_trait;
use identity_core::{Content, IdentifierId, Message, MessageId, Report, TenantId, Timestamp, UserKey};
use identity_ports::{Backlog, Lease, LeaseId, Leased, Outbox, PostState, Posted, Settled, StoreError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::{END, RedbStore, Rows, Texts, Writing, key, time};

/// The messages in the order of their ids, and the ids of the pending ones by due time.
const MESSAGES: &str = "\0messages";
const QUEUE: &str = "\0queue";

#[derive(Clone, Serialize, Deserialize)]
struct Post {
    posted: Posted,
    /// The lease that took the message and was not settled, and when it ends.
    lease: Option<(Uuid, Timestamp)>,
}

impl Post {
    fn is_held(&self, at: Timestamp) -> bool {
        self.lease.is_some_and(|(_, until)| at < until)
    }

    fn is_of(&self, lease: LeaseId) -> bool {
        self.lease.is_some_and(|(holder, _)| holder == lease.0)
    }

    fn ended_at(&self) -> Option<Timestamp> {
        self.posted.sent_at.or(self.posted.failed_at)
    }

    fn message(&self) -> &Message {
        &self.posted.message
    }

    /// The earlier ones among the pending messages of the same user and channel.
    fn earlier<'p>(&'p self, pending: &'p [Self]) -> impl Iterator<Item = &'p Self> {
        let place = |post: &Self| (post.message().created_at, post.message().id);
        let alike = pending.iter().filter(|post| post.message().key == self.message().key);
        alike
            .filter(move |post| post.message().to.channel() == self.message().to.channel() && place(post) < place(self))
    }

    /// Whether an earlier one has to go first.
    fn has_to_wait(&self, pending: &[Self], now: Timestamp, at: Timestamp) -> bool {
        let is_first = |post: &Self| post.earlier(pending).all(|before| before.message().to != post.message().to);
        self.earlier(pending).any(|other| {
            other.is_held(at)
                || other.message().to == self.message().to
                || (other.posted.due_at <= now && is_first(other))
        })
    }

    /// The keys under which the id of the message is noted: among its user's, and while it is pending in the queue.
    fn places(&self) -> Vec<String> {
        let id = self.message().id.to_string();
        let queued = self.ended_at().is_none().then(|| format!("{QUEUE}\0{}\0{id}", time(self.posted.due_at)));
        queued.into_iter().chain([format!("{}\0{id}", mail(&self.message().key))]).collect()
    }
}

fn row(id: MessageId) -> String {
    format!("{MESSAGES}\0{id}")
}

/// Writes a message in place of what was there.
fn replace(rows: &mut Writing<'_>, old: Option<&Post>, new: Option<&Post>) -> Result<(), StoreError> {
    if let Some(post) = old {
        rows.remove(&row(post.message().id))?;
        post.places().iter().try_for_each(|place| rows.remove(place))?;
    }
    let Some(post) = new else { return Ok(()) };
    rows.put(&row(post.message().id), post)?;
    post.places().iter().try_for_each(|place| rows.put(place, &post.message().id))
}

/// The messages whose ids are noted below a key, each with whether it can be read.
fn each(rows: &Rows<impl Texts>, place: &str) -> Result<impl Iterator<Item = Result<Post, StoreError>>, StoreError> {
    Ok(rows.below(place)?.filter_map(|id| id.and_then(|id| rows.get(&row(id))).transpose()))
}

/// Those that can be read, because a damaged message must not delay the others. It is reported to who asks for it.
fn readable(posts: impl Iterator<Item = Result<Post, StoreError>>) -> Result<Vec<Post>, StoreError> {
    posts.filter(|post| !matches!(post, Err(StoreError::Corrupt { .. }))).collect()
}

/// A user's messages in the order of their ids.
fn posts(rows: &Rows<impl Texts>, of: &UserKey) -> Result<Vec<Post>, StoreError> {
    each(rows, &mail(of))?.collect()
}

fn mail(of: &UserKey) -> String {
    key(&of.tenant, &["mail", of.user.as_str()])
}

/// Enqueues a message, which is due at once.
pub(crate) fn enqueue(rows: &mut Writing<'_>, message: &Message) -> Result<(), StoreError> {
    if rows.get::<Post>(&row(message.id))?.is_some() {
        return Err(StoreError::failed("a message with this id was enqueued before"));
    }
    replace(rows, None, Some(&Post { posted: Posted::new(message.clone()), lease: None }))
}

/// Removes the pending challenges of these identifiers that no lease took.
pub(crate) fn withdraw(rows: &mut Writing<'_>, of: &UserKey, void: &[IdentifierId]) -> Result<(), StoreError> {
    let of_void = |content: &Content| matches!(content, Content::Challenge { identifier, .. } | Content::Due { identifier } if void.contains(identifier));
    let mut posts = if void.is_empty() { Vec::new() } else { posts(rows, of)? };
    posts.retain(|post| post.ended_at().is_none() && post.lease.is_none() && of_void(&post.message().content));
    posts.iter().try_for_each(|post| replace(rows, Some(post), None))
}

/// Removes all messages of a user, because they name the address.
pub(crate) fn forget(rows: &mut Writing<'_>, of: &UserKey) -> Result<(), StoreError> {
    posts(rows, of)?.iter().try_for_each(|post| replace(rows, Some(post), None))
}

#[async_trait]
impl Outbox for RedbStore {
    async fn enqueue(&self, message: Message) -> Result<(), StoreError> {
        let insert = move |rows: &mut Writing<'_>| match rows.get::<Post>(&row(message.id))? {
            Some(_) => Ok(()),
            None => enqueue(rows, &message),
        };
        self.write(insert).await
    }

    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError> {
        let clock = Arc::clone(&self.clock);
        let take = move |rows: &mut Writing<'_>| {
            // The clock is read by the writer, after it waited for its turn.
            let (at, until) = lease.times(|| clock.now());
            let pending = readable(each(rows, QUEUE)?)?;
            let held = pending.iter().filter(|post| lease.again && post.is_of(lease.id) && post.is_held(at));
            let mut leased: Vec<Leased> = held.map(|post| post.posted.clone().leased()).collect();
            if !leased.is_empty() {
                return Ok(leased);
            }
            let of_channel = |message: &Message| lease.channel.is_none_or(|channel| channel == message.to.channel());
            let is_asked = |message: &Message| of_channel(message) && !lease.except.contains(&message.key.tenant);
            let due = pending.iter().filter(|post| post.posted.due_at <= lease.now && is_asked(post.message()));
            let free = due.filter(|post| !post.is_held(at) && !post.has_to_wait(&pending, lease.now, at));
            for old in free.take(lease.limit) {
                let mut new = Post { lease: Some((lease.id.0, until)), ..old.clone() };
                // A lease that is still noted ended before it was settled.
                new.posted.lease(old.lease.is_some());
                replace(rows, Some(old), Some(&new))?;
                leased.push(new.posted.leased());
            }
            Ok(leased)
        };
        self.write(take).await
    }

    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        let settle = move |rows: &mut Writing<'_>| {
            let mut count = 0;
            for Settled { id, outcome } in settled {
                let Some(old) = rows.get::<Post>(&row(id))?.filter(|post| post.is_of(lease)) else { continue };
                let mut new = Post { lease: None, ..old.clone() };
                let stays = new.posted.settle(outcome);
                replace(rows, Some(&old), Some(&new).filter(|_| stays))?;
                count += 1;
            }
            Ok(count)
        };
        self.write(settle).await
    }

    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        let report = report.clone();
        let note = move |rows: &mut Writing<'_>| {
            let Some(old) = rows.get::<Post>(&row(message))? else { return Ok(None) };
            let mut new = old.clone();
            if new.posted.note(&report) {
                replace(rows, Some(&old), Some(&new))?;
            }
            Ok(Some(new.posted))
        };
        self.write(note).await
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError> {
        self.read(move |rows| Ok(rows.get::<Post>(&row(message))?.map(|post| post.posted))).await
    }

    async fn posted(&self, of: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError> {
        let of = of.clone();
        let posted = move |rows: &Rows<_>| {
            let posts = posts(rows, &of)?.into_iter().map(|post| post.posted);
            Ok(posts.filter(|posted| after.is_none_or(|after| after < posted.message.id)).take(limit).collect())
        };
        self.read(posted).await
    }

    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let prune = move |rows: &mut Writing<'_>| {
            let mut old = readable(rows.below(MESSAGES)?)?;
            old.retain(|post| post.ended_at().is_some_and(|at| at < before));
            old.truncate(limit);
            old.iter().try_for_each(|post| replace(rows, Some(post), None)).map(|()| old.len())
        };
        self.write(prune).await
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Posted>, StoreError> {
        let tenant = tenant.clone();
        let dead_letters = move |rows: &Rows<_>| {
            let after = after.map_or(MESSAGES.to_owned(), row);
            let mut dead = readable(rows.range(Excluded(&after), Excluded(&format!("{MESSAGES}{END}")))?)?;
            dead.retain(|post| post.message().key.tenant == tenant && post.posted.state() == PostState::DeadLetter);
            Ok(dead.into_iter().map(|post| post.posted).take(limit).collect())
        };
        self.read(dead_letters).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let count = |rows: &Rows<_>| {
            let due = readable(each(rows, QUEUE)?)?.into_iter().map(|post| post.posted.due_at);
            Ok(Backlog { pending: due.len() as u64, oldest_due: due.min() })
        };
        self.read(count).await
    }
}
