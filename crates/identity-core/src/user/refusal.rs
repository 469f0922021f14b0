use std::fmt;
use std::sync::Arc;

use crate::address::{Channel, ClaimKind};
use crate::base::{Timestamp, codes};
use crate::policy::Restriction;
use crate::user::{JsonError, MAX_IDENTIFIERS};

/// The category of a [`Refusal`], for hosts that only distinguish a few cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The request is not valid, whatever the state of the user.
    Invalid,
    /// The user or identifier does not exist.
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
    Shared(Arc<crate::policy::Exhausted>),
}

/// The reason why a request was refused. A refusal writes nothing.
///
/// It is for administrators and for the host's log. A holder sees its [`public`](Self::public) view, which does not tell
/// whether an address belongs to somebody else; the holder's road of the crate `identity` returns nothing else.
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
    /// The user already has this address.
    #[error("the user has this address already")]
    Duplicate,
    /// The address to put in place of another one is the same address.
    #[error("the new address is the same as the present one; give another one")]
    Unchanged,
    /// Another user holds the claim on this address or username, or as many users as the policy allows hold verified
    /// addresses of its mailbox.
    #[error("this {} belongs to another user", .0.noun())]
    Taken(ClaimKind),
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
    /// Another user gave this address or username up a short time ago, and it rests.
    #[error("this {} was given up a short time ago and rests; use another one, or wait", .kind.noun())]
    Resting {
        /// Whether it is an address or a username.
        kind: ClaimKind,
        /// When it may be taken.
        until: Timestamp,
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
    /// Only an administrator may do this; the actor is the holder.
    #[error("only an administrator may do that")]
    AdministratorOnly,
    /// The user is disabled, so the holder may change nothing.
    #[error("the user is disabled")]
    Disabled,
    /// The user has as many addresses of this kind as the [`LimitPolicy`](crate::policy::LimitPolicy) allows, or
    /// [`MAX_IDENTIFIERS`](crate::user::MAX_IDENTIFIERS). For a holder, removed addresses count to the latter
    /// as long as their sends and wrong answers are remembered.
    #[error(
        "the user has the maximum number of addresses, recently removed ones included; remove one, or ask an administrator"
    )]
    TooMany(Channel),
    /// The holder keeps as many verified addresses of this kind as the policy says, or has fewer.
    #[error("the user must keep the verified addresses of this kind that there are; verify another one first")]
    TooFew(Channel),
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
    /// A source of the verification was given for an address that is not added as verified.
    #[error("`verified_source` names who vouches for a verified address; add the address as verified or leave it out")]
    SourceWithoutVerified,
    /// A delivery ticket was not made by this host, or its key is no longer configured.
    #[error(
        "this delivery ticket was not made by this host, or its key is no longer configured; report with the ticket of the message"
    )]
    TicketForged,
    /// The token of a disavowal was not made by this host for this tenant.
    #[error("this link was not made here; open the link from the message unchanged")]
    DisavowalForged,
    /// The key that the token of a disavowal was made with is no longer configured.
    #[error("this link was made with a key that is no longer used; ask an administrator to undo the change")]
    DisavowalKeyGone,
    /// The change was undone before with a link of one of its notices. Each works once.
    #[error("this link was used already; the change was undone")]
    DisavowalUsed,
    /// The time in which the change can be undone is over.
    #[error("the time in which this change can be undone is over; ask an administrator")]
    DisavowalOver,
    /// The change does not stand any more: what it brought is gone, or what it took is there again.
    #[error("this change does not stand any more; there is nothing left to undo")]
    NothingToUndo,
    /// The address that would come back belongs to another user by now.
    #[error("this {} belongs to another user by now; ask an administrator, who can decide", .0.noun())]
    TakenSince(ClaimKind),
    /// The address was proved, and a contest with the user with whom it is verified is open.
    #[error("this address was proved, and somebody else has it as well; wait until it is decided whose it is")]
    Contested,
    /// No contest with this id is open.
    #[error("there is no such contest, or it was decided")]
    NoContest,
    /// The requested lifetime of a challenge is zero or longer than allowed.
    #[error(
        "the requested lifetime is zero or too long; a code is valid at most as long as its policy says, a link alone at most 7 days"
    )]
    Life,
    /// A record to import contradicts the rules for users.
    #[error("the user cannot be imported: {0}")]
    Import(ImportProblem),
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
            Self::UserNotFound | Self::IdentifierNotFound => RefusalKind::NotFound,
            Self::UserExists | Self::Duplicate | Self::Unchanged | Self::Taken(_) | Self::AlreadyVerified => {
                RefusalKind::Conflict
            }
            Self::Resting { .. }
            | Self::NoChallenge
            | Self::Expired
            | Self::KeyGone
            | Self::NotVerified
            | Self::TooMany(_)
            | Self::DisavowalKeyGone
            | Self::DisavowalUsed
            | Self::DisavowalOver
            | Self::NothingToUndo
            | Self::Contested
            | Self::NoContest
            | Self::TakenSince(_) => RefusalKind::Conflict,
            Self::Restricted(_)
            | Self::LastVerified
            | Self::TooFew(_)
            | Self::AdministratorOnly
            | Self::TicketForged
            | Self::DisavowalForged
            | Self::Disabled
            | Self::UsernameIsAddress
            | Self::TooManyFailures { retry_at: None } => RefusalKind::NotAllowed,
            Self::TooSoon { .. } | Self::TooManyFailures { retry_at: Some(_) } => RefusalKind::TooSoon,
            Self::SourceWithoutVerified
            | Self::Json(_)
            | Self::TooLarge { .. }
            | Self::Nul { .. }
            | Self::Life
            | Self::Import(_) => RefusalKind::Invalid,
        }
    }

    /// When the request may succeed; `None` when waiting does not help.
    #[must_use]
    pub const fn retry_at(&self) -> Option<Timestamp> {
        match self {
            Self::TooSoon { retry_at, .. } | Self::Resting { until: retry_at, .. } => Some(*retry_at),
            Self::TooManyFailures { retry_at } => *retry_at,
            _ => None,
        }
    }

    /// The refusal as a holder may be shown it. An address that belongs to somebody else looks like a restricted one,
    /// a username that rests looks like one that belongs to somebody else, and a budget that users share looks like a limit of
    /// the holder's own. A refusal of what only administrators can
    /// ask for is [`PublicRefusal::AdministratorOnly`].
    #[must_use]
    pub const fn public(&self) -> PublicRefusal {
        match self {
            Self::UserNotFound => PublicRefusal::UserNotFound,
            Self::IdentifierNotFound => PublicRefusal::IdentifierNotFound,
            Self::Duplicate => PublicRefusal::Duplicate,
            Self::Unchanged => PublicRefusal::Unchanged,
            Self::Taken(ClaimKind::Contest | ClaimKind::Email | ClaimKind::Mailbox | ClaimKind::Phone)
            | Self::Restricted(_) => PublicRefusal::Unavailable,
            Self::Taken(ClaimKind::Username) | Self::Resting { kind: ClaimKind::Username, .. } => {
                PublicRefusal::UsernameTaken
            }
            Self::Resting { until, .. } => PublicRefusal::Resting { until: *until },
            Self::AlreadyVerified => PublicRefusal::AlreadyVerified,
            Self::NoChallenge => PublicRefusal::NoChallenge,
            Self::Expired => PublicRefusal::Expired,
            Self::TooManyFailures { retry_at } => PublicRefusal::TooManyFailures { retry_at: *retry_at },
            Self::TooSoon { retry_at, .. } => PublicRefusal::TooSoon { retry_at: *retry_at },
            Self::KeyGone => PublicRefusal::KeyGone,
            Self::NotVerified => PublicRefusal::NotVerified,
            Self::LastVerified => PublicRefusal::LastVerified,
            Self::Disabled => PublicRefusal::Disabled,
            Self::TooMany(channel) => PublicRefusal::TooMany(*channel),
            Self::TooFew(channel) => PublicRefusal::TooFew(*channel),
            Self::UsernameIsAddress => PublicRefusal::UsernameIsAddress,
            Self::TooLarge { what, limit } => PublicRefusal::TooLarge { what, limit },
            Self::Nul { what } => PublicRefusal::Nul { what },
            Self::DisavowalForged => PublicRefusal::DisavowalForged,
            Self::DisavowalKeyGone => PublicRefusal::DisavowalKeyGone,
            Self::DisavowalUsed => PublicRefusal::DisavowalUsed,
            Self::DisavowalOver => PublicRefusal::DisavowalOver,
            Self::NothingToUndo => PublicRefusal::NothingToUndo,
            Self::TakenSince(_) => PublicRefusal::TakenSince,
            Self::Contested => PublicRefusal::Contested,
            Self::NoContest => PublicRefusal::NoContest,
            Self::Life => PublicRefusal::Life,
            Self::AdministratorOnly
            | Self::UserExists
            | Self::SourceWithoutVerified
            | Self::Json(_)
            | Self::TicketForged
            | Self::Import(_) => PublicRefusal::AdministratorOnly,
        }
    }
}

