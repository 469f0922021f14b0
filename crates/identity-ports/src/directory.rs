use std::fmt;

use async_trait::async_trait;
use identity_core::address::masked;
use identity_core::{TenantId, Timestamp, User};

use crate::{StoreError, Stored};

/// The order of a directory. Users with equal values are ordered by the bytes of their ids; users without the value come
/// first in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DirectoryOrder {
    /// The time of creation.
    #[default]
    Created,
    /// The time of the last change.
    Updated,
    /// The time of the last activity, as reported by the host.
    LastActivity,
    /// The number of consecutive failed sign-ins.
    Failures,
    /// The number of attempts to sign in.
    Attempts,
    /// The time of the last attempt to sign in.
    LastAttempt,
    /// The number of successful sign-ins.
    Successes,
    /// The time of the last successful sign-in.
    LastSuccess,
    /// The time when the block of sign-in ends.
    BlockUntil,
}

impl DirectoryOrder {
    /// Every order of a directory.
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::Updated,
        Self::LastActivity,
        Self::Failures,
        Self::Attempts,
        Self::LastAttempt,
        Self::Successes,
        Self::LastSuccess,
        Self::BlockUntil,
    ];

    /// The value by which a user is ordered; `None` when the user has none.
    #[must_use]
    pub fn of(self, user: &User) -> Option<i128> {
        let sign_ins = user.sign_ins();
        let time = |at: Option<Timestamp>| at.map(|at| i128::from(at.as_micros()));
        match self {
            Self::Created => time(Some(user.created_at())),
            Self::Updated => time(Some(user.updated_at())),
            Self::LastActivity => time(sign_ins.last_activity),
            Self::Failures => Some(sign_ins.failure_count.into()),
            Self::Attempts => Some(sign_ins.attempts_count.into()),
            Self::LastAttempt => time(sign_ins.last_attempt),
            Self::Successes => Some(sign_ins.success_count.into()),
            Self::LastSuccess => time(sign_ins.last_success),
            Self::BlockUntil => time(sign_ins.block_until),
        }
    }
}

/// A search for users by a text that somebody typed. `Debug` masks the text, which may be a whole address.
#[derive(Clone, PartialEq, Eq)]
pub struct Search {
    /// The beginning of a claim key of any kind.
    pub beginning: String,
    /// A whole user id.
    pub id: String,
}

impl Search {
    /// A search for users whose username, an e-mail address or a phone number begins with this text, without regard to
    /// ASCII case, or whose id is this text.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        Self { beginning: typed.to_ascii_lowercase(), id: typed.to_owned() }
    }
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Search").field(&format_args!("{}", masked(&self.id))).finish()
    }
}

/// A request for a numbered page of users.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DirectoryQuery {
    /// The order of the directory.
    pub order: DirectoryOrder,
    /// Whether the latest or largest value comes first. Ids are descending then as well.
    pub descending: bool,
    /// The number of users before the page.
    pub skip: u64,
    /// The maximum number of users on the page.
    pub limit: usize,
    /// Only users who match this search; `None` for all users.
    pub search: Option<Search>,
}

/// A numbered page of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryPage {
    /// The users, in the order of the directory.
    pub users: Vec<Stored>,
    /// The number of users on all pages together, also when the page itself may have none.
    pub total: u64,
}

/// The users of a tenant for an administrator's screen: by page number, in any order, with their number. The cost grows
/// with the number of users. To read every user once, use [`UserRepository::list`](crate::UserRepository::list).
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// Returns a page and the number of matching users, both from one snapshot. An implementation must never
    /// interpret the search text as a pattern.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError>;
}
