//! What the laws of the ports do not ask: files that are damaged, open already, or a newer program's.
#![expect(clippy::expect_used, reason = "a test that cannot go on ends")]

use std::path::{Path, PathBuf};

use identity_conformance::block_on;
use identity_conformance::kit::{Person, at, create, key, lease, letter, message_id, paid, put};
use identity_ports::{Outbox, StoreError, UserRepository};
use redb::{Database, ReadableTable as _, TableDefinition};
use redb_store::RedbStore;
use tempfile::TempDir;

const TABLE: TableDefinition<'_, &str, &str> = TableDefinition::new("identity");

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder for the file");
    let path = folder.path().join("identity.redb");
    (folder, path)
}

/// Writes a row as no program of this version would.
fn tamper(path: &Path, key: &str, change: impl FnOnce(&str) -> String) {
    let database = Database::open(path).expect("nobody has the file open");
    let transaction = database.begin_write().expect("a transaction");
    {
        let mut table = transaction.open_table(TABLE).expect("the table");
        let value = table.get(key).expect("a read").map(|row| change(row.value())).expect("the row is there");
        table.insert(key, value.as_str()).expect("a write");
    }
    transaction.commit().expect("a commit");
}

async fn open(path: &Path) -> RedbStore {
    RedbStore::open(path).await.expect("the file opens")
}

#[test]
fn a_damaged_record_names_its_user_and_others_are_untouched() {
    block_on(async {
        let (_folder, path) = file();
        let store = open(&path).await;
        put(&store, create(&key("ada"), &Person::default())).await;
        let bob = put(&store, create(&key("bob"), &Person::default())).await;
        drop(store);
        tamper(&path, "acme\0users\0ada", |row| row.replacen("\\\"c\\\":18", "\\\"c\\\":17", 1));
        let store = open(&path).await;
        let Err(StoreError::Corrupt { key: named, reason, .. }) = store.load(&key("ada")).await else {
            panic!("the record is damaged")
        };
        assert_eq!(named, "acme/users/ada");
        assert!(reason.contains("checksum"), "{reason}");
        assert_eq!(store.load(&key("bob")).await.expect("it is read"), Some(bob));
    });
}

#[test]
fn a_damaged_message_delays_no_other_and_is_reported() {
    block_on(async {
        let (_folder, path) = file();
        let store = open(&path).await;
        for (number, name) in [(1, "ada"), (2, "bob")] {
            let user = key(name);
            put(&store, create(&user, &Person::default()).message(paid(letter(number, &user, at(0)), vec![]))).await;
        }
        drop(store);
        tamper(&path, &format!("\0messages\0{}", message_id(1)), |_| "{}".to_owned());
        let store = open(&path).await;
        let leased = store.lease(lease(1, at(1), at(60), 10)).await.expect("it leases");
        assert_eq!(leased.iter().map(|leased| leased.message.id).collect::<Vec<_>>(), [message_id(2)]);
        assert!(matches!(store.message(message_id(1)).await, Err(StoreError::Corrupt { .. })));
    });
}

#[test]
fn an_acknowledged_commit_is_in_the_file_before_it_is_closed() {
    block_on(async {
        let (folder, path) = file();
        let store = open(&path).await;
        let ada = put(&store, create(&key("ada"), &Person::default())).await;
        let copy = folder.path().join("copy.redb");
        std::fs::copy(&path, &copy).expect("the file is copied");
        assert_eq!(open(&copy).await.load(&key("ada")).await.expect("it is read"), Some(ada));
    });
}

#[test]
fn a_file_that_is_open_already_is_unavailable() {
    block_on(async {
        let (_folder, path) = file();
        let first = open(&path).await;
        assert!(matches!(RedbStore::open(&path).await, Err(StoreError::Unavailable(_))));
        drop(first);
        open(&path).await;
    });
}

#[test]
fn a_file_of_a_newer_program_is_refused() {
    block_on(async {
        let (_folder, path) = file();
        drop(open(&path).await);
        tamper(&path, "\0schema", |_| "2".to_owned());
        let refused = RedbStore::open(&path).await.err();
        assert!(matches!(refused, Some(StoreError::Newer { database: 2, program: 1 })), "{refused:?}");
    });
}
