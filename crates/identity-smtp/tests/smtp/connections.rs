//! Servers that fall silent, and how long connections are kept, in time that is moved by hand.
#![expect(clippy::unwrap_used, reason = "a server that breaks fails its test")]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity_ports::{Notifier as _, NotifyError};
use identity_smtp::{SmtpError, SmtpNotifier, SmtpServer, SmtpTimeouts};
use identity_texts::Kind;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::kit::{email, notice, phone, texts};

/// What the server does at a command, or at `greeting` and `.`.
type Script = Arc<dyn Fn(&str) -> Turn + Send + Sync>;

enum Turn {
    Answer(String),
    Silence,
}

/// A mail server that answers by a script.
struct Scripted {
    port: u16,
    connections: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<String>>>,
    /// Told when the server has fallen silent.
    silent: Arc<Notify>,
    closed: Arc<AtomicUsize>,
}

impl Scripted {
    async fn start(script: impl Fn(&str) -> Turn + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self {
            port,
            connections: Arc::default(),
            heard: Arc::default(),
            silent: Arc::default(),
            closed: Arc::default(),
        };
        let (connections, heard) = (Arc::clone(&server.connections), Arc::clone(&server.heard));
        let (silent, closed) = (Arc::clone(&server.silent), Arc::clone(&server.closed));
        let script: Script = Arc::new(script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (heard, script) = (Arc::clone(&heard), Arc::clone(&script));
                let (silent, closed) = (Arc::clone(&silent), Arc::clone(&closed));
                tokio::spawn(async move {
                    let _ = serve(stream, &heard, &script, &silent).await;
                    closed.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        server
    }

    fn notifier(&self) -> SmtpNotifier {
        SmtpNotifier::new(SmtpServer::on_this_machine(self.port), "Example", "no-reply@example.com", texts()).unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many connections have ended.
    fn closed(&self) -> usize {
        self.closed.load(Ordering::SeqCst)
    }

    /// How often a command came.
    fn heard(&self, command: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|line| *line == command).count()
    }
}

async fn serve(stream: TcpStream, heard: &Mutex<Vec<String>>, script: &Script, silent: &Notify) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut command, mut in_mail) = ("greeting".to_owned(), false);
    loop {
        heard.lock().unwrap().push(command.clone());
        // Whoever is silent still reads: the client's bytes are taken, and nothing comes back.
        match script(&command) {
            Turn::Answer(answer) => {
                in_mail = command == "DATA" && answer.starts_with('3');
                stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
            }
            Turn::Silence => silent.notify_one(),
        }
        command = loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            if in_mail && line == "." {
                break ".".to_owned();
            }
            if !in_mail {
                break line.split([' ', ':']).next().unwrap().to_owned();
            }
        };
    }
}

fn good(command: &str) -> Turn {
    Turn::Answer(
        match command {
            "greeting" => "220 ready",
            "EHLO" => "250-here\r\n250 8BITMIME",
            "DATA" => "354 go on",
            "." => "250 2.0.0 queued",
            "QUIT" => "221 bye",
            _ => "250 OK",
        }
        .to_owned(),
    )
}

async fn send(notifier: &SmtpNotifier) -> Result<(), NotifyError> {
    notifier.notify(&notice(Kind::Code, &email("ada@example.org"), &phone(), None)).await.map(drop)
}

/// Time that stands unless a test moves it: the runtime moves paused time by itself when it has nothing to do, except while a
/// blocking task runs, and bytes may still be on their way then.
struct Standing {
    _release: std::sync::mpsc::Sender<()>,
}

impl Standing {
    fn new() -> Self {
        let (release, held) = std::sync::mpsc::channel();
        tokio::task::spawn_blocking(move || held.recv());
        Self { _release: release }
    }

    async fn advance(&self, by: Duration) {
        tokio::time::advance(by).await;
    }

