use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

use crate::wire::{self, Message};

/// The sender of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Both ends are closed, and the message does not arrive.
    CutBefore,
    /// The message arrives, then both ends are closed.
    CutAfter,
    /// The message arrives later.
    Delay(Duration),
    /// A second connection to the server receives everything that the first one received, this message, and all that follow;
    /// the server's answers there are discarded. Works only when the server asks for no password.
    Duplicate,
}

/// A fault, at a message counted from the last [`Proxy::reset`] over all connections, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The sender of the message.
    pub side: Side,
    /// The number of the message, from 1.
    pub number: u64,
    /// What happens at that message.
    pub what: What,
}

/// What the proxy passed on since the last [`Proxy::reset`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// Connections that were opened.
    pub connections: u64,
    /// How often a client sent what it then waits for an answer to (Sync, Query) while it waited for nothing else: what
    /// goes out in one flight is one.
    pub round_trips: u64,
    /// The types of the messages that clients sent, in their order; `-` for those that open a connection.
    pub client: String,
    /// The types of the messages that servers sent, in their order.
    pub server: String,
}

#[derive(Debug, Default)]
struct Line {
    heard: Heard,
    fault: Option<Fault>,
    struck: bool,
    down: bool,
    withholds: bool,
}

/// What is known of one connection.
#[derive(Debug, Default)]
struct Talk {
    /// The number of answers that the client waits for.
    waiting: AtomicU64,
    /// Whether the client has begun a transaction and not yet sent its end.
    is_open: watch::Sender<bool>,
}

impl Line {
    /// Notes a message, and says what befalls it.
    fn pass(&mut self, side: Side, message: &Message, talk: &Talk) -> Option<What> {
        let kinds = match side {
            Side::Client => &mut self.heard.client,
            Side::Server => &mut self.heard.server,
        };
        kinds.push(message.kind.map_or('-', char::from));
        let number = kinds.len() as u64;
        match side {
            Side::Client if message.ends_a_flight() => {
                self.heard.round_trips += u64::from(talk.waiting.fetch_add(1, Ordering::Relaxed) == 0);
            }
            Side::Server if message.ends_an_answer() => {
                // The first one of a connection answers its opening.
                let waiting = &talk.waiting;
                let _ = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| waiting.checked_sub(1));
            }
            _ => {}
        }
        let what = self.fault.filter(|fault| fault.side == side && fault.number == number)?.what;
        self.struck = true;
        Some(what)
    }
}

/// A proxy between clients and a server that counts messages, and breaks connections where it is told to.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    line: Arc<Mutex<Line>>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Proxy {
    /// Starts a proxy to a port of loopback, on its own thread.
    #[must_use]
    pub fn start(to: u16) -> Self {
        let line = Arc::new(Mutex::new(Line::default()));
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let port = listener.local_addr().expect("its address").port();
        let (end, ended) = oneshot::channel();
        let shared = Arc::clone(&line);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).expect("the listener");
                tokio::select! {
                    _ = ended => {}
                    () = accept(listener, to, shared) => {}
                }
            });
        });
        Self { port, line, end: Some(end), thread: Some(thread) }
    }

    /// The port on 127.0.0.1 where clients connect.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Resets the counts, and sets the next fault.
    pub fn reset(&self, fault: impl Into<Option<Fault>>) {
        let mut line = lock(&self.line);
        *line = Line { fault: fault.into(), down: line.down, withholds: line.withholds, ..Line::default() };
    }

    /// What the proxy passed on.
    #[must_use]
    pub fn heard(&self) -> Heard {
        lock(&self.line).heard.clone()
    }

    /// Whether the fault happened.
    #[must_use]
    pub fn struck(&self) -> bool {
        lock(&self.line).struck
    }

    /// From now on, answers are withheld while the client has begun a transaction and not yet sent its end. A client that
    /// sends transactions in one flight notices nothing, and its flights are counted exactly; one that waits for an answer in
    /// between waits for ever.
    pub fn withhold(&self) {
        lock(&self.line).withholds = true;
    }

    /// Sets whether new connections are refused. Open ones stay.
    pub fn refuse(&self, refuse: bool) {
        lock(&self.line).down = refuse;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    line.lock().expect("nobody panicked")
}