codes!(Refusal {
    Self::UserNotFound => "user_not_found",
    Self::UserExists => "user_exists",
    Self::IdentifierNotFound => "identifier_not_found",
    Self::Duplicate => "duplicate",
    Self::Unchanged => "unchanged",
    Self::Taken(ClaimKind::Contest | ClaimKind::Email) => "email_taken",
    Self::Taken(ClaimKind::Mailbox) => "mailbox_taken",
    Self::Taken(ClaimKind::Phone) => "phone_taken",
    Self::Taken(ClaimKind::Username) => "username_taken",
    Self::Resting { .. } => "resting",
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
    Self::TooFew(_) => "too_few_identifiers",
    Self::UsernameIsAddress => "username_is_address",
    Self::Nul { .. } => "nul",
    Self::SourceWithoutVerified => "source_without_verified",
    Self::TicketForged => "ticket_forged",
    Self::DisavowalForged => "disavowal_forged",
    Self::DisavowalKeyGone => "disavowal_key_gone",
    Self::DisavowalUsed => "disavowal_used",
    Self::DisavowalOver => "disavowal_over",
    Self::NothingToUndo => "nothing_to_undo",
    Self::TakenSince(_) => "taken_since",
    Self::Contested => "contested",
    Self::NoContest => "no_contest",
    Self::TooLarge { .. } => "too_large",
    Self::Life => "life",
    Self::Import(_) => "import",
} {
    Self::Json(error) => error.code(),
});

