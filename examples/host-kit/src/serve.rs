use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use identity::Identity;
use identity::directory::{ListOrder, ListQuery};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long requests that are under way may take once the host was told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// Why a host stopped that should not have.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The signals cannot be listened to.
    #[error("cannot listen for signals: {0}")]
    Signals(#[source] std::io::Error),
    /// The host cannot listen there.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// The socket failed.
    #[error("the server failed: {0}")]
    Server(#[source] std::io::Error),
}

/// Listens there, and serves until it is told to stop: see [`serve`].
///
/// # Errors
/// [`ServeError`].
pub async fn run(address: SocketAddr, router: Router, identity: Identity) -> Result<(), ServeError> {
    let failed = |error| ServeError::Listen { address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    tracing::info!(address = %listener.local_addr().map_err(failed)?, "listening");
    serve(listener, router, identity).await
}

/// Whether the host can answer: its store has to. Why it cannot is in the log.
pub async fn ready(identity: &Identity) -> bool {
    let query = ListQuery { order: ListOrder::Created, after: None, limit: 1, prefix: None };
    let listed = identity.admin("readyz").list(&query).await;
    listed.inspect_err(|error| tracing::error!(%error, "not ready")).is_ok()
}

/// Answers requests and delivers messages until SIGTERM or SIGINT: then it takes no new connection, requests under way finish
/// (30 s at most), and the message in hand too; the others stay in the outbox.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(listener: TcpListener, router: Router, identity: Identity) -> Result<(), ServeError> {
    let (stop, stopping) = watch::channel(false);
    let signal = stop_signal().map_err(ServeError::Signals)?;
    tokio::spawn(async move {
        signal.await;
        tracing::info!("stopping: no new connections, requests under way finish");
        let _ = stop.send(true);
    });
    let until_stopped = |mut stopping: watch::Receiver<bool>| async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    let delivery = tokio::spawn({
        let stopping = until_stopped(stopping.clone());
        async move { identity.deliver_until(stopping).await }
    });
    let server = axum::serve(listener, router).with_graceful_shutdown(until_stopped(stopping.clone()));
    let deadline = async {
        until_stopped(stopping).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => served.map_err(ServeError::Server)?,
        () = deadline => tracing::warn!("some requests took longer than {} s and were cut off", GRACE.as_secs()),
    }
    if delivery.await.is_err() {
        tracing::error!("the delivery loop ended by a panic");
    }
    tracing::info!("stopped");
    Ok(())
}

#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
