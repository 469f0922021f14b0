use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use identity_core::{Address, Email, EmailError};
use identity_ports::{Accepted, Notice, Notifier, NotifyError};
use identity_texts::Texts;
use lettre::message::Mailbox;
use lettre::message::header::HeaderName;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::extension::ClientId;

use crate::connection::{Connections, Failed, Keep};
use crate::letter::{Letterhead, address};
use crate::{ServerError, SmtpServer};

/// The error for settings that mail cannot be sent with.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpError {
    /// The server cannot be used.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// An address of the host cannot be sent from.
    #[error("{address:?} cannot be sent from: {reason}")]
    Sender {
        /// The address.
        address: String,
        /// The reason.
        reason: EmailError,
    },
    /// The sender's name has more than one line, or more than 64 characters.
    #[error("{0:?} cannot be the name of a sender; write at most 64 characters on one line")]
    SenderName(String),
    /// The local part is too long to have a ticket added: it has more than 15 octets.
    #[error("{0:?} is too long for an address that bounces come to; its local part has at most 15 octets")]
    BouncesTooLong(String),
    /// The deadlines are zero or too long.
    #[error("{0:?}: each has to be longer than zero, and the total at most 24 s")]
    Timeouts(SmtpTimeouts),
    /// The text is not a header, or the header is one that every mail has already.
    #[error("{0:?} cannot be added as a header; write a name that no mail has already, and a value on one line")]
    Header(String),
}

/// The headers that a mail has already, or that would change where it goes.
const OWN: [&str; 15] = [
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-language",
    "auto-submitted",
    "return-path",
    "x-auto-response-suppress",
];

/// The deadlines of one hand-over to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmtpTimeouts {
    /// The longest time to connect, with the server's greeting, TLS and the sign-in. The default is 10 s.
    pub connect: Duration,
    /// The longest wait for the answer to `MAIL FROM`, `RCPT TO` and `DATA`, each. The default is 10 s.
    pub answer: Duration,
    /// The longest time for all of it, with the wait for a free connection and the server's answer to the mail. The default is
    /// 20 s. It is at most 24 s: a router gives up on a provider after 25 s, and would not know how far the mail came.
    pub total: Duration,
}

impl SmtpTimeouts {
    /// The greatest [`total`](Self::total).
    pub const MOST: Duration = Duration::from_secs(24);
}

impl Default for SmtpTimeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), answer: Duration::from_secs(10), total: Duration::from_secs(20) }
    }
}

/// Sends mail through a server.
///
/// Connections stay open for the next mail: at most 8 at a time, each for at most 60 s without a mail, 10 minutes and 100
/// mails in all. A hand-over takes at most 20 s ([`SmtpTimeouts`]).
pub struct SmtpNotifier {
    connections: Connections,
    letterhead: Letterhead,
    texts: Texts,
    server: SmtpServer,
}

/// The default of [`SmtpNotifier::with_connections`].
const MOST: usize = 8;
/// The default of [`SmtpNotifier::with_kept`]: well below the 4 to 6 minutes after which gateways of large clouds forget a
/// connection, and the 5 minutes after which mail servers close one.
const KEEP: Keep = Keep { idle: Duration::from_secs(60), age: Duration::from_secs(600) };

impl SmtpNotifier {
    /// Sends mails from `sender`, an e-mail address, with `name` beside it: at most 64 characters on one line, or empty.
    ///
    /// # Errors
    /// [`SmtpError::SenderName`] and [`SmtpError::Sender`] when one of them cannot be sent from, [`SmtpError::Server`] when TLS
    /// cannot be set up.
    pub fn new(server: SmtpServer, name: &str, sender: &str, texts: Texts) -> Result<Self, SmtpError> {
        if name.chars().any(char::is_control) || name.chars().count() > 64 {
            return Err(SmtpError::SenderName(name.to_owned()));
        }
        let from = Mailbox::new(Some(name.to_owned()).filter(|name| !name.is_empty()), own(sender)?);
        let hello = ClientId::Domain(from.email.domain().to_owned());
        let connections = Connections::new(server.clone(), hello, SmtpTimeouts::default(), KEEP, MOST)?;
        let letterhead = Letterhead { from, bounces: None, headers: Vec::new() };
        Ok(Self { connections, letterhead, texts, server })
    }

