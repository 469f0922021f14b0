//! What a flow costs among many users, against the same among few.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use identity::{Accepted, Email, Identity, Notice, Notifier, NotifyError, TenantId, UserId};
use identity_conformance::kit::{challenge, code_keys};
use identity_core::{
    Actor, Change, Channel, Event, EventFormat, IdentifierId, Method, Phone, Timestamp, User, Verified, Version, stored,
};
use identity_postgres::PostgresStore;
use postgres_testbed::{Cluster, Database};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::commits::set;
use crate::measure::{each, in_turns, timed};
use crate::table::{Row, Target, Unit};

const FEW: u64 = 10_000;
const CLIENTS: usize = 16;
/// Flows of one round.
const FLOWS: usize = 1_600;
const ROUNDS: usize = 15;

pub(crate) fn rows(cluster: &Cluster, runtime: &Runtime) -> Vec<Row> {
    let asked = std::env::var("IDENTITY_BENCH_USERS").ok().and_then(|users| users.parse().ok());
    let many: u64 = asked.unwrap_or(1_000_000);
    let [in_many, in_few] = [many, FEW].map(|users| Town::new(cluster, runtime, users));
    sizes(&in_many.database, many);
    vec![Row {
        what: format!("add, verify, remove, {CLIENTS} at once, {many} users"),
        than: format!("{FEW} users"),
        unit: Unit::Time,
        pair: in_turns(ROUNDS, || in_many.flows(runtime), || in_few.flows(runtime)),
        target: Target::RatioAtMost(1.3),
    }]
}

pub(crate) struct Nobody;

#[identity::async_trait]
impl Notifier for Nobody {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        Ok(Accepted::default())
    }
}

struct Town {
    database: Database,
    host: Identity,
    /// Some of the users, at random.
    users: Arc<[UserId]>,
    next: Arc<AtomicUsize>,
}

impl Town {
    fn new(cluster: &Cluster, runtime: &Runtime, users: u64) -> Self {
        let database = cluster.database();
        let url = database.url();
        let connect = || PostgresStore::options().with_pool_size(CLIENTS).connect(&url);
        set(cluster, &database, "set synchronous_commit = off");
        let store = runtime.block_on(connect()).unwrap();
        let (took, ()) = timed(|| runtime.block_on(fill(&store, users)));
        eprintln!("{users} users loaded in {:.1} s", took.as_secs_f64());
        drop(store);
        set(cluster, &database, "reset synchronous_commit");
        database.sql("vacuum analyze");
        database.sql("checkpoint");
        let store = runtime.block_on(connect()).unwrap();
        let host = Identity::new(store, Nobody, code_keys()).for_tenant(TenantId::parse("acme").unwrap());
        let some = database.sql("select id from identity_users order by random() limit 50000");
        let users = some.lines().map(|id| UserId::parse(id).unwrap()).collect();
        Self { database, host, users, next: Arc::new(AtomicUsize::new(0)) }
    }

    /// What one flow takes when so many go on at once.
    fn flows(&self, runtime: &Runtime) -> f64 {
        let (took, ()) = timed(|| {
            runtime.block_on(async {
                let at_work: Vec<_> = (0..CLIENTS)
                    .map(|_| {
                        let (host, users, next) = (self.host.clone(), Arc::clone(&self.users), Arc::clone(&self.next));
                        tokio::spawn(async move {
                            for _ in 0..FLOWS / CLIENTS {
                                let number = next.fetch_add(1, Ordering::Relaxed);
                                let user = users.get(number % users.len()).unwrap();
                                flow(&host, user, number).await;
                            }
                        })
                    })
                    .collect();
                for task in at_work {
                    task.await.unwrap();
                }
            });
        });
        each(took, FLOWS)
    }
}

async fn flow(host: &Identity, user: &UserId, number: usize) {
    let admin = host.admin("bench");
    let email = Email::parse(&format!("another.{number}@example.org")).unwrap();
    let id = host.account(user).add(email).await.unwrap().outcome;
    admin.mark_verified(user, id).await.unwrap();
    admin.remove(user, id).await.unwrap();
}

