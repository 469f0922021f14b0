//! Random sequences of commands, compared with the model in memory.

use std::fmt::{Debug, Write as _};
use std::time::Duration;

use identity_core::policy::Budget;
use identity_core::{
    BudgetKind, Change, Charge, Claim, ClaimKey, ClaimKind, Content, DeliveryState, MessageId, Refund, Report, Status,
    Strength, Timestamp, UserKey, WhenExhausted,
};
use identity_memory::MemoryStore;
use identity_ports::{
    CommitError, Committed, Lease, LeaseId, ListQuery, Outbox, Prefix, Settled, Settlement, UserRepository,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use uuid::Uuid;

use crate::kit::{
    Draft, FAR, NOW, ORDERS, Person, challenge, change, charge, create, erase, id, key_in, lease, letter, look,
    mail_key, message_id, paid, pending, queued, raw_key, verified,
};
use crate::{Harness, Store};

const USERS: u8 = 5;
const ADDRESSES: [&str; 4] = ["A_b@example.com", "axb@example.com", "ada@example.com", "ada@example.org"];
const NAMES: [&str; 3] = ["Ada", "ad%", "ada@example.org"];
const TEXTS: [&str; 7] = ["", "a", "a_", "ad%", "ada@", "A", "ada@example.org"];

/// One command. Its numbers stand for users, addresses and so on; their meaning depends on the commands before.
#[derive(Debug, Clone)]
enum Command {
    Commit {
        user: u8,
        what: What,
        version: i8,
        take: Vec<(u8, bool)>,
        release: Vec<u8>,
        own: Vec<Cost>,
        mail: Vec<Vec<Cost>>,
    },
    Lease {
        limit: usize,
        secs: u64,
    },
    Settle {
        lease: usize,
        outcomes: Vec<(u8, u8)>,
    },
    Find {
        keys: Vec<u8>,
    },
    List {
        tenant: u8,
        order: u8,
        text: Option<u8>,
        limit: usize,
    },
    History {
        user: u8,
        after: u64,
        limit: usize,
    },
    DeadLetter {
        tenant: u8,
        limit: usize,
    },
    Report {
        message: u128,
        state: u8,
    },
    Posted {
        user: u8,
        after: Option<u128>,
        limit: usize,
    },
    Prune {
        secs: u64,
        limit: usize,
    },
    Withdraw {
        user: u8,
        identifier: u8,
    },
    Refund {
        user: u8,
        quota: u8,
        amount: u8,
        secs: u64,
    },
    Wait {
        millis: u64,
    },
    Restart,
}

#[derive(Debug, Clone)]
enum What {
    Create(Looks),
    Change(Looks),
    Erase,
}

/// The shape of a user: the status of each address, the username, and the number of events of the commit.
#[derive(Debug, Clone)]
struct Looks {
    addresses: Vec<(u8, u8)>,
    name: Option<u8>,
    events: u8,
}

#[derive(Debug, Clone)]
struct Cost {
    quota: u8,
    when: u8,
    amount: u8,
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let looks = (vec((0..4_u8, 0..3_u8), 0..3), proptest::option::of(0..3_u8), 1..3_u8);
    let looks = looks.prop_map(|(addresses, name, events)| Looks { addresses, name, events }).boxed();
    let what = prop_oneof![
        4 => looks.clone().prop_map(What::Create),
        8 => looks.prop_map(What::Change),
        1 => Just(What::Erase),
    ];
    let cost = (0..4_u8, 0..3_u8, prop_oneof![3 => Just(1_u8), 1 => 0..4_u8]);
    let cost = cost.prop_map(|(quota, when, amount)| Cost { quota, when, amount });
    let version = prop_oneof![8 => Just(0_i8), 1 => -2..3_i8];
    let claims = (vec((0..7_u8, any::<bool>()), 0..3), vec(0..7_u8, 0..3));
    let own = prop_oneof![3 => Just(Vec::new()), 1 => vec(cost.clone(), 1..3)];
    let commit = (0..USERS, what, version, claims, own, vec(vec(cost, 0..3), 0..3)).prop_map(
        |(user, what, version, (take, release), own, mail)| Command::Commit {
            user,
            what,
            version,
            take,
            release,
            own,
            mail,
        },
    );
    let command = prop_oneof![
        12 => commit,
        8 => (0..5_usize, 0..90_u64).prop_map(|(limit, secs)| Command::Lease { limit, secs }),
        6 => (0..2_usize, vec((0..4_u8, 0..5_u8), 1..4)).prop_map(|(lease, outcomes)| Command::Settle { lease, outcomes }),
        2 => vec(0..7_u8, 0..4).prop_map(|keys| Command::Find { keys }),
        2 => (0..2_u8, 0..4_u8, proptest::option::of(0..7_u8), 1..4_usize)
            .prop_map(|(tenant, order, text, limit)| Command::List { tenant, order, text, limit }),
        1 => (0..USERS, 0..6_u64, 0..6_usize).prop_map(|(user, after, limit)| Command::History { user, after, limit }),
        1 => (0..2_u8, 0..4_usize).prop_map(|(tenant, limit)| Command::DeadLetter { tenant, limit }),
        4 => (1..12_u128, 0..5_u8).prop_map(|(message, state)| Command::Report { message, state }),
        2 => (0..USERS, proptest::option::of(0..9_u128), 0..4_usize)
            .prop_map(|(user, after, limit)| Command::Posted { user, after, limit }),
        1 => (0..90_u64, 0..3_usize).prop_map(|(secs, limit)| Command::Prune { secs, limit }),
        2 => (0..USERS, 0..2_u8).prop_map(|(user, identifier)| Command::Withdraw { user, identifier }),
        4 => (0..USERS, 0..2_u8, 1..4_u8, 0..40_u64)
            .prop_map(|(user, quota, amount, secs)| Command::Refund { user, quota, amount, secs }),
        3 => (0..50_000_u64).prop_map(|millis| Command::Wait { millis }),
        1 => Just(Command::Restart),
    ];
    vec(command, 1..50)
}

/// After any sequence of commands, every answer and everything stored is the same as in the model in memory. The law
/// runs 64 sequences, always the same ones; the environment variables `PROPTEST_CASES` and `PROPTEST_RNG_SEED` select
/// more and others. A sequence that differs is reduced to a minimal one.
pub async fn random_sequences_equal_the_model(harness: &dyn Harness) {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 64;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(2_026);
    }
    let cases = config.cases;
    let mut runner = TestRunner::new(config);
    let mut run = 0;
    for _ in 0..cases {
        let mut tree = commands().new_tree(&mut runner).expect("a sequence of commands");
        let Err(mut difference) = compare(harness, &mut run, &tree.current()).await else { continue };
        let mut shortest = tree.current();
        let mut differs = true;
        for _ in 0..500 {
            if !(if differs { tree.simplify() } else { tree.complicate() }) {
                break;
            }
            let shorter = compare(harness, &mut run, &tree.current()).await;
            differs = shorter.is_err();
            if let Err(found) = shorter {
                (shortest, difference) = (tree.current(), found);
            }
        }
        let mut steps = String::new();
        for command in &shortest {
            writeln!(steps, "  {command:?}").unwrap();
        }
        panic!("the store and the model differ: {difference}\nafter\n{steps}");
    }
}

