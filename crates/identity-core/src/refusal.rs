use std::fmt;
use std::sync::Arc;

use crate::address::Channel;
use crate::policy::Restriction;
use crate::{JsonError, Timestamp};

/// The category of a [`Refusal`], for hosts that only distinguish a few cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The request is not valid, whatever the state of the user.
    Invalid,
    /// The user, identifier or credential does not exist.
    NotFound,
    /// The request contradicts the present state.
    Conflict,
    /// The caller, the policy or a lock does not allow it; repeating the request later does not help by itself.
    NotAllowed,
    /// The request may succeed later: [`Refusal::retry_at`] says when.
    TooSoon,
}

/// The limit that postpones a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendLimit {
    /// The minimum time between two sends to one identifier.
    ResendWait,
    /// The number of sends to one identifier in the policy's window.
    Window,
    /// The number of sends to one identifier in 24 h.
    Day,
    /// A budget that users share, with its numbers. Only an administrator may see them.
    Shared(Arc<crate::Exhausted>),
}

/// The reason why a request was refused. A refusal writes nothing.
///
/// Show a holder only [`public`](Self::public), which does not reveal whether an address belongs to somebody else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The user does not exist.
    #[error("there is no such user")]
    UserNotFound,
    /// The user id is in use, or belonged to a user who was erased.
    #[error("the user id is in use, or belonged to an erased user; choose another one")]
    UserExists,
    /// The user has no identifier with this id.
    #[error("the user has no such identifier")]
    IdentifierNotFound,
    /// The user has no such passkey, or no such identity at an external provider.
    #[error("the user has no such passkey or identity at a provider")]
    CredentialNotFound,
    /// The user already has this address.
    #[error("the user has this address already")]
    Duplicate,
    /// The address to put in place of another one is the same address.
    #[error("the new address is the same as the present one; give another one")]
    Unchanged,
    /// Another user holds the claim on this address or username.
    #[error("this {0} belongs to another user")]
    Taken(TakenWhat),
    /// The restriction policy does not allow the address.
    #[error("this address is refused by the restriction `{}`; use another one", .0.as_str())]
    Restricted(Restriction),
    /// The address is already verified.
    #[error("this address is verified already")]
    AlreadyVerified,
    /// The address has no open challenge that this kind of answer could confirm.
    #[error("no code is outstanding for this address; ask for one")]
    NoChallenge,
    /// The challenge has expired.
    #[error("the code has expired; ask for a new one")]
    Expired,
    /// Too many wrong answers were given.
    #[error("too many wrong codes{}", help(.retry_at))]
    TooManyFailures {
        /// When the next answer is accepted; `None` when only an administrator can unlock the address.
        retry_at: Option<Timestamp>,
    },
    /// A message was sent too recently, or too many were sent.
    #[error("{}", too_soon(.limit))]
    TooSoon {
        /// When the next message may be sent.
        retry_at: Timestamp,
        /// The limit that postpones it the longest.
        limit: SendLimit,
    },
    /// The key that the challenge was made with is no longer configured.
    #[error("the key that this code was made with is no longer configured; ask for a new code")]
    KeyGone,
    /// The address is not verified, and the policy does not allow it to be primary.
    #[error("this address is not verified; verify it first")]
    NotVerified,
    /// The address is the last verified one of the user, and the policy does not let the caller remove it.
    #[error("this is the last verified address; verify another one first")]
    LastVerified,
    /// Only an administrator may do this; the context's authority is [`Authority::Holder`](crate::Authority::Holder).
    #[error("only an administrator may do that")]
    AdministratorOnly,
    /// The user is disabled, so the holder may change nothing.
    #[error("the user is disabled")]
    Disabled,
    /// The user has [`MAX_IDENTIFIERS`](crate::MAX_IDENTIFIERS) addresses of this kind. For a holder, removed addresses
    /// count as long as their sends and wrong answers are remembered.
    #[error(
        "the user has the maximum number of addresses, recently removed ones included; remove one, or ask an administrator"
    )]
    TooMany(Channel),
    /// The username has the form of an e-mail address or a phone number, which may belong to somebody else.
    #[error("a username must not read as an e-mail address or a phone number; choose another")]
    UsernameIsAddress,
    /// A JSON object is too large, too deeply nested, or contains U+0000.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A text or report is longer than its limit.
    #[error("{what} is longer than {limit}; shorten it")]
    TooLarge {
        /// The text or report that is too long.
        what: &'static str,
        /// The maximum length, with its unit.
        limit: &'static str,
    },
    /// A text or report contains U+0000, which some databases cannot store.
    #[error("{what} contains the character U+0000; remove it")]
    Nul {
        /// The text or report that contains it.
        what: &'static str,
    },
    /// A delivery ticket was not made by this host, or its key is no longer configured.
    #[error(
        "this delivery ticket was not made by this host, or its key is no longer configured; report with the ticket of the message"
    )]
    TicketForged,
    /// The requested lifetime of a challenge is zero or longer than allowed.
    #[error(
        "the requested lifetime is zero or too long; a code is valid at most as long as its policy says, a link alone at most 7 days"
    )]
    Life,
    /// A record to import contradicts the rules for users.
    #[error("the user cannot be imported: {0}")]
    Import(crate::record::ImportProblem),
}

/// The kind of address or name that another user holds.
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

/// The text that a holder is shown for every limit on sends, so that it does not reveal which limit it was.
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
    /// The category of the refusal.
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

    /// A stable identifier of the refusal, for hosts to put on their wire.
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

    /// When the request may succeed; `None` when waiting does not help.
    #[must_use]
    pub const fn retry_at(&self) -> Option<Timestamp> {
        match self {
            Self::TooSoon { retry_at, .. } => Some(*retry_at),
            Self::TooManyFailures { retry_at } => *retry_at,
            _ => None,
        }
    }

    /// The refusal as a holder may be shown it. An address that belongs to somebody else looks like a restricted one,
    /// and a budget that users share looks like a limit of the holder's own.
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

/// A refusal as a holder may be shown it. It does not reveal whether an address belongs to somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicRefusal {
    /// The category of the refusal.
    pub kind: RefusalKind,
    /// A stable identifier of the refusal, for the wire.
    pub code: &'static str,
    /// A sentence that says what happened and what to do, in English.
    pub message: String,
    /// When the request may succeed; `None` when waiting does not help.
    pub retry_at: Option<Timestamp>,
}
