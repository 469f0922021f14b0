//! Sends text messages through providers that are reached by HTTP, and reads their callbacks.
//!
//! Two [`Notifier`](identity_ports::Notifier)s over ureq, which is re-exported: [`TwilioNotifier`] speaks the form API that
//! Twilio has and others copy, [`WebhookNotifier`] posts signed JSON to a gateway of the host's own. Both write what
//! `identity-texts` says, and say truly what became of it:
//!
//! | what happened | answer |
//! |---|---|
//! | 2xx | accepted; the reference is what the provider called it |
//! | no connection, 429, 500, 503, other 5xx, a refusal of the credentials or the sender | transient: it was not taken |
//! | a refusal of the number or the text | permanent |
//! | no answer in time after the request was written, a connection that broke, 502, 504 | unknown: it may have been taken |
//!
//! Redirects are not followed: the message and its credentials go where the settings say, or nowhere. Addresses of providers are
//! https, or on this machine.
//!
//! # Callbacks
//! [`TwilioCallbacks`] and [`WebhookCallbacks`] check the signature of a callback and give the ticket and the report for
//! `identity.admin(..).report_delivery(..)`. Repeated and late callbacks do no harm there.
//!
//! # The webhook
//! Signed as the Standard Webhooks specification has it. `POST` with `content-type: application/json` and
//!
//! | header | is |
//! |---|---|
//! | `webhook-id`, `idempotency-key` | the message's id, the same at every attempt: take each once |
//! | `webhook-timestamp` | seconds since 1970 UTC |
//! | `webhook-signature` | `v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body` |
//!
//! and the body `{"id", "ticket", "tenant", "to", "kind", "language", "text", "expires_at"}`. Any 2xx takes the message;
//! `{"reference": ".."}` in its body is kept. 400, 410, 413 and 422 refuse it for good, everything else for now. A gateway reports by a
//! `POST` of `{"ticket", "status", "detail"}` to the host, signed the same way; `status` is one of `accepted`, `delivered`,
//! `failed`, `bounced` and `complained`.

mod callback;
mod http;
mod secret;
mod twilio;
mod twilio_callback;
mod webhook;

pub use callback::{Callback, CallbackError};
pub use http::{EndpointError, Timeouts};
pub use secret::{Secret, WebhookSecret, WebhookSecretError};
pub use twilio::{TwilioAccount, TwilioNotifier};
pub use twilio_callback::TwilioCallbacks;
pub use ureq;
pub use webhook::{WebhookCallbacks, WebhookNotifier};