/// A refusal as the holder may see it. It tells nothing about any other user, in no variant and in no field; its text may
/// be shown to the person.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicRefusal {
    /// There is no such user.
    UserNotFound,
    /// The user has no such identifier.
    IdentifierNotFound,
    /// The user has that address already.
    Duplicate,
    /// The new address is the one that it would replace.
    Unchanged,
    /// The address cannot be used: a restriction keeps it out, or it belongs to another user. Nothing tells which.
    Unavailable,
    /// Another user has the username. Usernames are public: a sign-up form tells as much.
    UsernameTaken,
    /// Another user gave the address up a short time ago, and it rests. Only who has just proved that they have it learns of it.
    Resting {
        /// When it may be verified.
        until: Timestamp,
    },
    /// The address is verified already.
    AlreadyVerified,
    /// No challenge is outstanding that the answer could belong to.
    NoChallenge,
    /// The challenge has expired.
    Expired,
    /// Too many guesses were wrong.
    TooManyFailures {
        /// The time of the next guess; `None` when only an administrator can help.
        retry_at: Option<Timestamp>,
    },
    /// A message was sent a short time ago, or too many were sent.
    TooSoon {
        /// The time of the next send.
        retry_at: Timestamp,
    },
    /// The key that the challenge was made with is gone.
    KeyGone,
    /// An unverified address cannot be primary.
    NotVerified,
    /// The last verified address of a user cannot be removed.
    LastVerified,
    /// Only an administrator may do that.
    AdministratorOnly,
    /// The user is disabled.
    Disabled,
    /// The user has as many addresses of this channel as are allowed.
    TooMany(Channel),
    /// The user has no more verified addresses of this channel than must stay.
    TooFew(Channel),
    /// The username reads as an e-mail address or a phone number.
    UsernameIsAddress,
    /// A text of the request is too long.
    TooLarge {
        /// The text.
        what: &'static str,
        /// The limit.
        limit: &'static str,
    },
    /// A text of the request contains U+0000.
    Nul {
        /// The text.
        what: &'static str,
    },
    /// The requested lifetime of the challenge is not allowed.
    Life,
    /// The link that undoes a change was not made by this host.
    DisavowalForged,
    /// The key that the link was made with is gone.
    DisavowalKeyGone,
    /// The change was undone before.
    DisavowalUsed,
    /// The time in which the change can be undone is over.
    DisavowalOver,
    /// The change does not stand any more.
    NothingToUndo,
    /// The address that would come back belongs to another user by now. Whoever has the link had the address before.
    TakenSince,
    /// The address was proved, and a contest over it is open. Only who has just proved that they have it learns of it.
    Contested,
    /// No contest with this id is open.
    NoContest,
}

