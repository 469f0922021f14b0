//! Round trips, counted on the line.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use identity_conformance::kit::{
    Bench, NOW, Person, at, change, create, erase, id, key, letter, mail_key, paid, put, verified, withholding,
};
use identity_core::{BudgetKind, Code, Confirmation, NewUser, Phone, Policy, Refund, Strength, UserKey};
use identity_ports::{Commit, CommitError, Outbox as _, Settled, Settlement, StoreError, UserRepository as _};
use identity_postgres::tokio_postgres::IsolationLevel;
use identity_postgres::{PostgresStore, Statements};
use postgres_testbed::{Cluster, Database, Fault, Proxy, Side, What};

/// A store with one connection, over a line that counts. A flight that is not sent whole before its first answer never ends.
async fn counted(statements: Statements) -> (Proxy, PostgresStore) {
    let database = Cluster::shared().database();
    let proxy = Proxy::start(Cluster::shared().port());
    proxy.withhold();
    // Word of new messages goes beside the commits, once for all of 20 ms, and nobody waits for it.
    let options = PostgresStore::options().with_pool_size(1).with_statements(statements).without_notifying();
    let store = options.connect(&database.url_at(proxy.port())).await.unwrap();
    // The pool connects when it is asked first.
    assert_eq!(store.dead_letters(&key("ada").tenant, None, 1).await.unwrap(), []);
    (proxy, store)
}

/// How often the client waited for the server while this was done.
async fn trips<T>(proxy: &Proxy, work: impl Future<Output = T>) -> (u64, T) {
    // The first word of an answer comes late: whatever else is asked before that is on its way by then.
    let late = Fault { side: Side::Server, number: 1, what: What::Delay(Duration::from_millis(150)) };
    proxy.reset(late);
    let done = work.await;
    let heard = proxy.heard();
    assert_eq!(heard.connections, 0, "no new connection: {heard:?}");
    (heard.round_trips, done)
}

/// Commits of every kind, each of a user of its own that is stored before: its number keeps users apart.
async fn changes(store: &PostgresStore, number: u128) -> Vec<(&'static str, Commit)> {
    let user = |name: &str| key(&format!("{name}-{number}"));
    let address = format!("ada.{number}@example.com");
    let quota = format!("quota-{number}");
    let mut commits = vec![("a creation", create(&user("new"), &Person::default()).0)];
    let stored = put(store, create(&user("ada"), &Person::default())).await;
    let person = Person::default().email(1, &address, verified()).primary(1);
    let draft = change(&user("ada"), &stored, &person)
        .take(&mail_key(&address), Strength::Verified)
        .message(paid(letter(number * 2, &user("ada"), NOW), vec![withholding(&quota, 9, NOW)]))
        .message(paid(letter(number * 2 + 1, &user("ada"), NOW), vec![]));
    commits.push(("a change with a claim, messages and a budget", draft.0));
    let stored = put(store, create(&user("bob"), &person)).await;
    commits.push(("a removal", change(&user("bob"), &stored, &Person::default()).0));
    let stored = put(store, create(&user("dan"), &Person::default())).await;
    let [once, twice] = [10, 11].map(|letter_number| {
        paid(
            letter(number * 100 + letter_number, &user("dan"), NOW),
            vec![withholding(&format!("{quota} twice"), 1, NOW)],
        )
    });
    let draft = change(&user("dan"), &stored, &Person::default()).message(once).message(twice);
    commits.push(("two messages on one budget", draft.0));
    let stored = put(store, create(&user("eve"), &person)).await;
    commits.push(("an erasure", erase(&user("eve"), &stored).0));
    let stale = put(store, create(&user("cy"), &Person::default())).await;
    put(store, change(&user("cy"), &stale, &Person::default().attempts(1))).await;
    commits.push(("a conflict", change(&user("cy"), &stale, &Person::default().attempts(2)).0));
    commits
}

