use std::fmt;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use identity::Timestamp;
use identity::system::{Entropy as _, OsEntropy};
use tracing::Instrument as _;

/// The name of a request in the form of W3C Trace Context: the caller's trace id if it sent one, and a span id of the
/// host's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    id: [u8; 16],
    span: [u8; 8],
}

tokio::task_local! {
    static CURRENT: Trace;
}

/// The trace of the request that is being answered; `None` outside of one.
#[must_use]
pub fn current_trace() -> Option<Trace> {
    CURRENT.try_with(|trace| *trace).ok()
}

impl Trace {
    fn of(headers: &HeaderMap) -> Self {
        // Without randomness a request has no name of its own; it is answered all the same.
        let (id, span) = OsEntropy.seed().map_or(([0; 16], [1; 8]), |seed| {
            let mut span = [0; 8];
            let other = seed.nonce(1);
            span.iter_mut().zip(other.as_bytes()).for_each(|(to, from)| *to = *from);
            (*seed.nonce(0).as_bytes(), span)
        });
        let callers = headers.get("traceparent").and_then(|value| callers_trace(value.to_str().ok()?));
        Self { id: callers.unwrap_or(id), span }
    }
}

/// The trace id of a `traceparent` header (W3C Trace Context, 3.2.2).
fn callers_trace(header: &str) -> Option<[u8; 16]> {
    let mut parts = header.trim().split('-');
    let (version, id, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    if !hex(version, 2) || version == "ff" || !hex(id, 32) || !hex(span, 16) || !hex(flags, 2) {
        return None;
    }
    let id = u128::from_str_radix(id, 16).ok()?.to_be_bytes();
    (id != [0; 16] && !span.bytes().all(|c| c == b'0')).then_some(id)
}

/// Prints the form of a `traceparent` header: `00-<trace>-<span>-01`.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", u128::from_be_bytes(self.id), u64::from_be_bytes(self.span))
    }
}

/// The caller of a request. Authentication attaches it to the response, and the log line names it.
#[derive(Debug, Clone)]
pub struct Who {
    /// The name of the key, never the key.
    pub key: Arc<str>,
    /// The tenant.
    pub tenant: identity::TenantId,
}

/// Middleware: names the request, and logs one line when it was answered. The line has the pattern of the route instead of the
/// path, and no query, so that it contains nothing personal.
pub async fn traced(request: Request, next: Next) -> Response {
    let trace = Trace::of(request.headers());
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let method = request.method().clone();
    let start = Timestamp::from_micros(micros());
    let span = tracing::info_span!("request", request_id = %trace);
    let mut response = CURRENT.scope(trace, next.run(request).instrument(span)).await;
    let took = Timestamp::from_micros(micros()).since(start);
    let who = response.extensions().get::<Who>();
    tracing::info!(
        request_id = %trace,
        method = method.as_str(),
        route = route.as_deref().unwrap_or("-"),
        status = response.status().as_u16(),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        key = who.map_or("-", |who| &*who.key),
        tenant = who.map_or("-", |who| who.tenant.as_str()),
        "answered"
    );
    if let Ok(value) = HeaderValue::from_str(&trace.to_string()) {
        response.headers_mut().insert("traceresponse", value);
    }
    response
}

/// Microseconds for measuring durations; no rule depends on them.
fn micros() -> i64 {
    use identity::system::Clock as _;
    identity::system::SystemClock.now().as_micros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on_when_the_caller_sent_a_good_one() {
        let mut headers = HeaderMap::new();
        let sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        headers.insert("traceparent", HeaderValue::from_static(sent));
        assert!(Trace::of(&headers).to_string().starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
        assert_ne!(Trace::of(&headers).to_string(), sent, "the span is our own");
    }

    #[test]
    fn a_malformed_trace_is_replaced() {
        for bad in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        ] {
            assert_eq!(callers_trace(bad), None, "{bad}");
        }
    }
}