impl PublicRefusal {
    /// Which of the few cases it is.
    #[must_use]
    pub fn kind(&self) -> RefusalKind {
        self.example().kind()
    }

    /// The time of the next try, where waiting helps.
    #[must_use]
    pub fn retry_at(&self) -> Option<Timestamp> {
        self.example().retry_at()
    }

    /// A refusal that this is the view of.
    fn example(&self) -> Refusal {
        match self {
            Self::UserNotFound => Refusal::UserNotFound,
            Self::IdentifierNotFound => Refusal::IdentifierNotFound,
            Self::Duplicate => Refusal::Duplicate,
            Self::Unchanged => Refusal::Unchanged,
            Self::Unavailable => Refusal::Restricted(Restriction::Address),
            Self::UsernameTaken => Refusal::Taken(ClaimKind::Username),
            Self::Resting { until } => Refusal::Resting { kind: ClaimKind::Email, until: *until },
            Self::AlreadyVerified => Refusal::AlreadyVerified,
            Self::NoChallenge => Refusal::NoChallenge,
            Self::Expired => Refusal::Expired,
            Self::TooManyFailures { retry_at } => Refusal::TooManyFailures { retry_at: *retry_at },
            Self::TooSoon { retry_at } => Refusal::TooSoon { retry_at: *retry_at, limit: SendLimit::ResendWait },
            Self::KeyGone => Refusal::KeyGone,
            Self::NotVerified => Refusal::NotVerified,
            Self::LastVerified => Refusal::LastVerified,
            Self::AdministratorOnly => Refusal::AdministratorOnly,
            Self::Disabled => Refusal::Disabled,
            Self::TooMany(channel) => Refusal::TooMany(*channel),
            Self::TooFew(channel) => Refusal::TooFew(*channel),
            Self::UsernameIsAddress => Refusal::UsernameIsAddress,
            Self::TooLarge { what, limit } => Refusal::TooLarge { what, limit },
            Self::Nul { what } => Refusal::Nul { what },
            Self::Life => Refusal::Life,
            Self::DisavowalForged => Refusal::DisavowalForged,
            Self::DisavowalKeyGone => Refusal::DisavowalKeyGone,
            Self::DisavowalUsed => Refusal::DisavowalUsed,
            Self::DisavowalOver => Refusal::DisavowalOver,
            Self::NothingToUndo => Refusal::NothingToUndo,
            Self::TakenSince => Refusal::TakenSince(ClaimKind::Email),
            Self::Contested => Refusal::Contested,
            Self::NoContest => Refusal::NoContest,
        }
    }
}

