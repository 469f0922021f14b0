//! Why a call did not do what it was asked, in one form for all dialects.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::StatusCode;
use identity::address::ClaimKind;
use identity::{Channel, Error, HolderError, PublicRefusal, Refusal, StoreError, Timestamp};
use prost::Name;
use prost_types::Any;
use tonic::Code;

use crate::text::{Language, Text};
use crate::wire::ErrorDetail;
use crate::wire::rpc::{RetryInfo, Status};

/// The reason that a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The code of gRPC.
    pub code: Code,
    /// The id of the error; `None` for errors that are found before any rule is applied.
    pub id: Option<&'static str>,
    /// The text.
    pub text: Text,
    /// The wait after which the call may succeed, if waiting helps.
    pub retry_after: Option<Duration>,
    http: Option<StatusCode>,
}

impl Failure {
    /// A failure with an id.
    #[must_use]
    pub const fn new(code: Code, id: &'static str, text: Text) -> Self {
        Self { code, id: Some(id), text, retry_after: None, http: None }
    }

    /// A failure with this text and without an id.
    #[must_use]
    pub fn plain(code: Code, text: impl Into<Cow<'static, str>>) -> Self {
        Self::nameless(code, Text::Verbatim(text.into()))
    }

    /// A failure without an id.
    #[must_use]
    pub const fn nameless(code: Code, text: Text) -> Self {
        Self { code, id: None, text, retry_after: None, http: None }
    }

    /// A request that cannot be read.
    #[must_use]
    pub fn unreadable(text: impl Into<Cow<'static, str>>) -> Self {
        Self::plain(Code::InvalidArgument, text)
    }

    /// The failure with this HTTP status in place of the one that its code maps to, in dialects that have one.
    #[must_use]
    pub fn with_http(self, status: StatusCode) -> Self {
        Self { http: Some(status), ..self }
    }

    fn waiting(self, now: Timestamp, retry_at: Option<Timestamp>) -> Self {
        // Rounded up: whoever waits as long is not too early.
        let wait = retry_at.map(|at| Duration::from_secs(at.since(now).as_secs().saturating_add(1)));
        Self { retry_after: wait, ..self }
    }

    /// The caller has no permission.
    #[must_use]
    pub const fn no_permission() -> Self {
        Self::new(Code::PermissionDenied, "AUTH-AWfge", Text::NoPermission)
    }

    /// The answer to every code that does not verify, for whatever reason.
    #[must_use]
    pub const fn code_invalid() -> Self {
        Self::new(Code::InvalidArgument, "COMMAND-eis9R", Text::CodeInvalid)
    }

    /// A resend where no code is outstanding.
    #[must_use]
    pub const fn code_empty(channel: Channel) -> Self {
        let id = match channel {
            Channel::Email => "EMAIL-5w5ilin4yt",
            Channel::Phone => "PHONE-5xrra88eq8",
        };
        Self::new(Code::FailedPrecondition, id, Text::CodeEmpty)
    }

    /// The user has no such address.
    #[must_use]
    pub const fn none_there(channel: Channel) -> Self {
        Self::new(Code::FailedPrecondition, "COMMAND-ieJ2e", Text::NotFound(channel))
    }

    /// The address that is set is the one that is there.
    #[must_use]
    pub const fn unchanged(channel: Channel) -> Self {
        Self::new(Code::FailedPrecondition, "COMMAND-Uch5e", Text::NotChanged(channel))
    }

    /// The token has too many requests under way.
    #[must_use]
    pub fn busy() -> Self {
        Self {
            retry_after: Some(Duration::from_secs(1)),
            ..Self::new(Code::ResourceExhausted, "IDENTITY-busy", Text::Busy)
        }
    }

    /// The store does not answer.
    #[must_use]
    pub fn away() -> Self {
        Self {
            retry_after: Some(Duration::from_secs(1)),
            ..Self::new(Code::Unavailable, "IDENTITY-store", Text::StoreAway)
        }
    }

    /// The answer to an error that is not a refusal: unavailable when the store may answer later, internal otherwise.
    fn broken(error: &HolderError) -> Self {
        match error {
            Error::Store(StoreError::Corrupt { .. } | StoreError::Newer { .. } | StoreError::NotOurs(_)) => {}
            Error::Store(error) => {
                tracing::error!(%error, "a call was answered as unavailable: the store failed");
                return Self::away();
            }
            _ => {}
        }
        tracing::error!(%error, "a call failed");
        Self::new(Code::Internal, "IDENTITY-internal", Text::Internal)
    }

