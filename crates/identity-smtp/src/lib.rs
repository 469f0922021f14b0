//! Sends the messages by SMTP, and reads the mail that comes back.
//!
//! [`SmtpNotifier`] is a [`Notifier`](identity_ports::Notifier) over lettre, which is re-exported. It writes what
//! `identity-texts` says as plain text and HTML, keeps connections open, and says truly what became of a mail:
//!
//! | what happened | answer |
//! |---|---|
//! | the server took it | accepted; the reference is what the server called it |
//! | no connection, no TLS, no sign-in, the sender refused, 4xx, a loss before the final dot | transient: it was not taken |
//! | 5xx to the recipient, to DATA or to the mail | permanent |
//! | a loss, or no answer in time, after the final dot | unknown: the server may have taken it |
//!
//! A server that refuses the sender or the sign-in says nothing about the person's address, so that is never permanent.
//!
//! ```
//! use identity_smtp::{SmtpNotifier, SmtpServer};
//! # fn f(texts: identity_texts::Texts) -> Result<(), Box<dyn std::error::Error>> {
//! let server = SmtpServer::from_url("smtp://mailer:secret@mail.example.com:587")?;
//! let notifier = SmtpNotifier::new(server, "Example", "no-reply@example.com", texts)?
//!     .with_bounces("bounces@example.com")?;
//! # let _ = notifier; Ok(()) }
//! ```
//!
//! # What a mail carries
//! `Message-ID` and, with [`with_bounces`](SmtpNotifier::with_bounces), the return path have the message's delivery ticket in
//! them, so a mail that is sent twice can be told to be one, and what comes back can be matched. `Auto-Submitted:
//! auto-generated` (RFC 3834) keeps out-of-office answers away.
//!
//! # What comes back
//! [`bounce::read`] reads delivery status notifications (RFC 3464) and complaints (RFC 5965): hand what it finds to
//! `identity.admin(..).report_delivery(..)`. Forged ones name no message, since a ticket is a proof.
//!
//! # Addresses outside ASCII
//! A local part outside ASCII needs a server with SMTPUTF8 (RFC 6531); any other server's refusal is permanent and says so.
//! Domains are sent as A-labels.

pub mod bounce;
mod connection;
mod letter;
mod notifier;
mod server;

pub use lettre;
pub use notifier::{SmtpError, SmtpNotifier};
pub use server::{ServerError, SmtpServer};
