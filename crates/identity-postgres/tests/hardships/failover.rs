//! The primary dies, and the standby takes over: whatever was acknowledged is there.
//!
//! Four processes go on changing users while it happens, twenty times over. They tell what they were told; in the end that is
//! held against what the last primary has.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use identity::{Error, Identity};
use identity_conformance::kit::code_keys;
use identity_core::{Code, Confirmation, Email, IdentifierId, NewUser, UserId};
use identity_ports::{Accepted, Notice, Notifier, NotifyError};
use identity_postgres::PostgresStore;
use postgres_testbed::{Cluster, USER};

const CONNECTION: &str = "IDENTITY_POSTGRES_TEST_SERVERS";
const CLIENT: &str = "IDENTITY_POSTGRES_TEST_CLIENT";
const CLIENTS: usize = 4;
const ROUNDS: usize = 20;
/// As many users of each client have to come and go before and after each failover.
const USERS: usize = 15;

struct Nobody;

#[identity::async_trait]
impl Notifier for Nobody {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        Ok(Accepted::default())
    }
}

/// One of the processes; alone it has nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as one of the processes of the test below"]
async fn client() {
    let (Ok(servers), Ok(name)) = (std::env::var(CONNECTION), std::env::var(CLIENT)) else { return };
    let options = PostgresStore::options().with_pool_size(4).with_timeout(Duration::from_secs(2));
    let store = options.connect(&servers).await.unwrap();
    let host = Identity::new(store, Nobody, code_keys());
    for number in 0.. {
        visit(&host, &format!("{name}-{number}")).await;
    }
}

