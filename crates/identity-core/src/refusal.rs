use std::fmt;
use std::sync::Arc;

use crate::address::Channel;
use crate::policy::Restriction;
use crate::{JsonError, Timestamp};

/// The few cases that a host has to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The request makes no sense as it is.
    Invalid,
    /// What it is about is not there.
    NotFound,
    /// It contradicts what is there.
    Conflict,
    /// Not on this road, or not under this policy.
    NotAllowed,
    /// Later, perhaps.
    TooSoon,
}

/// Which limit on sends says to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendLimit {
    /// The wait between two sends to one identifier.
    ResendWait,
    /// The sends to one identifier in the policy's window.
    Window,
    /// The sends to one identifier in 24 h.
    Day,
    /// A budget that users share, with its numbers.
    Shared(Arc<crate::Exhausted>),
}

/// Why something was not done. Nothing is written when there is one.
///
/// On the holder's road show [`public`](Self::public): it does not tell whether an address is somebody else's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No such user.
    #[error("there is no such user")]
    UserNotFound,
    /// The user's id is in use, or was before the user was erased.
    #[error("the user id is in use, or was once; choose another")]
    UserExists,
    /// The user has no such identifier.
    #[error("the user has no such identifier")]
    IdentifierNotFound,
    /// The user has no such passkey, or no such identity at another provider.
    #[error("the user has no such passkey or identity at a provider")]
    CredentialNotFound,
    /// The user has that address already.
    #[error("the user has this address already")]
    Duplicate,
    /// It is the address that is to be replaced.
    #[error("this is the address that is there already; give another one")]
    Unchanged,
    /// Somebody else has it.
    #[error("this {0} belongs to another user")]
    Taken(TakenWhat),
    /// A restriction keeps the address out.
    #[error("this address is kept out by the restriction `{}`", .0.as_str())]
    Restricted(Restriction),
    /// The address is verified already.
    #[error("this address is verified already")]
    AlreadyVerified,
    /// No challenge is out that this could answer.
    #[error("no code is outstanding for this address; ask for one")]
    NoChallenge,
    /// The challenge is too old.
    #[error("the code has expired; ask for a new one")]
    Expired,
    /// Too many wrong answers.
    #[error("too many wrong codes{}", help(.retry_at))]
    TooManyFailures {
        /// When the next try may come; `None` when only an administrator helps.
        retry_at: Option<Timestamp>,
    },
    /// A message was sent a short time ago, or too many were.
    #[error("{}", too_soon(.limit))]
    TooSoon {
        /// When the next send may come.
        retry_at: Timestamp,
        /// Which limit says so.
        limit: SendLimit,
    },
    /// The key that the challenge was made with is gone.
    #[error("the key that the code was made with is gone; ask for a new code")]
    KeyGone,
    /// An unverified address cannot be primary.
    #[error("this address is not verified; verify it first")]
    NotVerified,
    /// The last verified address of a user stays.
    #[error("this is the last verified address; verify another one first")]
    LastVerified,
    /// Only an administrator may do that.
    #[error("only an administrator may do that")]
    AdministratorOnly,
    /// The user is disabled.
    #[error("the user is disabled")]
    Disabled,
    /// The user has as many addresses as can be.
    #[error("the user has as many addresses as can be, removed ones counted; remove one, or ask an administrator")]
    TooMany(Channel),
    /// The username reads as an e-mail address or a phone number, which somebody else may have.
    #[error("a username must not read as an e-mail address or a phone number; choose another")]
    UsernameIsAddress,
    /// A JSON object is too large or too deep.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A text or list that the host gives is too long.
    #[error("{what} is larger than {limit} allows; shorten it")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The most that it may have.
        limit: &'static str,
    },
    /// A text that the host gives has U+0000 in it.
    #[error("{what} has the character U+0000 in it; take it out")]
    Nul {
        /// Which text.
        what: &'static str,
    },
    /// A delivery ticket that the host did not make.
    #[error("this delivery ticket was not made here, or with a key that is gone")]
    TicketForged,
    /// A life that no challenge may have.
    #[error("a code lives as long as its policy says at most, and a link 7 days; ask for less")]
    Life,
    /// Something about a user to import contradicts the rules.
    #[error("the user cannot be imported: {0}")]
    Import(crate::record::ImportProblem),
}

/// What somebody else has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TakenWhat {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A username.
    Username,
}

impl fmt::Display for TakenWhat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email => "e-mail address",
            Self::Phone => "phone number",
            Self::Username => "username",
        })
    }
}

/// What a person is told, whichever limit it was.
const TOO_SOON: &str = "a message was sent a short time ago; ask again later";

