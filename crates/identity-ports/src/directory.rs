use std::fmt;

use async_trait::async_trait;
use identity_core::address::masked;
use identity_core::{TenantId, Timestamp, User};

use crate::{StoreError, Stored};

/// By what a directory is ordered; the user's id decides between equals. Who has no such time comes before all who have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DirectoryOrder {
    /// When the user was created.
    #[default]
    Created,
    /// When the user last changed.
    Updated,
    /// When the user was last seen, as the host reported it.
    LastActivity,
    /// Failed sign-ins in a row.
    Failures,
    /// Sign-ins tried.
    Attempts,
    /// The last try to sign in.
    LastAttempt,
    /// Sign-ins that succeeded.
    Successes,
    /// The last sign-in.
    LastSuccess,
    /// Until when sign-in is blocked.
    BlockUntil,
}

impl DirectoryOrder {
    /// Every order.
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

    /// Where a user stands in this order.
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

/// A search for users by what somebody typed. Masked in `Debug`: it may be a whole address.
#[derive(Clone, PartialEq, Eq)]
pub struct Search {
    /// The beginning of a claim key of any kind.
    pub beginning: String,
    /// A user's id, whole.
    pub id: String,
}

impl Search {
    /// Users whose username, an e-mail address or a phone number begins so, ASCII case apart, or whose id it is.
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

/// A wish for a numbered page of users.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DirectoryQuery {
    /// By what it is ordered.
    pub order: DirectoryOrder,
    /// Whether the latest or largest comes first; the ids go the same way.
    pub descending: bool,
    /// How many users come before the page.
    pub skip: u64,
    /// How many users at most.
    pub limit: usize,
    /// Only these users.
    pub search: Option<Search>,
}

/// A numbered page of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryPage {
    /// The users.
    pub users: Vec<Stored>,
    /// How many there are on all pages.
    pub total: u64,
}

/// The users of a tenant as an administrator's screen shows them: by page number, in any order, counted. It costs more the
/// more users there are; what has to see every user once walks [`UserRepository::list`](crate::UserRepository::list) instead.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// A page, and how many users there are, both of one moment. It must never take the search for a pattern.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError>;
}