    /// The answer to an administrator's call about an address of this channel that failed.
    #[must_use]
    pub fn told(channel: Channel, now: Timestamp, error: Error) -> Self {
        match error {
            Error::Refused(refusal) => match &refusal {
                Refusal::Taken(ClaimKind::Email | ClaimKind::Mailbox) => Self::taken(Channel::Email),
                Refusal::Taken(ClaimKind::Phone) => Self::taken(Channel::Phone),
                Refusal::Restricted(_) => {
                    Self::new(Code::FailedPrecondition, "IDENTITY-restricted", Text::Restricted(channel))
                }
                Refusal::UserExists => Self::new(Code::AlreadyExists, "IDENTITY-userExists", Text::UserExists),
                // What holders cannot ask for has no public view of its own.
                other if other.public() == PublicRefusal::AdministratorOnly => Self::verbatim(other.to_string()),
                other => Self::refused(channel, now, &other.public()),
            },
            error => Self::about(channel, now, error.public()),
        }
    }

    /// The answer to a holder's call about an address of this channel that failed.
    #[must_use]
    pub fn about(channel: Channel, now: Timestamp, error: HolderError) -> Self {
        match error {
            Error::Refused(refusal) => Self::refused(channel, now, &refusal),
            Error::Contended => Self {
                retry_after: Some(Duration::from_secs(1)),
                ..Self::new(Code::ResourceExhausted, "IDENTITY-contended", Text::Contended)
            },
            error => Self::broken(&error),
        }
    }

    /// The address belongs to another user; for administrators.
    #[must_use]
    pub const fn taken(channel: Channel) -> Self {
        Self::new(Code::FailedPrecondition, "IDENTITY-taken", Text::Taken(channel))
    }

    fn verbatim(text: String) -> Self {
        Self::new(Code::FailedPrecondition, "IDENTITY-refused", Text::Verbatim(text.into()))
    }

    fn refused(channel: Channel, now: Timestamp, refusal: &PublicRefusal) -> Self {
        const PRECONDITION: Code = Code::FailedPrecondition;
        match refusal {
            PublicRefusal::UserNotFound => Self::new(Code::NotFound, "COMMAND-ieJ2e", Text::NotFound(channel)),
            PublicRefusal::IdentifierNotFound => Self::none_there(channel),
            PublicRefusal::Unchanged | PublicRefusal::Duplicate => Self::unchanged(channel),
            PublicRefusal::AlreadyVerified => {
                Self::new(PRECONDITION, "IDENTITY-alreadyVerified", Text::AlreadyVerified(channel))
            }
            PublicRefusal::NoChallenge | PublicRefusal::Expired | PublicRefusal::KeyGone => Self::code_invalid(),
            PublicRefusal::UsernameTaken => Self::new(Code::AlreadyExists, "IDENTITY-userExists", Text::UserExists),
            PublicRefusal::Unavailable | PublicRefusal::Resting { .. } => {
                Self::new(PRECONDITION, "IDENTITY-unavailable", Text::Unavailable(channel))
            }
            PublicRefusal::TooSoon { retry_at } => {
                Self::new(Code::ResourceExhausted, "IDENTITY-tooSoon", Text::TooSoon).waiting(now, Some(*retry_at))
            }
            PublicRefusal::TooManyFailures { retry_at: None } => {
                Self::new(Code::ResourceExhausted, "IDENTITY-locked", Text::Locked)
            }
            PublicRefusal::TooManyFailures { retry_at } => {
                Self::new(Code::ResourceExhausted, "IDENTITY-tooManyTries", Text::TooManyTries).waiting(now, *retry_at)
            }
            PublicRefusal::Disabled => Self::new(PRECONDITION, "IDENTITY-disabled", Text::Disabled),
            PublicRefusal::TooMany(_) => Self::new(PRECONDITION, "IDENTITY-tooManyAddresses", Text::TooManyAddresses),
            PublicRefusal::UsernameIsAddress => {
                Self::new(Code::InvalidArgument, "IDENTITY-username", Text::UsernameInvalid)
            }
            other => Self::verbatim(other.to_string()),
        }
    }

    /// The text with the id behind it, where clients look for it.
    #[must_use]
    pub fn message(&self, language: Language) -> String {
        let text = self.text.say(language);
        match self.id {
            Some(id) => format!("{text} ({id})"),
            None => text.into_owned(),
        }
    }

    /// The failure as a `google.rpc.Status`, with its details.
    #[must_use]
    pub fn status(&self, language: Language) -> Status {
        let named = self.id.map(|id| ErrorDetail { id: id.to_owned(), message: self.text.say(language).into_owned() });
        let wait = self.retry_after.and_then(|wait| prost_types::Duration::try_from(wait).ok());
        let retry = wait.map(|wait| RetryInfo { retry_delay: Some(wait) });
        let details = named.as_ref().map(any).into_iter().chain(retry.as_ref().map(any));
        Status { code: self.code as i32, message: self.message(language), details: details.collect() }
    }

    /// The HTTP status of the failure.
    #[must_use]
    pub fn http_status(&self) -> StatusCode {
        self.http.unwrap_or(match self.code {
            Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
            Code::PermissionDenied => StatusCode::FORBIDDEN,
            Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::DeadlineExceeded => StatusCode::REQUEST_TIMEOUT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        })
    }
}

fn any<M: Name>(message: &M) -> Any {
    Any { type_url: format!("type.googleapis.com/{}", M::full_name()), value: message.encode_to_vec() }
}
