//! One mail over one connection, command by command: that is the only way to know what the server can have taken.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::letter::Letter;
use crate::server::Start;
use crate::{SmtpServer, SmtpTimeouts};

/// The most mails over one connection: servers end those that never end.
const MAILS: u32 = 100;

/// The longest wait for the answer to a command that decides nothing: `NOOP`, `RSET` and `QUIT`.
const ASIDE: Duration = Duration::from_secs(2);

/// Where a mail failed.
pub(crate) enum Failed {
    /// Before there was anything about the recipient: nothing was taken, and nothing is wrong with the address.
    Before(&'static str, Error),
    /// At a command that names the recipient, or at the mail.
    Here(&'static str, Error),
    /// The server does not support addresses outside ASCII.
    OnlyAscii,
    /// There was no answer in time.
    Late(&'static str, Duration),
}

/// How long connections are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep {
    /// A connection that carried no mail for so long is closed.
    pub(crate) idle: Duration,
    /// A connection that was opened so long ago carries no further mail.
    pub(crate) age: Duration,
}

/// Connections to one server, open for the next mail.
pub(crate) struct Connections {
    server: SmtpServer,
    tls: Option<(TlsParameters, Start)>,
    hello: ClientId,
    timeouts: SmtpTimeouts,
    keep: Keep,
    idle: Arc<Mutex<Idle>>,
    slots: Semaphore,
}

/// The connections that wait for a mail.
#[derive(Default)]
struct Idle {
    /// The one that was used last is at the end.
    open: Vec<Open>,
    /// Whether a task closes those whose time is over.
    watched: bool,
}

struct Open {
    connection: AsyncSmtpConnection,
    mails: u32,
    opened: Instant,
    /// When it is closed unless a mail comes before.
    until: Instant,
}

impl Connections {
    pub(crate) fn new(
        server: SmtpServer,
        hello: ClientId,
        timeouts: SmtpTimeouts,
        keep: Keep,
        most: usize,
    ) -> Result<Self, crate::ServerError> {
        let tls = server.parameters()?;
        Ok(Self { server, tls, hello, timeouts, keep, idle: Arc::default(), slots: Semaphore::new(most) })
    }

    pub(crate) fn set_timeouts(&mut self, timeouts: SmtpTimeouts) {
        self.timeouts = timeouts;
    }

    pub(crate) fn set_most(&mut self, most: usize) {
        self.slots = Semaphore::new(most);
    }

    pub(crate) fn set_keep(&mut self, keep: Keep) {
        self.keep = keep;
    }

    /// Hands a mail to the server and returns the server's answer. `dotted` is set before the end of the mail is written: when
    /// this fails, or is dropped, after that, the server may have taken it.
    pub(crate) async fn send(&self, letter: &Letter, dotted: &AtomicBool) -> Result<String, Failed> {
        let total = self.timeouts.total;
        let deadline = Instant::now() + total;
        let late = |step| move |_| Failed::Late(step, total);
        // The semaphore is never closed.
        let _slot = timeout_at(deadline, self.slots.acquire()).await.map_err(late("waiting for a free connection"))?;
        let mut open = timeout_at(deadline, self.open()).await.map_err(late("connecting"))??;
        let transfer = transfer(&mut open.connection, letter, dotted, self.timeouts.answer);
        let sent = timeout_at(deadline, transfer).await;
        let sent = sent.unwrap_or(Err(Failed::Late("writing the mail", total)));
        open.mails += 1;
        // What the connection is good for afterwards changes nothing about the mail.
        self.put_back(open, &sent).await;
        sent
    }

    async fn put_back(&self, mut open: Open, sent: &Result<String, Failed>) {
        // After a refusal the connection is as good as before.
        let usable = match sent {
            Ok(_) | Err(Failed::OnlyAscii) => true,
            Err(Failed::Before(_, error) | Failed::Here(_, error)) => {
                error.status().is_some() && matches!(timeout(ASIDE, open.connection.command(Rset)).await, Ok(Ok(_)))
            }
            Err(Failed::Late(..)) => false,
        };
        if !usable || open.connection.has_broken() {
            return;
        }
        let now = Instant::now();
        open.until = (now + self.keep.idle).min(open.opened + self.keep.age);
        if open.mails >= MAILS || open.until <= now {
            quit(open).await;
            return;
        }
        let mut idle = lock(&self.idle);
        idle.open.push(open);
        if !std::mem::replace(&mut idle.watched, true) {
            tokio::spawn(close_in_time(Arc::downgrade(&self.idle)));
        }
    }

    async fn open(&self) -> Result<Open, Failed> {
        let now = Instant::now();
        let last = {
            let mut idle = lock(&self.idle);
            idle.open.retain(|open| open.until > now);
            idle.open.pop()
        };
        if let Some(mut open) = last {
            // The server may have ended it, or something on the way may have forgotten it.
            if matches!(timeout(ASIDE, open.connection.command(Noop)).await, Ok(Ok(_))) {
                return Ok(open);
            }
            // What happened to this one happened to the others: they waited longer.
            lock(&self.idle).open.clear();
        }
        let connect = self.timeouts.connect;
        let connected = timeout(connect, self.connect()).await;
        let connection = connected.unwrap_or(Err(Failed::Late("connecting", connect)))?;
        Ok(Open { connection, mails: 0, opened: now, until: now })
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failed> {
        let at_once = self.tls.as_ref().filter(|(_, start)| *start == Start::AtOnce).map(|(tls, _)| tls.clone());
        let server = (self.server.host.as_str(), self.server.port);
        // A host may have several addresses, of which the first leads nowhere.
        let each = Some(self.timeouts.connect / 2);
        let connected = AsyncSmtpConnection::connect_tokio1(server, each, &self.hello, at_once, None).await;
        let mut connection = connected.map_err(|error| Failed::Before("connecting", error))?;
        if let Some((tls, Start::WhenAsked)) = &self.tls {
            let started = connection.starttls(tls.clone(), &self.hello).await;
            started.map_err(|error| Failed::Before("STARTTLS", error))?;
        }
        if let Some(credentials) = &self.server.credentials {
            let signed_in = connection.auth(DEFAULT_MECHANISMS, credentials).await;
            signed_in.map_err(|error| Failed::Before("AUTH", error))?;
        }
        Ok(connection)
    }
}

fn lock(idle: &Mutex<Idle>) -> MutexGuard<'_, Idle> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Closes each connection when its time is over, until none is left.
async fn close_in_time(idle: Weak<Mutex<Idle>>) {
    loop {
        let next = {
            let Some(idle) = idle.upgrade() else { return };
            let mut idle = lock(&idle);
            let next = idle.open.iter().map(|open| open.until).min();
            idle.watched = next.is_some();
            next
        };
        let Some(next) = next else { return };
        sleep_until(next).await;
        let over: Vec<Open> = {
            let Some(idle) = idle.upgrade() else { return };
            let now = Instant::now();
            lock(&idle).open.extract_if(.., |open| open.until <= now).collect()
        };
        for open in over {
            quit(open).await;
        }
    }
}

/// Takes leave of the server, and closes the connection whatever it says.
async fn quit(mut open: Open) {
    let _ = timeout(ASIDE, open.connection.command(Quit)).await;
}

/// The result of a command, unless its answer takes longer than `answer`.
async fn answered<T>(
    step: &'static str,
    answer: Duration,
    command: impl Future<Output = Result<T, Error>>,
    failed: fn(&'static str, Error) -> Failed,
) -> Result<T, Failed> {
    match timeout(answer, command).await {
        Ok(answered) => answered.map_err(|error| failed(step, error)),
        Err(_) => Err(Failed::Late(step, answer)),
    }
}

async fn transfer(
    connection: &mut AsyncSmtpConnection,
    letter: &Letter,
    dotted: &AtomicBool,
    answer: Duration,
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
    answered("MAIL FROM", answer, connection.command(Mail::new(Some(from), parameters)), Failed::Before).await?;
    answered("RCPT TO", answer, connection.command(Rcpt::new(letter.to.clone(), Vec::new())), Failed::Here).await?;
    answered("DATA", answer, connection.command(Data), Failed::Here).await?;
    let end = std::iter::from_fn(|| {
        // Asked for more, the driver has written all there is, and writes the final dot next.
        dotted.store(true, Ordering::Release);
        None
    });
    // Servers read a mail before they answer: this answer has all the time that is left.
    let response = connection.message_iter(std::iter::once(letter.bytes.as_slice()).chain(end)).await;
    let response = response.map_err(|error| Failed::Here("the end of DATA", error))?;
    Ok(response.message().collect::<Vec<_>>().join(" "))
}
