//! Rows of the host's own, written by the transaction that writes the change of a user.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use identity::store::{Commit, CommitError, UserRepository as _};
use identity::{Error, Identity, NewUser, PublicRefusal, StoreError, UserId, Username};
use identity_memory::MemoryStore;
use identity_sqlite::rusqlite::Transaction;
use identity_sqlite::{SqliteStore, commit_in};
use tempfile::TempDir;

use crate::kit::{CountedEntropy, HandClock, Mailbox, address, keys};

/// A host that notes every change of a user in a table of its own.
struct Noting {
    store: SqliteStore,
    plain: Identity,
    noting: Identity,
    mailbox: Mailbox,
    /// Whether the host refuses its own row.
    refuses: Arc<AtomicBool>,
    _folder: TempDir,
}

impl Noting {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(folder.path().join("app.db")).await.unwrap();
        let table = "CREATE TABLE notes (user TEXT, version INTEGER)";
        store.transaction(|tx| tx.execute_batch(table).map_err(StoreError::failed)).await.unwrap();
        let mailbox = Mailbox::default();
        let plain = Identity::new(store.clone(), mailbox.clone(), keys())
            .with_clock(HandClock::default())
            .with_entropy(CountedEntropy::default());
        let refuses = Arc::new(AtomicBool::new(false));
        let (place, refused) = (store.clone(), Arc::clone(&refuses));
        let noting = plain.with_commit(move |commit| {
            let (store, refuse) = (place.clone(), refused.load(Ordering::SeqCst));
            async move { store.transaction(move |tx| noted(tx, &commit, refuse)).await }
        });
        Self { store, plain, noting, mailbox, refuses, _folder: folder }
    }

    /// How many changes the host has noted, and the version of the last.
    async fn notes(&self, user: &UserId) -> (u64, u64) {
        let user = user.as_str().to_owned();
        let read = move |tx: &Transaction<'_>| {
            let sql = "SELECT count(*), coalesce(max(version), 0) FROM notes WHERE user = ?1";
            let row = tx.query_row(sql, [user], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
            row.map(|(count, last)| (count.unsigned_abs(), last.unsigned_abs())).map_err(StoreError::failed)
        };
        self.store.transaction(read).await.unwrap()
    }
}

fn noted(tx: &Transaction<'_>, commit: &Commit, refuse: bool) -> Result<identity::store::Committed, CommitError> {
    let row = (commit.key.user.as_str(), i64::try_from(commit.version().0).unwrap());
    tx.execute("INSERT INTO notes VALUES (?1, ?2)", row).map_err(StoreError::failed)?;
    let committed = commit_in(tx, commit)?;
    if refuse { Err(StoreError::failed("the host has no room for its row").into()) } else { Ok(committed) }
}

#[tokio::test]
async fn rows_of_the_host_are_written_with_every_use_case() {
    let host = Noting::new().await;
    let admin = host.noting.admin("test");
    let ada = admin.create(NewUser::default()).await.unwrap().outcome;
    let account = host.noting.account(&ada);
    let mail = account.add(address("ada@example.com")).await.unwrap().outcome;
    account.start_verification(mail).await.unwrap();
    // Delivery goes through the store alone.
    host.plain.deliver_due().await.unwrap();
    account.confirm(mail, &host.mailbox.code("ada@example.com").unwrap()).await.unwrap();
    let phone = account.add(address("+441514960453")).await.unwrap().outcome;
    let last = admin.mark_verified(&ada, phone).await.unwrap();
    // One note a commit, each with the version that the commit made.
    assert_eq!(host.notes(&ada).await, (6, last.version.0));

    // The first verified phone number is primary already. What changes nothing is written nowhere.
    account.set_primary(phone).await.unwrap();
    assert_eq!(host.notes(&ada).await.0, 6);
    let erased = admin.erase(&ada).await.unwrap();
    assert_eq!(host.notes(&ada).await, (7, erased.version.0));
}

