//! The test bed does what tests rely on.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on ends; servers are waited for"
)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use postgres_testbed::{Cluster, Fault, Pgbouncer, Pooling, Proxy, Side, What};
use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[test]
fn every_database_is_empty() {
    let (one, other) = (Cluster::shared().database(), Cluster::shared().database());
    one.sql("create table t (x int)");
    assert_eq!(other.sql("select count(*) from pg_tables where schemaname = 'public'"), "0");
    assert_eq!(one.sql("select count(*) from pg_tables where schemaname = 'public'"), "1");
}

#[test]
#[ignore = "is killed by the test below"]
fn somebody_who_is_killed() {
    let cluster = Cluster::shared();
    println!("{} {}", cluster.pid(), cluster.data_folder().display());
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[test]
fn a_server_ends_with_the_process_that_started_it() {
    use std::io::{BufRead as _, BufReader};
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "somebody_who_is_killed", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(other.stdout.take().unwrap()).lines();
    let (pid, folder) = lines
        .map(Result::unwrap)
        .find_map(|line| {
            let (pid, folder) = line.split_once(" /")?;
            Some((pid.split_whitespace().last()?.parse::<u32>().ok()?, format!("/{folder}")))
        })
        .unwrap();
    let runs = || std::path::Path::new(&format!("/proc/{pid}/status")).exists();
    assert!(runs() && std::path::Path::new(&folder).exists());
    other.kill().unwrap();
    other.wait().unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while runs() || std::path::Path::new(&folder).exists() {
        assert!(Instant::now() < end, "the server lingers");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn a_standby_has_what_was_acknowledged() {
    let mut primary = Cluster::builder().start();
    let mut standby = primary.standby();
    for round in 1..=2 {
        primary.sql("postgres", &format!("create table t{round} (x int); insert into t{round} values ({round})"));
        primary.kill();
        standby.promote();
        assert_eq!(standby.sql("postgres", &format!("select x from t{round}")), round.to_string());
        primary = standby;
        standby = primary.standby();
    }
}

#[tokio::test]
async fn a_pooler_changes_connections_between_transactions() {
    let cluster = Cluster::shared();
    let pgbouncer = Pgbouncer::start(cluster, Pooling::Transaction, 4);
    let url = cluster.database().url_at(pgbouncer.port());
    let clients = [connect(&url).await, connect(&url).await];
    let held = clients[0].query_typed("select pg_backend_pid()", &[]);
    let (one, other) = tokio::join!(held, clients[1].query_typed("select pg_sleep(0.1), pg_backend_pid()", &[]));
    assert_ne!(one.unwrap()[0].get::<_, i32>(0), other.unwrap()[0].get::<_, i32>(1));
}

#[tokio::test]
async fn round_trips_are_counted() {
    let database = Cluster::shared().database();
    let proxy = Proxy::start(Cluster::shared().port());
    let client = connect(&database.url_at(proxy.port())).await;
    proxy.reset(None);
    client.query_typed("select 1", &[]).await.unwrap();
    assert_eq!(proxy.heard().round_trips, 1);
    let statement = client.prepare("select 1").await.unwrap();
    client.query(&statement, &[]).await.unwrap();
    assert_eq!(proxy.heard().round_trips, 3, "preparing is one of its own");
    assert_eq!(proxy.heard().connections, 0);
}

#[tokio::test]
async fn a_line_breaks_where_it_is_told_to() {
    let database = Cluster::shared().database();
    database.sql("create table t (x int)");
    let proxy = Proxy::start(Cluster::shared().port());
    let insert = "insert into t values (1)";
    let steps = {
        let client = connect(&database.url_at(proxy.port())).await;
        proxy.reset(None);
        client.query_typed(insert, &[]).await.unwrap();
        let heard = proxy.heard();
        assert_eq!(heard.client, "PBDES");
        heard.client.len() as u64
    };
    for number in 1..=steps {
        for (what, rows) in [(What::CutBefore, 0), (What::Delay(Duration::from_millis(1)), 1), (What::Duplicate, 2)] {
            database.sql("truncate t");
            let client = connect(&database.url_at(proxy.port())).await;
            proxy.reset(Fault { side: Side::Client, number, what });
            let result = client.query_typed(insert, &[]).await;
            assert!(proxy.struck());
            assert_eq!(result.is_ok(), what != What::CutBefore, "{what:?} at {number}: {result:?}");
            drop(client);
            let end = Instant::now() + Duration::from_secs(10);
            while database.sql("select count(*) from t") != rows.to_string() {
                assert!(Instant::now() < end, "{what:?} at {number}");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
    database.sql("truncate t");
    let client = connect(&database.url_at(proxy.port())).await;
    proxy.reset(Fault { side: Side::Server, number: 1, what: What::CutBefore });
    client.query_typed(insert, &[]).await.unwrap_err();
    assert_eq!(database.sql("select count(*) from t"), "1", "the answer is lost, the row is not");
}
