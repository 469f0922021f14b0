//! One mail over one connection, step by step: only so it is known what the server can have taken.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::sync::Semaphore;

use crate::SmtpServer;
use crate::letter::Letter;
use crate::server::Start;

/// How many mails go over one connection: servers end those that never end.
const MAILS: u32 = 100;

/// Where a mail failed.
pub(crate) enum Failed {
    /// Before there was anything about the recipient: nothing was taken, and nothing is wrong with the address.
    Before(&'static str, Error),
    /// The server cannot take addresses outside ASCII.
    OnlyAscii,
    /// At the recipient, or at the mail.
    Here(Error),
}

/// Connections to one server, open for the next mail.
pub(crate) struct Connections {
    server: SmtpServer,
    tls: Option<(TlsParameters, Start)>,
    hello: ClientId,
    connect: Duration,
    idle: Mutex<Vec<Open>>,
    slots: Semaphore,
}

struct Open {
    connection: AsyncSmtpConnection,
    mails: u32,
}

impl Connections {
    pub(crate) fn new(
        server: SmtpServer,
        hello: ClientId,
        connect: Duration,
        most: usize,
    ) -> Result<Self, crate::ServerError> {
        let tls = server.parameters()?;
        Ok(Self { server, tls, hello, connect, idle: Mutex::default(), slots: Semaphore::new(most) })
    }

    /// Hands a mail to the server and gives what the server said. `dotted` is set before the end of the mail is written: when
    /// this fails, or is dropped, after that, the server may have taken it.
    pub(crate) async fn send(&self, letter: &Letter, dotted: &AtomicBool) -> Result<String, Failed> {
        // The semaphore is never closed; without a slot there would be one connection too many.
        let _slot = self.slots.acquire().await;
        let mut open = self.open().await?;
        let sent = transfer(&mut open.connection, letter, dotted).await;
        open.mails += 1;
        // A refusal leaves the connection as good as it was.
        let usable = match &sent {
            Ok(_) => true,
            Err(Failed::Before(_, error) | Failed::Here(error)) => {
                error.status().is_some() && open.connection.command(Rset).await.is_ok()
            }
            Err(Failed::OnlyAscii) => true,
        };
        if usable && open.mails < MAILS && !open.connection.has_broken() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(open);
        } else if usable {
            let _ = open.connection.command(Quit).await;
        }
        sent
    }

    async fn open(&self) -> Result<Open, Failed> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                // The server may have ended it long ago, or be gone without a word.
                Some(mut open) => {
                    let alive = tokio::time::timeout(self.connect, open.connection.command(Noop)).await;
                    if matches!(alive, Ok(Ok(_))) {
                        return Ok(open);
                    }
                }
                None => return Ok(Open { connection: self.connect().await?, mails: 0 }),
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failed> {
        let at_once = self.tls.as_ref().filter(|(_, start)| *start == Start::AtOnce).map(|(tls, _)| tls.clone());
        let server = (self.server.host.as_str(), self.server.port);
        let connected =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.connect), &self.hello, at_once, None).await;
        let mut connection = connected.map_err(|error| Failed::Before("connecting", error))?;
        if let Some((tls, Start::WhenAsked)) = &self.tls {
            let started = connection.starttls(tls.clone(), &self.hello).await;
            started.map_err(|error| Failed::Before("STARTTLS", error))?;
        }
        if let Some(credentials) = &self.server.credentials {
            let signed_in = connection.auth(DEFAULT_MECHANISMS, credentials).await;
            signed_in.map_err(|error| Failed::Before("signing in", error))?;
        }
        Ok(connection)
    }
}

async fn transfer(
    connection: &mut AsyncSmtpConnection,
    letter: &Letter,
    dotted: &AtomicBool,
) -> Result<String, Failed> {
    let mut parameters = Vec::new();
    if !AsRef::<str>::as_ref(&letter.to).is_ascii() {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Failed::OnlyAscii);
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !letter.bytes.is_ascii() && connection.server_info().supports_feature(Extension::EightBitMime) {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let from: Address = letter.return_path.clone();
    let mail = connection.command(Mail::new(Some(from), parameters)).await;
    mail.map_err(|error| Failed::Before("MAIL FROM", error))?;
    connection.command(Rcpt::new(letter.to.clone(), Vec::new())).await.map_err(Failed::Here)?;
    connection.command(Data).await.map_err(Failed::Here)?;
    let end = std::iter::from_fn(|| {
        // Asked for more, the driver has written all there is, and writes the final dot next.
        dotted.store(true, Ordering::Release);
        None
    });
    let response = connection.message_iter(std::iter::once(letter.bytes.as_slice()).chain(end)).await;
    response.map(|response| response.message().collect::<Vec<_>>().join(" ")).map_err(Failed::Here)
}
