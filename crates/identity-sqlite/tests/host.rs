//! Rows of the host's own in the transaction of a commit.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use common::{Place, creation, disable, is_conflict, key, stored};
use identity_core::{Claim, ClaimKey, Strength, Version};
use identity_ports::{Commit, CommitError, Expected, StoreError, UserRepository as _};
use identity_sqlite::commit_in;
use identity_sqlite::rusqlite::{Transaction, params};

async fn with_orders() -> (Place, identity_sqlite::SqliteStore) {
    let place = Place::new();
    let store = place.open().await;
    let create = |transaction: &Transaction<'_>| {
        transaction.execute_batch("CREATE TABLE orders (user TEXT PRIMARY KEY)").map_err(StoreError::failed)
    };
    store.transaction(create).await.unwrap();
    (place, store)
}

fn order(transaction: &Transaction<'_>, user: &str) -> Result<(), StoreError> {
    let inserted = transaction.execute("INSERT INTO orders (user) VALUES (?1)", params![user]);
    inserted.map(drop).map_err(StoreError::failed)
}

fn orders(place: &Place) -> i64 {
    place.raw().query_row("SELECT count(*) FROM orders", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_hosts_row_comes_with_the_commit_or_not_at_all() {
    let (place, store) = with_orders().await;
    let both = |number| {
        move |transaction: &Transaction<'_>| {
            order(transaction, &format!("order {number}"))?;
            commit_in(transaction, &creation("ada", 1))
        }
    };
    store.transaction(both(1)).await.unwrap();
    assert!(store.load(&key("ada")).await.unwrap().is_some());
    assert_eq!(orders(&place), 1);

    let again: Result<identity_ports::Committed, CommitError> = store.transaction(both(2)).await;
    assert!(is_conflict(&again));
    assert_eq!(orders(&place), 1, "the host's row went with the commit that was refused");

    let undone = |transaction: &Transaction<'_>| {
        commit_in(transaction, &creation("bob", 2))?;
        Err::<(), CommitError>(StoreError::failed("the host thinks otherwise").into())
    };
    assert!(store.transaction(undone).await.is_err());
    assert!(store.load(&key("bob")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_refused_commit_leaves_no_trace_in_a_transaction_that_goes_on() {
    let (place, store) = with_orders().await;
    store.commit(creation("ada", 1)).await.unwrap();
    let ada = stored(&store, "ada").await;
    store.commit(disable(&ada, 2)).await.unwrap();
    let go_on = move |transaction: &Transaction<'_>| {
        assert!(is_conflict(&commit_in(transaction, &disable(&ada, 3))));
        assert!(is_conflict(&commit_in(transaction, &creation("ada", 4))));
        let take = |user, number| {
            let mut commit = creation(user, number);
            let key = commit.lookup().put[0].key.clone();
            let key = ClaimKey::new(key.kind(), key.rule(), "bob@example.com");
            commit.claims.take.push(Claim { key, strength: Strength::Verified });
            commit
        };
        commit_in(transaction, &take("bob", 5))?;
        // The first of two users is written before the second one's claim is found to be taken.
        let also = Some(Box::new(take("eve", 9)));
        let refused = commit_in(transaction, &Commit { also, ..creation("carl", 8) });
        assert!(matches!(refused, Err(CommitError::Taken(_))), "{refused:?}");
        order(transaction, "bob").map_err(CommitError::from)
    };
    store.transaction(go_on).await.unwrap();
    assert_eq!(stored(&store, "ada").await.version.0, 4);
    assert_eq!(store.history(&key("ada"), 0, 10).await.unwrap().len(), 4);
    assert!(store.load(&key("bob")).await.unwrap().is_some());
    assert!(store.load(&key("carl")).await.unwrap().is_none());
    assert_eq!(orders(&place), 1);
}

#[tokio::test]
async fn a_commit_at_the_last_version_is_refused() {
    let (_place, store) = with_orders().await;
    store.commit(creation("ada", 1)).await.unwrap();
    let mut last = disable(&stored(&store, "ada").await, 2);
    last.expected = Expected::At(Version(u64::MAX));
    last.events.iter_mut().for_each(|recorded| recorded.number = u64::MAX);
    let refused = |result| match result {
        Err(CommitError::Store(StoreError::Failed(reason))) => reason.to_string().contains("not numbered"),
        _ => false,
    };
    assert!(refused(store.commit(last.clone()).await));
    let within = move |transaction: &Transaction<'_>| Ok::<_, StoreError>(commit_in(transaction, &last));
    assert!(refused(store.transaction(within).await.unwrap()));
    assert_eq!(stored(&store, "ada").await.version.0, 3);
}

#[tokio::test]
async fn a_panic_of_the_hosts_is_the_hosts_and_undone() {
    let (place, store) = with_orders().await;
    let inner = store.clone();
    let panics = |transaction: &Transaction<'_>| -> Result<(), StoreError> {
        order(transaction, "never")?;
        panic!("the host's own")
    };
    let task = tokio::spawn(async move { inner.transaction(panics).await });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(orders(&place), 0);
    store.commit(creation("ada", 1)).await.unwrap();
}

#[tokio::test]
async fn a_handle_may_end_on_the_writers_own_thread() {
    let (place, store) = with_orders().await;
    let last = store.clone();
    let task = tokio::spawn({
        let store = store.clone();
        async move {
            let drops = move |_: &Transaction<'_>| {
                drop(last);
                Ok::<_, StoreError>(())
            };
            store.transaction(drops).await
        }
    });
    task.await.unwrap().unwrap();
    drop(store);
    drop(place.open().await);
}
