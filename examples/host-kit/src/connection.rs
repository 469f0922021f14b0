//! One connection: how long it may stay open, and what it may hold.

use std::collections::BTreeSet;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::body::BodyError;
use crate::in_flight::Share;
use crate::limits::Limits;

/// The time that a connection has between being told to close and being cut.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The streams of HTTP/2 that one connection may have open at once; RFC 9113 asks for 100 or more (6.5.2).
const STREAMS: u32 = 100;
/// The bytes of one stream that a client may send before they are read.
const STREAM_WINDOW: u32 = 65_536;
/// The bytes of all streams together that a client may send before they are read.
const CONNECTION_WINDOW: u32 = 262_144;
/// The bytes that HTTP/1.1 reads ahead, the longest head, and what an answer waits in.
const BUFFER: usize = 65_536;
/// The most bytes of an answer that are handed on at once.
const PIECE: usize = 16_384;

/// What a connection is doing, and since when.
#[derive(Debug)]
pub(crate) struct Activity {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    /// Requests under way, oldest first.
    requests: BTreeSet<(Instant, u64)>,
    /// The number of the next request.
    next: u64,
    /// When the last request ended, or the connection began.
    idle_since: Instant,
    /// When the head began that is arriving.
    head_since: Option<Instant>,
    protocol: Option<Protocol>,
    /// Whether another connection needs the place.
    is_evicted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http1,
    /// Bytes arrive between requests too, so that they do not tell when a head begins.
    Http2,
}

impl Activity {
    pub(crate) fn new() -> Self {
        let state = State {
            requests: BTreeSet::new(),
            next: 0,
            idle_since: Instant::now(),
            head_since: None,
            protocol: None,
            is_evicted: false,
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when the connection has had no request; `None` while it has one, and when it is being closed.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.requests.is_empty() && !state.is_evicted).then_some(state.idle_since)
    }

    /// Closes the connection unless it has a request by now.
    pub(crate) fn evict(&self) {
        self.state().is_evicted = true;
        self.changed.notify_one();
    }

    fn arrived(&self, bytes: &[u8]) {
        let mut state = self.state();
        let preface = if bytes.starts_with(b"PRI") { Protocol::Http2 } else { Protocol::Http1 };
        let protocol = *state.protocol.get_or_insert(preface);
        if protocol == Protocol::Http1 && state.requests.is_empty() && state.head_since.is_none() {
            state.head_since = Some(Instant::now());
            self.changed.notify_one();
        }
    }

    fn begin(self: &Arc<Self>) -> UnderWay {
        let mut state = self.state();
        let key = (Instant::now(), state.next);
        state.next += 1;
        state.head_since = None;
        state.is_evicted = false;
        state.requests.insert(key);
        self.changed.notify_one();
        drop(state);
        UnderWay { activity: Arc::clone(self), key }
    }

    /// When the connection has to close unless something changes; `None` when it has to at once.
    fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let state = self.state();
        let idle = || state.head_since.map_or(state.idle_since + limits.idle(), |since| since + limits.head());
        let deadline = state.requests.first().map_or_else(idle, |(since, _)| *since + limits.request());
        (!state.is_evicted).then_some(deadline)
    }
}

/// A request, from its head to the end of its answer.
struct UnderWay {
    activity: Arc<Activity>,
    key: (Instant, u64),
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.activity.state();
        state.requests.remove(&self.key);
        if state.requests.is_empty() {
            state.idle_since = Instant::now();
            state.head_since = None;
        }
        self.activity.changed.notify_one();
    }
}

/// Answers the requests of a connection, until it is closed: by the client, for its deadlines, or because the host stops.
pub(crate) async fn serve_connection(
    stream: TcpStream,
    router: Router,
    limits: Limits,
    activity: Arc<Activity>,
    mut stop: watch::Receiver<bool>,
) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(BUFFER);
    builder
        .http2()
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(BUFFER);
    let router = TowerToHyperService::new(router);
    let patience = limits.body();
    let service = service_fn(|request: Request<Incoming>| {
        let under_way = activity.begin();
        let request = request.map(|body| Body::new(TimedBody::new(body, patience)));
        let answer = router.call(request);
        async move {
            let mut response: Response<Body> = answer.await?;
            let held = response.extensions_mut().remove::<Share>();
            Ok::<_, std::convert::Infallible>(response.map(|body| Answer {
                body,
                rest: Bytes::new(),
                _held: held,
                _under_way: under_way,
            }))
        }
    });
    let io = TokioIo::new(Watched { stream, activity: Arc::clone(&activity) });
    let mut connection = pin!(builder.serve_connection(io, service));
    let (mut is_stopping, mut cut_at) = (false, None);
    loop {
        let deadline = activity.deadline(&limits);
        let Some(deadline) = deadline else { return };
        tokio::select! {
            // What went wrong with a connection is its client's to know.
            _ = connection.as_mut() => return,
            () = activity.changed.notified() => {}
            () = sleep_until(cut_at.unwrap_or(deadline)) => {
                let is_over = Instant::now() >= deadline;
                match cut_at {
                    Some(_) if is_over => return,
                    Some(_) => cut_at = None,
                    None if is_over => {
                        connection.as_mut().graceful_shutdown();
                        cut_at = Some(Instant::now() + LAST_WORDS);
                    }
                    None => {}
                }
            }
            _ = stop.wait_for(|stop| *stop), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// A socket that says when bytes arrive.
struct Watched {
    stream: TcpStream,
    activity: Arc<Activity>,
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        if let Some(arrived) = buffer.filled().get(before..).filter(|bytes| !bytes.is_empty()) {
            self.activity.arrived(arrived);
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// The body of a request, which ends with [`BodyError::Slow`] when it has not arrived in time.
struct TimedBody {
    body: Incoming,
    deadline: Pin<Box<Sleep>>,
}

impl TimedBody {
    fn new(body: Incoming, patience: Duration) -> Self {
        Self { body, deadline: Box::pin(tokio::time::sleep(patience)) }
    }
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(self.deadline.as_mut().poll(cx));
        Poll::Ready(Some(Err(BodyError::Slow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, a piece at a time: until its end the request is under way, and what it holds is held. A body that came
/// as a whole would leave with the first bytes that the client takes, and nothing would bound the time of the others.
struct Answer {
    body: Body,
    rest: Bytes,
    _held: Option<Share>,
    _under_way: UnderWay,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            match frame.into_data() {
                Ok(data) => self.rest = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        let length = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, rest) = (self.body.size_hint(), u64::try_from(self.rest.len()).unwrap_or(u64::MAX));
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(hint.lower().saturating_add(rest));
        hint
    }
}