    /// Has undeliverable mail returned to an address below this one: for `bounces@example.com` to `bounces+ticket@example.com`. [`bounce::read`](crate::bounce::read) reads it.
    ///
    /// # Errors
    /// [`SmtpError::Sender`] when this is not an address, [`SmtpError::BouncesTooLong`] when its local part has more than 15
    /// octets.
    pub fn with_bounces(mut self, address: &str) -> Result<Self, SmtpError> {
        let to = own(address)?;
        if to.user().len() > 15 {
            return Err(SmtpError::BouncesTooLong(address.to_owned()));
        }
        self.letterhead.bounces = Some((to.user().to_owned(), to.domain().to_owned()));
        Ok(self)
    }

    /// Adds a header to every mail, such as `List-Unsubscribe` or `Feedback-ID`.
    ///
    /// # Errors
    /// [`SmtpError::Header`] when the name is not one, every mail has it already, or the value has more than one line.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, SmtpError> {
        let known = OWN.contains(&name.to_ascii_lowercase().as_str());
        let parsed = HeaderName::new_from_ascii(name.to_owned()).ok().filter(|_| !known);
        let sound = !value.chars().any(char::is_control);
        let header = parsed.filter(|_| sound).ok_or_else(|| SmtpError::Header(name.to_owned()))?;
        self.letterhead.headers.push((header, value.to_owned()));
        Ok(self)
    }

    /// Sets the deadlines of a hand-over.
    ///
    /// # Errors
    /// [`SmtpError::Timeouts`] when one of them is zero, or the total is longer than [`SmtpTimeouts::MOST`].
    pub fn with_timeouts(mut self, timeouts: SmtpTimeouts) -> Result<Self, SmtpError> {
        let SmtpTimeouts { connect, answer, total } = timeouts;
        if connect.is_zero() || answer.is_zero() || total.is_zero() || total > SmtpTimeouts::MOST {
            return Err(SmtpError::Timeouts(timeouts));
        }
        self.connections.set_timeouts(timeouts);
        Ok(self)
    }

    /// Sets the number of connections at a time, at least 1; 8 by default.
    #[must_use]
    pub fn with_connections(mut self, most: usize) -> Self {
        self.connections.set_most(most.max(1));
        self
    }

    /// Sets how long a connection is kept: `idle` without a mail, 60 s by default, and `age` in all, 10 minutes by default.
    /// With zero, every mail has a connection of its own.
    #[must_use]
    pub fn with_kept(mut self, idle: Duration, age: Duration) -> Self {
        self.connections.set_keep(Keep { idle, age });
        self
    }
}

fn own(sender: &str) -> Result<lettre::Address, SmtpError> {
    let failed = |reason| SmtpError::Sender { address: sender.to_owned(), reason };
    let email = Email::parse(sender).map_err(failed)?;
    address(email.as_str()).filter(|_| email.as_str().is_ascii()).ok_or_else(|| failed(EmailError::Stored))
}

#[async_trait]
impl Notifier for SmtpNotifier {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let Address::Email(to) = &notice.message.to else {
            return Err(NotifyError::permanent(
                "the message goes to a phone, and this provider sends mail only; check the routes",
            ));
        };
        let to = address(to.as_str())
            .ok_or_else(|| NotifyError::permanent("the address cannot be written in an SMTP command"))?;
        let mail = self.texts.mail(notice).map_err(NotifyError::permanent)?;
        let letter = self.letterhead.letter(to, &mail, &notice.ticket, self.texts.now());
        let letter = letter.map_err(NotifyError::permanent)?;
        let dotted = AtomicBool::new(false);
        let sent = self.connections.send(&letter, &dotted).await;
        match sent {
            Ok(said) => Ok(Accepted { reference: Some(reference(&said)), ..Accepted::default() }),
            Err(failed) => Err(judge(&failed, dotted.load(Ordering::Acquire))),
        }
    }
}

