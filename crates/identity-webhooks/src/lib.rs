//! Sends the events of users to an HTTP endpoint, signed as the [Standard Webhooks](https://www.standardwebhooks.com) specification
//! says, from the feed that [`Identity::feed`] reads: every event at least once, those of each user in their order.
//!
//! ```no_run
//! use std::sync::Mutex;
//! use identity::{Identity, history::FeedCursor};
//! use identity_webhooks::{DeadWebhook, Endpoint, Ledger, LedgerError, Webhooks};
//!
//! /// A real one keeps both in a database.
//! #[derive(Default)]
//! struct InMemory(Mutex<(Option<FeedCursor>, Vec<DeadWebhook>)>);
//!
//! #[identity::async_trait]
//! impl Ledger for InMemory {
//!     async fn cursor(&self) -> Result<Option<FeedCursor>, LedgerError> {
//!         Ok(self.0.lock().unwrap().0)
//!     }
//!     async fn keep(&self, cursor: FeedCursor) -> Result<(), LedgerError> {
//!         self.0.lock().unwrap().0 = Some(cursor);
//!         Ok(())
//!     }
//!     async fn bury(&self, dead: &DeadWebhook) -> Result<(), LedgerError> {
//!         self.0.lock().unwrap().1.push(dead.clone());
//!         Ok(())
//!     }
//! }
//!
//! # async fn host(identity: Identity) -> Result<(), Box<dyn std::error::Error>> {
//! let endpoint = Endpoint::new("https://hooks.example.com/users", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
//! let webhooks = Webhooks::new(identity, endpoint, InMemory::default());
//! let ended = webhooks.run().await; // or spawn it beside identity.deliver_forever()
//! # Ok(())
//! # }
//! ```
//!
//! # What is sent
//! A `POST` with the headers `webhook-id`, `webhook-timestamp` (of this try, in seconds) and `webhook-signature`, and a body such as
//!
//! ```json
//! {"type":"verified","timestamp":"2026-11-21T10:30:00Z","data":{"tenant":"default","user":"ada","number":7,"identifier":"0194…"}}
//! ```
//!
//! `type` is [`Change::kind`](identity::history::Change::kind). There is no address in it: an endpoint that needs one asks the service,
//! so that what is erased later has not been handed on. [`Webhooks::with_data`] sends other data, or leaves events out.
//! The id is the same at every try and after every restart: a receiver that has seen it drops the repetition.
//!
//! # When it fails
//! | answer | what happens |
//! |---|---|
//! | 2xx | the event is sent |
//! | 410 | [`run`](Webhooks::run) ends with [`Ended::Gone`]: the endpoint wants no more |
//! | 408, 425, 429, 5xx; none in 15 s; no connection | the event is tried again after 5 s, 30 s, 2, 10 and 30 minutes, 1, 2, 4 and 8 hours, or later when the answer has `Retry-After`, up to a day |
//! | any other, redirects among them, which are not followed | the event is tried again after 5 and 30 s |
//!
//! An event whose last try failed becomes a [`DeadWebhook`], which the host keeps ([`Ledger::bury`]), and the next ones follow.
//! Meanwhile at most one page of 100 commits waits, up to 16 hours an event; nothing is lost, because the feed keeps all events.
//!
//! # Endpoints that somebody else chooses
//! An endpoint is https, and its name must resolve to public addresses: an address of a private network, of this machine or of
//! a cloud's metadata service is refused at each connection, also when the name resolves to it only later. The proxy of the
//! environment is not used, for it would look up names of its own. [`Endpoint::allow_private_addresses`] is for endpoints of one's own.
//!
//! # Several processes
//! One process sends; a second one would send everything twice. Run it where the host runs what must run once, for example under
//! an advisory lock. Each endpoint has a [`Webhooks`] and a ledger of its own, and a slow one delays no other.
//!
//! [`Identity::feed`]: identity::Identity::feed

mod endpoint;
mod ledger;
mod post;
mod webhooks;

pub use endpoint::{Endpoint, EndpointError};
pub use ledger::{DeadWebhook, Ledger, LedgerError};
pub use webhooks::{Ended, Webhooks};