fn too_soon(limit: &SendLimit) -> String {
    match limit {
        SendLimit::Shared(exhausted) => exhausted.to_string(),
        SendLimit::ResendWait | SendLimit::Window | SendLimit::Day => TOO_SOON.to_owned(),
    }
}

const fn help(retry_at: &Option<Timestamp>) -> &'static str {
    if retry_at.is_some() { "; wait before the next try" } else { "; only an administrator can help" }
}

impl Refusal {
    /// Which of the few cases it is.
    #[must_use]
    pub const fn kind(&self) -> RefusalKind {
        match self {
            Self::UserNotFound | Self::IdentifierNotFound | Self::CredentialNotFound => RefusalKind::NotFound,
            Self::UserExists | Self::Duplicate | Self::Unchanged | Self::Taken(_) | Self::AlreadyVerified => {
                RefusalKind::Conflict
            }
            Self::NoChallenge | Self::Expired | Self::KeyGone | Self::NotVerified | Self::TooMany(_) => {
                RefusalKind::Conflict
            }
            Self::Restricted(_)
            | Self::LastVerified
            | Self::AdministratorOnly
            | Self::TicketForged
            | Self::Disabled
            | Self::UsernameIsAddress
            | Self::TooManyFailures { retry_at: None } => RefusalKind::NotAllowed,
            Self::TooSoon { .. } | Self::TooManyFailures { retry_at: Some(_) } => RefusalKind::TooSoon,
            Self::Json(_) | Self::TooLarge { .. } | Self::Nul { .. } | Self::Life | Self::Import(_) => {
                RefusalKind::Invalid
            }
        }
    }

    /// A stable slug for hosts to put on their wire.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UserNotFound => "user_not_found",
            Self::UserExists => "user_exists",
            Self::IdentifierNotFound => "identifier_not_found",
            Self::CredentialNotFound => "credential_not_found",
            Self::Duplicate => "duplicate",
            Self::Unchanged => "unchanged",
            Self::Taken(TakenWhat::Email) => "email_taken",
            Self::Taken(TakenWhat::Phone) => "phone_taken",
            Self::Taken(TakenWhat::Username) => "username_taken",
            Self::Restricted(_) => "restricted",
            Self::AlreadyVerified => "already_verified",
            Self::NoChallenge => "no_challenge",
            Self::Expired => "expired",
            Self::TooManyFailures { .. } => "too_many_failures",
            Self::TooSoon { .. } => "too_soon",
            Self::KeyGone => "key_gone",
            Self::NotVerified => "not_verified",
            Self::LastVerified => "last_verified",
            Self::AdministratorOnly => "administrator_only",
            Self::Disabled => "disabled",
            Self::TooMany(_) => "too_many_identifiers",
            Self::UsernameIsAddress => "username_is_address",
            Self::Json(JsonError::TooLarge) => "json_too_large",
            Self::Json(JsonError::TooDeep) => "json_too_deep",
            Self::Json(JsonError::Nul) => "json_nul",
            Self::Nul { .. } => "nul",
            Self::TicketForged => "ticket_forged",
            Self::TooLarge { .. } => "too_large",
            Self::Life => "life",
            Self::Import(_) => "import",
        }
    }

    /// When to try again, if that helps.
    #[must_use]
    pub const fn retry_at(&self) -> Option<Timestamp> {
        match self {
            Self::TooSoon { retry_at, .. } => Some(*retry_at),
            Self::TooManyFailures { retry_at } => *retry_at,
            _ => None,
        }
    }

    /// What the holder may be shown: an address that is somebody else's looks like one that a restriction keeps out, and
    /// a budget that users share looks like a wait of the person's own.
    #[must_use]
    pub fn public(&self) -> PublicRefusal {
        let unavailable = matches!(self, Self::Taken(TakenWhat::Email | TakenWhat::Phone) | Self::Restricted(_));
        if unavailable {
            return PublicRefusal {
                kind: RefusalKind::NotAllowed,
                code: "unavailable",
                message: "this address cannot be used here; use another one".to_owned(),
                retry_at: None,
            };
        }
        let message = if matches!(self, Self::TooSoon { .. }) { TOO_SOON.to_owned() } else { self.to_string() };
        PublicRefusal { kind: self.kind(), code: self.code(), message, retry_at: self.retry_at() }
    }
}

/// A refusal as the holder may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicRefusal {
    /// Which of the few cases it is.
    pub kind: RefusalKind,
    /// A stable slug.
    pub code: &'static str,
    /// A sentence that says what to do.
    pub message: String,
    /// When to try again, if that helps.
    pub retry_at: Option<Timestamp>,
}