/// What a failure means for the message. `ended` says that the end of the mail was written, or about to be.
fn judge(failed: &Failed, ended: bool) -> NotifyError {
    match failed {
        Failed::OnlyAscii => NotifyError::transient(
            "the mail server does not support addresses outside ASCII (SMTPUTF8, RFC 6531); send through one that does",
        ),
        Failed::Late(_, wait) if ended => {
            NotifyError::unknown(format!("no answer within {} s after DATA", wait.as_secs_f64()))
        }
        Failed::Late(step, wait) => {
            NotifyError::transient(format!("{step}: no answer within {} s", wait.as_secs_f64()))
        }
        Failed::Before(step, error) => NotifyError::transient(format!("{step}: {}", reason(error))),
        Failed::Here(step, error) if error.status().is_some() => {
            let text = format!("{step}: {}", reason(error));
            if is_about_the_address(step, error) { NotifyError::permanent(text) } else { NotifyError::transient(text) }
        }
        Failed::Here(_, error) if ended => NotifyError::unknown(format!("{} after DATA", reason(error))),
        Failed::Here(step, error) => NotifyError::transient(format!("{step}: {}", reason(error))),
    }
}

/// Whether a refusal says that the address takes no mail. Everything else is about the sender, the content, or the server: a
/// relay that is denied, a listed network, a full mailbox. That may pass, and must not mark the address as undeliverable.
fn is_about_the_address(step: &str, error: &Error) -> bool {
    if !error.is_permanent() {
        return false;
    }
    match enhanced(error).as_deref() {
        // RFC 3463, 3.2: the address. 5.1.7 to 5.1.9 are about the sender's.
        Some("5.1.7" | "5.1.8" | "5.1.9") => false,
        // RFC 3463, 3.3: the mailbox is disabled. 5.2.2 is a full one.
        Some(status) => status.starts_with("5.1.") || status == "5.2.1",
        // RFC 5321, 4.2.3: the mailbox is unavailable, elsewhere, or not a name. Servers without enhanced statuses refuse to
        // relay with 550 too, and say so in words.
        None => {
            let code = error.status().map(|code| code.to_string()).unwrap_or_default();
            step == "RCPT TO" && matches!(code.as_str(), "550" | "551" | "553") && !said(error).contains("relay")
        }
    }
}

/// The server's own words in lower case. They may name the address, so they are not passed on.
fn said(error: &Error) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default().to_ascii_lowercase()
}

/// The enhanced status code of an answer (RFC 2034, 4).
fn enhanced(error: &Error) -> Option<String> {
    said(error).split_whitespace().next().filter(|word| is_status(word)).map(str::to_owned)
}

/// What went wrong, without the server's own words: they name the address.
fn reason(error: &Error) -> String {
    match (error.status(), enhanced(error)) {
        (Some(code), Some(status)) => format!("the mail server answered {code} {status}"),
        (Some(code), None) => format!("the mail server answered {code}"),
        (None, _) if error.is_tls() => "TLS failed".to_owned(),
        (None, _) if error.is_timeout() => "the mail server was not reached in time".to_owned(),
        (None, _) if error.is_client() => {
            "the mail server does not offer the TLS or the sign-in that the settings ask for".to_owned()
        }
        (None, _) => "the connection was refused or closed".to_owned(),
    }
}

/// An enhanced status code (RFC 3463, 2).
fn is_status(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3
        && parts.iter().all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What the server called the mail, on one line, without what might be an address.
fn reference(said: &str) -> String {
    let words: Vec<&str> = said.split_whitespace().filter(|word| !word.contains('@')).collect();
    let text: String = words.join(" ").chars().filter(|c| !c.is_control()).take(200).collect();
    if text.is_empty() { "250".to_owned() } else { text }
}

impl fmt::Debug for SmtpNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpNotifier").field("server", &self.server).finish_non_exhaustive()
    }
}
