//! Sends text messages through providers that are reached by HTTP, and reads their callbacks.
//!
//! Two [`Notifier`](identity_ports::Notifier)s over ureq, which is re-exported: [`TwilioNotifier`] uses the form API of Twilio, which
//! others copy; [`WebhookNotifier`] posts signed JSON to a gateway of the host's own. Both send what `identity-texts` writes, and
//! report what became of it:
//!
//! | what happened | answer |
//! |---|---|
//! | 2xx | accepted; the reference is the provider's name for the message |
//! | no connection, 429, 500, 503, other 5xx, a refusal of the credentials, the sender, the permissions or the text | transient |
//! | a refusal of the number: a known error of the form API, 410 or 422 of a gateway | permanent |
//! | no answer in time after the request was written, a connection that closed, 502, 504 | unknown: it may have been accepted |
//!
//! Permanent marks the number as undeliverable, so only a refusal of the number itself is. Redirects are not followed: the message and
//! its credentials go where the settings say, or nowhere. Addresses of providers are https, or on this machine.
//!
//! Every request has deadlines ([`Timeouts`]): 4 s to resolve the name, 4 s to connect, 10 s for the answer, 18 s in all.
//!
//! # Callbacks
//! [`TwilioCallbacks`] and [`WebhookCallbacks`] check the signature of a callback in constant time, and return the ticket and the
//! report for `identity.admin(..).report_delivery(..)`. A callback that is repeated or late changes nothing there: a report replaces
//! a known one only if its state is a later one. The host bounds the body; 64 KiB are enough.
//!
//! # The webhook
//! Signed as the Standard Webhooks specification defines: `POST` with `content-type: application/json` and
//!
//! | header | is |
//! |---|---|
//! | `webhook-id`, `idempotency-key` | the message's id, the same at every attempt: the gateway must accept each id once |
//! | `webhook-timestamp` | seconds since 1970 UTC |
//! | `webhook-signature` | `v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body` |
//!
//! The body is `{"id", "ticket", "tenant", "to", "kind", "language", "text", "expires_at"}`. Any 2xx accepts the message, and
//! `{"reference": ".."}` in its body is kept. 410 and 422 refuse the number permanently, everything else temporarily. A gateway
//! reports by a `POST` of `{"ticket", "status", "detail"}` to the host, signed in the same way; `status` is one of `accepted`,
//! `delivered`, `failed`, `bounced` and `complained`.

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
