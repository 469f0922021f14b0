//! Workers that are killed in the middle, a hundred times: what they had in hand is neither lost nor sent twice without doubt.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity::delivery::{Delivery, PostState, Router};
use identity::system::Clock;
use identity::{
    Accepted, CodeKeys, Email, Identity, NewAddress, NewUser, Notice, Notifier, NotifyError, Timestamp, UserId,
};
use identity_sqlite::{SqliteOptions, SqliteStore};

/// When it begins; every worker sees a time at which the leases of the one before have run out.
const BEGINNING: i64 = 1_800_000_000;
const A_LEASE: i64 = 121;
const USERS: usize = 2_500;
const KILLS: i64 = 100;

struct HandClock(i64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.unsigned_abs())
    }
}

fn keys() -> CodeKeys {
    CodeKeys::parse(&"5a".repeat(32)).unwrap()
}

async fn open(file: &Path, now: i64, notifier: impl Notifier) -> Identity {
    let options = SqliteOptions::default().with_busy_timeout(Duration::from_secs(30)).with_clock(HandClock(now));
    let store: SqliteStore = options.open(file).await.unwrap();
    Identity::new(store, notifier, keys()).with_clock(HandClock(now))
}

/// Asks the provider in the other process, a line there and a line back.
struct Remote {
    name: &'static str,
    port: u16,
}

#[identity::async_trait]
impl Notifier for Remote {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let (line, port) = (format!("{} {}\n", self.name, notice.message.id), self.port);
        let asked = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port))?;
            stream.write_all(line.as_bytes())?;
            let mut answer = String::new();
            BufReader::new(stream).read_line(&mut answer)?;
            Ok::<_, std::io::Error>(answer)
        });
        match asked.await.unwrap() {
            Ok(answer) if answer.starts_with("yes") => {
                Ok(Accepted { reference: Some(notice.message.id.to_string()), provider: None })
            }
            Ok(answer) if answer.starts_with("busy") => Err(NotifyError::transient("busy")),
            Ok(_) => Err(NotifyError::unknown("the line broke")),
            Err(error) => Err(NotifyError::unknown(error)),
        }
    }
}

/// What the provider took on: for each message who did, each time.
type Taken = Arc<Mutex<HashMap<String, Vec<String>>>>;

/// A provider: of five answers one is a fault. Gives its port.
fn provider(taken: &Taken) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (taken, asked) = (Arc::clone(taken), AtomicU64::new(0));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut line = String::new();
            let Ok(read) = stream.try_clone() else { continue };
            // Who was killed before it could say anything said nothing.
            if BufReader::new(read).read_line(&mut line).is_err() || !line.ends_with('\n') {
                continue;
            }
            let (name, message) = line.trim().split_once(' ').unwrap();
            let accept = || taken.lock().unwrap().entry(message.to_owned()).or_default().push(name.to_owned());
            let _ = match asked.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9) >> 7 & 15 {
                0 => stream.write_all(b"busy\n"),
                1 => {
                    accept();
                    Ok(())
                }
                2 => Ok(()),
                _ => {
                    accept();
                    stream.write_all(b"yes\n")
                }
            };
        }
    });
    port
}

fn router(port: u16) -> Router {
    let remote = |name| Remote { name, port };
    let providers = Router::builder().provider("one", remote("one")).provider("two", remote("two"));
    providers.emails(["one", "two"]).build().unwrap()
}

/// The worker that is killed: this test, run as a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as another process of the test beside it"]
async fn worker() {
    let told = |name: &str| std::env::var(name).unwrap();
    let (file, port) = (PathBuf::from(told("KILLED_FILE")), told("KILLED_PORT").parse().unwrap());
    let identity = open(&file, told("KILLED_NOW").parse().unwrap(), router(port)).await;
    identity.with_delivery(Delivery::default().with_batch(64)).deliver_forever().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_100_times_loses_nothing_and_sends_nothing_twice_without_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identity.db");
    let taken = Taken::default();
    let port = provider(&taken);
    let identity = open(&file, BEGINNING, router(port)).await;
    let mut users: Vec<UserId> = Vec::new();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..USERS {
        let identity = identity.clone();
        tasks.spawn(async move {
            let address = Email::parse(&format!("u{number}@example.com")).unwrap();
            let new = NewUser { addresses: vec![NewAddress::from(address).verified()], ..NewUser::default() };
            let user = identity.admin("test").create(new).await.unwrap().outcome;
            // Each of two is told to the first address; a notice is worth a day.
            for other in ["b", "c"] {
                let address = Email::parse(&format!("{other}{number}@example.com")).unwrap();
                identity.account(&user).add(address).await.unwrap();
            }
            user
        });
    }
    while let Some(user) = tasks.join_next().await {
        users.push(user.unwrap());
    }
    let mut killed_at_work = 0;
    for kill in 1..=KILLS {
        let before = taken.lock().unwrap().len();
        let mut worker = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "worker"])
            .env("KILLED_FILE", &file)
            .env("KILLED_PORT", port.to_string())
            .env("KILLED_NOW", (BEGINNING + kill * A_LEASE).to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Killed as soon as the provider has heard from it, a little later each time.
        let enough = before + 1 + usize::try_from(kill % 40).unwrap();
        for _ in 0..2_000 {
            if taken.lock().unwrap().len() >= enough {
                killed_at_work += 1;
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        worker.kill().unwrap();
        worker.wait().unwrap();
    }
    assert!(killed_at_work >= 90, "{killed_at_work} of {KILLS} were killed at work");
    // A last one, that nobody kills, does the rest.
    let mut now = BEGINNING + (KILLS + 1) * A_LEASE;
    loop {
        let identity = open(&file, now, router(port)).await;
        let delivered = identity.deliver_due().await.unwrap();
        if delivered.sent + delivered.retried + delivered.uncertain == 0 && now > BEGINNING + 400 * A_LEASE {
            break;
        }
        now += 10 * A_LEASE;
    }
    let taken = taken.lock().unwrap().clone();
    let (mut again, mut counted) = (0, 0);
    let mut records = 0;
    for user in &users {
        for posted in identity.admin("test").posted(user, None, 10).await.unwrap() {
            let id = posted.message.id.to_string();
            assert!(matches!(posted.state(), PostState::Sent(_)), "{posted:?}");
            let taken = taken.get(&id).unwrap_or_else(|| unreachable!("{id} is lost: {posted:?}"));
            assert!(taken.len() as u64 <= 1 + u64::from(posted.uncertain), "{id}: {taken:?}, {posted:?}");
            assert!(taken.windows(2).all(|pair| pair[0] == pair[1]), "{id} went to two providers: {taken:?}");
            assert!(posted.sent_at.unwrap() < posted.message.expires_at, "{id} was sent after it expired");
            again += taken.len() - 1;
            counted += posted.uncertain;
            records += 1;
        }
    }
    println!("{records} messages, {again} second sends, {counted} doubts counted, {killed_at_work} killed at work");
    assert_eq!((records, taken.len()), (2 * USERS, 2 * USERS), "every message was sent");
    assert!(again > 0 && again as u32 <= counted, "some were in doubt, and every doubt is counted");
}
