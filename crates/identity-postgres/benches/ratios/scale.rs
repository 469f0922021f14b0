//! What a flow costs among many users, against the same among few.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use identity::{Accepted, Email, Identity, Notice, Notifier, NotifyError, TenantId, UserId};
use identity_conformance::kit::code_keys;
use identity_postgres::PostgresStore;
use postgres_testbed::{Cluster, Database};
use tokio::runtime::Runtime;

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
        target: Target::RatioAtMost(1.5),
    }]
}

struct Nobody;

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
        drop(runtime.block_on(connect()).unwrap());
        let (took, ()) = timed(|| fill(cluster, &database, users));
        eprintln!("{users} users loaded in {:.1} s", took.as_secs_f64());
        let store = runtime.block_on(connect()).unwrap();
        let host = Identity::new(store, Nobody, code_keys()).for_tenant(TenantId::parse("acme").unwrap());
        let some = database.sql("select id from bench_people order by random() limit 50000");
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

/// Users as a sign-up leaves them: a verified e-mail address and a verified phone number, both claimed, seven events.
fn fill(cluster: &Cluster, database: &Database, users: u64) {
    set(cluster, database, "set synchronous_commit = off");
    // Ids once, and not for every row: they stand in time's order, as those that the library makes.
    let id = |salt: &str| {
        format!(
            "overlay(lpad(to_hex(1700000000000 + n * 10000), 12, '0') placing '-' from 9 for 0) || '-7' || \
             substr(md5('{salt}' || n), 1, 3) || '-8' || substr(md5('{salt}' || n), 4, 3) || '-' || \
             substr(md5('{salt}' || n), 7, 12)"
        )
    };
    let (user, email, phone) = (id("user"), id("email"), id("phone"));
    database.sql(&format!(
        "create unlogged table bench_people as select n, {user} as id, {email} as email, {phone} as phone, \
         1700000000000000 + n * 10000000 as at from generate_series(0::int8, {}) as n",
        users - 1
    ));
    let series = "bench_people";
    let at = "at";
    let mail = "'person.' || n || '@mail.example.org'";
    let number = "'+447' || lpad((n * 618033989 % 1000000000)::text, 9, '0')";
    let address = |kind: &str, address: &str, by: &str| {
        format!(
            "insert into identity_identifiers (tenant, user_id, kind, id, position, address, claim_key, claim_rule, \
             status, verified, unrestricted, added_at, verified_at, verified_by, failed_in_a_row) \
             select 'acme', id, '{kind}', {kind}::uuid, 0, {address}, {address}, 1, \
             'verified', true, false, {at}, {at}, '{by}', 0 from {series}; \
             insert into identity_claims select 'acme', '{kind}', {address}, 1, id, 'verified' from {series}"
        )
    };
    let nonce = ["123"; 16].join(",");
    let added = |kind: &str, address: &str| {
        format!(
            "'{{\"type\":\"added\",\"id\":\"' || {kind} || '\",\"address\":{{\"channel\":\"{kind}\",\
             \"address\":\"' || {address} || '\"}}}}'"
        )
    };
    let verified = |kind: &str, by: &str| {
        format!(
            "'{{\"type\":\"verified\",\"id\":\"' || {kind} || '\",\"verified\":{{\"at\":' || {at} || ',\
             \"by\":\"{by}\",\"source\":null}}}}'"
        )
    };
    let events = [
        ("created", "'{\"type\":\"created\",\"user\":\"' || id || '\"}'".to_owned()),
        ("added", added("email", mail)),
        ("added", added("phone", number)),
        (
            "verification_started",
            format!(
                "'{{\"type\":\"verification_started\",\"id\":\"' || phone || '\",\"challenge\":{{\
                 \"nonce\":[{nonce}],\"key\":\"6a2b0c1d\",\"purpose\":\"verification\",\"proof\":\"code\",\
                 \"format\":{{\"length\":6,\"alphabet\":\"digits\"}},\"issued_at\":' || {at} || ',\
                 \"expires_at\":' || {at} || ',\"tries\":5,\"failed\":0,\"hint\":null}}}}'"
            ),
        ),
        ("verified", verified("phone", "code")),
        ("verified", verified("email", "administrator")),
        (
            "primary_changed",
            "'{\"type\":\"primary_changed\",\"channel\":\"phone\",\"id\":\"' || phone || '\"}'".to_owned(),
        ),
    ];
    let values: Vec<String> =
        (1..).zip(&events).map(|(number, (kind, change))| format!("({number}, '{kind}', {change})")).collect();
    let statements = [
        format!(
            "insert into identity_users (tenant, id, version, created_at, updated_at, disabled, primary_email, \
             primary_phone) select 'acme', id, 7, {at}, {at}, false, email::uuid, \
             phone::uuid from {series}"
        ),
        address("email", mail, "administrator"),
        address("phone", number, "code"),
        format!(
            "insert into identity_events (tenant, user_id, number, format, at, actor, type, change, commit_id) \
             select 'acme', id, e.number, 1, {at}, 'signup', e.type, e.change, \
             id::uuid from {series}, lateral (values {}) as e(number, type, change)",
            values.join(", ")
        ),
        "vacuum analyze".to_owned(),
        "checkpoint".to_owned(),
    ];
    for statement in statements {
        database.sql(&statement);
    }
    set(cluster, database, "reset synchronous_commit");
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