fn equal<T: PartialEq + Debug>(what: &str, store: &T, model: &T) -> Result<(), String> {
    if store == model { Ok(()) } else { Err(format!("{what}\n  store: {store:?}\n  model: {model:?}")) }
}

/// Runs the commands on the store, in tenants of their own, and on a new model.
async fn compare(harness: &dyn Harness, run: &mut u32, commands: &[Command]) -> Result<(), String> {
    *run += 1;
    let mut world = World { run: *run, now: NOW, messages: 0, leases: Vec::new(), model: MemoryStore::new() };
    let mut store = harness.open().await;
    let mut result = Ok(());
    for command in commands {
        if matches!(command, Command::Restart) {
            store = harness.restart(store).await;
        }
        result = world.step(&*store, command).await;
        if result.is_err() {
            break;
        }
    }
    if result.is_ok() {
        result = world.end(&*store).await;
    }
    // The next sequence begins without pending messages.
    let lease = lease(2, FAR + LONG, FAR + LONG + LONG, 100_000);
    store.prune(Timestamp::from_micros(i64::MAX), 1_000_000).await.expect("the store prunes");
    loop {
        let left = store.lease(lease.clone()).await.expect("the store leases");
        if left.is_empty() {
            return result;
        }
        let gone = left.iter().map(|leased| Settled { id: leased.message.id, outcome: Settlement::Done }).collect();
        store.settle(lease.id, gone).await.expect("the store settles");
    }
}

