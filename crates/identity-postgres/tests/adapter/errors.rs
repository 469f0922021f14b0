//! Errors say what happened and what to do, and hold no secret.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use crate::common::Place;
use identity_conformance::kit::{NOW, Person, change, create, erase, id, key, put, raw_key, tenant};
use identity_core::{Change, ClaimKind, Strength, Version};
use identity_ports::{
    CommitError, Directory as _, DirectoryQuery, Expected, ListOrder, ListQuery, Prefix, Search, StoreError,
    UserRepository as _,
};
use identity_postgres::PostgresStore;
use identity_postgres::tokio_postgres::{NoTls, connect};
use postgres_testbed::Cluster;

const PASSWORD: &str = "canary-of-a-password";

/// An error as a host may show it: its texts, all of its sources, and its debug output.
fn everything(error: &dyn Error) -> String {
    let mut text = format!("{error:?} {error:#?}");
    let mut next = Some(error);
    while let Some(error) = next {
        write!(text, "\n{error}").unwrap();
        next = error.source();
    }
    text
}

#[tokio::test]
async fn a_password_is_never_printed() {
    let hba = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    let cluster = Cluster::builder().hba(hba).start();
    cluster.sql("postgres", &format!("CREATE ROLE app LOGIN SUPERUSER PASSWORD '{PASSWORD}'"));
    let port = cluster.port();
    let right = format!("postgres://app:{PASSWORD}@127.0.0.1:{port}/postgres");
    let store = PostgresStore::connect(&right).await.unwrap();
    for text in [format!("{store:?}"), format!("{:?}", PostgresStore::options()), format!("{:?}", store.pool())] {
        assert!(!text.contains(PASSWORD), "{text}");
    }
    for (url, told) in [
        (format!("postgres://app:{PASSWORD}x@127.0.0.1:{port}/postgres"), "check that user and password are right"),
        (format!("postgres://nobody:{PASSWORD}@127.0.0.1:{port}/postgres"), "check that user and password are right"),
        (format!("postgres://app:{PASSWORD}@127.0.0.1:{port}/nowhere"), "create it"),
        (format!("postgres://app:{PASSWORD}@127.0.0.1:1/postgres"), "check that it runs"),
        (format!("postgres://app:{PASSWORD}@127.0.0.1:{port}/postgres?sslmode=sometimes"), "unknown sslmode"),
        (
            format!("postgres://app:{PASSWORD}@127.0.0.1:{port}/postgres?sslmode=verify-full&sslrootcert=/no/where"),
            "sslrootcert",
        ),
        (
            format!("postgres://app:{PASSWORD}@127.0.0.1:{port}/postgres?{PASSWORD}=1"),
            "take it out of the connection string",
        ),
        (format!("postgres://app:{PASSWORD}@127.0.0.1:port/postgres"), "port"),
        (format!("host=127.0.0.1 user=app password={PASSWORD} {PASSWORD}"), "neither a URL nor a list"),
        (format!("host=127.0.0.1 user=app password={PASSWORD} {PASSWORD}=1"), "take it out of the connection string"),
        (format!("mysql://app:{PASSWORD}@127.0.0.1/postgres"), "neither a URL nor a list"),
        (PASSWORD.to_owned(), "neither a URL nor a list"),
        (String::new(), "host"),
    ] {
        let error = PostgresStore::connect(&url).await.unwrap_err();
        let text = everything(&error);
        assert!(!text.contains(PASSWORD), "{text}");
        assert!(text.contains(told), "{told:?} is not said: {text}");
    }
}

