//! Notifications between processes: of new messages, and of commits.

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

/// The channel of notifications of new messages.
pub(crate) const MESSAGES: &str = "identity_outbox";

/// How long news gathers before a notification is sent. Transactions that notify wait for each other on the server: inside
/// commits, notifications would make all commits run one after the other.
const GATHER: Duration = Duration::from_millis(20);

/// The pause before a listening connection that was lost is opened again.
const AGAIN: Duration = Duration::from_secs(1);

/// Sends notifications on a channel. Their payload names the schema of the tables, so that stores in other schemas are not woken.
pub(crate) struct Herald {
    channel: &'static str,
    gathering: Arc<AtomicBool>,
}

impl Herald {
    pub(crate) fn new(channel: &'static str) -> Self {
        Self { channel, gathering: Arc::default() }
    }

    /// Sends a notification soon. It may be lost; whoever waits for one also looks from time to time.
    pub(crate) fn tell(&self, link: &Link) {
        // A host may call this where there is no runtime; whoever waits looks from time to time.
        let Ok(runtime) = Handle::try_current() else { return };
        if self.gathering.swap(true, Ordering::AcqRel) {
            return;
        }
        let (channel, gathering, link) = (self.channel, Arc::clone(&self.gathering), link.clone());
        runtime.spawn(async move {
            tokio::time::sleep(GATHER).await;
            gathering.store(false, Ordering::Release);
            let sql = Sql::new("SELECT pg_notify($1, $2)").with((channel, link.tables.as_str()));
            if let Err(failure) = link.now().once(&sql).await {
                tracing::debug!(?failure, channel, "a notification was not sent; who waits looks from time to time");
            }
        });
    }
}

/// Calls `wake` at each notification on a channel, and when the connection was lost and is there again.
pub(crate) async fn listen(link: &Link, channel: &str, mut wake: impl FnMut() + Send) -> Result<(), StoreError> {
    in_tokio()?;
    if link.proxied {
        let reason = "a proxy shares the sessions of the server between clients, so that listening is impossible; the \
                      delivery loop finds new messages by looking for them from time to time";
        return Err(StoreError::failed(reason));
    }
    while !link.own_pool.is_closed() {
        if let Err(error) = hear(link, channel, &mut wake).await {
            tracing::warn!(%error, channel, "the connection that listens for notifications was lost and is opened again");
        }
        tokio::time::sleep(AGAIN).await;
    }
    Ok(())
}

async fn hear(link: &Link, channel: &str, wake: &mut (impl FnMut() + Send)) -> Result<(), StoreError> {
    let lost = |error| failure(error).into_error();
    let (client, mut connection) = link.config.connect(link.tls.clone()).await.map_err(lost)?;
    let listen = format!("LISTEN {channel}");
    let subscribe = client.batch_execute(&listen);
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