#[tokio::test]
async fn a_commit_is_one_round_trip() {
    for statements in [Statements::Prepared, Statements::Unprepared] {
        let (proxy, store) = counted(statements).await;
        for number in 1..=2 {
            for (what, commit) in changes(&store, number).await {
                let (trips, answer) = trips(&proxy, store.commit(commit)).await;
                assert_eq!(trips, 1, "{statements:?}, {what}, {number}: {:?}", proxy.heard());
                assert_eq!(answer.is_ok(), what != "a conflict", "{what}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_load_and_every_other_reading_is_one_round_trip() {
    for statements in [Statements::Prepared, Statements::Unprepared] {
        let (proxy, store) = counted(statements).await;
        let person = Person::default().email(1, "ada@example.com", verified()).primary(1);
        put(&store, create(&key("ada"), &person).take(&mail_key("ada@example.com"), Strength::Verified)).await;
        let tenant = &key("ada").tenant;
        let claims = [mail_key("ada@example.com"), mail_key("bob@example.com")];
        for _ in 0..2 {
            let all = [
                trips(&proxy, async { assert!(store.load(&key("ada")).await.unwrap().is_some()) }).await.0,
                trips(&proxy, async { assert!(store.load(&key("nobody")).await.unwrap().is_none()) }).await.0,
                trips(&proxy, async { assert_eq!(store.find(tenant, &claims).await.unwrap().len(), 1) }).await.0,
                trips(&proxy, async { assert_eq!(store.history(&key("ada"), 0, 9).await.unwrap().len(), 1) }).await.0,
            ];
            assert_eq!(all, [1; 4], "{statements:?}");
        }
    }
}

/// In a transaction that sees what was, trying again is no use.
#[tokio::test]
async fn a_transaction_that_sees_an_older_state_is_told_so_at_once() {
    let database = Cluster::shared().database();
    let proxy = Proxy::start(Cluster::shared().port());
    let store = PostgresStore::options().connect(&database.url_at(proxy.port())).await.unwrap();
    let stored = put(&store, create(&key("ada"), &Person::default())).await;
    let mut connection = store.pool().get().await.unwrap();
    let level = IsolationLevel::RepeatableRead;
    let mut transaction = connection.build_transaction().isolation_level(level).start().await.unwrap();
    transaction.execute("select version from identity_users", &[]).await.unwrap();
    database.sql("update identity_users set version = version + 1");

    proxy.reset(None);
    let commit = change(&key("ada"), &stored, &Person::default()).0;
    let answer = store.commit_in(&mut transaction, &commit).await;
    assert!(matches!(answer, Err(CommitError::Store(StoreError::Unavailable(_)))), "{answer:?}");
    assert!(proxy.heard().round_trips <= 4, "{:?}", proxy.heard());
}

/// Whoever gives up while a statement is prepared leaves none behind that nobody could close: the connection goes with it.
#[tokio::test]
async fn giving_up_at_the_first_meeting_leaves_no_statement_behind() {
    let (proxy, store) = counted(Statements::Prepared).await;
    for (meeting, opened) in [(1, 1), (2, 0)] {
        proxy.reset(Fault { side: Side::Server, number: 1, what: What::Delay(Duration::from_millis(400)) });
        let given_up = tokio::time::timeout(Duration::from_millis(100), store.load(&key("ada"))).await;
        assert!(given_up.is_err(), "the answer is late");
        proxy.reset(None);
        assert_eq!(store.load(&key("ada")).await.unwrap(), None);
        assert_eq!(proxy.heard().connections, opened, "meeting {meeting}");
    }
}

#[tokio::test]
async fn a_lease_that_finds_nothing_and_a_settlement_are_one_round_trip() {
    let (proxy, store) = counted(Statements::Unprepared).await;
    let lease = |number| identity_conformance::kit::lease(number, at(1), at(60), 10);
    let (none, leased) = trips(&proxy, store.lease(lease(1))).await;
    assert_eq!((none, leased.unwrap().len()), (1, 0), "this is what an idle worker asks each second");
    put(&store, create(&key("ada"), &Person::default()).message(paid(letter(1, &key("ada"), NOW), vec![]))).await;
    let leased = store.lease(lease(2)).await.unwrap();
    let settled = leased.iter().map(|leased| Settled { id: leased.message.id, outcome: Settlement::Done }).collect();
    let (trips, count) = trips(&proxy, store.settle(lease(2).id, settled)).await;
    assert_eq!((trips, count.unwrap()), (1, 1));
}

/// A use case is one load and one commit, whatever it decides.
#[tokio::test]
async fn a_use_case_is_two_round_trips() {
    let (proxy, store) = counted(Statements::Unprepared).await;
    let bench = Bench::new(Arc::new(store), Policy::default());
    let user = bench.identity.admin("host").create(NewUser::default()).await.unwrap().outcome;
    let account = bench.identity.account(&user);
    let phone = account.add(Phone::from_e164("+441514960453").unwrap()).await.unwrap().outcome;
    let (start, started) = trips(&proxy, account.start_verification(phone)).await;
    started.unwrap();
    let code = bench.read_mail().await.0.unwrap();
    let wrong = Code::parse(if code.reveal() == "000000" { "000001" } else { "000000" }).unwrap();
    let (wrong, rejected) = trips(&proxy, account.confirm(phone, &wrong)).await;
    assert!(matches!(rejected.unwrap().outcome, Confirmation::Rejected { .. }));
    let (right, confirmed) = trips(&proxy, account.confirm(phone, &code)).await;
    assert_eq!(confirmed.unwrap().outcome, Confirmation::Verified);
    assert_eq!([start, wrong, right], [2; 3]);
}

/// What arrives together travels together.
#[tokio::test]
async fn commits_at_once_share_round_trips() {
    const COMMITS: u64 = 256;
    let database = Cluster::shared().database();
    let proxy = Proxy::start(Cluster::shared().port());
    let options = PostgresStore::options().with_pool_size(4).with_statements(Statements::Unprepared);
    let store = Arc::new(options.connect(&database.url_at(proxy.port())).await.unwrap());
    proxy.reset(None);
    let keys: Vec<UserKey> = (0..COMMITS).map(|number| key(&format!("user-{number}"))).collect();
    let all = keys.iter().map(|key| {
        let (store, commit) = (Arc::clone(&store), create(key, &Person::default()).0);
        tokio::spawn(async move { store.commit(commit).await })
    });
    for answer in all.collect::<Vec<_>>() {
        answer.await.unwrap().unwrap();
    }
    let trips = proxy.heard().round_trips;
    assert!(trips <= COMMITS / 8, "{COMMITS} commits took {trips} round trips");
    for key in &keys {
        assert_eq!(store.load(key).await.unwrap().unwrap().version.0, 1);
    }
}

/// A store with one connection, in a database where nobody tells the planner that tables fill.
async fn untold() -> (Database, PostgresStore) {
    let database = Cluster::shared().database();
    let options = PostgresStore::options().with_pool_size(1).with_statements(Statements::Prepared);
    let store = options.connect(&database.url()).await.unwrap();
    let tables = database.sql("select tablename from pg_tables where tablename like 'identity%'");
    for table in tables.lines() {
        database.sql(&format!("alter table {table} set (autovacuum_enabled = off)"));
    }
    (database, store)
}

/// How many entries of tables and indexes were read so far.
async fn read(database: &Database, store: &PostgresStore) -> u64 {
    // A session reports what it has read at the end of a statement, once a second has passed since its last report.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(store.load(&key("nobody")).await.unwrap().is_none());
    let read = "select (select sum(idx_tup_read) from pg_stat_user_indexes) + \
                (select sum(seq_tup_read) from pg_stat_user_tables where relname <> 'identity_meta')";
    database.sql(read).parse().unwrap()
}

/// Lets as many users visit as there are numbers, so many at once.
async fn visits<F: Future<Output = ()> + Send + 'static>(
    numbers: Range<u64>,
    at_once: usize,
    visit: impl Fn(u64) -> F,
) {
    for first in numbers.clone().step_by(at_once) {
        let together = (first..numbers.end).take(at_once).map(|number| tokio::spawn(visit(number)));
        for visit in together.collect::<Vec<_>>() {
            visit.await.unwrap();
        }
    }
}

/// What commits read does not grow with the tables, once the planner was told what is in them: each part goes by its key.
#[tokio::test]
async fn commits_read_as_much_in_a_full_house_as_in_an_empty_one() {
    let (database, store) = untold().await;
    visits(0..800, 1, |number| changing(store.clone(), number)).await;
    database.sql("analyze");
    let before = read(&database, &store).await;
    visits(800..900, 1, |number| changing(store.clone(), number)).await;
    let each = (read(&database, &store).await - before) / 100;
    assert!(each < 200, "five commits and four loads of one user among 800 read {each} entries");
}

/// While tables are known to be empty, the planner finds one way as good as another. What it planned then is planned anew once
/// the server counted the rows, which it does by itself unless it is told not to.
#[tokio::test]
async fn what_was_planned_for_an_empty_house_is_planned_anew_once_the_server_counted_the_rows() {
    let (database, store) = untold().await;
    database.sql("vacuum analyze");
    visits(0..6_400, 32, |number| coming(store.clone(), number)).await;
    database.sql("analyze");
    let before = read(&database, &store).await;
    visits(6_400..8_000, 32, |number| coming(store.clone(), number)).await;
    let each = (read(&database, &store).await - before) / 1_600;
    assert!(each < 100, "a creation among 8,000 reads {each} entries");
}

async fn coming(store: PostgresStore, number: u64) {
    let (user, address) = (key(&format!("user-{number}")), format!("{number}@example.com"));
    let person = Person::default().email(1, &address, verified()).primary(1);
    let draft = create(&user, &person).take(&mail_key(&address), Strength::Verified);
    store.commit(draft.message(paid(letter(1, &user, NOW), vec![])).0).await.unwrap();
}

/// Somebody comes, changes everything, and every fourth one goes.
async fn changing(store: PostgresStore, number: u64) {
    let user = key(&format!("user-{number}"));
    let [old, new] = ["old", "new"].map(|name| format!("{name}.{number}@example.com"));
    let quota = format!("quota-{number}");
    let message =
        |place: u64| paid(letter((10 * number + place).into(), &user, NOW), vec![withholding(&quota, 9, NOW)]);
    let refund = || Refund { kind: BudgetKind::Address, quota: quota.clone(), amount: 1, at: NOW };

    let person = Person::default().email(1, &old, verified()).primary(1);
    let draft = create(&user, &person).take(&mail_key(&old), Strength::Verified);
    let stored = put(&store, draft.message(message(0))).await;
    let mut draft = change(&user, &stored, &Person::of(&stored.user).attempts(1));
    draft.0.refunds.push(refund());
    let stored = put(&store, draft).await;
    let mut draft = change(&user, &stored, &Person::default().email(2, &new, verified()).primary(2));
    draft.0.claims.release.push(mail_key(&old));
    draft.0.withdraw.push(id(1));
    let stored = put(&store, draft.take(&mail_key(&new), Strength::Verified)).await;
    // With several draws on one budget.
    let mut draft =
        change(&user, &stored, &Person::of(&stored.user).attempts(2)).message(message(1)).message(message(2));
    draft.0.refunds.push(refund());
    let stored = put(&store, draft).await;
    let last =
        if number.is_multiple_of(4) { erase(&user, &stored) } else { change(&user, &stored, &Person::default()) };
    store.commit(last.0).await.unwrap();
}
