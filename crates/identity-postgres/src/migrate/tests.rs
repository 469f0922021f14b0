//! Steps of a later version: an index on a table that is written to meanwhile.

use postgres_testbed::{Cluster, Database};
use tokio_postgres::{Client, NoTls};

use super::{House, Step};

const STEPS: &[Step] = &[
    Step::Tables("CREATE TABLE {s}identity_large (number BIGINT)"),
    Step::Index { name: "identity_large_number", on: "{s}identity_large (number)" },
];

async fn client(database: &Database) -> Client {
    let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn migrate(database: &Database, steps: &[Step]) {
    let mut client = client(database).await;
    House { client: &mut client, schema: None, tables: "" }.migrate(steps).await.unwrap();
}

/// Waits until a session creates the index, and gives its process.
async fn maker(client: &Client) -> i32 {
    let sql = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock' \
               AND datname = current_database()";
    loop {
        if let Some(row) = client.query(sql, &[]).await.unwrap().first() {
            return row.get(0);
        }
        tokio::task::yield_now().await;
    }
}

fn is_whole(database: &Database) -> bool {
    let sql = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('identity_large_number')";
    database.sql(sql).trim() == "t"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_is_created_while_others_write() {
    let database = Cluster::shared().database();
    migrate(&database, &STEPS[..1]).await;
    let mut first = client(&database).await;
    let writing = first.transaction().await.unwrap();
    writing.execute("INSERT INTO identity_large VALUES (1)", &[]).await.unwrap();
    let making = tokio::spawn({
        let database = database.clone();
        async move { migrate(&database, STEPS).await }
    });
    let other = client(&database).await;
    maker(&other).await;
    // A write would wait behind an index that is created without `CONCURRENTLY`.
    other.batch_execute("SET statement_timeout = '20s'; INSERT INTO identity_large VALUES (2)").await.unwrap();
    assert!(!making.is_finished(), "it waits for the transaction that began first");
    writing.commit().await.unwrap();
    making.await.unwrap();
    assert!(is_whole(&database));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unfinished_index_is_dropped_and_created_again() {
    let database = Cluster::shared().database();
    migrate(&database, &STEPS[..1]).await;
    let mut first = client(&database).await;
    let writing = first.transaction().await.unwrap();
    writing.execute("INSERT INTO identity_large VALUES (1)", &[]).await.unwrap();
    let dying = tokio::spawn({
        let database = database.clone();
        async move {
            let mut client = client(&database).await;
            House { client: &mut client, schema: None, tables: "" }.migrate(STEPS).await
        }
    });
    let other = client(&database).await;
    let maker = maker(&other).await;
    other.execute("SELECT pg_terminate_backend($1)", &[&maker]).await.unwrap();
    assert!(dying.await.unwrap().is_err());
    writing.commit().await.unwrap();
    assert_eq!(database.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "1", "an unfinished index is left");
    migrate(&database, STEPS).await;
    assert!(is_whole(&database));
    assert_eq!(database.sql("SELECT max(value) FROM identity_meta"), "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_ten_processes_create_at_once_is_created_once() {
    let database = Cluster::shared().database();
    let making: Vec<_> = (0..10)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move { migrate(&database, STEPS).await })
        })
        .collect();
    for made in making {
        made.await.unwrap();
    }
    assert!(is_whole(&database));
    assert_eq!(database.sql("SELECT count(*) FROM identity_meta"), "2");
    assert_eq!(database.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
}
