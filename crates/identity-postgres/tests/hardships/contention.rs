//! Many clients at one user, one claim, one budget or one primary: exact, at either level of isolation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use identity::{Error, Identity};
use identity_conformance::kit::{Bench, NOW, Person, charge, code_keys, create, key, letter, paid, refusing};
use identity_core::policy::Budget;
use identity_core::{
    BudgetKind, Change, Code, Confirmation, Email, IdentifierId, NewUser, Phone, Policy, Refusal, TenantId, UserId,
    WhenExhausted,
};
use identity_ports::{Accepted, Budgets as _, CommitError, Notice, Notifier, NotifyError, UserRepository as _};
use identity_postgres::PostgresStore;
use postgres_testbed::{Cluster, Database};
use tokio::sync::Barrier;

const LEVELS: [&str; 2] = ["read committed", "serializable"];

fn database(level: &str) -> Database {
    let database = Cluster::shared().database();
    database.sql(&format!("alter database {} set default_transaction_isolation = '{level}'", database.name()));
    database
}

/// As many stores as there would be processes.
async fn stores(database: &Database, count: usize) -> Vec<Arc<PostgresStore>> {
    let mut stores = Vec::new();
    for _ in 0..count {
        // A crowd of 10,000 on a slow machine takes longer than the usual timeout.
        let options = PostgresStore::options().with_pool_size(8).with_timeout(Duration::from_secs(120));
        stores.push(Arc::new(options.connect(&database.url()).await.unwrap()));
    }
    stores
}

struct Nobody;

#[identity::async_trait]
impl Notifier for Nobody {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        Ok(Accepted::default())
    }
}

/// The use cases, each on a store of its own, with real time.
fn hosts(stores: &[Arc<PostgresStore>]) -> Vec<Identity> {
    let host = |store: &Arc<PostgresStore>| {
        Identity::new(PostgresStore::clone(store), Nobody, code_keys()).for_tenant(TenantId::parse("acme").unwrap())
    };
    stores.iter().map(host).collect()
}

