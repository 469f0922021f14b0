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

use crate::connection::{Connections, Failed};
use crate::letter::{Letterhead, address};
use crate::{ServerError, SmtpServer};

/// Why a notifier cannot be made.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpError {
    /// The server cannot be used.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// An address of the host's own is none.
    #[error("{address:?} cannot be sent from: {reason}")]
    Sender {
        /// Which one.
        address: String,
        /// Why.
        #[source]
        reason: EmailError,
    },
    /// The sender's name has more than one line, or more than 64 characters.
    #[error("{0:?} is no name for a sender; write at most 64 characters on one line")]
    SenderName(String),
    /// The local part leaves no room for a ticket.
    #[error("{0:?} is too long for an address that bounces come to; its local part has at most 15 octets")]
    BouncesTooLong(String),
    /// A header is none, or one that every mail has already.
    #[error("{0:?} is no header that can be added")]
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

/// Sends mail through a server.
pub struct SmtpNotifier {
    connections: Connections,
    letterhead: Letterhead,
    texts: Texts,
    patience: Duration,
    server: SmtpServer,
    hello: ClientId,
    most: usize,
}

impl SmtpNotifier {
    /// Mails of a sender, by name and address, over at most 8 connections. A hand-over takes at most 20 s, 5 of them to connect.
    ///
    /// # Errors
    /// [`SmtpError`] when the sender is no address, or TLS cannot be set up.
    pub fn new(server: SmtpServer, name: &str, sender: &str, texts: Texts) -> Result<Self, SmtpError> {
        if name.chars().any(char::is_control) || name.chars().count() > 64 {
            return Err(SmtpError::SenderName(name.to_owned()));
        }
        let from = Mailbox::new(Some(name.to_owned()).filter(|name| !name.is_empty()), own(sender)?);
        let hello = ClientId::Domain(from.email.domain().to_owned());
        let connections = Connections::new(server.clone(), hello.clone(), CONNECT, MOST)?;
        let letterhead = Letterhead { from, bounces: None, headers: Vec::new() };
        let patience = Duration::from_secs(20);
        Ok(Self { connections, letterhead, texts, patience, server, hello, most: MOST })
    }

    /// What cannot be delivered comes back to addresses below this one: for `bounces@example.com` to
    /// `bounces+ticket@example.com`. [`bounce::read`](crate::bounce::read) reads it.
    ///
    /// # Errors
    /// [`SmtpError`] when this is no address, or its local part has more than 15 octets.
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
    /// [`SmtpError::Header`] when it is none, has more than one line, or is one that every mail has already.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, SmtpError> {
        let known = OWN.contains(&name.to_ascii_lowercase().as_str());
        let parsed = HeaderName::new_from_ascii(name.to_owned()).ok().filter(|_| !known);
        let sound = !value.chars().any(char::is_control);
        let header = parsed.filter(|_| sound).ok_or_else(|| SmtpError::Header(name.to_owned()))?;
        self.letterhead.headers.push((header, value.to_owned()));
        Ok(self)
    }

    /// How long a hand-over may take in all, less than the 25 s after which a router gives up on a provider.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How many connections there are at most.
    ///
    /// # Errors
    /// [`SmtpError::Server`] when TLS cannot be set up.
    pub fn with_connections(mut self, most: usize) -> Result<Self, SmtpError> {
        self.most = most.max(1);
        self.connections = Connections::new(self.server.clone(), self.hello.clone(), CONNECT, self.most)?;
        Ok(self)
    }
}

const CONNECT: Duration = Duration::from_secs(5);
const MOST: usize = 8;

fn own(sender: &str) -> Result<lettre::Address, SmtpError> {
    let failed = |reason| SmtpError::Sender { address: sender.to_owned(), reason };
    let email = Email::parse(sender).map_err(failed)?;
    address(email.as_str()).filter(|_| email.as_str().is_ascii()).ok_or_else(|| failed(EmailError::Stored))
}

#[async_trait]
impl Notifier for SmtpNotifier {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let Address::Email(to) = &notice.message.to else {
            return Err(NotifyError::permanent("this notifier sends mail alone"));
        };
        let to = address(to.as_str()).ok_or_else(|| NotifyError::permanent("mail servers do not take this address"))?;
        let mail = self.texts.mail(notice).map_err(NotifyError::permanent)?;
        let letter = self.letterhead.letter(to, &mail, &notice.ticket, self.texts.now());
        let letter = letter.map_err(NotifyError::permanent)?;
        let dotted = AtomicBool::new(false);
        let sent = tokio::time::timeout(self.patience, self.connections.send(&letter, &dotted)).await;
        let perhaps = dotted.load(Ordering::Acquire);
        match sent {
            Ok(Ok(said)) => Ok(Accepted { reference: Some(reference(&said)), ..Accepted::default() }),
            Ok(Err(failed)) => Err(answer(&failed, perhaps)),
            Err(_) if perhaps => {
                Err(NotifyError::unknown("the mail server did not say in time whether it took the mail"))
            }
            Err(_) => Err(NotifyError::transient("the mail server did not answer in time")),
        }
    }
}

fn answer(failed: &Failed, perhaps: bool) -> NotifyError {
    match failed {
        Failed::OnlyAscii => NotifyError::permanent(
            "the mail server does not take addresses with letters outside ASCII (SMTPUTF8, RFC 6531)",
        ),
        Failed::Before(step, error) => NotifyError::transient(format!("{step}: {}", reason(error))),
        Failed::Here(error) if asks_to_sign_in(error) => NotifyError::transient(reason(error)),
        Failed::Here(error) if error.is_permanent() => NotifyError::permanent(reason(error)),
        Failed::Here(error) if error.is_transient() || !perhaps => NotifyError::transient(reason(error)),
        Failed::Here(error) => NotifyError::unknown(format!("lost after the end of the mail: {}", reason(error))),
    }
}

/// RFC 4954, 6: the server wants a sign-in, another one, or TLS. That is the host's to mend.
fn asks_to_sign_in(error: &Error) -> bool {
    error.status().is_some_and(|code| matches!(code.to_string().as_str(), "530" | "534" | "535" | "538"))
}

/// What went wrong, without the server's own words: they name the address.
fn reason(error: &Error) -> String {
    let Some(code) = error.status() else {
        let what = if error.is_tls() {
            "TLS failed"
        } else if error.is_timeout() {
            "it took too long"
        } else if error.is_client() {
            "the mail server lacks what is needed for TLS or signing in"
        } else {
            "the connection failed"
        };
        return what.to_owned();
    };
    let said = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let enhanced = said.split_whitespace().next().filter(|word| is_status(word));
    enhanced.map_or_else(
        || format!("the mail server said {code}"),
        |status| format!("the mail server said {code} {status}"),
    )
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
