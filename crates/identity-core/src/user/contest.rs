use crate::base::{ContestId, Timestamp, UserId, named_enum};
use crate::user::Verified;

named_enum! {
    /// How a contest ended.
    #[non_exhaustive]
    pub enum ContestOutcome {
        /// The address changed hands.
        Transferred = "transferred",
        /// The address stayed with its owner.
        Kept = "kept",
        /// Whoever contested the address gave it up.
        Withdrawn = "withdrawn",
    }
}

/// The answer to a contest, by the owner or, in the owner's place, by an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContestAnswer {
    /// The address is the other user's.
    Agree,
    /// The address is the owner's.
    Object,
}

/// An open contest: a user proved that they have an address that is verified with another user. Both keep their own half of it,
/// at the identifier with the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contest {
    /// The id of the contest, which is the same in both halves.
    pub id: ContestId,
    /// The other user; absent in what a holder sees.
    pub with: Option<UserId>,
    /// What the user proved who contests the address; `None` for the owner.
    pub evidence: Option<Verified>,
    /// When the contest was opened.
    pub opened_at: Timestamp,
    /// When the silence of the owner transfers the address; `None` when it never does.
    pub until: Option<Timestamp>,
}

impl Contest {
    /// Whether this is the half of the user with whom the address is verified.
    #[must_use]
    pub const fn is_of_owner(&self) -> bool {
        self.evidence.is_none()
    }
}
