//! Sends messages by SMTP, and reads the mail that comes back.
//!
//! [`SmtpNotifier`] is a [`Notifier`](identity_ports::Notifier) over lettre, which is re-exported. It sends what `identity-texts`
//! writes as plain text and HTML, keeps connections open for the next mail, and reports what became of a mail:
//!
//! | what happened | answer |
//! |---|---|
//! | the server accepted the mail | accepted; the reference is the server's name for the mail |
//! | no connection, no TLS, no sign-in, any 4xx, a loss or no answer in time before the end of the mail | transient |
//! | 5xx that is about the sender, the content or the host: relay denied, network listed, mailbox full | transient |
//! | 5xx that says that the address takes no mail: 5.1.x except for the sender's, 5.2.1, or 550, 551 and 553 to `RCPT TO` without an enhanced status | permanent |
//! | a loss, or no answer in time, after the end of the mail | unknown: the server may have accepted it |
//!
//! Permanent marks the address as undeliverable, so only a refusal of the address itself is. A transient answer lets the next
//! provider of a route try.
//!
//! # Deadlines and connections
//! Every step has a deadline ([`SmtpTimeouts`]): 10 s to connect and sign in, 10 s for each answer, 20 s in all, the wait for a free
//! connection included. A connection without a mail is closed after 60 s, and carries mails for at most 10 minutes
//! ([`SmtpNotifier::with_kept`]): gateways on the way forget connections that are idle, and say nothing. One that died all the
//! same delays a mail by 2 s once, and the others are dropped with it.
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
//! The `Message-ID` and, with [`with_bounces`](SmtpNotifier::with_bounces), the return path contain the message's delivery ticket.
//! A mail that is sent twice has the same `Message-ID`, and what comes back can be matched. `Auto-Submitted: auto-generated`
//! (RFC 3834) prevents out-of-office answers.
//!
//! # What comes back
//! [`bounce::read`] reads delivery status notifications (RFC 3464) and complaints (RFC 5965). Hand its result to
//! `identity.admin(..).report_delivery(..)`, which refuses a ticket that is not genuine.
//!
//! # Addresses outside ASCII
//! A local part outside ASCII needs a server that supports SMTPUTF8 (RFC 6531). The answer for any other server is transient, so
//! that another provider of the route can send the mail. Domains are sent as A-labels.

pub mod bounce;
mod connection;
mod letter;
mod notifier;
mod server;

pub use lettre;
pub use notifier::{SmtpError, SmtpNotifier, SmtpTimeouts};
pub use server::{ServerError, SmtpServer};
