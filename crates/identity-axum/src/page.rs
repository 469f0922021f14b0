use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use identity_texts::{Page, TextError};
use sha2::{Digest as _, Sha256};

/// A page with its headers. Of all styles its sheet is allowed, by digest, wherever the host's templates have it from.
pub(crate) fn respond(page: Result<Page, TextError>) -> Response {
    let page = match page {
        Ok(page) => page,
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    // The first one: what a person typed comes later.
    let sheet = page.html.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
    let style =
        sheet.map_or("'none'".to_owned(), |(sheet, _)| format!("'sha256-{}'", BASE64.encode(Sha256::digest(sheet))));
    let policy =
        format!("default-src 'none'; style-src {style}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, page.html).into_response();
    let headers = response.headers_mut();
    for (name, value) in Page::HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
