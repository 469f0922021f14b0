//! An error, as each client shows it, in one form.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use prost::Message as _;
use serde_json::Value;

/// The codes of gRPC that are met here, with their names in Connect and the HTTP statuses that they stand for.
const CODES: [(i64, &str, u64); 12] = [
    (3, "invalid_argument", 400),
    (5, "not_found", 404),
    (6, "already_exists", 409),
    (7, "permission_denied", 403),
    (8, "resource_exhausted", 429),
    (9, "failed_precondition", 400),
    // Too large.
    (8, "resource_exhausted", 413),
    (12, "unimplemented", 501),
    (14, "unavailable", 503),
    // Under a path that has other methods, in REST, and as Connect has it.
    (12, "unimplemented", 405),
    (12, "unimplemented", 404),
    (16, "unauthenticated", 401),
];

/// What a client was refused with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: i64,
    /// Without the id that clients find behind it.
    pub(crate) text: String,
    pub(crate) id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

#[derive(prost::Message)]
struct ErrorDetail {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    message: String,
}

#[derive(prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<prost_types::Duration>,
}

impl Refused {
    /// From `{"code": 3, "message": "...", "details": [{"@type": "...", ...}]}`.
    pub(crate) fn by_rest(status: u16, body: &Value) -> Self {
        let code = body["code"].as_i64().unwrap();
        Self::has_status(code, u64::from(status));
        let (mut named, mut retry_after) = (None, None);
        for detail in body["details"].as_array().into_iter().flatten() {
            match detail["@type"].as_str().unwrap() {
                "type.googleapis.com/zitadel.v1.ErrorDetail" => named = Some(pair(detail)),
                "type.googleapis.com/google.rpc.RetryInfo" => {
                    let seconds = detail["retryDelay"].as_str().unwrap().strip_suffix('s').unwrap();
                    retry_after = Some(Duration::from_secs_f64(seconds.parse().unwrap()));
                }
                other => panic!("{other}: {body}"),
            }
        }
        Self::of(code, body["message"].as_str().unwrap(), named, retry_after)
    }

    /// From what a driver prints: the client's error with the details in binary, and by the client's own type where it has one.
    pub(crate) fn by_driver(error: &Value) -> Self {
        let code = match &error["code"] {
            Value::String(name) => {
                let code = CODES.iter().find(|code| code.1 == name).unwrap_or_else(|| panic!("{error}")).0;
                Self::has_status(code, error["status"].as_u64().unwrap());
                code
            }
            number => number.as_i64().unwrap(),
        };
        let (mut named, mut retry_after) = (None, None);
        for detail in error["details"].as_array().unwrap() {
            let text = detail["value"].as_str().unwrap().trim_end_matches('=');
            let value = BASE64_STANDARD_NO_PAD.decode(text).unwrap();
            match detail["type"].as_str().unwrap() {
                "zitadel.v1.ErrorDetail" => {
                    let ErrorDetail { id, message } = ErrorDetail::decode(&*value).unwrap();
                    named = Some((id, message));
                }
                "google.rpc.RetryInfo" => {
                    let delay = RetryInfo::decode(&*value).unwrap().retry_delay.unwrap();
                    retry_after = Some(Duration::try_from(delay).unwrap());
                }
                other => panic!("{other}: {error}"),
            }
        }
        if let Some(typed) = error.get("typed") {
            assert_eq!(typed.as_array().unwrap().iter().map(pair).collect::<Vec<_>>(), Vec::from_iter(named.clone()));
        }
        Self::of(code, error["message"].as_str().unwrap(), named, retry_after)
    }

    fn of(code: i64, message: &str, named: Option<(String, String)>, retry_after: Option<Duration>) -> Self {
        let Some((id, text)) = named else {
            return Self { code, text: message.to_owned(), id: None, retry_after };
        };
        assert_eq!(message, format!("{text} ({id})"), "clients find the id in the text");
        Self { code, text, id: Some(id), retry_after }
    }

    fn has_status(code: i64, status: u64) {
        assert!(CODES.iter().any(|known| (known.0, known.2) == (code, status)), "code {code} with status {status}");
    }

    /// Asserts what it is.
    #[track_caller]
    pub(crate) fn is(&self, code: i64, id: &str, text: &str) {
        let Self { code: its_code, id: its_id, text: its_text, .. } = self;
        assert_eq!(
            (*its_code, its_id.as_deref(), its_text.as_str()),
            (code, Some(id).filter(|id| !id.is_empty()), text)
        );
    }
}

fn pair(detail: &Value) -> (String, String) {
    (detail["id"].as_str().unwrap().to_owned(), detail["message"].as_str().unwrap().to_owned())
}
