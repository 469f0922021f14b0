use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use identity_core::address::masked;
use identity_core::{
    ClaimKey, ClaimKind, Commit, Committed, IdentifierId, Recorded, Stored, TenantId, Timestamp, User, UserId, UserKey,
};

use crate::{Clock, CommitError, StoreError, SystemClock};

/// A user who has an address or a username.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The key that was searched for.
    pub key: ClaimKey,
    /// The user who has it.
    pub user: UserId,
    /// The identifier that it belongs to.
    pub identifier: IdentifierId,
    /// Whether it is verified for this user; always true for a username.
    pub verified: bool,
}

/// The order of a list. Users with equal times are ordered by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ListOrder {
    /// By the time of creation, oldest first. A list never misses or repeats a user when others are added.
    #[default]
    Created,
    /// By the time of creation, newest first.
    NewestCreated,
    /// By the time of the last change, oldest first. A user that changes while the list is read moves to the end: it
    /// may be repeated, but is never missed.
    Updated,
    /// By the time of the last change, newest first. A user that changes while the list is read moves to the front and
    /// may be missed.
    LatestUpdated,
}

impl ListOrder {
    /// Whether the order is by the time of the last change, and not by that of creation.
    #[must_use]
    pub const fn by_update(self) -> bool {
        matches!(self, Self::Updated | Self::LatestUpdated)
    }

    /// Whether the latest time comes first. Ids are descending then as well.
    #[must_use]
    pub const fn descending(self) -> bool {
        matches!(self, Self::NewestCreated | Self::LatestUpdated)
    }

    /// The position of a user in this order.
    #[must_use]
    pub fn cursor(self, user: &User) -> Cursor {
        Cursor { at: if self.by_update() { user.updated_at() } else { user.created_at() }, user: user.id().clone() }
    }
}

/// A position in a list, just behind a user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The time by which the user is ordered.
    pub at: Timestamp,
    /// The id of the user.
    pub user: UserId,
}

/// A search for users with an address or username that begins with a text. `Debug` masks the text, which may be a whole
/// address.
#[derive(Clone, PartialEq, Eq)]
pub struct Prefix {
    /// The kind of identifier to search.
    pub kind: ClaimKind,
    /// The beginning of a claim key. Every key of the kind begins with the empty text.
    pub text: String,
}

impl Prefix {
    /// Whether the user has an address or username that begins so.
    #[must_use]
    pub fn begins(&self, user: &User) -> bool {
        user.lookup().iter().any(|entry| entry.key.kind() == self.kind && entry.key.as_str().starts_with(&self.text))
    }
}

/// The first text behind all that begin with this one, in the order of characters. With it a store searches by the beginning in
/// a range of an index. Where every text behind it begins so, the answer is one that is longer than any key and behind all keys.
///
/// ```
/// assert_eq!(identity_ports::behind("ada"), "adb");
/// assert_eq!(identity_ports::behind("a\u{10ffff}"), "b");
/// assert!(identity_ports::behind("").as_str() > "\u{10ffff}\u{10ffff}");
/// ```
#[must_use]
pub fn behind(beginning: &str) -> String {
    let mut behind: Vec<char> = beginning.chars().collect();
    while let Some(last) = behind.pop() {
        // The next character; none after the very last one.
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            behind.push(next);
            return behind.into_iter().collect();
        }
    }
    char::MAX.to_string().repeat(1_024)
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), masked(&self.text))
    }
}

/// A request for a page of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// The order of the list.
    pub order: ListOrder,
    /// The position behind which the page begins; `None` for the first page.
    pub after: Option<Cursor>,
    /// The maximum number of users on the page.
    pub limit: usize,
    /// Only users with an address or username that begins with this text; `None` for all users.
    pub prefix: Option<Prefix>,
}

/// A page of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The users, in the order of the list: as many as the page may have, except on the last page.
    pub users: Vec<Stored>,
    /// The position behind which the next page begins; `None` on the last page, and on a page of 0 users.
    pub next: Option<Cursor>,
}

