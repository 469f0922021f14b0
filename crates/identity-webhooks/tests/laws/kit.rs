//! An endpoint that answers as a test says, a ledger in memory, and users whose events are sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse as _;
use identity::history::FeedCursor;
use identity::testing::Mailbox;
use identity::{CodeKeys, Email, Identity, NewUser, UserId};
use identity_memory::MemoryStore;
use identity_webhooks::{DeadWebhook, Ended, Endpoint, Ledger, LedgerError, Webhooks};
use serde_json::Value;
use tokio::time::Instant;

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A request as the endpoint got it.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Got {
    pub(crate) fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The user and the number of the event.
    pub(crate) fn event(&self) -> (String, u64) {
        let data = &self.json()["data"];
        (data["user"].as_str().unwrap().to_owned(), data["number"].as_u64().unwrap())
    }
}

/// What the endpoint does with a request, told its place from 0 on.
type Answer = dyn Fn(usize, &Got) -> (u16, Option<(&'static str, String)>) + Send + Sync;

#[derive(Clone)]
pub(crate) struct Receiver {
    port: u16,
    got: Arc<Mutex<Vec<Got>>>,
    answer: Arc<Answer>,
}

/// Answers with no status at all: the request hangs.
pub(crate) const SILENCE: u16 = 0;

impl Receiver {
    pub(crate) fn new(answer: impl Fn(usize, &Got) -> u16 + Send + Sync + 'static) -> Self {
        Self::with_header(move |place, got| (answer(place, got), None))
    }

    pub(crate) fn with_header(
        answer: impl Fn(usize, &Got) -> (u16, Option<(&'static str, String)>) + Send + Sync + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let receiver = Self { port, got: Arc::default(), answer: Arc::new(answer) };
        let router = axum::Router::new().fallback(take).with_state(receiver.clone());
        // Beside the runtime whose time stands still.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), router).await.unwrap();
            });
        });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::allow_private_addresses(&self.url(), SECRET).unwrap()
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

async fn take(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: Bytes) -> axum::response::Response {
    let got = Got { path: uri.path().to_owned(), headers, body };
    let place = {
        let mut all = receiver.got.lock().unwrap();
        all.push(got.clone());
        all.len() - 1
    };
    let (status, header) = (receiver.answer)(place, &got);
    if status == SILENCE {
        return std::future::pending().await;
    }
    let mut response = StatusCode::from_u16(status).unwrap().into_response();
    if let Some((name, value)) = header {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

/// What was kept, and how often the next calls fail.
#[derive(Clone, Default)]
pub(crate) struct Book(Arc<Mutex<Kept>>);

#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) cursor: Option<FeedCursor>,
    pub(crate) dead: Vec<DeadWebhook>,
    pub(crate) failures: u32,
    pub(crate) failures_to_keep: u32,
}

impl Book {
    pub(crate) fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }

    fn call(&self) -> Result<std::sync::MutexGuard<'_, Kept>, LedgerError> {
        let mut kept = self.kept();
        if kept.failures > 0 {
            kept.failures -= 1;
            return Err("the host's database is away".into());
        }
        Ok(kept)
    }
}

#[identity::async_trait]
impl Ledger for Book {
    async fn cursor(&self) -> Result<Option<FeedCursor>, LedgerError> {
        Ok(self.call()?.cursor)
    }

    async fn keep(&self, cursor: FeedCursor) -> Result<(), LedgerError> {
        let mut kept = self.call()?;
        if kept.failures_to_keep > 0 {
            kept.failures_to_keep -= 1;
            return Err("the host's disk is full".into());
        }
        kept.cursor = Some(cursor);
        Ok(())
    }

    async fn bury(&self, dead: &DeadWebhook) -> Result<(), LedgerError> {
        self.call()?.dead.push(dead.clone());
        Ok(())
    }
}

pub(crate) fn identity() -> Identity {
    Identity::new(MemoryStore::new(), Mailbox::default(), CodeKeys::parse(&"5a".repeat(32)).unwrap())
}

/// A user with so many events: its creation, an address, and then being disabled and enabled in turn.
pub(crate) async fn user(identity: &Identity, name: &str, events: u64) {
    let id = UserId::parse(name).unwrap();
    let address = Email::parse(&format!("{name}@example.com")).unwrap();
    let addresses = if events > 1 { vec![address.into()] } else { Vec::new() };
    let admin = identity.admin("host");
    let new = NewUser { id: Some(id.clone()), addresses, ..NewUser::default() };
    let mut version = admin.create(new).await.unwrap().version.0;
    while version < events {
        let changed = if version % 2 == 0 { admin.disable(&id).await } else { admin.enable(&id).await };
        version = changed.unwrap().version.0;
    }
    assert_eq!(version, events, "{name}");
}

/// Sends until this holds; panics when the sending ends before, or when it does not hold after ten days of tokio's time.
pub(crate) async fn until(webhooks: &Webhooks, holds: impl Fn() -> bool) {
    let met = async {
        let began = Instant::now();
        while !holds() {
            let waited = began.elapsed();
            assert!(waited < Duration::from_secs(10 * 86_400), "it never holds");
            // The longer it takes, the less does it matter when it is seen.
            tokio::time::sleep((waited / 200).max(Duration::from_millis(100))).await;
        }
    };
    tokio::select! {
        ended = webhooks.run() => panic!("{ended}"),
        () = met => {}
    }
}

/// Sends until the sending ends.
pub(crate) async fn end(webhooks: &Webhooks) -> Ended {
    tokio::time::timeout(Duration::from_secs(86_400), webhooks.run()).await.expect("it ends")
}