codes!(PublicRefusal {
    Self::UserNotFound => "user_not_found",
    Self::IdentifierNotFound => "identifier_not_found",
    Self::Duplicate => "duplicate",
    Self::Unchanged => "unchanged",
    Self::Unavailable => "unavailable",
    Self::UsernameTaken => "username_taken",
    Self::Resting { .. } => "resting",
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
    Self::TooFew(_) => "too_few_identifiers",
    Self::UsernameIsAddress => "username_is_address",
    Self::TooLarge { .. } => "too_large",
    Self::Nul { .. } => "nul",
    Self::Life => "life",
    Self::DisavowalForged => "disavowal_forged",
    Self::DisavowalKeyGone => "disavowal_key_gone",
    Self::DisavowalUsed => "disavowal_used",
    Self::DisavowalOver => "disavowal_over",
    Self::NothingToUndo => "nothing_to_undo",
    Self::TakenSince => "taken_since",
    Self::Contested => "contested",
    Self::NoContest => "no_contest",
});

impl fmt::Display for PublicRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable => f.write_str("this address cannot be used here; use another one"),
            Self::Resting { .. } => {
                f.write_str("this address was given up a short time ago and rests; use another one, or wait")
            }
            Self::TakenSince => {
                f.write_str("the address belongs to somebody else by now; ask an administrator, who can decide")
            }
            _ => self.example().fmt(f),
        }
    }
}

impl std::error::Error for PublicRefusal {}

/// The reason why a user cannot be imported. An index counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportProblem {
    /// An entry of `emails` is not a valid e-mail address.
    #[error("emails[{index}]: {error}")]
    Email {
        /// The index in `emails`.
        index: usize,
        /// The reason why the address is not valid.
        error: crate::address::EmailError,
    },
    /// An entry of `phones` is not a valid phone number.
    #[error("phones[{index}]: {error}")]
    Phone {
        /// The index in `phones`.
        index: usize,
        /// The reason why the number is not valid.
        error: crate::address::PhoneError,
    },
    /// The username is not valid.
    #[error("username: {0}")]
    Username(crate::address::UsernameError),
    /// The restriction policy refuses an address.
    #[error("{}s[{index}]: refused by the restriction `{}`", .channel.as_str(), .restriction.as_str())]
    Restricted {
        /// The kind of address, which names the list.
        channel: Channel,
        /// The index in the list.
        index: usize,
        /// The restriction that refuses the address.
        restriction: Restriction,
    },
    /// Two identifiers have the same id, or two addresses are the same.
    #[error("two identifiers have the same id, or two addresses are the same")]
    Twice,
    /// More than one address of a kind is primary.
    #[error("more than one address of a kind is primary")]
    Primaries,
    /// An unverified address is primary, and the policy does not allow it.
    #[error("an unverified address is primary, which the policy does not allow")]
    UnverifiedPrimary,
    /// There are more than [`MAX_IDENTIFIERS`] addresses of a kind.
    #[error("more than {MAX_IDENTIFIERS} addresses of a kind")]
    TooMany,
    /// `updated_at` is before `created_at`, or a time is in the future.
    #[error("updated_at is before created_at, or a time is in the future")]
    Times,
}

/// Checks a text from the host: at most 800 bytes, and no U+0000, which not every database can store.
pub(crate) fn bounded(what: &'static str, text: Option<&str>) -> Result<Option<Arc<str>>, Refusal> {
    match text {
        Some(text) if text.len() > 800 => Err(Refusal::TooLarge { what, limit: "800 bytes" }),
        Some(text) if text.contains('\0') => Err(Refusal::Nul { what }),
        text => Ok(text.map(Into::into)),
    }
}
