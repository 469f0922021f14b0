use std::future::IntoFuture as _;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{MethodRouter, get};
use identity::{Identity, StoreError, TenantId};
use identity_texts::Texts;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::Problem;
use crate::client::accept_language;
use crate::form::Sender;
use crate::page::respond;

/// How long requests that are under way may take after a service was told to stop.
const GRACE: Duration = Duration::from_secs(30);
/// How long the store has to show that it answers.
const READY: Duration = Duration::from_secs(1);

/// Runs a service until SIGTERM or Ctrl-C: serves the router, and delivers messages ([`Identity::deliver_until`]). When
/// it is told to stop it takes no more connections, gives the requests under way 30 s, finishes the messages in hand
/// and returns.
///
/// The router gets the addresses of its clients, for [`ClientAddress`](crate::ClientAddress).
///
/// # Errors
/// When the signals cannot be listened to, or the listener fails for good.
pub async fn serve(listener: TcpListener, router: Router, identity: Identity) -> io::Result<()> {
    let stop = stop_signal()?;
    serve_until(listener, router, identity, stop, GRACE).await
}

/// As [`serve`], until `stop` is ready, and with this much time for the requests under way.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve_until(
    listener: TcpListener,
    router: Router,
    identity: Identity,
    stop: impl Future<Output = ()>,
    grace: Duration,
) -> io::Result<()> {
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "listening");
    }
    let (stopping, stopped) = watch::channel(false);
    let delivery = tokio::spawn({
        let stop = until(stopped.clone());
        async move { identity.deliver_until(stop).await }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(until(stopped));
    let cut = async move {
        stop.await;
        tracing::info!("stopping: no new connections, requests under way finish");
        let _ = stopping.send(true);
        tokio::time::sleep(grace).await;
    };
    let served = tokio::select! {
        served = server.into_future() => served,
        () = cut => {
            tracing::warn!(?grace, "some requests took too long and were cut off");
            Ok(())
        }
    };
    // The sender is gone now, so the delivery ends also when it was the server that failed.
    delivery.await.map_err(io::Error::other)?;
    served
}

/// Until it is said, or nobody is left to say it.
async fn until(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// The page `/readyz`: 200 when the store answers within a second, and otherwise 503, with the reason in the log.
pub fn ready<S: Clone + Send + Sync + 'static>(identity: Identity) -> MethodRouter<S> {
    get(async move || answers(identity.ready()).await)
}

async fn answers(check: impl Future<Output = Result<(), StoreError>>) -> StatusCode {
    match tokio::time::timeout(READY, check).await {
        Ok(Ok(())) => return StatusCode::OK,
        Ok(Err(error)) => tracing::error!(%error, "the store is not ready"),
        Err(_) => tracing::error!(limit = ?READY, "the store does not answer"),
    }
    StatusCode::SERVICE_UNAVAILABLE
}

/// A layer for pages of the host's own: `.layer(from_fn_with_state(texts, for_browsers))`, with axum's `middleware`.
///
/// * A request that may change something (any but GET, HEAD, OPTIONS and TRACE) is refused with 403 when a page of
///   another site sent it, by `Sec-Fetch-Site` or `Origin`. Forms of the host need no token then. A client that is no
///   browser sends neither.
/// * A [`Problem`] of 401 leads to the page that signs in, for whoever accepts HTML, where the brand has
///   [links to sign in](identity_texts::Brand::with_sign_in_links): to their path without its last part.
/// * Any other [`Problem`] becomes a page in the language of the person, with the brand and the sentence of the texts,
///   for whoever accepts HTML. For a code of the host's own the sentence is the host's string `error-` and the code
///   ([`TextsBuilder::strings`](identity_texts::TextsBuilder::strings)), or else the `detail`. The status and
///   `Retry-After` stay. The brand is that of the tenant `default`.
///
/// Only a [`Problem`] becomes a page: a rejection of an extractor of axum, and the 404 of a path that nothing serves,
/// stay as they are.
pub async fn for_browsers(State(texts): State<Texts>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let language = accept_language(headers).map(str::to_owned);
    let reads_html = accepts_html(headers);
    let response = if !request.method().is_safe() && Sender::of(headers) == Sender::Elsewhere {
        let detail = "this was sent by a page of another site; open the page here and try again";
        Problem::new(StatusCode::FORBIDDEN, "stale", detail).into_response()
    } else {
        next.run(request).await
    };
    let Some(problem) = response.extensions().get::<Problem>().filter(|_| reads_html) else { return response };
    let links =
        texts.sign_in_links(&TenantId::default()).filter(|_| problem.status == StatusCode::UNAUTHORIZED.as_u16());
    if let Some((page, _)) = links.and_then(|links| links.path().rsplit_once('/')) {
        return Redirect::to(if page.is_empty() { "/" } else { page }).into_response();
    }
    let wait = problem.retry_after.map(Duration::from_secs);
    let Problem { status, code, detail, .. } = problem;
    let page = texts.problem_page(&TenantId::default(), language.as_deref(), *status, code, detail, wait);
    let mut page = respond(page);
    if let Some(retry_after) = response.headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, retry_after.clone());
    }
    page
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).into_iter().filter_map(|field| field.to_str().ok());
    accepted.flat_map(|field| field.split(',')).any(|range| range.trim().starts_with("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_store_that_does_not_answer_within_a_second_is_not_ready() {
        assert_eq!(answers(std::future::pending()).await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answers(std::future::ready(Ok(()))).await, StatusCode::OK);
    }
}