const LONG: Duration = Duration::from_secs(1_000_000);

struct World {
    run: u32,
    now: Timestamp,
    messages: u128,
    leases: Vec<(LeaseId, Vec<MessageId>)>,
    model: MemoryStore,
}

impl World {
    fn user(&self, number: u8) -> UserKey {
        key_in(&format!("model {} {}", self.run, number % 2), &format!("user {}", number / 2))
    }

    async fn step(&mut self, store: &dyn Store, command: &Command) -> Result<(), String> {
        match command {
            Command::Commit { user, what, version, take, release, own, mail } => {
                let key = self.user(*user);
                let Some(mut draft) = self.draft(&key, *user, what).await else { return Ok(()) };
                if let identity_ports::Expected::At(at) = draft.0.expected {
                    draft = draft.expecting(at.0.saturating_add_signed((*version).into()));
                }
                for (number, firmly) in take {
                    let claim = claim_key(*number);
                    if !draft.0.claims.take.iter().any(|claimed| claimed.key == claim) {
                        draft.0.claims.take.push(Claim { key: claim, strength: strength(*firmly) });
                    }
                }
                draft = release.iter().fold(draft, |draft, number| draft.release(&claim_key(*number)));
                for charge in own.iter().map(|cost| self.charge(cost)) {
                    // A commit has no message to withhold.
                    let refuses = charge.when_exhausted == WhenExhausted::Withhold;
                    let when_exhausted = if refuses { WhenExhausted::Refuse } else { charge.when_exhausted };
                    draft = draft.charge(Charge { when_exhausted, ..charge });
                }
                for costs in mail {
                    draft = self.post(draft, &key, costs);
                }
                self.both(store, draft).await
            }
            Command::Lease { limit, secs } => {
                let id = LeaseId(Uuid::from_u128((u128::from(self.run) << 64) + 10 + self.leases.len() as u128));
                let until = self.now + Duration::from_secs(*secs);
                let lease = Lease { id, ..lease(0, self.now, until, *limit) };
                let [ours, models] =
                    [store.lease(lease.clone()).await.unwrap(), self.model.lease(lease).await.unwrap()];
                self.leases.push((id, models.iter().map(|leased| leased.message.id).collect()));
                equal("what was leased", &ours, &models)
            }
            Command::Settle { lease, outcomes } => {
                let Some(index) = self.leases.len().checked_sub(lease + 1) else { return Ok(()) };
                let (id, held) = &self.leases[index];
                let settled: Vec<Settled> = outcomes
                    .iter()
                    .filter_map(|(which, outcome)| {
                        let id = held.get(usize::from(*which)).copied()?;
                        Some(Settled { id, outcome: self.outcome(*outcome) })
                    })
                    .collect();
                let ours = store.settle(*id, settled.clone()).await.unwrap();
                equal("how many were settled", &ours, &self.model.settle(*id, settled).await.unwrap())
            }
            Command::Find { keys } => {
                let mut keys: Vec<ClaimKey> = keys.iter().map(|number| claim_key(*number)).collect();
                let mut seen = std::collections::HashSet::new();
                keys.retain(|key| seen.insert(key.clone()));
                let tenant = self.user(0).tenant;
                let ours = store.find(&tenant, &keys).await.unwrap();
                equal("what was found", &ours, &self.model.find(&tenant, &keys).await.unwrap())
            }
            Command::List { tenant, order, text, limit } => {
                let kind = if order % 2 == 0 { ClaimKind::Email } else { ClaimKind::Username };
                let prefix = text.map(|text| Prefix { kind, text: TEXTS[usize::from(text)].to_owned() });
                let order = ORDERS[usize::from(*order)];
                let mut query = ListQuery { order, after: None, limit: *limit, prefix };
                let tenant = self.user(*tenant).tenant;
                loop {
                    let ours = store.list(&tenant, &query).await.unwrap();
                    let models = self.model.list(&tenant, &query).await.unwrap();
                    equal("a page", &ours, &models)?;
                    match models.next {
                        Some(next) => query.after = Some(next),
                        None => return Ok(()),
                    }
                }
            }
            Command::History { user, after, limit } => {
                let key = self.user(*user);
                let ours = store.history(&key, *after, *limit).await.unwrap();
                equal("a history", &ours, &self.model.history(&key, *after, *limit).await.unwrap())
            }
            Command::DeadLetter { tenant, limit } => {
                let tenant = self.user(*tenant).tenant;
                let ours = store.dead_letters(&tenant, None, *limit).await.unwrap();
                equal("the dead letters", &ours, &self.model.dead_letters(&tenant, None, *limit).await.unwrap())?;
                equal("the backlog", &store.backlog().await.unwrap(), &self.model.backlog().await.unwrap())
            }
            Command::Report { message, state } => {
                let report = Report::new(DeliveryState::ALL[usize::from(*state)], self.now).with_detail("551");
                let id = self.message_id(*message);
                let ours = store.report(id, &report).await.unwrap();
                equal("a message after a report", &ours, &self.model.report(id, &report).await.unwrap())?;
                let ours = store.message(id).await.unwrap();
                equal("a message", &ours, &self.model.message(id).await.unwrap())
            }
            Command::Posted { user, after, limit } => {
                let (key, after) = (self.user(*user), after.map(|number| self.message_id(number)));
                let ours = store.posted(&key, after, *limit).await.unwrap();
                equal("a user's messages", &ours, &self.model.posted(&key, after, *limit).await.unwrap())
            }
            Command::Prune { secs, limit } => {
                let before = self.now - Duration::from_secs(*secs);
                let ours = store.prune(before, 10_000).await.unwrap();
                equal("how many were pruned", &ours, &self.model.prune(before, 10_000).await.unwrap())?;
                let ours = store.prune(self.now, *limit).await.unwrap();
                // Which messages are pruned first is up to the store, so all are pruned.
                let models = self.model.prune(self.now, *limit).await.unwrap();
                equal("how many were pruned of some", &ours, &models)?;
                let ours = store.prune(self.now, 10_000).await.unwrap();
                equal("how many were left to prune", &ours, &self.model.prune(self.now, 10_000).await.unwrap())
            }
            Command::Withdraw { user, identifier } => {
                let key = self.user(*user);
                let Some(mut draft) = self.touch(&key).await else { return Ok(()) };
                draft.0.withdraw.push(id((*identifier).into()));
                self.both(store, draft).await
            }
            Command::Refund { user, quota, amount, secs } => {
                let key = self.user(*user);
                let Some(mut draft) = self.touch(&key).await else { return Ok(()) };
                draft.0.refunds.push(Refund {
                    kind: [BudgetKind::Address, BudgetKind::Country][usize::from(quota % 2)],
                    quota: format!("quota {quota}"),
                    amount: (*amount).into(),
                    at: self.now - Duration::from_secs(*secs),
                });
                let costs = Cost { quota: *quota, when: 1, amount: 1 };
                draft = self.post(draft, &key, &[costs]);
                self.both(store, draft).await
            }
            Command::Wait { millis } => {
                self.now = self.now + Duration::from_millis(*millis);
                Ok(())
            }
            Command::Restart => Ok(()),
        }
    }