/// Users as a sign-up leaves them: a verified e-mail address and a verified phone number, both claimed, seven events in five
/// commits.
async fn fill(store: &PostgresStore, users: u64) {
    const ROWS: [&str; 4] = [
        "insert into identity_users (tenant, id, version, created_at, updated_at, record) \
         select 'acme', id, 7, at, at, record from unnest($1::text[], $2::int8[], $3::text[]) as x(id, at, record)",
        "insert into identity_lookup (tenant, kind, key, rule, user_id, identifier, verified) \
         select 'acme', kind, key, 1, id, identifier, true \
         from unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) as x(id, kind, key, identifier)",
        "insert into identity_claims (tenant, kind, key, rule, user_id, strength) \
         select 'acme', kind, key, 1, id, 'verified' from unnest($1::text[], $2::text[], $3::text[]) as x(id, kind, key) \
         on conflict do nothing",
        "insert into identity_events (tenant, user_id, number, updated_at, commit_id, record) \
         select 'acme', id, number, at, id::uuid, record::json \
         from unnest($1::text[], $2::int8[], $3::int8[], $4::text[]) as x(id, number, at, record)",
    ];
    let tenant = TenantId::parse("acme").unwrap();
    let connection = store.pool().get().await.unwrap();
    let mut numbers = 0..users;
    while !numbers.is_empty() {
        let (mut ids, mut ats, mut records) = (Vec::new(), Vec::new(), Vec::new());
        let (mut whose, mut kinds, mut keys, mut identifiers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut authors, mut lasts, mut times, mut events) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for number in numbers.by_ref().take(1_000) {
            let history = history(number);
            let user = User::from_events(&history).unwrap();
            let (id, at) = (user.id().to_string(), user.updated_at().as_micros());
            records.push(stored::record(&tenant, &user, Version(7)));
            for entry in user.lookup() {
                whose.push(id.clone());
                kinds.push(entry.key.kind().as_str());
                keys.push(entry.key.as_str().to_owned());
                identifiers.push(entry.identifier.as_uuid());
            }
            let mut last = 0_i64;
            for commit in history.chunk_by(|event, next| event.at == next.at) {
                last += i64::try_from(commit.len()).unwrap();
                authors.push(id.clone());
                lasts.push(last);
                times.push(commit.last().unwrap().at.as_micros());
                events.push(stored::events(user.id(), commit));
            }
            ids.push(id);
            ats.push(at);
        }
        let [of_users, of_lookup, of_claims, of_events] = ROWS;
        connection.execute(of_users, &[&ids, &ats, &records]).await.unwrap();
        connection.execute(of_lookup, &[&whose, &kinds, &keys, &identifiers]).await.unwrap();
        connection.execute(of_claims, &[&whose, &kinds, &keys]).await.unwrap();
        connection.execute(of_events, &[&authors, &lasts, &times, &events]).await.unwrap();
    }
}

fn history(number: u64) -> Vec<Event> {
    // Ids stand in time's order, as those that the library makes, and scattered within a millisecond.
    let uuid = |salt: u64| {
        let scattered = (number * 3 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let at = 1_700_000_000_000 + u128::from(number) * 10_000;
        Uuid::from_u128((at << 80) | (0x7 << 76) | (0x2 << 62) | u128::from(scattered >> 2))
    };
    let began_at = Timestamp::from_secs(1_700_000_000 + i64::try_from(number).unwrap() * 10);
    let user = UserId::parse(&uuid(0).to_string()).unwrap();
    let [email, phone] = [1, 2].map(|salt| IdentifierId::from(uuid(salt)));
    let mail = Email::parse(&format!("person.{number}@mail.example.org")).unwrap();
    // Numbers of British mobiles.
    let text = format!("+4475{:08}", number * 61_803_399 % 100_000_000);
    let number = Phone::from_e164(&text).unwrap_or_else(|_| Phone::from_e164("+447911123456").unwrap());
    let added = |id, address| Change::Added { id, address, source: None, unrestricted: false, replaces: None };
    let verified = |id, by| move |at| Change::Verified { id, verified: Verified { at, by, source: None } };
    let [by_code, by_staff] = [(phone, Method::Code), (email, Method::Administrator)].map(|(id, by)| verified(id, by));
    // Each commit has a time of its own.
    let at = |commit: u64| began_at + Duration::from_secs(commit);
    let changes = [
        (at(0), Change::Created { user }),
        (at(0), added(email, mail.into())),
        (at(0), added(phone, number.into())),
        (at(1), Change::VerificationStarted { id: phone, challenge: challenge() }),
        (at(2), by_code(at(2))),
        (at(3), by_staff(at(3))),
        (at(4), Change::PrimaryChanged { channel: Channel::Phone, id: Some(phone) }),
    ];
    let event = |(at, change)| Event { v: EventFormat, at, actor: Actor::Administrator("signup".into()), change };
    changes.into_iter().map(event).collect()
}

/// What a user takes on disk, with indexes, table by table.
fn sizes(database: &Database, users: u64) {
    let sizes = format!(
        "select c.relname || ': ' || (c.reltuples / {users})::numeric(9,2) || ' rows, ' || \
         (pg_table_size(c.oid)::numeric / {users})::int || ' bytes, indexes ' || \
         (pg_indexes_size(c.oid)::numeric / {users})::int || ' bytes' from pg_class c \
         where c.relkind = 'r' and c.relname like 'identity%' and c.reltuples >= {users} order by 1"
    );
    let all = format!(
        "select (sum(pg_total_relation_size(oid)) / {users})::int from pg_class \
         where relkind = 'r' and relname like 'identity%'"
    );
    println!("a user among {users}:\n{}\nin all {} bytes", database.sql(&sizes), database.sql(&all));
}
