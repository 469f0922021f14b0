use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use identity_core::address::masked;
use identity_core::{
    Claim, ClaimChanges, ClaimKey, ClaimKind, Exhausted, IdentifierId, Outgoing, Recorded, Refund, TenantId, Timestamp,
    User, UserId, UserKey, Version,
};

use crate::{CommitError, StoreError};

/// A user as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The user.
    pub user: Arc<User>,
    /// How many events it has had.
    pub version: Version,
    /// The claims that it holds, in the order of their keys.
    pub claims: Vec<Claim>,
}

/// What a commit expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No user of this key, now or ever before.
    Absent,
    /// The user at this version.
    At(Version),
}

/// Everything that one decision changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Whose it is.
    pub key: UserKey,
    /// What has to be there.
    pub expected: Expected,
    /// The user as it was read at the expected version, so that an adapter can write the rows that differ, and no others.
    pub before: Option<Arc<User>>,
    /// The user from now on; `None` when it is erased.
    pub after: Option<Arc<User>>,
    /// What becomes of its claims.
    pub claims: ClaimChanges,
    /// What happened: at least one event, numbered on from the expected version (from 1 when the user was absent).
    pub events: Vec<Recorded>,
    /// Identifiers whose codes and links are not worth sending any more.
    pub withdraw: Vec<IdentifierId>,
    /// The messages that follow, and what they cost.
    pub messages: Vec<Outgoing>,
    /// What budgets get back.
    pub refunds: Vec<Refund>,
}

/// What came of a commit that went through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Committed {
    /// The budgets that had not enough left: what was withheld for them, or only recorded. In the order of the messages and
    /// their charges.
    pub exhausted: Vec<Exhausted>,
}

impl Commit {
    /// The version of the user afterwards: the number of its last event.
    #[must_use]
    pub fn version(&self) -> Version {
        self.events.last().map_or(Version(0), |recorded| Version(recorded.number))
    }
}

/// Where an address or username was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The key that was asked for.
    pub key: ClaimKey,
    /// With whom.
    pub user: UserId,
    /// As which identifier.
    pub identifier: IdentifierId,
    /// Whether it is verified there; a username always is.
    pub verified: bool,
}

/// By what a list is ordered; the user's id decides between equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ListOrder {
    /// Oldest first. A page never misses or repeats a user while others arrive.
    #[default]
    Created,
    /// Newest first.
    NewestCreated,
    /// Longest unchanged first. A user that changes meanwhile moves to the end: it may come again, it is never missed.
    Updated,
    /// Latest change first. A user that changes meanwhile moves ahead of the page and may be missed.
    LatestUpdated,
}

impl ListOrder {
    /// Whether it goes by the time of change, not by that of creation.
    #[must_use]
    pub const fn by_update(self) -> bool {
        matches!(self, Self::Updated | Self::LatestUpdated)
    }

    /// Whether the latest time comes first; the ids go the same way.
    #[must_use]
    pub const fn descending(self) -> bool {
        matches!(self, Self::NewestCreated | Self::LatestUpdated)
    }

    /// Where a user stands in this order.
    #[must_use]
    pub fn cursor(self, user: &User) -> Cursor {
        Cursor { at: if self.by_update() { user.updated_at() } else { user.created_at() }, user: user.id().clone() }
    }
}

/// A place in a list: behind this user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The user's time in the list's order.
    pub at: Timestamp,
    /// The user.
    pub user: UserId,
}

/// A search for users with an address or username that begins so. Masked in `Debug`: it may be a whole address.
#[derive(Clone, PartialEq, Eq)]
pub struct Prefix {
    /// Among these.
    pub kind: ClaimKind,
    /// The beginning of a claim key.
    pub text: String,
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), masked(&self.text))
    }
}

/// A wish for a page of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// By what it is ordered.
    pub order: ListOrder,
    /// Behind which place it begins; at the beginning when absent.
    pub after: Option<Cursor>,
    /// How many users at most.
    pub limit: usize,
    /// Only users with such an address or username.
    pub prefix: Option<Prefix>,
}

/// A page of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The users.
    pub users: Vec<Stored>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<Cursor>,
}

/// Where users are kept, with their claims, events, messages and budgets. Nothing crosses from one tenant into another.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait UserRepository: Send + Sync + 'static {
    /// The user of this key; `None` when there is none. It must never give a user that no commit has written, or part of one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a row that makes no sense, [`StoreError`] when the store fails.
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError>;

    /// Where these addresses and usernames are found, claimed or not: in the order of the keys given, verified ones first,
    /// then by the user's id; for each key at most 100. One call does the same work whether there are any or not.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError>;

    /// A page of a tenant's users. It must never miss a user that is there from the first page to the last, unless the user
    /// changes meanwhile and the order is [`ListOrder::LatestUpdated`].
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError>;

    /// A user's events in their order, those with numbers above `after`, at most `limit`; of an erased user those that were
    /// left, stripped. Of an unknown user there are none.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError>;

    /// Writes everything that the commit says, or nothing, durably before it answers.
    ///
    /// In this order it refuses, and must never leave a trace in any table when it does:
    /// 1. [`CommitError::Conflict`] unless the user is at the expected version; [`Expected::Absent`] means that there are no
    ///    events of that key either, so that an erased user's id is never used again. It must never be read out of an error text.
    /// 2. [`CommitError::Taken`] when a claim to take is another user's, unless the claim is verified and the other one's is
    ///    not: then it changes hands. A claim of the user's own takes on the new strength. A release must never touch a claim of
    ///    another user. Claims are released before others are taken.
    /// 3. [`CommitError::Exhausted`] when a charge that refuses finds no room. A charge draws its amount from its kind's and
    ///    quota's budget in the tenant: a window begins with the first draw and ends `budget.window` later, and there is no
    ///    room when what was drawn and the amount are more than `budget.limit`. Where a charge that withholds finds no room,
    ///    its message is not enqueued and none of that message's charges is drawn; everything else goes through. A charge that
    ///    only records draws beyond the limit. Messages draw in their order. A budget that holds no more than [`i64::MAX`]
    ///    stays there.
    ///
    /// Before that each refund gives its amount back to the window of its kind and quota that its time lies in: one that began
    /// at that time or before and, by the budget that opened or last drew it, ends after it. What was drawn never falls below
    /// 0; where there is no such window, nothing is given back.
    ///
    /// Messages with a challenge of an identifier in `withdraw`, of this user, go, unless a lease holds them; then the new
    /// messages are enqueued.
    ///
    /// When `after` is `None` the user is erased: its rows, claims and messages go, those that were sent or failed too, and each
    /// of its events, the earlier ones and these, stays as [`Event::stripped`](identity_core::Event::stripped) leaves it.
    ///
    /// It answers, message by message, which charges withheld it, all of them, or, where it went, which were drawn beyond their
    /// limit. The numbers are those from before the draw.
    ///
    /// # Errors
    /// [`CommitError`]. After [`StoreError::Failed`] the commit may have been written or not: [`load`](Self::load) says which.
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError>;
}
