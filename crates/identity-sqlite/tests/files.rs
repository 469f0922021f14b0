//! What becomes of files: ours, newer ones, somebody else's, and what is no database at all.

mod common;

use std::fs;

use common::{Place, creation, disable, key, start, stored, verify};
use identity_ports::{Outbox as _, StoreError, UserRepository as _};
use identity_sqlite::{Durability, SqliteStore, migrate};

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let place = Place::new();
    let store = place.open().await;
    store.commit(creation("ada", 1)).await.unwrap();
    store.commit(start(&stored(&store, "ada").await, 2)).await.unwrap();
    let before = (stored(&store, "ada").await, store.history(&key("ada"), 0, 100).await.unwrap());
    drop(store);
    assert!(!place.path().with_extension("db-wal").exists(), "the last one to close tidies up");

    let store = place.open().await;
    let after = (stored(&store, "ada").await, store.history(&key("ada"), 0, 100).await.unwrap());
    assert_eq!(before, after);
    assert!(after.0.user.emails().entries()[0].challenge().is_some());
}

#[tokio::test]
async fn every_durability_keeps_what_the_process_wrote() {
    for durability in [Durability::Full, Durability::Normal] {
        let place = Place::new();
        let open = || SqliteStore::options().with_durability(durability).with_readers(1).open(place.path());
        let store = open().await.unwrap();
        store.commit(creation("ada", 1)).await.unwrap();
        drop(store);
        assert_eq!(stored(&open().await.unwrap(), "ada").await.version.0, 3);
    }
}

#[tokio::test]
async fn a_newer_database_is_refused_with_both_versions() {
    for sql in ["UPDATE identity_meta SET value = 7", "PRAGMA user_version = 7"] {
        let place = Place::new();
        drop(place.open().await);
        place.raw().execute_batch(sql).unwrap();
        let error = SqliteStore::open(place.path()).await.unwrap_err();
        assert!(matches!(error, StoreError::Newer { database: 7, program: 4 }), "{sql}: {error:?}");
    }
    let place = Place::new();
    drop(place.open().await);
    let mut raw = place.raw();
    raw.execute_batch("UPDATE identity_meta SET value = 7").unwrap();
    assert!(matches!(migrate(&mut raw), Err(StoreError::Newer { database: 7, program: 4 })));
}