/// Runs something many times at once.
async fn at_once<F, T>(times: usize, run: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let barrier = Arc::new(Barrier::new(times));
    let running: Vec<_> = (0..times)
        .map(|number| {
            let (barrier, run) = (Arc::clone(&barrier), run(number));
            tokio::spawn(async move {
                barrier.wait().await;
                run.await
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(times);
    for handle in running {
        answers.push(handle.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn of_256_clients_at_one_user_every_wrong_code_is_counted() {
    for level in LEVELS {
        let database = database(level);
        let stores = stores(&database, 8).await;
        let benches: Vec<_> = stores.iter().map(|store| Bench::new(store.clone(), Policy::default())).collect();
        let new = NewUser { id: Some(key("ada").user), ..NewUser::default() };
        let user = benches[0].identity.admin("host").create(new).await.unwrap().outcome;
        let account = benches[0].identity.account(&user);
        let phone = account.add(Phone::from_e164("+441514960453").unwrap()).await.unwrap().outcome;
        account.start_verification(phone).await.unwrap();
        let code = benches[0].read_mail().await.0.unwrap();
        let answers = at_once(256, |number| {
            let account = benches[number % benches.len()].identity.account(&user);
            let guess = format!("{number:06}");
            let guess = Code::parse(if guess == code.reveal() { "999999" } else { &guess }).unwrap();
            async move { account.confirm(phone, &guess).await }
        })
        .await;
        let mut judged = 0;
        for answer in answers {
            match answer {
                Ok(receipt) => {
                    assert!(matches!(receipt.outcome, Confirmation::Rejected { .. }));
                    judged += 1;
                }
                Err(Error::Refused(_) | Error::Contended) => {}
                Err(other) => panic!("{level}: {other}"),
            }
        }
        let tries = usize::from(benches[0].identity.policy().verification().tries());
        assert_eq!(judged, tries, "{level}: so many are judged, and no more");
        let history = stores[0].history(&key("ada"), 0, 10_000).await.unwrap();
        let rejected = |change: &Change| change.kind() == "answer_rejected";
        let counted = history.iter().filter(|recorded| rejected(&recorded.event.change)).count();
        assert_eq!(counted, judged, "{level}: each one is in the history");
        let late = account.confirm(phone, &code).await;
        assert!(matches!(late, Err(Error::Refused(_))), "{level}: {late:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_who_claim_one_address_one_wins() {
    for level in LEVELS {
        let database = database(level);
        let stores = stores(&database, 8).await;
        let hosts = hosts(&stores);
        for round in 0..4 {
            let email = Email::parse(&format!("contested.{round}@example.com")).unwrap();
            let mut users: Vec<(UserId, IdentifierId)> = Vec::new();
            for _ in 0..64 {
                let new = NewUser { addresses: vec![email.clone().into()], ..NewUser::default() };
                let receipt = hosts[0].admin("host").create(new).await.unwrap();
                users.push((receipt.outcome, receipt.user.emails().entries()[0].id));
            }
            let answers = at_once(64, |number| {
                let host = hosts[number % hosts.len()].clone();
                let (user, id) = users[number].clone();
                async move { host.admin("host").mark_verified(&user, id).await }
            })
            .await;
            let won = answers.iter().filter(|answer| answer.is_ok()).count();
            let taken =
                answers.iter().filter(|answer| matches!(answer, Err(Error::Refused(Refusal::Taken { .. })))).count();
            assert_eq!((won, taken), (1, 63), "{level}: {answers:?}");
            let owners =
                database.sql(&format!("select count(*) from identity_claims where key = '{}'", email.as_str()));
            assert_eq!(owners, "1");
        }
    }
}

/// Some draw once, some twice in one commit, some without a commit; what several processes draw at once adds up.
#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_several_processes_draw_on_is_exact() {
    const LIMIT: u64 = 50;
    for level in LEVELS {
        let database = database(level);
        let stores = stores(&database, 4).await;
        let answers = at_once(64, |number| {
            let store = Arc::clone(&stores[number % stores.len()]);
            let user = key(&format!("spender {number}"));
            // A store takes its commits one after the other here: each has both kinds.
            let times = 1 + number / stores.len() % 2;
            let messages = (0..times).map(|message| {
                let number = u128::try_from(10 * number + message).unwrap();
                paid(letter(number, &user, NOW), vec![refusing("+49", LIMIT, NOW)])
            });
            let draft = messages.fold(create(&user, &Person::default()), |draft, message| draft.message(message));
            let bare = number % 3 == 0;
            async move {
                if bare {
                    let charge = [refusing("+49", LIMIT, NOW)];
                    let drawn = store.draw(&user.tenant, &[], &charge).await;
                    return drawn.map(|()| 1).map_err(|error| (1, error));
                }
                store.commit(draft.0).await.map(|_| u64::try_from(times).unwrap()).map_err(|error| (times, error))
            }
        })
        .await;
        let drawn: u64 = answers.iter().flatten().sum();
        assert_eq!(database.sql("select drawn from identity_budgets"), drawn.to_string(), "{level}");
        let bare = u64::try_from(answers.iter().step_by(3).flatten().count()).unwrap();
        assert_eq!(database.sql("select count(*) from identity_outbox"), (drawn - bare).to_string(), "{level}");
        for answer in &answers {
            if let Err((times, error)) = answer {
                assert!(matches!(error, CommitError::Exhausted(_)), "{level}: {error:?}");
                assert!(drawn + u64::try_from(*times).unwrap() > LIMIT, "{level}: there was room for {times}");
            }
        }
        assert!(drawn <= LIMIT, "{level}: {drawn}");
    }
}

/// A budget that is only watched is told by each draw beyond it, and by no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_watched_budget_that_several_processes_draw_on_is_told_exactly() {
    for level in LEVELS {
        let stores = stores(&database(level), 4).await;
        for round in 0..30 {
            let spend = |number: usize| {
                let store = Arc::clone(&stores[number % stores.len()]);
                let user = key(&format!("spender {round} {number}"));
                let budget = Budget::new(2, Duration::from_secs(60));
                let costs = charge(BudgetKind::TenantMoney, &format!("{round}"), budget, NOW, WhenExhausted::Record);
                let message = paid(letter(u128::try_from(100 * round + number).unwrap(), &user, NOW), vec![costs]);
                let draft = create(&user, &Person::default()).message(message);
                async move { store.commit(draft.0).await.unwrap().exhausted.len() }
            };
            assert_eq!(spend(0).await, 0, "{level}");
            let told: usize = at_once(8, |number| spend(number + 1)).await.iter().sum();
            assert_eq!(told, 7, "{level}: of eight one has room");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_10_000_at_once_who_set_a_primary_each_sees_what_it_did_at_read_committed() {
    set_primaries(LEVELS[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_10_000_at_once_who_set_a_primary_each_sees_what_it_did_at_serializable() {
    set_primaries(LEVELS[1]).await;
}

const USERS: usize = 500;
const ADDRESSES: usize = 4;
const CALLS: usize = 10_000;

/// A user with verified addresses; what they are, and the version then.
struct Owner {
    user: UserId,
    addresses: Vec<IdentifierId>,
    version: u64,
}

async fn owner(host: Identity, number: usize) -> Owner {
    let addresses = (0..ADDRESSES).map(|i| Email::parse(&format!("p{i}.{number}@example.com")).unwrap().into());
    let new = NewUser { addresses: addresses.collect(), ..NewUser::default() };
    let created = host.admin("host").create(new).await.unwrap();
    let addresses: Vec<IdentifierId> = created.user.emails().entries().iter().map(|entry| entry.id).collect();
    let mut version = created.version.0;
    for id in &addresses {
        version = host.admin("host").mark_verified(&created.outcome, *id).await.unwrap().version.0;
    }
    Owner { user: created.outcome, addresses, version }
}

/// 10,000 calls at once by four hosts: each of 500 users gets twenty, for its four addresses.
async fn set_primaries(level: &str) {
    let database = database(level);
    let stores = stores(&database, 4).await;
    let hosts = hosts(&stores);
    let owners = at_once(USERS, |number| owner(hosts[number % hosts.len()].clone(), number)).await;
    let asked = |call: usize| (call % USERS, owners[call % USERS].addresses[(call / USERS) % ADDRESSES]);
    let began = std::time::Instant::now();
    let answers = at_once(CALLS, |call| {
        // The four calls for one address go to different hosts, as do the four addresses of one user.
        let host = hosts[(call / USERS + call / USERS / ADDRESSES) % hosts.len()].clone();
        let (owner, id) = asked(call);
        let user = owners[owner].user.clone();
        async move { host.account(&user).set_primary(id).await }
    })
    .await;
    let took = began.elapsed();
    let mut told: Vec<BTreeMap<u64, IdentifierId>> = vec![BTreeMap::new(); USERS];
    for (call, answer) in answers.into_iter().enumerate() {
        let (owner, wanted) = asked(call);
        let receipt = answer.unwrap();
        let primary = receipt.user.primary_email().map(|entry| entry.id);
        assert_eq!(primary, Some(wanted), "who is told that it is done sees it done");
        let before = told[owner].insert(receipt.version.0, wanted);
        assert!(before.is_none_or(|before| before == wanted), "one version, one primary");
    }
    let mut changes = 0;
    for (owner, told) in owners.iter().zip(&told) {
        let user = key(owner.user.as_str());
        let history = stores[0].history(&user, 0, 1_000).await.unwrap();
        let mut primary = None;
        for recorded in &history {
            match &recorded.event.change {
                Change::PrimaryChanged { id, .. } => primary = *id,
                other => assert!(recorded.number <= owner.version, "{other:?}"),
            }
            if recorded.number > owner.version {
                changes += 1;
                assert_eq!(told.get(&recorded.number).copied(), primary, "every change was asked for, and told");
            }
        }
        let unknown = told.keys().find(|version| **version > history.len() as u64);
        assert_eq!(unknown, None, "nobody was told of a change that is not there");
        let stored = stores[0].load(&user).await.unwrap().unwrap();
        assert_eq!(stored.version.0, history.len() as u64);
        assert_eq!(stored.user.primary_email().map(|entry| entry.id), primary);
    }
    println!("{level}: {CALLS} calls, {changes} changes, {took:?}");
    assert!(changes > USERS);
}
