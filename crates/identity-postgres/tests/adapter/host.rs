//! Rows of the host in the same transaction, and statements of the host on connections of its own.

use crate::common::Place;
use identity_conformance::kit::{NOW, Person, change, create, erase, key, letter, mail_key, paid, put, refusing};
use identity_core::Strength;
use identity_ports::{CommitError, UserRepository as _};

#[tokio::test]
async fn rows_of_the_host_are_written_with_a_commit_or_not_at_all() {
    let place = Place::new();
    let store = place.store().await;
    place.sql("CREATE TABLE orders (user_id TEXT)").await;
    let orders = format!("\"{}\".orders", place.schema);
    let commit = create(&key("ada"), &Person::default()).0;
    for keep in [false, true] {
        let mut connection = store.pool().get().await.unwrap();
        let mut transaction = connection.transaction().await.unwrap();
        transaction.execute(&format!("INSERT INTO {orders} VALUES ('ada')"), &[]).await.unwrap();
        store.commit_in(&mut transaction, &commit).await.unwrap();
        if keep {
            transaction.commit().await.unwrap()
        } else {
            transaction.rollback().await.unwrap()
        }
        assert_eq!(store.load(&key("ada")).await.unwrap().is_some(), keep);
        let rows = place.raw().await.query("SELECT 1 FROM orders", &[]).await.unwrap();
        assert_eq!(rows.len(), usize::from(keep));
    }
}

#[tokio::test]
async fn a_refused_commit_leaves_the_transaction_usable() {
    let place = Place::new();
    let store = place.store().await;
    let claim = mail_key("ada@example.com");
    let ada = put(&store, create(&key("ada"), &Person::default()).take(&claim, Strength::Verified)).await;
    let spent = || vec![refusing("+49", 1, NOW)];
    put(&store, create(&key("eve"), &Person::default()).message(paid(letter(1, &key("eve"), NOW), spent()))).await;

    let mut connection = store.pool().get().await.unwrap();
    let mut transaction = connection.transaction().await.unwrap();
    let again = store.commit_in(&mut transaction, &create(&key("ada"), &Person::default()).0).await;
    assert!(matches!(again, Err(CommitError::Conflict)), "{again:?}");
    let bob = create(&key("bob"), &Person::default());
    let taken = store.commit_in(&mut transaction, &bob.clone().take(&claim, Strength::Verified).0).await;
    assert!(matches!(taken, Err(CommitError::Taken(_))), "{taken:?}");
    let costs = bob.clone().message(paid(letter(2, &key("bob"), NOW), spent()));
    let exhausted = store.commit_in(&mut transaction, &costs.0).await;
    assert!(matches!(exhausted, Err(CommitError::Exhausted { .. })), "{exhausted:?}");
    store.commit_in(&mut transaction, &bob.0).await.unwrap();
    store.commit_in(&mut transaction, &erase(&key("ada"), &ada).0).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(store.load(&key("bob")).await.unwrap().is_some());
    assert_eq!(store.load(&key("ada")).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_that_waits_for_a_hosts_transaction_sees_what_the_transaction_did() {
    let place = Place::new();
    let store = place.store().await;
    let ada = put(&store, create(&key("ada"), &Person::default())).await;
    let mine = change(&key("ada"), &ada, &Person::default().attempts(1));
    let theirs = change(&key("ada"), &ada, &Person::default().attempts(2));
    let mut connection = store.pool().get().await.unwrap();
    let mut transaction = connection.transaction().await.unwrap();
    store.commit_in(&mut transaction, &mine.0).await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.commit(theirs.0).await }
    });
    // Other commits go on meanwhile.
    put(&store, create(&key("bob"), &Person::default())).await;
    assert!(!waiting.is_finished(), "it waits");
    transaction.commit().await.unwrap();
    match waiting.await.unwrap() {
        Err(CommitError::Conflict) => {}
        other => panic!("{other:?}"),
    }
    let loaded = store.load(&key("ada")).await.unwrap().unwrap();
    assert_eq!(Person::counted(&loaded.user), 1, "what was told is what is there");
}

#[tokio::test]
async fn the_hosts_own_statements_run_without_the_settings_of_the_store() {
    let store = Place::new().store().await;
    let connection = store.pool().get().await.unwrap();
    let changed = "SELECT string_agg(name, ', ') FROM pg_settings WHERE setting <> boot_val AND (name LIKE 'enable_%' \
                   OR name IN ('plan_cache_mode', 'jit', 'statement_timeout', 'lock_timeout'))";
    let changed: Option<String> = connection.query_one(changed, &[]).await.unwrap().get(0);
    assert_eq!(changed, None);
}

#[tokio::test]
async fn a_use_case_writes_its_change_in_the_hosts_transaction() {
    let place = Place::new();
    let store = place.store().await;
    place.sql("CREATE TABLE orders (user_id TEXT, version BIGINT)").await;
    let orders = format!("\"{}\".orders", place.schema);
    let keys = identity::CodeKeys::parse(&"5a".repeat(32)).unwrap();
    let identity = identity::Identity::new(store.clone(), Silent, keys);
    let insert = format!("INSERT INTO {orders} VALUES ($1, $2)");
    let ordering = identity.with_commit(move |commit| {
        let (store, insert) = (store.clone(), insert.clone());
        async move {
            let mut connection = store.pool().get().await.unwrap();
            let mut transaction = connection.transaction().await.unwrap();
            let version = i64::try_from(commit.version().0).unwrap();
            transaction.execute(&insert, &[&commit.key.user.as_str(), &version]).await.unwrap();
            let committed = store.commit_in(&mut transaction, &commit).await?;
            transaction.commit().await.unwrap();
            Ok(committed)
        }
    });
    let ada = ordering.admin("test").create(identity::NewUser::default()).await.unwrap().outcome;
    // Eight at once: seven of them at least meet a conflict and start over.
    let adding = (0..8).map(|number| {
        let account = ordering.account(&ada);
        tokio::spawn(async move {
            account.add(identity::Email::parse(&format!("a{number}@example.com")).unwrap()).await.unwrap();
        })
    });
    for added in adding.collect::<Vec<_>>() {
        added.await.unwrap();
    }
    let user = identity.account(&ada).get().await.unwrap();
    assert_eq!(user.identifiers().count(), 8);
    let rows = place.raw().await.query(&format!("SELECT version FROM {orders} ORDER BY version"), &[]).await.unwrap();
    let versions: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(versions, Vec::from_iter(1..=9), "one row a commit, and none of a commit that was refused");
}

/// Nobody is told of anything.
struct Silent;

#[identity::async_trait]
impl identity::Notifier for Silent {
    async fn notify(&self, _: &identity::Notice) -> Result<identity::Accepted, identity::NotifyError> {
        Ok(identity::Accepted::default())
    }
}