    /// Gives what a task waits for, `by` after now and not a moment before.
    async fn ends_after<T>(&self, by: Duration, task: &mut tokio::task::JoinHandle<T>) -> T {
        self.advance(by - Duration::from_millis(2)).await;
        // Tasks that were woken have run by the time the runtime has nothing else to do.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!task.is_finished(), "it ended before its deadline");
        self.advance(Duration::from_millis(2)).await;
        task.await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_at_any_step_is_given_up_at_its_deadline() {
    let time = Standing::new();
    for (step, seconds, said) in [
        ("greeting", 10, "temporarily refused: connecting: no answer within 10 s"),
        ("EHLO", 10, "temporarily refused: connecting: no answer within 10 s"),
        ("MAIL", 10, "temporarily refused: MAIL FROM: no answer within 10 s"),
        ("RCPT", 10, "temporarily refused: RCPT TO: no answer within 10 s"),
        ("DATA", 10, "temporarily refused: DATA: no answer within 10 s"),
        (".", 20, "the delivery outcome is unknown: no answer within 20 s after DATA"),
    ] {
        let server = Scripted::start(move |command| if command == step { Turn::Silence } else { good(command) }).await;
        let notifier = server.notifier();
        let mut mail = tokio::spawn(async move { send(&notifier).await });
        server.silent.notified().await;
        let error = time.ends_after(Duration::from_secs(seconds), &mut mail).await.unwrap_err();
        assert_eq!(error.to_string(), said, "{step}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_step_takes_longer_than_what_is_left_of_the_total() {
    let time = Standing::new();
    let server = Scripted::start(|command| if command == "RCPT" { Turn::Silence } else { good(command) }).await;
    let timeouts = SmtpTimeouts { total: Duration::from_secs(5), ..SmtpTimeouts::default() };
    let notifier = server.notifier().with_timeouts(timeouts).unwrap();
    let mut mail = tokio::spawn(async move { send(&notifier).await });
    server.silent.notified().await;
    let error = time.ends_after(Duration::from_secs(5), &mut mail).await.unwrap_err();
    assert_eq!(error.to_string(), "temporarily refused: writing the mail: no answer within 5 s");
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_waits_for_a_free_connection_is_given_up_in_time_too() {
    let time = Standing::new();
    let server = Scripted::start(|command| if command == "." { Turn::Silence } else { good(command) }).await;
    let notifier = Arc::new(server.notifier().with_connections(1));
    let first = Arc::clone(&notifier);
    let first = tokio::spawn(async move { send(&first).await });
    server.silent.notified().await;
    // The first one is about to give up, and the second one has waited for 1 s.
    time.advance(Duration::from_secs(19)).await;
    let mut second = tokio::spawn(async move { send(&notifier).await });
    tokio::task::yield_now().await;
    time.advance(Duration::from_secs(1)).await;
    assert!(matches!(first.await.unwrap(), Err(NotifyError::Unknown { .. })));
    server.silent.notified().await;
    let error = time.ends_after(Duration::from_secs(19), &mut second).await.unwrap_err();
    assert!(error.to_string().ends_with("no answer within 20 s after DATA"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_does_after_it_took_a_mail_changes_nothing_about_the_mail() {
    let time = Standing::new();
    let server = Scripted::start(|command| if command == "QUIT" { Turn::Silence } else { good(command) }).await;
    let notifier = server.notifier().with_kept(Duration::ZERO, Duration::ZERO);
    let mut mail = tokio::spawn(async move { send(&notifier).await });
    server.silent.notified().await;
    assert_eq!(server.heard("QUIT"), 1);
    assert!(time.ends_after(Duration::from_secs(2), &mut mail).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_closed_after_60_s_without_a_mail_and_after_10_minutes_in_all() {
    let time = Standing::new();
    let server = Scripted::start(good).await;
    let notifier = server.notifier();
    send(&notifier).await.unwrap();
    time.advance(Duration::from_secs(59)).await;
    send(&notifier).await.unwrap();
    assert_eq!((server.connections(), server.heard("NOOP")), (1, 1), "one connection for both");
    time.advance(Duration::from_secs(61)).await;
    for _ in 0..100_000 {
        if server.closed() == 1 {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!((server.closed(), server.heard("QUIT")), (1, 1), "nobody used it");
    // One that is always in use ends too.
    for _ in 0..22 {
        send(&notifier).await.unwrap();
        time.advance(Duration::from_secs(30)).await;
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test(start_paused = true)]
async fn connections_that_died_silently_delay_a_mail_once_by_2_s_however_many_they_are() {
    let time = Standing::new();
    let dead = Arc::new(AtomicBool::new(false));
    let server = Scripted::start({
        let dead = Arc::clone(&dead);
        move |command| match command {
            "NOOP" if dead.load(Ordering::SeqCst) => Turn::Silence,
            command => good(command),
        }
    })
    .await;
    let notifier = Arc::new(server.notifier());
    // Eight at once have a connection each.
    let mails: Vec<_> = (0..8)
        .map(|_| {
            let notifier = Arc::clone(&notifier);
            tokio::spawn(async move { send(&notifier).await })
        })
        .collect();
    for mail in mails {
        mail.await.unwrap().unwrap();
    }
    assert_eq!(server.connections(), 8);
    dead.store(true, Ordering::SeqCst);
    let mut mail = tokio::spawn(async move { send(&notifier).await });
    server.silent.notified().await;
    time.advance(Duration::from_secs(2)).await;
    for _ in 0..100_000 {
        if mail.is_finished() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(mail.is_finished(), "it waits for another dead connection");
    (&mut mail).await.unwrap().unwrap();
    assert_eq!((server.connections(), server.heard("NOOP")), (9, 1));
}

#[tokio::test]
async fn only_a_refusal_of_the_address_is_permanent() {
    for (step, answer, permanent) in [
        ("RCPT", "550 5.1.1 <ada@example.org> no such user", true),
        ("RCPT", "550 5.1.10 no mail for this domain", true),
        ("RCPT", "550 5.2.1 mailbox disabled", true),
        ("RCPT", "550 no such user here", true),
        ("RCPT", "553 mailbox name not allowed", true),
        (".", "550 5.1.1 no such user", true),
        // The host's own settings, network and content.
        ("RCPT", "554 5.7.1 <ada@example.org>: Relay access denied", false),
        ("RCPT", "550 relay not permitted", false),
        ("RCPT", "550 5.7.1 Unable to relay", false),
        ("RCPT", "554 5.7.1 Service unavailable; client host blocked", false),
        ("RCPT", "550 5.1.8 sender domain not found", false),
        ("RCPT", "501 5.5.4 bad parameters", false),
        ("RCPT", "552 5.2.2 mailbox full", false),
        ("RCPT", "554 transaction failed", false),
        ("RCPT", "530 5.7.0 Authentication required", false),
        ("RCPT", "450 4.2.1 later", false),
        ("MAIL", "550 5.1.1 who are you", false),
        ("DATA", "554 5.5.1 no valid recipients", false),
        (".", "554 5.7.1 this looks like spam", false),
        (".", "550 this looks like spam", false),
        (".", "552 5.3.4 too large", false),
    ] {
        let server = Scripted::start(
            move |command| {
                if command == step { Turn::Answer(answer.to_owned()) } else { good(command) }
            },
        )
        .await;
        let error = send(&server.notifier()).await.unwrap_err();
        let told = match error {
            NotifyError::Permanent { .. } => true,
            NotifyError::Transient { .. } => false,
            other => panic!("{answer}: {other:?}"),
        };
        assert_eq!(told, permanent, "{step} {answer}");
    }
}

#[tokio::test]
async fn deadlines_are_longer_than_zero_and_shorter_than_the_routers() {
    let notifier =
        || SmtpNotifier::new(SmtpServer::on_this_machine(25), "Example", "no-reply@example.com", texts()).unwrap();
    let default = SmtpTimeouts::default();
    assert!(notifier().with_timeouts(SmtpTimeouts { total: SmtpTimeouts::MOST, ..default }).is_ok());
    for wrong in [
        SmtpTimeouts { connect: Duration::ZERO, ..default },
        SmtpTimeouts { answer: Duration::ZERO, ..default },
        SmtpTimeouts { total: Duration::ZERO, ..default },
        SmtpTimeouts { total: Duration::from_secs(25), ..default },
    ] {
        assert!(matches!(notifier().with_timeouts(wrong), Err(SmtpError::Timeouts(_))), "{wrong:?}");
    }
}