#[tokio::test]
async fn a_newer_database_that_says_since_when_it_is_compatible_is_used() {
    for marked in [true, false] {
        let place = Place::new();
        drop(place.open().await);
        let raw = place.raw();
        raw.execute_batch("UPDATE identity_meta SET value = 7 WHERE name = 'schema'; PRAGMA user_version = 7").unwrap();
        raw.execute_batch("ALTER TABLE identity_users ADD COLUMN later TEXT").unwrap();
        if !marked {
            raw.execute_batch("PRAGMA application_id = 0; PRAGMA user_version = 0").unwrap();
        }
        let store = place.open().await;
        store.commit(creation("ada", 1)).await.unwrap();
        assert_eq!(stored(&store, "ada").await.version.0, 3);
        drop(store);
        let mut raw = place.raw();
        migrate(&mut raw).unwrap();
        let schema =
            raw.query_row("SELECT value FROM identity_meta WHERE name = 'schema'", [], |row| row.get::<_, i64>(0));
        assert_eq!(schema.unwrap(), 7, "and it stays of its version");
        raw.execute_batch("UPDATE identity_meta SET value = 5 WHERE name = 'compatible_since'").unwrap();
        let error = SqliteStore::open(place.path()).await.unwrap_err();
        assert!(matches!(error, StoreError::Newer { database: 7, program: 4 }), "{error:?}");
    }
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_alone() {
    for sql in [
        "CREATE TABLE orders (id INTEGER PRIMARY KEY); PRAGMA application_id = 42",
        "CREATE TABLE identity_meta (something TEXT)",
        "CREATE TABLE identity_meta (name TEXT, value TEXT); INSERT INTO identity_meta VALUES ('schema', 'one')",
    ] {
        let place = Place::new();
        place.raw().execute_batch(sql).unwrap();
        let before = fs::read(place.path()).unwrap();
        let error = SqliteStore::open(place.path()).await.unwrap_err();
        assert!(matches!(error, StoreError::NotOurs(_) | StoreError::Failed(_)), "{sql}: {error:?}");
        assert_eq!(fs::read(place.path()).unwrap(), before, "{sql}");
    }
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_alone() {
    for bytes in [b"".to_vec(), b"hello, world\n".repeat(1_000), vec![0xff; 4_096], vec![0; 100_000]] {
        let place = Place::new();
        fs::write(place.path(), &bytes).unwrap();
        match SqliteStore::open(place.path()).await {
            Ok(_) => assert!(bytes.is_empty(), "an empty file is a new database, and nothing else is"),
            Err(StoreError::NotOurs(_)) => assert_eq!(fs::read(place.path()).unwrap(), bytes),
            Err(other) => panic!("{other:?}"),
        }
    }
    let place = Place::new();
    assert!(matches!(SqliteStore::open(place.path().join("no/such/folder")).await, Err(StoreError::Failed(_))));
    assert!(matches!(SqliteStore::open(":memory:").await, Err(StoreError::Failed(_))));
    assert!(matches!(SqliteStore::open(place.path().parent().unwrap()).await, Err(StoreError::Failed(_))));
}

#[tokio::test]
async fn a_file_that_was_cut_short_or_overwritten_fails_with_a_sentence() {
    let place = Place::new();
    let store = place.open().await;
    for number in 1..200 {
        store.commit(creation(&format!("user-{number}"), number)).await.unwrap();
        store.commit(start(&stored(&store, &format!("user-{number}")).await, 200 + number)).await.unwrap();
    }
    drop(store);
    let whole = fs::read(place.path()).unwrap();
    for length in (1..whole.len()).step_by(whole.len() / 40) {
        fs::write(place.path(), &whole[..length]).unwrap();
        use_it(&place).await;
        assert!(SqliteStore::open(place.path()).await.is_err(), "{length} of {} bytes", whole.len());
    }
    for page in 0..whole.len() / 4_096 {
        let mut bytes = whole.clone();
        bytes[page * 4_096..(page + 1) * 4_096]
            .iter_mut()
            .enumerate()
            .for_each(|(i, byte)| *byte ^= (i * 37 % 251) as u8);
        fs::write(place.path(), &bytes).unwrap();
        use_it(&place).await;
    }
}

/// Whatever comes of it, it is an answer.
async fn use_it(place: &Place) {
    let Ok(store) = SqliteStore::open(place.path()).await else { return };
    let _ = store.load(&key("user-1")).await;
    let _ = store.history(&key("user-77"), 0, 10).await;
    let _ = store.commit(creation("new", 900)).await;
    let _ = store.dead_letters(&key("new").tenant, None, 10).await;
}

#[tokio::test]
async fn a_host_adds_the_tables_to_its_own_database() {
    let place = Place::new();
    let mut host = place.raw();
    host.execute_batch(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY); PRAGMA application_id = 42; PRAGMA user_version = 9",
    )
    .unwrap();
    migrate(&mut host).unwrap();
    migrate(&mut host).unwrap();
    let store = place.open().await;
    store.commit(creation("ada", 1)).await.unwrap();
    store.commit(verify(&stored(&store, "ada").await, 2)).await.unwrap();
    drop(store);
    let row: (i64, i64) = host
        .query_row("SELECT * FROM pragma_application_id, pragma_user_version", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(row, (42, 9), "the host's marks stay the host's");
    let by: String = host.query_row("SELECT verified_by FROM identity_identifiers", [], |row| row.get(0)).unwrap();
    assert_eq!(by, "administrator");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_open_a_new_file_at_once() {
    let place = Place::new();
    let open: Vec<_> = (0..8).map(|_| tokio::spawn(SqliteStore::open(place.path()))).collect();
    for (number, open) in (1..).zip(open) {
        let store = open.await.unwrap().unwrap();
        store.commit(creation(&format!("user-{number}"), number)).await.unwrap();
        store.commit(disable(&stored(&store, &format!("user-{number}")).await, 20)).await.unwrap();
    }
}

#[tokio::test]
async fn a_database_whose_tables_were_changed_is_refused() {
    for sql in [
        "DROP INDEX identity_users_updated",
        "ALTER TABLE identity_lookup RENAME COLUMN verified TO shown",
        "DROP TABLE identity_budgets",
        "DROP VIEW identity_identifiers",
    ] {
        let place = Place::new();
        drop(place.open().await);
        place.raw().execute_batch(sql).unwrap();
        let error = SqliteStore::open(place.path()).await.unwrap_err();
        assert!(error.to_string().contains("is damaged"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn urls_and_databases_in_memory_are_refused_and_create_no_file() {
    let place = Place::new();
    let folder = place.path().parent().unwrap().to_owned();
    let there =
        || fs::read_dir(".").unwrap().map(|file| file.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>();
    let before = there();
    for url in
        ["sqlite:app.db", "sqlite://app.db", "SQLite:///app.db", "file:app.db?mode=rwc", "file:app.db", ":memory:", ""]
    {
        let error = SqliteStore::open(url).await.unwrap_err().to_string();
        assert!(error.contains("the path alone") || error.contains("name a file"), "{url}: {error}");
        let store = place.open().await;
        assert!(store.backup_to(url).await.is_err(), "{url}");
    }
    assert_eq!(there(), before);
    // A name that only looks like one is a file.
    SqliteStore::open(folder.join("file:app.db")).await.unwrap();
    assert!(folder.join("file:app.db").exists());
}

#[tokio::test]
async fn connections_are_set_up_as_the_durability_says() {
    for (durability, synchronous, fullfsync) in [(Durability::Full, 2, 1), (Durability::Normal, 1, 0)] {
        let place = Place::new();
        let store = SqliteStore::options().with_durability(durability).open(place.path()).await.unwrap();
        let expected = [
            ("synchronous", synchronous),
            ("fullfsync", fullfsync),
            ("checkpoint_fullfsync", 1),
            ("secure_delete", 1),
            ("cell_size_check", 1),
            ("trusted_schema", 0),
        ];
        let read = move |transaction: &identity_sqlite::rusqlite::Transaction<'_>| {
            for (pragma, value) in expected {
                let set: i64 = transaction.pragma_query_value(None, pragma, |row| row.get(0)).unwrap();
                assert_eq!(set, value, "{pragma}");
            }
            let mode: String = transaction.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
            assert_eq!(mode, "wal");
            Ok::<_, StoreError>(())
        };
        store.transaction(read).await.unwrap();
    }
}

#[tokio::test]
async fn the_log_is_written_back_and_used_again_while_commits_go_on() {
    for durability in [Durability::Full, Durability::Normal] {
        let place = Place::new();
        let store = SqliteStore::options().with_durability(durability).open(place.path()).await.unwrap();
        let rows = "CREATE TABLE IF NOT EXISTS pages (page);
            INSERT INTO pages WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500)
            SELECT zeroblob(4000) FROM n";
        for _ in 0..60 {
            let work = move |transaction: &identity_sqlite::rusqlite::Transaction<'_>| transaction.execute_batch(rows);
            store.transaction(move |transaction| work(transaction).map_err(StoreError::failed)).await.unwrap();
        }
        let log = fs::metadata(place.path().with_extension("db-wal")).unwrap().len();
        // It is due at 16 MiB, and the transactions write 120 MB.
        assert!((16 << 20..48 << 20).contains(&log), "{durability:?}: {log} bytes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_commits_is_whole_and_of_one_moment() {
    let place = Place::new();
    let store = place.open().await;
    for number in 1..40 {
        store.commit(creation(&format!("user-{number}"), number)).await.unwrap();
    }
    let writing = store.clone();
    let (began, begun) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        let mut began = Some(began);
        for number in 40..140 {
            writing.commit(creation(&format!("user-{number}"), number)).await.unwrap();
            began.take().map(|began| began.send(()));
        }
    });
    begun.await.unwrap();
    let backup = place.path().with_extension("backup");
    store.backup_to(&backup).await.unwrap();
    task.await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = fs::read(&backup).unwrap();
    let error = store.backup_to(&backup).await.unwrap_err().to_string();
    assert!(error.contains("choose a path where no file is"), "{error}");
    assert_eq!(fs::read(&backup).unwrap(), before, "nothing is overwritten");
    assert!(store.backup_to(place.path().join("no/folder")).await.is_err());

    let copy = SqliteStore::open(&backup).await.unwrap();
    let verification = copy.verify().await.unwrap();
    assert!(verification.is_sound() && verification.users >= 40, "{verification}");
    // Who was acknowledged first is there, and nobody is there without those before.
    for number in 1..=verification.users {
        assert!(copy.load(&key(&format!("user-{number}"))).await.unwrap().is_some());
    }
    copy.commit(creation("later", 999)).await.unwrap();
    assert!(store.load(&key("later")).await.unwrap().is_none());
}

/// What a commit answers when its database is not where it was: an error that says so, and nothing is written.
#[cfg(unix)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]
async fn refuses(store: &SqliteStore, what: &str) {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let source = |error: &dyn std::error::Error| error.source().map(ToString::to_string).unwrap_or_default();
    let commit = store.commit(creation("bob", 2)).await.unwrap_err();
    let transaction = |transaction: &identity_sqlite::rusqlite::Transaction<'_>| {
        identity_sqlite::commit_in(transaction, &creation("cyd", 3)).map(drop)
    };
    let transaction = store.transaction::<_, identity_ports::CommitError, _>(transaction).await.unwrap_err();
    for error in [commit, transaction] {
        let identity_ports::CommitError::Store(error) = error else { panic!("{error:?}") };
        let said = format!("{} {}", text(&error), source(&error));
        assert!(said.contains("the open database file") && said.contains("identity.db"), "{what}: {said}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_was_removed_or_replaced_takes_no_commit() {
    type Harm = fn(&std::path::Path);
    let harms: [(&str, Harm); 5] = [
        ("removed", |path| fs::remove_file(path).unwrap()),
        ("moved", |path| fs::rename(path, path.with_extension("old")).unwrap()),
        ("replaced", |path| {
            fs::copy(path, path.with_extension("new")).unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        }),
        ("removed with all its files", |path| {
            for end in ["db", "db-wal", "db-shm"] {
                fs::remove_file(path.with_extension(end)).unwrap();
            }
        }),
        ("log removed", |path| fs::remove_file(path.with_extension("db-wal")).unwrap()),
    ];
    for durability in [Durability::Full, Durability::Normal] {
        for (what, harm) in harms {
            let place = Place::new();
            let store = SqliteStore::options().with_durability(durability).open(place.path()).await.unwrap();
            store.commit(creation("ada", 1)).await.unwrap();
            harm(&place.path());
            refuses(&store, what).await;
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_behind_a_link_takes_commits_for_as_long_as_it_stays() {
    let place = Place::new();
    let link = place.path().with_extension("link");
    std::os::unix::fs::symlink(place.path(), &link).unwrap();
    let store = SqliteStore::open(&link).await.unwrap();
    store.commit(creation("ada", 1)).await.unwrap();
    store.commit(disable(&stored(&store, "ada").await, 2)).await.unwrap();
    fs::remove_file(place.path()).unwrap();
    refuses(&store, "removed behind the link").await;
}
