use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use identity::Identity;
use identity::directory::{ListOrder, ListQuery};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::connection::serve_connection;
use crate::connections::Connections;
use crate::limits::{Limits, open_files};
use crate::settings::HostSettings;

/// The time that requests under way have after the host was told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// The time that the store has to show that it answers.
const READY: Duration = Duration::from_secs(1);

/// The time until connections are taken again, after one could not be.
const RECOVERY: Duration = Duration::from_millis(50);

/// The reason that a host stopped without being told to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The signals cannot be listened to.
    #[error("cannot listen for signals: {0}")]
    Signals(#[source] std::io::Error),
    /// The host cannot listen at its address.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address of the settings.
        address: SocketAddr,
        /// The reason.
        #[source]
        error: std::io::Error,
    },
}

/// Listens at the address of the settings, and serves until the process is told to stop: see [`serve`].
///
/// # Errors
/// [`ServeError`].
pub async fn run(settings: &HostSettings, router: Router, identity: Identity) -> Result<(), ServeError> {
    let address = settings.listen;
    let failed = |error| ServeError::Listen { address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    tracing::info!(address = %listener.local_addr().map_err(failed)?, "listening");
    serve(listener, &settings.limits, router, identity).await
}

/// Whether the store answers within one second. The reason that it does not is in the log. Every call asks anew.
pub async fn ready(identity: &Identity) -> bool {
    let query = ListQuery { order: ListOrder::Created, after: None, limit: 1, prefix: None };
    match tokio::time::timeout(READY, identity.admin("readyz").list(&query)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "not ready: the store failed");
            false
        }
        Err(_) => {
            tracing::error!("not ready: the store did not answer within {} s", READY.as_secs());
            false
        }
    }
}

/// Answers requests and delivers messages until SIGTERM or SIGINT. Then it takes no new connection; requests under way finish
/// (within 30 s), and so does the message that is being sent; the others stay in the outbox.
///
/// # Errors
/// [`ServeError::Signals`].
pub async fn serve(
    listener: TcpListener,
    limits: &Limits,
    router: Router,
    identity: Identity,
) -> Result<(), ServeError> {
    let (stop, stopping) = watch::channel(false);
    let signal = stop_signal().map_err(ServeError::Signals)?;
    tokio::spawn(async move {
        signal.await;
        tracing::info!("stopping: no new connections, requests under way finish");
        let _ = stop.send(true);
    });
    let delivery = tokio::spawn({
        let stopping = until_stopped(stopping.clone());
        async move { identity.deliver_until(stopping).await }
    });
    let connections = Connections::new(limits.connections(open_files()));
    accept(listener, &connections, limits, router, stopping).await;
    if tokio::time::timeout(GRACE, connections.all_closed()).await.is_err() {
        tracing::warn!("some requests took longer than {} s and were cut off", GRACE.as_secs());
    }
    if delivery.await.is_err() {
        tracing::error!("the delivery loop ended by a panic");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Takes connections until the host stops.
async fn accept(
    listener: TcpListener,
    connections: &std::sync::Arc<Connections>,
    limits: &Limits,
    router: Router,
    stopping: watch::Receiver<bool>,
) {
    for number in 0.. {
        let next = async {
            let stream = next(&listener, connections).await;
            (stream, connections.place(number).await)
        };
        let (stream, place) = tokio::select! {
            () = until_stopped(stopping.clone()) => return,
            next = next => next,
        };
        let (router, limits, stopping) = (router.clone(), limits.clone(), stopping.clone());
        tokio::spawn(async move {
            serve_connection(stream, router, limits, std::sync::Arc::clone(&place.activity), stopping).await;
            drop(place);
        });
    }
}

async fn next(listener: &TcpListener, connections: &Connections) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                // The client has gone already, or no file can be opened; then a connection makes room for the next one.
                tracing::warn!(%error, "a connection could not be taken");
                connections.evict();
                tokio::time::sleep(RECOVERY).await;
            }
        }
    }
}

async fn until_stopped(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
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
