//! Messages: their queue, and what became of them.

use std::ops::Bound::Excluded;
use std::sync::Arc;

use async_trait::async_trait;
use identity_core::{Content, IdentifierId, Message, MessageId, Report, TenantId, Timestamp, UserKey};
use identity_ports::{Backlog, DeadLetter, Lease, LeaseId, Leased, Outbox, Posted, Settled, Settlement, StoreError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::{END, RedbStore, Rows, Texts, Writing, key, time};

/// The messages in the order of their ids, and the ids of the pending ones by due time.
const MESSAGES: &str = "\0messages";
const QUEUE: &str = "\0queue";

#[derive(Clone, Serialize, Deserialize)]
struct Post {
    message: Message,
    due_at: Timestamp,
    /// The lease that took the message and was not settled, and when it ends.
    lease: Option<(Uuid, Timestamp)>,
    attempts: u32,
    uncertain: u32,
    provider: Option<String>,
    reference: Option<String>,
    sent_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
    error: Option<String>,
    report: Option<Report>,
}

impl Post {
    fn is_held(&self, at: Timestamp) -> bool {
        self.lease.is_some_and(|(_, until)| at < until)
    }

    fn is_of(&self, lease: LeaseId) -> bool {
        self.lease.is_some_and(|(holder, _)| holder == lease.0)
    }

    fn ended_at(&self) -> Option<Timestamp> {
        self.sent_at.or(self.failed_at)
    }

    fn posted(self) -> Posted {
        let Self { message, attempts, uncertain, provider, reference, sent_at, failed_at, error, report, .. } = self;
        Posted { message, attempts, uncertain, provider, reference, sent_at, failed_at, error, report }
    }

    /// The earlier ones among the pending messages of the same user and channel.
    fn earlier<'p>(&'p self, pending: &'p [Self]) -> impl Iterator<Item = &'p Self> {
        let place = |post: &Self| (post.message.created_at, post.message.id);
        let alike = pending.iter().filter(|post| post.message.key == self.message.key);
        alike.filter(move |post| post.message.to.channel() == self.message.to.channel() && place(post) < place(self))
    }

    /// Whether an earlier one has to go first.
    fn has_to_wait(&self, pending: &[Self], now: Timestamp, at: Timestamp) -> bool {
        let is_first = |post: &Self| post.earlier(pending).all(|before| before.message.to != post.message.to);
        self.earlier(pending).any(|other| {
            other.is_held(at) || other.message.to == self.message.to || (other.due_at <= now && is_first(other))
        })
    }

    /// The keys under which the id of the message is noted: among its user's, and while it is pending in the queue.
    fn places(&self) -> Vec<String> {
        let id = self.message.id.to_string();
        let queued = self.ended_at().is_none().then(|| format!("{QUEUE}\0{}\0{id}", time(self.due_at)));
        queued.into_iter().chain([format!("{}\0{id}", mail(&self.message.key))]).collect()
    }
}

fn row(id: MessageId) -> String {
    format!("{MESSAGES}\0{id}")
}

/// Writes a message in place of what was there.
fn replace(rows: &mut Writing<'_>, old: Option<&Post>, new: Option<&Post>) -> Result<(), StoreError> {
    if let Some(post) = old {
        rows.remove(&row(post.message.id))?;
        post.places().iter().try_for_each(|place| rows.remove(place))?;
    }
    let Some(post) = new else { return Ok(()) };
    rows.put(&row(post.message.id), post)?;
    post.places().iter().try_for_each(|place| rows.put(place, &post.message.id))
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
    let (message, due_at) = (message.clone(), message.created_at);
    let (provider, reference, error, report) = (None, None, None, None);
    let (lease, sent_at, failed_at, attempts, uncertain) = (None, None, None, 0, 0);
    let post =
        Post { message, due_at, lease, attempts, uncertain, provider, reference, sent_at, failed_at, error, report };
    replace(rows, None, Some(&post))
}

/// Removes the pending challenges of these identifiers that no lease took.
pub(crate) fn withdraw(rows: &mut Writing<'_>, of: &UserKey, void: &[IdentifierId]) -> Result<(), StoreError> {
    let of_void =
        |content: &Content| matches!(content, Content::Challenge { identifier, .. } if void.contains(identifier));
    let mut posts = if void.is_empty() { Vec::new() } else { posts(rows, of)? };
    posts.retain(|post| post.ended_at().is_none() && post.lease.is_none() && of_void(&post.message.content));
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
            let mut leased: Vec<Leased> = held.map(|post| post.clone().posted().leased()).collect();
            if !leased.is_empty() {
                return Ok(leased);
            }
            let of_channel = |message: &Message| lease.channel.is_none_or(|channel| channel == message.to.channel());
            let is_asked = |message: &Message| of_channel(message) && !lease.except.contains(&message.key.tenant);
            let due = pending.iter().filter(|post| post.due_at <= lease.now && is_asked(&post.message));
            let free = due.filter(|post| !post.is_held(at) && !post.has_to_wait(&pending, lease.now, at));
            for old in free.take(lease.limit) {
                let mut new = Post { lease: Some((lease.id.0, until)), ..old.clone() };
                // A lease that is still noted ended before it was settled.
                new.uncertain = old.uncertain.saturating_add(old.lease.is_some().into());
                new.attempts = old.attempts.saturating_add(1);
                replace(rows, Some(old), Some(&new))?;
                leased.push(new.posted().leased());
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
                let (free, attempts) = (Post { lease: None, ..old.clone() }, old.attempts.saturating_sub(1));
                let new = match outcome {
                    Settlement::Sent { at, provider, reference } => {
                        Some(Post { sent_at: old.sent_at.or(Some(at)), provider, reference, ..free })
                    }
                    // What was reported on meanwhile is finished.
                    _ if old.ended_at().is_some() => Some(free),
                    Settlement::Retry { due_at, error, provider, uncertain } => {
                        let uncertain = old.uncertain.saturating_add(uncertain.into());
                        Some(Post { due_at, error: Some(error), provider, uncertain, ..free })
                    }
                    Settlement::Release { due_at } => Some(Post { due_at, attempts, ..free }),
                    Settlement::Failed { at, error } => Some(Post { failed_at: Some(at), error: Some(error), ..free }),
                    // `Done`, and every variant that is added later, removes the message.
                    _ => None,
                };
                replace(rows, Some(&old), new.as_ref())?;
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
            let mut posted = old.clone().posted();
            if posted.note(&report) {
                let Posted { sent_at, failed_at, .. } = posted;
                let new = Post { sent_at, failed_at, report: Some(report), ..old.clone() };
                replace(rows, Some(&old), Some(&new))?;
            }
            Ok(Some(posted))
        };
        self.write(note).await
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError> {
        self.read(move |rows| Ok(rows.get::<Post>(&row(message))?.map(Post::posted))).await
    }

    async fn posted(&self, of: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError> {
        let of = of.clone();
        let posted = move |rows: &Rows<_>| {
            let posts = posts(rows, &of)?.into_iter().map(Post::posted);
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
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let tenant = tenant.clone();
        let dead_letters = move |rows: &Rows<_>| {
            let after = after.map_or(MESSAGES.to_owned(), row);
            let mut dead = readable(rows.range(Excluded(&after), Excluded(&format!("{MESSAGES}{END}")))?)?;
            dead.retain(|post| post.message.key.tenant == tenant && post.sent_at.is_none());
            Ok(dead.into_iter().filter_map(|post| post.posted().dead_letter()).take(limit).collect())
        };
        self.read(dead_letters).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let count = |rows: &Rows<_>| {
            let due = readable(each(rows, QUEUE)?)?.into_iter().map(|post| post.due_at);
            Ok(Backlog { pending: due.len() as u64, oldest_due: due.min() })
        };
        self.read(count).await
    }
}
