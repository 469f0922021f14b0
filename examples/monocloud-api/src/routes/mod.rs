//! The handlers, one file per resource. Each reads its request, makes one call to the library, and shows what came of it.

pub mod claims;
pub mod data;
pub mod docs;
pub mod emails;
pub mod external_authenticators;
pub mod health;
pub mod link_page;
pub mod passkeys;
pub mod phones;
pub mod username;
pub mod users;

use utoipa::IntoResponses;

use crate::problem::Problem;

/// What any call may answer when it does not succeed.
#[derive(IntoResponses)]
pub enum Problems {
    /// The request cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(#[to_schema] Problem),
    /// There is no good key in `X-API-KEY`.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// The key may only read.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] Problem),
    /// There is no such user, identifier or credential.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] Problem),
    /// The body did not arrive in time.
    #[response(status = 408, content_type = "application/problem+json")]
    Slow(#[to_schema] Problem),
    /// The body has more than 65,536 bytes.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(#[to_schema] Problem),
    /// A field is not as it should be, or the rules say no.
    #[response(status = 422, content_type = "application/problem+json")]
    Refused(#[to_schema] Problem),
    /// Wait as long as `Retry-After` says.
    #[response(status = 429, content_type = "application/problem+json")]
    TooSoon(#[to_schema] Problem),
    /// Something failed here.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(#[to_schema] Problem),
    /// The store does not answer; wait as long as `Retry-After` says.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}
