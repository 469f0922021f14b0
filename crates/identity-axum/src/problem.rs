use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::address::{AddressError, EmailError, LabelError, PhoneError, UnknownRegion, UsernameError};
use identity::system::{Clock as _, SystemClock};
use identity::{
    CodeError, Error, HolderError, IdError, LinkError, PublicRefusal, Refusal, RefusalKind, StoreError, Timestamp,
};
use serde::Serialize;

/// Problem details (RFC 9457): the answer to a call that failed, as `application/problem+json`.
///
/// `?` makes one of every error of this library, so a handler returns `Result<_, Problem>`. A refusal becomes its
/// public view, whichever road was walked: nothing about other users, about budgets or about the store leaves the host.
/// What failed within the host is in its log.
///
/// | error | status | `Retry-After` |
/// |---|---|---|
/// | an address, username, code, link or id that cannot be read | 422 | |
/// | a refusal, by its [`RefusalKind`] | 422, 404, 409, 403 or 429 | the wait in seconds, where waiting helps |
/// | [`Error::Contended`], and a store that may work again | 503 | 1 |
/// | any other | 500 | |
///
/// ```
/// use axum::response::IntoResponse as _;
/// use identity::Refusal;
/// use identity_axum::Problem;
///
/// let response = Problem::from(Refusal::AlreadyVerified).into_response();
/// assert_eq!(response.status(), 409);
/// assert_eq!(response.headers()["content-type"], "application/problem+json");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Problem {
    /// The type of the problem: a URI reference, which is the same as `code`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The meaning of the status, in English.
    pub title: &'static str,
    /// The status of the response.
    #[cfg_attr(feature = "utoipa", schema(minimum = 400, maximum = 599))]
    pub status: u16,
    /// What happened, in English.
    pub detail: String,
    /// A stable name of the problem, such as [`PublicRefusal::code`].
    pub code: &'static str,
    /// The number of seconds after which the call may succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A problem of the host's own. Programs read `detail`; so do people, where [`for_browsers`](crate::for_browsers)
    /// makes a page of it and the texts have no string `error-` and the code.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { kind: code, title, status: status.as_u16(), detail: detail.into(), code, retry_after: None }
    }

    /// An error of the host's own, of which the client learns nothing: 500. The log has it.
    #[must_use]
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a call failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something failed within the service")
    }

    /// The problem of a refusal, as seen at this time. `From` takes the machine's clock.
    #[must_use]
    pub fn refused(refusal: &PublicRefusal, now: Timestamp) -> Self {
        let retry_after = refusal.retry_at().map(|at| wait(at, now));
        Self { retry_after, ..Self::new(status(refusal), refusal.code(), refusal.to_string()) }
    }
}

/// The status of a refusal.
pub(crate) fn status(refusal: &PublicRefusal) -> StatusCode {
    match refusal.kind() {
        RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::NotAllowed => StatusCode::FORBIDDEN,
        RefusalKind::TooSoon => StatusCode::TOO_MANY_REQUESTS,
    }
}

/// The wait in whole seconds, rounded up: a client that waits so long is not too early.
pub(crate) fn wait(until: Timestamp, now: Timestamp) -> u64 {
    let wait = until.since(now);
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

impl From<PublicRefusal> for Problem {
    fn from(refusal: PublicRefusal) -> Self {
        Self::refused(&refusal, SystemClock.now())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        refusal.public().into()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        HolderError::from(error).into()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        error.public().into()
    }
}

impl From<HolderError> for Problem {
    fn from(error: HolderError) -> Self {
        let broken = matches!(
            error,
            Error::Store(StoreError::Corrupt { .. } | StoreError::Newer { .. } | StoreError::NotOurs(_))
        );
        match error {
            Error::Refused(refusal) => refusal.into(),
            error @ (Error::Contended | Error::Store(_)) if !broken => {
                tracing::warn!(%error, "a call was answered as unavailable");
                let detail = "the service cannot do this now; try again in a moment";
                Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable_now", detail) }
            }
            error => Self::internal(error),
        }
    }
}

/// What a client typed is not what it should be: 422, with the slug and the rule that it breaks.
macro_rules! unreadable {
    ($($error:ty),+) => {
        $(impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.code(), error.to_string())
            }
        })+
    };
}

unreadable!(
    AddressError,
    EmailError,
    PhoneError,
    UnknownRegion,
    UsernameError,
    LabelError,
    CodeError,
    LinkError,
    IdError
);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // Texts and numbers always serialize.
        let body = serde_json::to_string(&self).unwrap_or_default();
        let media_type = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, media_type)], body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        // For the layer that makes pages of problems.
        response.extensions_mut().insert(self);
        response
    }
}