/// Somebody comes, gets a code, mistypes it twice, and gives it in twice at once. Every answer is told as it comes.
async fn visit(host: &Identity, name: &str) {
    let admin = host.admin("host");
    let user = UserId::parse(name).unwrap();
    let email = Email::parse(&format!("{name}@example.com")).unwrap();
    let id = loop {
        let new = NewUser { id: Some(user.clone()), addresses: vec![email.clone().into()], ..NewUser::default() };
        match admin.create(new).await {
            Ok(receipt) => {
                println!("\ntold created {name}");
                break receipt.user.emails().entries()[0].id;
            }
            // Whether it was written is for a new look to say.
            Err(Error::Store(_)) => {}
            Err(Error::Refused(_)) => break admin.get(&user).await.unwrap().emails().entries()[0].id,
            Err(other) => panic!("{other:?}"),
        }
        if let Ok(there) = admin.get(&user).await {
            println!("\ntold created {name}");
            break there.emails().entries()[0].id;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let code = loop {
        match admin.issue_code(&user, id).await {
            Ok(issued) => break issued.outcome.code,
            // An earlier one was written, and its answer lost: it may not be asked for so soon again.
            Err(Error::Refused(_)) => return,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let wrong = Code::parse(if code.reveal() == "000000" { "000001" } else { "000000" }).unwrap();
    for _ in 0..2 {
        println!("\ntold tries {name}");
        answer(host, name, &user, id, &wrong).await;
    }
    tokio::join!(answer(host, name, &user, id, &code), answer(host, name, &user, id, &code));
    println!("\ntold left {name}");
}

async fn answer(host: &Identity, name: &str, user: &UserId, id: IdentifierId, code: &Code) {
    match host.account(user).confirm(id, code).await {
        Ok(receipt) => match receipt.outcome {
            Confirmation::Verified => println!("\ntold accepted {name}"),
            Confirmation::Contested | Confirmation::Rejected { .. } => println!("\ntold rejected {name}"),
        },
        Err(Error::Store(_) | Error::Contended | Error::Refused(_)) => {}
        Err(other) => panic!("{other:?}"),
    }
}

fn spawn(servers: &str, name: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "failover::client", "--ignored", "--nocapture"])
        .env(CONNECTION, servers)
        .env(CLIENT, name)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What was told, and when it arrived here.
type Told = (Instant, usize, String);

/// What the clients were told in all.
#[derive(Default)]
struct Sum {
    created: BTreeSet<String>,
    accepted: BTreeMap<String, usize>,
    rejected: BTreeMap<String, usize>,
    tried: BTreeMap<String, usize>,
    answers: Vec<Instant>,
}

impl Sum {
    fn take(&mut self, (when, _, line): Told) {
        let (what, name) = line.split_once(' ').unwrap();
        let name = name.to_owned();
        match what {
            "created" => drop(self.created.insert(name)),
            "accepted" => *self.accepted.entry(name).or_default() += 1,
            "rejected" => *self.rejected.entry(name).or_default() += 1,
            "tries" => *self.tried.entry(name).or_default() += 1,
            "left" => {}
            other => panic!("{other}"),
        }
        if matches!(what, "created" | "accepted" | "rejected") {
            self.answers.push(when);
        }
    }

    /// Waits until every client has seen so many users out who left after now.
    fn wait(&mut self, told: &Receiver<Told>, users: usize) {
        let now = Instant::now();
        let mut left = [0; CLIENTS];
        while left.iter().any(|left| *left < users) {
            assert!(now.elapsed() < Duration::from_secs(60), "the clients do not go on: {left:?}");
            if let Ok(told) = told.recv_timeout(Duration::from_millis(100)) {
                left[told.1] += usize::from(told.0 > now && told.2.starts_with("left"));
                self.take(told);
            }
        }
    }

    /// The longest time without an answer since then.
    fn gap(&self, since: Instant) -> Duration {
        let mut answers: Vec<Instant> = self.answers.iter().copied().filter(|when| *when >= since).collect();
        answers.sort();
        answers.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
    }
}

#[test]
fn what_was_acknowledged_outlives_the_primary() {
    let mut primary = Cluster::builder().start();
    let database = primary.database();
    let mut standby = primary.standby();
    let servers = format!(
        "postgres://{USER}@127.0.0.1:{},127.0.0.1:{}/{}?target_session_attrs=read-write",
        primary.port(),
        standby.port(),
        database.name()
    );
    let (sender, told) = channel();
    let mut clients = Vec::new();
    let mut readers = Vec::new();
    for number in 0..CLIENTS {
        let mut client = spawn(&servers, &format!("client-{number}"));
        let lines = BufReader::new(client.stdout.take().unwrap()).lines();
        let sender = sender.clone();
        readers.push(std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(line) = line.strip_prefix("told ")
                    && sender.send((Instant::now(), number, line.to_owned())).is_err()
                {
                    return;
                }
            }
        }));
        clients.push(client);
    }
    drop(sender);

    let mut sum = Sum::default();
    let mut gaps = Vec::new();
    for _ in 0..ROUNDS {
        sum.wait(&told, USERS);
        let began = Instant::now();
        let port = primary.port();
        primary.kill();
        standby.promote();
        sum.wait(&told, USERS);
        gaps.push(sum.gap(began - Duration::from_millis(50)));
        primary = standby;
        standby = primary.standby_at(port);
    }
    sum.wait(&told, USERS);
    for client in &mut clients {
        assert!(client.try_wait().unwrap().is_none(), "every client goes on to the end");
        client.kill().unwrap();
        client.wait().unwrap();
    }
    for reader in readers {
        reader.join().unwrap();
    }
    while let Ok(last) = told.try_recv() {
        sum.take(last);
    }

    let stored = primary.sql(
        database.name(),
        "select user_id, count(*) filter (where e ->> 'type' = 'answer_rejected'), count(*) filter (where e ->> 'e' = 'verified'), \
         count(*) = max(number) from identity_events, json_array_elements(record) e where json_typeof(e) = 'object' \
         group by user_id",
    );
    let mut seen = BTreeMap::new();
    for line in stored.lines() {
        let cells: Vec<&str> = line.split('|').collect();
        assert_eq!(cells[3], "t", "no event of {} is missing", cells[0]);
        seen.insert(cells[0].to_owned(), (cells[1].parse::<usize>().unwrap(), cells[2].parse::<usize>().unwrap()));
    }
    for user in &sum.created {
        assert!(seen.contains_key(user), "{user} was acknowledged, and is lost");
    }
    for (user, (rejected, verified)) in &seen {
        let told = |counts: &BTreeMap<String, usize>| counts.get(user).copied().unwrap_or_default();
        let (accepted, judged, tried) = (told(&sum.accepted), told(&sum.rejected), told(&sum.tried));
        assert!(accepted <= 1, "the code of {user} was accepted {accepted} times");
        assert!(
            accepted <= *verified && *verified <= 1,
            "{user} was told {accepted}, and was verified {verified} times"
        );
        assert!(*rejected >= judged, "of {user} {judged} tries were judged, and {rejected} are counted");
        assert!(*rejected <= tried, "of {user} {rejected} tries are counted, and there were {tried}");
    }
    let orphans = "select count(*) from identity_claims c where not exists \
                   (select 1 from identity_users u where u.tenant = c.tenant and u.id = c.user_id)";
    assert_eq!(primary.sql(database.name(), orphans), "0");

    let gaps_ms: Vec<u128> = gaps.iter().map(Duration::as_millis).collect();
    let judged: usize = sum.rejected.values().sum();
    println!(
        "{ROUNDS} failovers: {} users, {judged} wrong codes and {} right ones acknowledged, none lost; \
         ms without service: median {}, longest {}",
        sum.created.len(),
        sum.accepted.len(),
        median(&gaps_ms),
        gaps_ms.iter().max().unwrap()
    );
    assert!(sum.created.len() > 2 * ROUNDS * CLIENTS * USERS - CLIENTS);
    assert!(sum.accepted.len() > sum.created.len() / 2 && judged > sum.created.len());
}

fn median(values: &[u128]) -> u128 {
    let mut values = values.to_vec();
    values.sort_unstable();
    values[values.len() / 2]
}
