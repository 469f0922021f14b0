//! The four ways in which one call is written: REST, gRPC, gRPC-web and Connect. What a call does is the same in all of them.
//!
//! Every call has one request and one answer, so a dialect is no more than how a message is wrapped and how a failure is told.
//! A gRPC server of a library would answer what it cannot read with INTERNAL, the code of a fault of the server; here it is
//! INVALID_ARGUMENT in each dialect.

mod connect;
mod frame;
mod grpc;
mod rest;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use host_kit::{BodyError, Share, drain_body, read_body};
use prost::{Message, Name};
use tonic::Code;

use crate::failure::Failure;
use crate::text::Language;

/// The most bytes that a message may have. The largest one that the rules of fields let through, every character of every field
/// escaped in JSON, has about half of them.
pub const MAX_MESSAGE_BYTES: usize = 65_536;

/// The way a call is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// JSON under `/v2`.
    Rest,
    /// Connect's unary calls.
    Connect(Encoding),
    /// gRPC over HTTP/2.
    Grpc,
    /// gRPC-web.
    GrpcWeb {
        /// Whether bodies are base64.
        text: bool,
    },
}

/// The encoding of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As JSON.
    Json,
    /// In binary.
    Binary,
}

impl Dialect {
    /// The dialect of a call under the service's own path, by its media type; and whether its messages can be read. A
    /// dialect that is not known is answered as Connect, which is plain HTTP.
    pub fn of_rpc(headers: &HeaderMap) -> (Self, Result<(), Failure>) {
        let media_type = media_type(headers).unwrap_or_default();
        let family = |family: &str| match media_type.strip_prefix(family) {
            Some("" | "+proto") => Some(Ok(())),
            Some(form) if form.starts_with('+') => Some(Err(unsupported())),
            _ => None,
        };
        let families = [
            ("application/grpc", Self::Grpc),
            ("application/grpc-web", Self::GrpcWeb { text: false }),
            ("application/grpc-web-text", Self::GrpcWeb { text: true }),
        ];
        let known = families.into_iter().find_map(|(name, dialect)| Some((dialect, family(name)?)));
        known.unwrap_or_else(|| match media_type.as_str() {
            "application/json" => (Self::Connect(Encoding::Json), Ok(())),
            "application/proto" => (Self::Connect(Encoding::Binary), Ok(())),
            _ => (Self::Connect(Encoding::Json), Err(unsupported())),
        })
    }

    /// Reads a request's message.
    ///
    /// # Errors
    /// A body that is too large, ends early, does not arrive in time, or is no such message; [`Failure::busy`] when the token
    /// has too many bytes in flight.
    pub async fn read<M: Message + Name + Default>(
        self,
        headers: &HeaderMap,
        body: Body,
        share: &Share,
    ) -> Result<M, Failure> {
        if let Err(failure) = self.uncompressed(headers) {
            drain_body(body);
            return Err(failure);
        }
        // Base64 takes four bytes for three, and padding.
        let room = match self {
            Self::GrpcWeb { text: true } => (MAX_MESSAGE_BYTES + frame::HEADER_BYTES).div_ceil(3) * 4,
            Self::Grpc | Self::GrpcWeb { text: false } => MAX_MESSAGE_BYTES + frame::HEADER_BYTES,
            Self::Rest | Self::Connect(_) => MAX_MESSAGE_BYTES,
        };
        if declared_length(headers).is_some_and(|length| length > room as u64) {
            drain_body(body);
            return Err(too_large());
        }
        let bytes = read_body(body, room, share).await.map_err(|error| match error {
            BodyError::TooLarge => too_large(),
            BodyError::Broken => Failure::unreadable(error.to_string()),
            BodyError::Busy(_) => Failure::busy(),
            BodyError::Slow => {
                Failure::plain(Code::DeadlineExceeded, error.to_string()).with_http(StatusCode::REQUEST_TIMEOUT)
            }
        })?;
        match self {
            Self::Rest | Self::Connect(Encoding::Json) => crate::json::read(&bytes),
            Self::Connect(Encoding::Binary) => binary(&bytes),
            Self::Grpc | Self::GrpcWeb { text: false } => binary(&frame::only(bytes)?),
            Self::GrpcWeb { text: true } => binary(&frame::only(frame::from_base64(&bytes)?)?),
        }
    }

    fn uncompressed(self, headers: &HeaderMap) -> Result<(), Failure> {
        let name = match self {
            Self::Rest | Self::Connect(_) => "content-encoding",
            // A compressed message is refused by its frame: this header alone says that some may come.
            Self::Grpc | Self::GrpcWeb { .. } => return Ok(()),
        };
        match headers.get(name) {
            Some(value) if value != "identity" => {
                let failure = Failure::plain(Code::Unimplemented, "compressed bodies are not read; send it as it is");
                Err(failure.with_http(StatusCode::UNSUPPORTED_MEDIA_TYPE))
            }
            _ => Ok(()),
        }
    }

    /// Writes the answer.
    #[must_use]
    pub fn answer<M: Message + Name>(self, outcome: Result<M, Failure>, language: Language) -> Response {
        let written = outcome.and_then(|message| match self {
            Self::Rest | Self::Connect(Encoding::Json) => crate::json::write(&message),
            Self::Connect(Encoding::Binary) | Self::Grpc | Self::GrpcWeb { .. } => Ok(message.encode_to_vec()),
        });
        match written {
            Ok(bytes) => self.succeed(bytes),
            Err(failure) => self.refuse(&failure, language),
        }
    }

    fn succeed(self, message: Vec<u8>) -> Response {
        match self {
            Self::Rest | Self::Connect(Encoding::Json) => body("application/json", message),
            Self::Connect(Encoding::Binary) => body("application/proto", message),
            Self::Grpc => grpc::succeed(&message),
            Self::GrpcWeb { text } => grpc::succeed_on_web(&message, text),
        }
    }

    /// Writes a failure.
    #[must_use]
    pub fn refuse(self, failure: &Failure, language: Language) -> Response {
        let mut response = match self {
            Self::Rest => rest::refuse(failure, language),
            Self::Connect(_) => connect::refuse(failure, language),
            Self::Grpc => return grpc::refuse(failure, language),
            Self::GrpcWeb { text } => return grpc::refuse_on_web(failure, language, text),
        };
        if let Some(wait) = failure.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs()));
        }
        if failure.code == Code::Unauthenticated {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The media type of a body, in lower case and without parameters.
#[must_use]
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// The failure for a media type that is not supported.
#[must_use]
pub fn unsupported() -> Failure {
    let text = "this media type is not read here; send application/json, or gRPC to the service's own path";
    Failure::unreadable(text).with_http(StatusCode::UNSUPPORTED_MEDIA_TYPE)
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large() -> Failure {
    let text = format!("the message is larger than {MAX_MESSAGE_BYTES} bytes; send less");
    Failure::plain(Code::ResourceExhausted, text).with_http(StatusCode::PAYLOAD_TOO_LARGE)
}

fn binary<M: Message + Default>(bytes: &Bytes) -> Result<M, Failure> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(too_large());
    }
    M::decode(bytes.clone()).map_err(|_| Failure::unreadable("the message cannot be read: it is no such message"))
}

fn body(media_type: &'static str, bytes: impl Into<Body>) -> Response {
    let mut response = Response::new(bytes.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
