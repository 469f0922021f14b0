use std::fmt;

use async_trait::async_trait;
use identity_core::address::masked;
use identity_core::{TenantId, User};

use crate::{StoreError, Stored};

/// A whole number in the extension of users, by which the host wants to order directories. A host declares its sort keys as
/// constants.
///
/// ```
/// use identity_ports::SortKey;
/// const FAILURES: SortKey = SortKey::new(&["sign_ins", "failures"]).or(0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SortKey {
    path: &'static [&'static str],
    missing: Option<i64>,
}

impl SortKey {
    /// The number that one finds when one follows these names of members from the extension inwards. A user has no such
    /// value where anything else is there than a whole number from -2^63 to 2^63 - 1 (written without fraction and exponent).
    #[must_use]
    pub const fn new(path: &'static [&'static str]) -> Self {
        Self { path, missing: None }
    }

    /// The same, with a value for users who have none.
    #[must_use]
    pub const fn or(self, missing: i64) -> Self {
        Self { missing: Some(missing), ..self }
    }

    /// The names of the members that lead to the number.
    #[must_use]
    pub const fn path(&self) -> &'static [&'static str] {
        self.path
    }

    /// The value of users who have none; `None` when they come before all others in ascending order.
    #[must_use]
    pub const fn missing(&self) -> Option<i64> {
        self.missing
    }
}

/// The order of a directory. Users with equal values are ordered by the bytes of their ids; users without the value come
/// first in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DirectoryOrder {
    /// The time of creation.
    #[default]
    Created,
    /// The time of the last change.
    Updated,
    /// A number that the host reports.
    Reported(SortKey),
}

impl DirectoryOrder {
    /// The value by which a user is ordered; `None` when the user has none.
    #[must_use]
    pub fn of(self, user: &User) -> Option<i64> {
        match self {
            Self::Created => Some(user.created_at().as_micros()),
            Self::Updated => Some(user.updated_at().as_micros()),
            Self::Reported(SortKey { path, missing }) => {
                let found = path.split_first().and_then(|(first, rest)| {
                    let outer = user.extension().as_map().get(*first)?;
                    rest.iter().try_fold(outer, |value, name| value.as_object()?.get(*name))?.as_i64()
                });
                found.or(missing)
            }
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
