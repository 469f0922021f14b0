//! gRPC, and gRPC-web: the same frames, with the trailers as a frame behind them.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use tonic::Status;

use super::{body, frame};
use crate::failure::Failure;
use crate::text::Language;

const OK: HeaderValue = HeaderValue::from_static("0");

pub(super) fn succeed(message: &[u8]) -> Response {
    let trailers = HeaderMap::from_iter([(Status::GRPC_STATUS, OK)]);
    let frames = Full::from(frame::around(0, message));
    body("application/grpc", Body::new(frames.with_trailers(std::future::ready(Some(Ok(trailers))))))
}

/// A failure has no message, and then the trailers come as headers.
pub(super) fn refuse(failure: &Failure, language: Language) -> Response {
    let mut response = body("application/grpc", Body::empty());
    response.headers_mut().extend(trailers(failure, language));
    response
}

pub(super) fn succeed_on_web(message: &[u8], text: bool) -> Response {
    let mut frames = frame::around(0, message);
    frames.extend(trailer_frame(&HeaderMap::from_iter([(Status::GRPC_STATUS, OK)])));
    web(frames, text)
}

pub(super) fn refuse_on_web(failure: &Failure, language: Language, text: bool) -> Response {
    web(trailer_frame(&trailers(failure, language)), text)
}

fn web(frames: Vec<u8>, text: bool) -> Response {
    if text {
        body("application/grpc-web-text+proto", frame::to_base64(&frames))
    } else {
        body("application/grpc-web+proto", frames)
    }
}

fn trailers(failure: &Failure, language: Language) -> HeaderMap {
    let details = failure.status(language);
    let status = match details.details.is_empty() {
        true => Status::new(failure.code, details.message),
        false => Status::with_details(failure.code, details.message.clone(), details.encode_to_vec().into()),
    };
    let mut trailers = HeaderMap::new();
    if status.add_header(&mut trailers).is_err() {
        // A message is percent-encoded and details are base64: neither can be wrong in a header.
        trailers.insert(Status::GRPC_STATUS, HeaderValue::from(failure.code as i32));
    }
    trailers.remove(header::CONTENT_TYPE);
    trailers
}

fn trailer_frame(trailers: &HeaderMap) -> Vec<u8> {
    let mut lines = Vec::new();
    for (name, value) in trailers {
        lines.extend_from_slice(name.as_str().as_bytes());
        lines.extend_from_slice(b": ");
        lines.extend_from_slice(value.as_bytes());
        lines.extend_from_slice(b"\r\n");
    }
    frame::around(frame::TRAILERS, &lines)
}