async fn accept(listener: TcpListener, to: u16, line: Arc<Mutex<Line>>) {
    while let Ok((client, _)) = listener.accept().await {
        if lock(&line).down {
            continue;
        }
        lock(&line).heard.connections += 1;
        let line = Arc::clone(&line);
        // A connection that breaks is what this is for.
        tokio::spawn(async move { drop(connection(client, to, line).await) });
    }
}

async fn connection(mut client: TcpStream, to: u16, line: Arc<Mutex<Line>>) -> std::io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", to)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let mut history = Vec::new();
    let talk = Talk::default();
    loop {
        let first = wire::opening(&mut client).await?;
        if !first.asks_for_encryption() {
            if strike(&line, Side::Client, &first, &talk, &mut server).await? {
                return Ok(());
            }
            history.extend_from_slice(&first.bytes);
            break;
        }
        // Not on this line: it has to be read.
        client.write_all(b"N").await?;
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // The first direction to end ends the other one.
    tokio::select! {
        ended = up(from_client, to_server, to, (&line, &talk), history) => ended,
        ended = down(from_server, to_client, (&line, &talk)) => ended,
    }
}

/// Lets a message through, or what befalls it; true when the line is cut.
async fn strike(
    line: &Mutex<Line>,
    side: Side,
    message: &Message,
    talk: &Talk,
    to: &mut (impl tokio::io::AsyncWrite + Unpin),
) -> std::io::Result<bool> {
    let what = lock(line).pass(side, message, talk);
    match what {
        Some(What::CutBefore) => return Ok(true),
        Some(What::Delay(time)) => tokio::time::sleep(time).await,
        Some(What::CutAfter | What::Duplicate) | None => {}
    }
    to.write_all(&message.bytes).await?;
    to.flush().await?;
    Ok(what == Some(What::CutAfter))
}

async fn up(
    mut from: OwnedReadHalf,
    mut to_server: OwnedWriteHalf,
    to: u16,
    (line, talk): (&Mutex<Line>, &Talk),
    mut history: Vec<u8>,
) -> std::io::Result<()> {
    let mut twin: Option<OwnedWriteHalf> = None;
    loop {
        let message = wire::message(&mut from).await?;
        let number = lock(line).heard.client.len() as u64 + 1;
        let fault = lock(line).fault;
        let here = Fault { side: Side::Client, number, what: What::Duplicate };
        if fault == Some(here) {
            let (mut answers, mut questions) = TcpStream::connect(("127.0.0.1", to)).await?.into_split();
            questions.write_all(&history).await?;
            // Nobody hears them, but the server has to get rid of them.
            tokio::spawn(async move {
                let mut bin = [0; 4096];
                while answers.read(&mut bin).await.is_ok_and(|read| read > 0) {}
            });
            twin = Some(questions);
        }
        history.extend_from_slice(&message.bytes);
        if let Some(twin) = &mut twin {
            twin.write_all(&message.bytes).await?;
        }
        if message.says("BEGIN") {
            talk.is_open.send_replace(true);
        }
        if strike(line, Side::Client, &message, talk, &mut to_server).await? {
            // What was let through arrives even though nobody waits for the answer.
            return Ok(());
        }
        if message.says("COMMIT") || message.says("ROLLBACK") {
            talk.is_open.send_replace(false);
        }
    }
}

async fn down(
    mut from: OwnedReadHalf,
    mut to_client: OwnedWriteHalf,
    (line, talk): (&Mutex<Line>, &Talk),
) -> std::io::Result<()> {
    loop {
        let message = wire::message(&mut from).await?;
        if lock(line).withholds {
            // The sender lives as long as the connection.
            let _ = talk.is_open.subscribe().wait_for(|is_open| !is_open).await;
        }
        if strike(line, Side::Server, &message, talk, &mut to_client).await? {
            return Ok(());
        }
    }
}
