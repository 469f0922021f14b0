//! Word of new messages.

use std::time::Duration;

use crate::common::Place;
use identity_conformance::kit::{NOW, Person, create, key, letter, paid, put};
use postgres_testbed::{Cluster, Pgbouncer, Pooling};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(30);

async fn listener(store: &identity_postgres::PostgresStore) -> UnboundedReceiver<()> {
    let (sender, mut heard) = unbounded_channel();
    let store = store.clone();
    tokio::spawn(async move { store.listen(move || sender.send(()).unwrap_or_default()).await });
    // The first one says that somebody listens now.
    timeout(LONG, heard.recv()).await.unwrap().unwrap();
    heard
}

#[tokio::test]
async fn word_of_a_message_reaches_other_processes_and_its_own_schema_alone() {
    let (place, other) = (Place::new(), Place::new());
    let [here, there, elsewhere] = [place.store().await, place.store().await, other.store().await];
    let (mut heard, mut nothing) = (listener(&there).await, listener(&elsewhere).await);
    put(&here, create(&key("ada"), &Person::default())).await;
    let bob = create(&key("bob"), &Person::default());
    put(&here, bob.message(paid(letter(1, &key("bob"), NOW), vec![]))).await;
    timeout(LONG, heard.recv()).await.expect("word comes").unwrap();
    put(&elsewhere, create(&key("eve"), &Person::default()).message(paid(letter(2, &key("eve"), NOW), vec![]))).await;
    timeout(LONG, nothing.recv()).await.expect("word comes").unwrap();
    assert!(nothing.try_recv().is_err(), "nobody hears of another schema");
    assert!(heard.try_recv().is_err(), "nobody hears of another schema");
}

#[tokio::test]
async fn a_listener_that_was_cut_off_listens_again() {
    let place = Place::new();
    let store = place.store().await;
    let mut heard = listener(&store).await;
    place.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()").await;
    timeout(LONG, heard.recv()).await.expect("it says that it is there again").unwrap();
    put(&store, create(&key("ada"), &Person::default()).message(paid(letter(1, &key("ada"), NOW), vec![]))).await;
    timeout(LONG, heard.recv()).await.expect("word comes").unwrap();
}

#[tokio::test]
async fn nobody_listens_through_a_proxy_that_hands_sessions_round() {
    let cluster = Cluster::shared();
    let database: &'static _ = Box::leak(Box::new(cluster.database()));
    let pooler = Pgbouncer::start(cluster, Pooling::Transaction, 5);
    let store = Place::within(database, Some(pooler.port())).store().await;
    let error = timeout(LONG, store.listen(|| {})).await.expect("it says so at once").unwrap_err();
    assert!(error.to_string().contains("a proxy shares the sessions of the server"), "{error}");
    // Sending word works all the same, and everything else does.
    put(&store, create(&key("ada"), &Person::default()).message(paid(letter(1, &key("ada"), NOW), vec![]))).await;
}
