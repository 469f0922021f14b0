//! Bodies: read with a limit, then as JSON, then as the type that a handler asks for.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use host_kit::{BodyError, Share, read_body};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::caller::unauthorized;
use crate::problem::Problem;

/// The most bytes that a body may have.
pub const MAX_BODY_BYTES: usize = 65_536;

/// A body that has to be there. Its media type is not looked at: clients forget it, and the key is in a header that no form
/// can send.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// A body that may be missing; then every field has its default.
#[derive(Debug)]
pub struct OptionalBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        parse(&read(request).await?).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = read(request).await?;
        if bytes.is_empty() { Ok(Self(T::default())) } else { parse(&bytes).map(Self) }
    }
}

async fn read(request: Request) -> Result<Bytes, Problem> {
    // The middleware that lets callers in has put it there.
    let share = request.extensions().get::<Share>().cloned().ok_or_else(unauthorized)?;
    read_body(request.into_body(), MAX_BODY_BYTES, &share).await.map_err(|error| match error {
        BodyError::TooLarge => Problem::too_large(),
        BodyError::Broken => Problem::bad_request(error.to_string()),
        BodyError::Busy(_) => Problem::busy(),
        BodyError::Slow => Problem::new(StatusCode::REQUEST_TIMEOUT, error.to_string()),
    })
}

/// Reads a JSON object as this type. Malformed JSON is a bad request; a field that does not parse is named.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // A struct reads itself from an array too; on the wire it is an object, and nothing else.
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'{') {
        return Err(match serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
            Ok(_) => Problem::field("body", "send a JSON object"),
            Err(error) => not_json(&error),
        });
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        // What is wrong may come before what is not JSON at all; the latter is the better answer.
        if let Err(syntax) = serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
            return not_json(&syntax);
        }
        wrong_field(&path, error.inner())
    })?;
    reader.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

fn not_json(error: &serde_json::Error) -> Problem {
    let what = match error.classify() {
        Category::Eof => "the body ends before its JSON does",
        Category::Io | Category::Syntax | Category::Data => "the body is not JSON",
    };
    Problem::bad_request(format!("{what}, line {} column {}", error.line(), error.column()))
}

/// The message of a field that does not parse. Serde's own is not used, because it repeats the value.
fn wrong_field(path: &str, error: &serde_json::Error) -> Problem {
    let said = error.to_string();
    let named = || said.split('`').nth(1).unwrap_or("body").to_owned();
    if said.starts_with("unknown field") {
        let field = named();
        let message = if field.contains("password") {
            "this service keeps no passwords; leave the field out"
        } else {
            "there is no such field; leave it out"
        };
        return Problem::field(&field, message);
    }
    if said.starts_with("missing field") {
        return Problem::field(&named(), "this field is required; send it");
    }
    if said.starts_with("duplicate field") {
        return Problem::field(&named(), "send this field once");
    }
    let expected = said.rsplit_once("expected ").map_or("something else", |(_, rest)| rest);
    let expected = expected.split(" at line ").next().unwrap_or(expected);
    Problem::field(if path == "." { "body" } else { path }, format!("send {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Errors;
    use crate::wire::{AddPhone, PatchClaims};

    fn problem<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> (u16, Vec<String>) {
        let problem = parse::<T>(body.as_bytes()).unwrap_err();
        let fields = match problem.errors.map(|errors| *errors) {
            Some(Errors::Fields(fields)) => fields.into_keys().collect(),
            _ => Vec::new(),
        };
        (problem.status, fields)
    }

    #[test]
    fn what_is_not_json_is_a_bad_request() {
        let deep = format!("{{\"phone_number\":{}", "[".repeat(10_000));
        for body in ["", "{", "nonsense", "{\"phone_number\": \"+44\"", "{} {}", "{\"phone_number\": 1, }", &deep] {
            assert_eq!(problem::<AddPhone>(body).0, 400, "{body:.40}");
        }
    }

    #[test]
    fn a_wrong_field_is_named() {
        for (body, field) in [
            ("{}", "phone_number"),
            (r#"{"phone_number": 44}"#, "phone_number"),
            (r#"{"phone_number": ["+441514960453"]}"#, "phone_number"),
            (r#"{"phone_number": "+441514960453", "is_verified": "yes"}"#, "is_verified"),
            (r#"{"phone_number": "+441514960453", "phone": "+441514960453"}"#, "phone"),
            (r#"{"phone_number": "+441514960453", "phone_number": "+441514960453"}"#, "phone_number"),
            (r#"["+441514960453", true, true]"#, "body"),
            ("null", "body"),
        ] {
            assert_eq!(problem::<AddPhone>(body), (422, vec![field.to_owned()]), "{body}");
        }
        assert_eq!(problem::<PatchClaims>(r#"{"address": {"town": "x"}}"#).0, 422);
        assert_eq!(problem::<PatchClaims>(r#"{"address": ["x"]}"#), (422, vec!["address".to_owned()]));
    }
}