    /// Commits to the store and to the model.
    async fn both(&self, store: &dyn Store, draft: Draft) -> Result<(), String> {
        let commit = draft.0;
        let key = commit.key.clone();
        let [ours, models] = [store.commit(commit.clone()).await, self.model.commit(commit).await].map(answer);
        equal("the answer to a commit", &ours, &models)?;
        let loaded = [store.load(&key).await.unwrap(), self.model.load(&key).await.unwrap()];
        equal("the user after a commit", &loaded[0], &loaded[1])
    }

    /// A commit that changes nothing about a user; `None` when there is no such user.
    async fn touch(&self, key: &UserKey) -> Option<Draft> {
        let stored = self.model.load(key).await.unwrap()?;
        let person = Person::of(&stored.user);
        Some(change(key, &stored, &person).events(self.now, vec![Change::Enabled]))
    }

    fn message_id(&self, number: u128) -> MessageId {
        message_id((u128::from(self.run) << 32) + number)
    }

    /// The commit without claims and messages, based on the model's state; `None` when nobody could have read such a
    /// user.
    async fn draft(&self, key: &UserKey, user: u8, what: &What) -> Option<Draft> {
        let stored = self.model.load(key).await.unwrap();
        match what {
            What::Create(looks) => {
                let person = self.person(looks, user, Person::default().created(self.now));
                let mut changes = vec![Change::Created { user: key.user.clone() }];
                changes.resize(looks.events.into(), Change::Disabled);
                Some(create(key, &person).events(self.now, changes))
            }
            What::Change(looks) => {
                let stored = stored?;
                let blank = Person::default().created(stored.user.created_at()).updated(self.now);
                let changes = vec![Change::Enabled; looks.events.into()];
                Some(change(key, &stored, &self.person(looks, user, blank)).events(self.now, changes))
            }
            What::Erase => Some(erase(key, &stored?)),
        }
    }