#[tokio::test]
async fn an_error_for_too_few_connections_says_what_to_do() {
    let cluster = Cluster::builder().setting("max_connections", "10").start();
    let database = cluster.database();
    let options = PostgresStore::options().with_reconnect(Duration::from_millis(300));
    let store = options.connect(&database.url()).await.unwrap();
    let mut held = Vec::new();
    while let Ok((client, connection)) = connect(&database.url(), NoTls).await {
        tokio::spawn(connection);
        held.push(client);
    }
    let error = store.load(&key("ada")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(error.to_string().contains("max_connections"), "{error}");
    drop(held);
    assert_eq!(store.load(&key("ada")).await.unwrap(), None, "and it goes on when there are some");
}

#[tokio::test]
async fn an_error_for_a_standby_says_what_to_do_and_its_connection_is_dropped() {
    let cluster = Cluster::shared();
    let database: &'static _ = Box::leak(Box::new(cluster.database()));
    let place = Place::within(database, None);
    drop(place.store().await);
    let name = place.database.name();
    let only_reads = |on: &str| {
        cluster.sql("postgres", &format!("ALTER DATABASE {name} SET default_transaction_read_only = {on}"));
    };
    // Connections keep what they were told when they began: new ones meet a standby's answer.
    let store = place.options().without_migrating().with_reconnect(Duration::ZERO).connect(&place.url()).await.unwrap();
    only_reads("on");
    let refused = store.commit(create(&key("ada"), &Person::default()).0).await;
    only_reads("off");
    match refused {
        Err(CommitError::Store(error @ StoreError::Unavailable(_))) => {
            assert!(error.to_string().contains("target_session_attrs=read-write"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    put(&store, create(&key("ada"), &Person::default())).await;
}

#[tokio::test]
async fn a_commit_at_the_last_version_is_refused() {
    let store = Place::new().store().await;
    let stored = put(&store, create(&key("ada"), &Person::default())).await;
    let mut commit = change(&key("ada"), &stored, &Person::default()).0;
    commit.expected = Expected::At(Version(u64::MAX));
    for number in [u64::MAX, 0] {
        commit.events.iter_mut().for_each(|recorded| recorded.number = number);
        match store.commit(commit.clone()).await {
            Err(CommitError::Store(error)) => assert!(error.to_string().contains("not numbered"), "{error}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(store.load(&key("ada")).await.unwrap(), Some(stored));
}

#[tokio::test]
async fn text_that_a_database_cannot_store_is_refused_and_nothing_is_written() {
    let store = Place::new().store().await;
    let new = create(&key("ada"), &Person::default()).take(&raw_key(ClaimKind::Email, "a\0b"), Strength::Verified);
    match store.commit(new.0).await {
        Err(CommitError::Store(error)) => assert!(error.to_string().contains("U+0000"), "{error}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.load(&key("ada")).await.unwrap(), None);
    assert_eq!(store.history(&key("ada"), 0, 10).await.unwrap(), []);
}

/// In the JSON of a record and of an event it is an escape and no character.
#[tokio::test]
async fn u0000_in_a_record_comes_back_and_its_user_can_be_erased() {
    let place = Place::new();
    let store = place.store().await;
    let mut person = Person::default().email(1, "ada@example.com", identity_core::Status::Unverified);
    person.entries[0].source = Some("a\0b\\u0000".into());
    let change = Change::Added {
        id: id(1),
        address: person.entries[0].address.clone(),
        source: Some("a\0b\\u0000".into()),
        unrestricted: false,
        replaces: None,
    };
    let draft = create(&key("ada"), &person).events(NOW, vec![Change::Created { user: key("ada").user }, change]);
    let stored = put(&store, draft).await;
    assert_eq!(stored.user.emails().entries()[0].source, person.entries[0].source);
    let sql = "SELECT address FROM identity_identifiers";
    assert_eq!(place.raw().await.query_one(sql, &[]).await.unwrap().get::<_, &str>(0), "ada@example.com");
    store.commit(erase(&key("ada"), &stored).0).await.unwrap();
    let history = store.history(&key("ada"), 0, 10).await.unwrap();
    let kinds: Vec<&str> = history.iter().map(|recorded| recorded.event.change.kind()).collect();
    assert_eq!(kinds, ["stripped", "stripped", "erased"]);
}

#[tokio::test]
async fn text_that_a_database_cannot_store_finds_nobody() {
    let store = Place::new().store().await;
    let acme = tenant("acme");
    assert_eq!(store.find(&acme, &[raw_key(ClaimKind::Email, "a\0")]).await.unwrap(), []);
    let prefix = Some(Prefix { kind: ClaimKind::Email, text: "\0".to_owned() });
    let query = ListQuery { order: ListOrder::Created, after: None, limit: 5, prefix };
    assert_eq!(store.list(&acme, &query).await.unwrap().users, []);
    let query = DirectoryQuery { limit: 5, search: Some(Search::new("a\0")), ..DirectoryQuery::default() };
    assert_eq!(store.browse(&acme, &query).await.unwrap().total, 0);
}

/// Polls a future where there is no runtime.
fn without_tokio<T>(work: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(work).poll(&mut context) {
        std::task::Poll::Ready(done) => done,
        std::task::Poll::Pending => panic!("it waits for something"),
    }
}

#[test]
fn without_tokio_every_call_is_an_error_that_says_so() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (place, store) = runtime.block_on(async {
        let place = Place::new();
        let store = place.store().await;
        (place, store)
    });
    let says_so = |error: StoreError| {
        assert!(
            matches!(error, StoreError::Unavailable(_)) && error.to_string().contains("no tokio runtime"),
            "{error}"
        );
    };
    says_so(without_tokio(PostgresStore::connect(&place.url())).unwrap_err());
    says_so(without_tokio(store.load(&key("ada"))).unwrap_err());
    says_so(without_tokio(store.listen(|| {})).unwrap_err());
    match without_tokio(store.commit(create(&key("ada"), &Person::default()).0)) {
        Err(CommitError::Store(error)) => says_so(error),
        other => panic!("{other:?}"),
    }
    store.tell_of_messages();
    assert_eq!(runtime.block_on(store.load(&key("ada"))).unwrap(), None, "and it goes on where there is one");
}