#[tokio::test]
async fn every_tenant_is_written_by_the_host() {
    let host = Noting::new().await;
    let other = host.noting.for_tenant(identity::TenantId::parse("other").unwrap());
    let eve = other.admin("test").create(NewUser::default()).await.unwrap().outcome;
    assert_eq!(host.notes(&eve).await, (1, 1));
}

#[tokio::test]
async fn a_row_that_the_host_cannot_write_undoes_the_change() {
    let host = Noting::new().await;
    let ada = host.noting.admin("test").create(NewUser::default()).await.unwrap().outcome;
    let mail = host.noting.account(&ada).add(address("ada@example.com")).await.unwrap().outcome;
    let before = (host.plain.account(&ada).get().await.unwrap(), host.notes(&ada).await);

    host.refuses.store(true, Ordering::SeqCst);
    let started = host.noting.account(&ada).start_verification(mail).await;
    assert!(matches!(started, Err(identity::HolderError::Store(_))), "{started:?}");
    let created = host.noting.admin("test").create(NewUser::default()).await;
    assert!(matches!(created, Err(Error::Store(_))), "{created:?}");

    assert_eq!((host.plain.account(&ada).get().await.unwrap(), host.notes(&ada).await), before);
    assert_eq!(host.plain.deliver_due().await.unwrap().sent, 0);
}

#[tokio::test]
async fn a_change_in_between_starts_the_whole_over() {
    let host = Noting::new().await;
    let ada = host.plain.admin("test").create(NewUser::default()).await.unwrap().outcome;
    let (tries, store, plain) = (Arc::new(AtomicU64::new(0)), host.store.clone(), host.plain.clone());
    let (counted, user) = (Arc::clone(&tries), ada.clone());
    let late = host.plain.with_commit(move |commit| {
        let (store, plain, user) = (store.clone(), plain.clone(), user.clone());
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                plain.account(&user).add(address("eve@example.com")).await.unwrap();
            }
            store.transaction(move |tx| noted(tx, &commit, false)).await
        }
    });
    let added = late.account(&ada).add(address("ada@example.com")).await.unwrap();
    assert_eq!(tries.load(Ordering::SeqCst), 2);
    assert_eq!(added.user.identifiers().count(), 2);
    // The first try left no note behind.
    assert_eq!(host.notes(&ada).await, (1, added.version.0));
}

#[tokio::test]
async fn a_refusal_of_the_store_is_the_use_cases_refusal() {
    let host = Noting::new().await;
    let name = Username::parse("ada").unwrap();
    let admin = host.plain.admin("test");
    let ada = admin.create(NewUser::default()).await.unwrap().outcome;
    let bob = admin.create(NewUser::default()).await.unwrap().outcome;
    host.noting.account(&ada).set_username(&name).await.unwrap();
    let taken = host.noting.account(&bob).set_username(&name).await;
    assert!(matches!(taken, Err(identity::HolderError::Refused(PublicRefusal::UsernameTaken))), "{taken:?}");
    assert_eq!(host.notes(&bob).await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn delivery_is_woken_after_the_hosts_commit_and_not_before() {
    let (store, mailbox) = (MemoryStore::new(), Mailbox::default());
    let plain = Identity::new(store.clone(), mailbox.clone(), keys()).with_entropy(CountedEntropy::default());
    let ada = plain.admin("test").create(NewUser::default()).await.unwrap().outcome;
    let mail = plain.account(&ada).add(address("ada@example.com")).await.unwrap().outcome;
    let delivery = tokio::spawn({
        let identity = plain.clone();
        async move { identity.deliver_forever().await }
    });
    tokio::task::yield_now().await;

    let (place, seen) = (store.clone(), mailbox.clone());
    let own = plain.with_commit(move |commit| {
        let (store, mailbox) = (place.clone(), seen.clone());
        async move {
            assert_eq!(mailbox.messages().len(), 0);
            store.commit(commit).await
        }
    });
    let began = tokio::time::Instant::now();
    own.account(&ada).start_verification(mail).await.unwrap();
    // Time does not go on meanwhile, so a loop that was not woken sleeps.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!((mailbox.messages().len(), began.elapsed()), (1, std::time::Duration::ZERO));
    delivery.abort();
}