    fn person(&self, looks: &Looks, user: u8, blank: Person) -> Person {
        let mut person = blank;
        for (address, status) in &looks.addresses {
            let number = u128::from(user) * 100 + u128::from(*address);
            let status = [Status::Unverified, pending(), verified()][usize::from(*status)].clone();
            if person.entries.iter().all(|entry| entry.id != id(number)) {
                person = person.email(number, ADDRESSES[usize::from(*address)], status);
            }
        }
        match looks.name {
            Some(name) => person.username(u128::from(user) * 100 + 50, NAMES[usize::from(name)]),
            None => person,
        }
    }

    /// Another message, with an id after all others.
    fn post(&mut self, draft: Draft, key: &UserKey, costs: &[Cost]) -> Draft {
        self.messages += 1;
        let mut message = letter((u128::from(self.run) << 32) + self.messages, key, self.now);
        if !self.messages.is_multiple_of(3) {
            let identifier = id(self.messages % 2);
            message.content = Content::Challenge { identifier, challenge: challenge() };
        }
        if self.messages.is_multiple_of(4) {
            message.to = identity_core::Email::parse("other@example.com").expect("an e-mail address").into();
        }
        let charges = costs.iter().map(|cost| self.charge(cost));
        draft.message(paid(message, charges.collect()))
    }

    fn charge(&self, cost: &Cost) -> Charge {
        let budget = Budget::new(1 + u64::from(cost.quota), Duration::from_secs(60));
        let when = [WhenExhausted::Refuse, WhenExhausted::Withhold, WhenExhausted::Record][usize::from(cost.when)];
        let kind = [BudgetKind::Address, BudgetKind::Country][usize::from(cost.quota % 2)];
        let charge = charge(kind, &format!("quota {}", cost.quota), budget, self.now, when);
        Charge { amount: cost.amount.into(), ..charge }
    }

    fn outcome(&self, number: u8) -> Settlement {
        match number {
            0 => Settlement::Done,
            1 => Settlement::Retry {
                due_at: self.now + Duration::from_secs(20),
                error: "not now".to_owned(),
                provider: Some("second".to_owned()),
                uncertain: self.messages.is_multiple_of(2),
            },
            2 => Settlement::Sent {
                at: self.now,
                provider: Some("first".to_owned()),
                reference: Some("number 9".to_owned()),
            },
            3 => Settlement::Failed { at: self.now, error: "never".to_owned() },
            _ => Settlement::Release { due_at: self.now + Duration::from_secs(5) },
        }
    }

    /// Everything that is stored, and every message with its attempts.
    async fn end(&self, store: &dyn Store) -> Result<(), String> {
        let keys: Vec<UserKey> = (0..USERS).map(|number| self.user(number)).collect();
        let claims: Vec<ClaimKey> = (0..7).map(claim_key).collect();
        equal("what is kept", &look(store, &keys, &claims).await, &look(&self.model, &keys, &claims).await)?;
        equal("what is on its way", &queued(store).await, &queued(&self.model).await)
    }
}

fn claim_key(number: u8) -> ClaimKey {
    match number {
        0..4 => mail_key(ADDRESSES[usize::from(number)]),
        _ => raw_key(ClaimKind::Username, NAMES[usize::from(number) - 4].to_ascii_lowercase().as_str()),
    }
}

fn strength(firmly: bool) -> Strength {
    if firmly { Strength::Verified } else { Strength::Unverified }
}

/// The part of an answer that is the same for every store: when several claims are taken, any of them may be named.
fn answer(result: Result<Committed, CommitError>) -> String {
    match result {
        Ok(committed) => format!("done, {:?}", committed.exhausted),
        Err(CommitError::Conflict) => "conflict".to_owned(),
        Err(CommitError::Taken(_)) => "taken".to_owned(),
        Err(CommitError::Exhausted(exhausted)) => format!("used up: {exhausted:?}"),
        Err(other) => panic!("this error was not expected: {other}"),
    }
}
