//! The one place where a refusal becomes a problem document (RFC 9457).

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::address::ClaimKind;
use identity::system::{Clock as _, SystemClock};
use identity::{Channel, Error, Refusal, RefusalKind, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type, exactly: one public client compares the whole header.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A problem document.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// The type of the problem, a URI.
    #[serde(rename = "type")]
    pub kind: String,
    /// The title of the type, for people.
    pub title: &'static str,
    /// The status of the response.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail: Option<String>,
    /// The request, in the form of W3C Trace Context.
    #[serde(rename = "traceId", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trace_id: Option<String>,
    /// The individual errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub errors: Option<Box<Errors>>,
    #[serde(skip)]
    #[schema(ignore)]
    retry_after: Option<u64>,
}

/// The individual errors.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Errors {
    /// Fields that do not parse, each with its messages.
    Fields(BTreeMap<String, Vec<String>>),
    /// Rules that refuse the request, each with a code.
    Codes(Vec<CodedError>),
}

/// A rule that refuses the request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CodedError {
    /// The stable name of the rule.
    pub code: &'static str,
    /// What happened and what to do.
    pub description: String,
}

impl Problem {
    /// A problem with this status and detail.
    #[must_use]
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("https://httpstatuses.io/{}", status.as_u16()),
            title: title(status),
            status: status.as_u16(),
            detail: Some(detail.into()),
            trace_id: None,
            errors: None,
            retry_after: None,
        }
    }

    /// A request that cannot be read at all.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The resource does not exist.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// A body that is too large.
    #[must_use]
    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "a body has at most 65,536 bytes; send less")
    }

    /// The key has too many requests under way.
    #[must_use]
    pub fn busy() -> Self {
        let detail = "too many requests of this key are under way; send fewer at once";
        Self { retry_after: Some(1), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// The store does not answer.
    #[must_use]
    pub fn unavailable() -> Self {
        let detail = "the store does not answer; try again in a moment";
        Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// A field that does not parse.
    #[must_use]
    pub fn field(name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            kind: "https://httpstatuses.io/422#validation-error".to_owned(),
            errors: Some(Box::new(Errors::Fields(BTreeMap::from([(name.to_owned(), vec![message])])))),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "one or more fields are not as they should be")
        }
    }

    /// A rule refuses the request.
    #[must_use]
    pub fn refused(code: &'static str, description: impl Into<String>) -> Self {
        let description = description.into();
        Self {
            kind: "https://httpstatuses.io/422#identity-validation-error".to_owned(),
            errors: Some(Box::new(Errors::Codes(vec![CodedError { code, description: description.clone() }]))),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, description)
        }
    }

    /// The answer to a failed call about an address of this channel.
    #[must_use]
    pub fn about(channel: Channel, error: Error) -> Self {
        match (error, channel) {
            (Error::Refused(refusal @ Refusal::Duplicate), Channel::Email) => {
                Self::refused("DuplicateEmail", refusal.to_string())
            }
            (Error::Refused(refusal @ Refusal::Duplicate), Channel::Phone) => {
                Self::refused("DuplicatePhoneNumber", refusal.to_string())
            }
            (error, _) => error.into(),
        }
    }
}

const fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "Bad Request",
        StatusCode::UNAUTHORIZED => "Unauthorized",
        StatusCode::FORBIDDEN => "Forbidden",
        StatusCode::NOT_FOUND => "Not Found",
        StatusCode::METHOD_NOT_ALLOWED => "Method Not Allowed",
        StatusCode::REQUEST_TIMEOUT => "Request Timeout",
        StatusCode::PAYLOAD_TOO_LARGE => "Content Too Large",
        StatusCode::UNPROCESSABLE_ENTITY => "Unprocessable Content",
        StatusCode::TOO_MANY_REQUESTS => "Too Many Requests",
        StatusCode::SERVICE_UNAVAILABLE => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

impl Problem {
    /// The status of the response.
    #[must_use]
    pub fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Writes `Retry-After` where the problem has one.
    pub(crate) fn retry_after_into(&self, response: &mut Response) {
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }

    /// The answer to a call that failed and was not refused. What failed is in the log, under the same trace.
    pub(crate) fn failed<R>(error: &Error<R>) -> Self
    where
        Error<R>: std::error::Error,
    {
        match error {
            Error::Contended => Self {
                retry_after: Some(1),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, "others are changing this user; try again")
            },
            Error::Store(StoreError::Corrupt { .. } | StoreError::Newer { .. } | StoreError::NotOurs(_)) => {
                Self::internal(error)
            }
            Error::Store(error) => {
                tracing::error!(%error, "a request was answered as unavailable: the store failed");
                Self::unavailable()
            }
            error => Self::internal(error),
        }
    }

    fn internal(error: &impl std::error::Error) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "something failed here; try again, or ask with the traceId")
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            error => Self::failed(&error),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal.kind() {
            RefusalKind::NotFound => Self::not_found(refusal.to_string()),
            RefusalKind::TooSoon => {
                let wait = refusal.retry_at().map(|at| at.since(SystemClock.now()).as_secs().saturating_add(1));
                Self { retry_after: wait, ..Self::new(StatusCode::TOO_MANY_REQUESTS, refusal.to_string()) }
            }
            RefusalKind::Invalid | RefusalKind::Conflict | RefusalKind::NotAllowed => {
                Self::refused(code(&refusal), refusal.to_string())
            }
        }
    }
}

/// A refusal's code in the style of the API.
const fn code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UserExists => "DuplicateUserId",
        Refusal::Duplicate => "DuplicateIdentifier",
        Refusal::Taken(ClaimKind::Email | ClaimKind::Mailbox) => "DuplicateEmail",
        Refusal::Taken(ClaimKind::Phone) => "DuplicatePhoneNumber",
        Refusal::Taken(ClaimKind::Username) => "DuplicateUserName",
        Refusal::Unchanged => "IdentifierUnchanged",
        Refusal::Restricted(_) | Refusal::Resting { .. } => "RestrictedIdentifier",
        Refusal::AlreadyVerified => "IdentifierAlreadyVerified",
        Refusal::NotVerified => "IdentifierNotVerified",
        Refusal::LastVerified => "LastVerifiedIdentifier",
        Refusal::NoChallenge => "NoVerificationPending",
        Refusal::Expired => "VerificationExpired",
        Refusal::KeyGone => "VerificationKeyGone",
        Refusal::TooManyFailures { .. } => "TooManyFailures",
        Refusal::TooMany(_) => "TooManyIdentifiers",
        Refusal::Disabled => "UserDisabled",
        Refusal::UsernameIsAddress => "InvalidUserName",
        Refusal::Life => "InvalidExpiry",
        Refusal::Json(_) | Refusal::TooLarge { .. } => "InvalidData",
        _ => "Refused",
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        self.trace_id = host_kit::current_trace().map(|trace| trace.to_string());
        let status = self.status_code();
        // Texts and numbers always serialize.
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        self.retry_after_into(&mut response);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("ApiKey"));
        }
        response
    }
}
