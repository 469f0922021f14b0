//! Notifications of new messages between processes.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use identity_ports::StoreError;
use tokio::runtime::Handle;
use tokio_postgres::AsyncMessage;

use crate::error::{failure, in_tokio};
use crate::link::Link;
use crate::sql::Sql;

/// The channel. Its payload names the schema of the tables, so that stores in other schemas are not woken.
const CHANNEL: &str = "identity_outbox";

/// How long messages gather before a notification is sent. Transactions that notify wait for each other on the server: inside
/// commits, notifications would make all commits run one after the other.
const GATHER: Duration = Duration::from_millis(20);

/// The pause before a listening connection that was lost is opened again.
const AGAIN: Duration = Duration::from_secs(1);

/// Sends notifications of new messages.
#[derive(Clone, Default)]
pub(crate) struct Herald(Arc<AtomicBool>);

impl Herald {
    /// Sends a notification soon. It may be lost; delivery loops also look from time to time.
    pub(crate) fn tell(&self, link: &Link) {
        // A host may call this where there is no runtime; delivery loops look from time to time.
        let Ok(runtime) = Handle::try_current() else { return };
        if self.0.swap(true, Ordering::AcqRel) {
            return;
        }
        let (gathering, link) = (Arc::clone(&self.0), link.clone());
        runtime.spawn(async move {
            tokio::time::sleep(GATHER).await;
            gathering.store(false, Ordering::Release);
            let sql = Sql::new(format!("SELECT pg_notify('{CHANNEL}', $1)")).with((link.tables.as_str(),));
            if let Err(failure) = link.now().once(&sql).await {
                tracing::debug!(
                    ?failure,
                    "the notification of new messages was not sent; delivery loops find them when they next look"
                );
            }
        });
    }
}

/// Calls `wake` at each notification, and when the connection was lost and is there again.
pub(crate) async fn listen(link: &Link, mut wake: impl FnMut() + Send) -> Result<(), StoreError> {
    in_tokio()?;
    if link.proxied {
        let reason = "a proxy shares the sessions of the server between clients, so that listening is impossible; the \
                      delivery loop finds new messages by looking for them from time to time";
        return Err(StoreError::failed(reason));
    }
    while !link.own_pool.is_closed() {
        if let Err(error) = hear(link, &mut wake).await {
            tracing::warn!(%error, "the connection that listens for new messages was lost and is opened again");
        }
        tokio::time::sleep(AGAIN).await;
    }
    Ok(())
}

async fn hear(link: &Link, wake: &mut (impl FnMut() + Send)) -> Result<(), StoreError> {
    let lost = |error| failure(error).into_error();
    let (client, mut connection) = link.config.connect(link.tls.clone()).await.map_err(lost)?;
    let subscribe = client.batch_execute("LISTEN identity_outbox");
    tokio::pin!(subscribe);
    let mut subscribed = false;
    loop {
        tokio::select! {
            answer = &mut subscribe, if !subscribed => {
                answer.map_err(lost)?;
                subscribed = true;
                // A notification may have been sent while nobody listened.
                wake();
            }
            message = poll_fn(|context| connection.poll_message(context)) => match message {
                None => return Ok(()),
                Some(Ok(AsyncMessage::Notification(word))) if word.payload() == link.tables => wake(),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(lost(error)),
            },
        }
    }
}