/// A store of users with their claims, events, messages and budgets. Tenants are separate: no call about one tenant
/// reads or changes anything of another.
///
/// Tenants, user ids, claim keys and names of budgets are compared by all their bytes. An implementation must never cut,
/// fold, trim or convert one. Ids have at most 200 characters, which are at most 800 bytes. None that is written contains U+0000:
/// [`Commit::check`](identity_core::Commit::check), which a store calls first, refuses such a claim. A text that is searched for
/// may contain it, and nobody is found then. In the words of a provider a store that cannot keep U+0000 replaces it by U+FFFD.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait UserRepository: Send + Sync + 'static {
    /// The clock by which changes of these users are judged, unless the host names another one: by default the machine's. A store
    /// on a server returns that server's clock, so that processes on several machines judge by the same time, whatever their
    /// own clocks show. It must be right whenever [`load`](Self::load) has answered.
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    /// Loads a user; `None` when there is no user with this key. An implementation must never return a user that no
    /// commit has written, or a part of one: the record, the second record and the claims are read from one snapshot, in
    /// which each commit is whole or absent.
    ///
    /// # Errors
    /// * [`StoreError::Corrupt`] when a row cannot be read as a user.
    /// * Any other [`StoreError`] when the store fails.
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError>;

    /// Finds the users who have these addresses and usernames, whether claimed or not. The results are in the order of
    /// the given keys; for each key the verified ones come first, then the order is by user id, and at most 100 are
    /// returned. A key that is given twice is answered twice. A call must do the same work whether a key is found or not.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError>;

    /// Lists one page of a tenant's users. An implementation must never miss a user that exists from the first page to
    /// the last, unless the user changes meanwhile and the order is [`ListOrder::LatestUpdated`].
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError>;

    /// Returns a user's events in their order: at most `limit` events with numbers above `after`. The events of an
    /// erased user are stripped; an unknown user has none.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError>;

    /// Writes the whole commit in one transaction, or nothing, and makes it durable before it answers.
    ///
    /// The checks are made in this order, and a refusal must never leave a trace in any table:
    /// 1. [`CommitError::Conflict`] unless the user is in the expected state. [`Expected::Absent`](identity_core::Expected::Absent) also requires that
    ///    there are no events of this key, so that the id of an erased user is never used again. A conflict must never
    ///    be inferred from an error text.
    /// 2. [`CommitError::Taken`], with the claim as this commit takes it, when another user holds a claim to take, unless the
    ///    new claim is verified and the other user's is not: then the claim changes hands. A claim that the user already holds changes to the new
    ///    strength. Claims are released before others are taken, and a release must never affect a claim of another
    ///    user.
    /// 3. [`CommitError::Exhausted`] when a charge with [`WhenExhausted::Refuse`](identity_core::WhenExhausted::Refuse)
    ///    does not fit into its budget, even if another charge of the same message withholds.
    ///
    /// A charge draws its amount from the budget of its kind and quota in the tenant. A window begins with the first
    /// draw and ends `budget.window` later by the charge that looks at it, whichever charge began it. A charge with a time
    /// before the window, because the clock stepped back, is in the window, which stays where it is. A charge fits when
    /// the amount drawn in the window and its own amount together are at most `budget.limit`. When a charge that withholds does not fit, its message is not enqueued and
    /// none of the charges of that message is drawn or begins a window; everything else is written. A charge that only records is drawn
    /// beyond the limit. The charges of the commit itself are drawn first and must not withhold, because there is no
    /// message to withhold: such a commit fails with [`StoreError::Failed`]. Then messages draw in their order. The amount
    /// drawn saturates at [`i64::MAX`]. A charge of 0 is judged like any other, draws nothing, begins no window and changes none:
    /// it must never write.
    ///
    /// Before the charges, each refund gives its amount back to the window of its kind and quota that contains its
    /// time: a window that began at that time or earlier and, by the budget that last drew from it, ends later. The
    /// amount drawn never falls below 0; when no window contains the time, nothing is given back.
    ///
    /// Pending messages of this user with a challenge of an identifier in `withdraw`, or with something due of one, are removed, unless a lease is noted on
    /// them: one that holds the message, or one that ended and was not settled, because its holder may have sent it. Then
    /// the new messages are enqueued. A commit with a message whose id an earlier message of the user has fails with
    /// [`StoreError::Failed`] and writes nothing. Ids are random, so a store need not look for one among other users' messages.
    ///
    /// When `after` is `None`, the user is erased: its rows, its claims and all its messages, including sent ones and
    /// dead letters, are removed, and every event of the user, earlier or in this commit, is kept only as
    /// [`Event::stripped`](identity_core::Event::stripped) leaves it.
    ///
    /// When the commit names another user ([`Commit::also`](identity_core::Commit::also)), it is written for both or for neither.
    /// It conflicts when either user is not in the expected state. Then both users release their claims, also those that an erased
    /// one merely holds, before either takes one, so that claims can be exchanged. After that everything is as if the commit had
    /// been followed by the other one: this user's claims, refunds, charges, withdrawals and messages come first, and what it draws
    /// is drawn when the other one is judged. A reader who sees what was written of one of them sees what was written of the other.
    /// In the [feed](crate::EventFeed) it counts as two commits.
    ///
    /// The answer lists, for the commit itself and then message by message, the charges that did not fit: all that
    /// withheld the message, or, for a message that was enqueued, those that were recorded beyond their limit. The
    /// numbers are those before the draw.
    ///
    /// # Errors
    /// [`CommitError`] by the checks above. After [`StoreError::Failed`] the commit may or may not have been written;
    /// [`load`](Self::load) tells which.
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError>;
}
