//! Rows of the host's own beside users: the same statements on both databases.
#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use identity::history::Change;
use identity::store::Commit;
use identity::testing::Mailbox;
use identity::{CodeKeys, Email, IdentifierId, Identity, NewUser, StoreError, UserId};
use identity_sql::{SqlStore, Statement, Value};
use postgres_testbed::{Cluster, Database};
use tempfile::TempDir;

const TABLE: &str = "CREATE TABLE notes (user_id TEXT NOT NULL, version BIGINT NOT NULL, UNIQUE (user_id, version));
    CREATE TABLE cells (i BIGINT, r DOUBLE PRECISION, t TEXT, b BYTEA)";

/// A store, and what has to outlive it.
struct Place {
    store: SqlStore,
    _folder: TempDir,
    _database: Database,
}

/// One of each database.
async fn places() -> [Place; 2] {
    let (folder, database) = (tempfile::tempdir().unwrap(), Cluster::shared().database());
    let urls = [format!("sqlite:{}", folder.path().join("app.db").display()), database.url()];
    let mut places = Vec::new();
    for (url, folder) in urls.into_iter().zip([folder, tempfile::tempdir().unwrap()]) {
        let store = SqlStore::open(&url).await.unwrap();
        store.batch(TABLE).await.unwrap();
        places.push(Place { store, _folder: folder, _database: database.clone() });
    }
    places.try_into().ok().unwrap()
}

fn plain(store: &SqlStore, mailbox: &Mailbox) -> Identity {
    store.identity(mailbox.clone(), CodeKeys::parse(&"5a".repeat(32)).unwrap())
}

/// A note of each commit.
fn notes(commit: &Commit) -> Vec<Statement> {
    let version = i64::try_from(commit.version().0).unwrap();
    // The parameters do not come in the order of their numbers.
    let note = Statement::new("INSERT INTO notes (version, user_id) VALUES ($2, $1)");
    vec![note.bind(commit.key.user.as_str()).bind(version)]
}

/// A user with an address that is not verified.
async fn ada(identity: &Identity) -> (UserId, IdentifierId) {
    let ada = identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
    let id = identity.account(&ada).add(Email::parse("ada@example.com").unwrap()).await.unwrap().outcome;
    (ada, id)
}

async fn noted(store: &SqlStore, user: &UserId) -> Vec<i64> {
    let sql = "SELECT version FROM notes WHERE user_id = $1 ORDER BY version";
    let rows = store.query(Statement::new(sql).bind(user.as_str())).await.unwrap();
    rows.iter().map(|row| row.first().unwrap().as_integer().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_written_with_every_commit_of_a_use_case() {
    for Place { store, .. } in &places().await {
        let mailbox = Mailbox::default();
        let identity = store.with_rows(&plain(store, &mailbox), notes);
        let (ada, id) = ada(&identity).await;
        let account = identity.account(&ada);
        account.start_verification(id).await.unwrap();
        identity.deliver_due().await.unwrap();
        account.confirm(id, &mailbox.code("ada@example.com").unwrap()).await.unwrap();
        let history = identity.admin("test").history(&ada, 0, 100).await.unwrap();
        let last = i64::try_from(history.last().unwrap().number).unwrap();
        let versions = noted(store, &ada).await;
        assert_eq!((versions.len(), versions.last()), (4, Some(&last)), "{versions:?}");
    }
}

#[test]
fn a_row_serializes_as_its_values() {
    let row = [Value::Null, 7.into(), 0.5.into(), "tea".into(), vec![1, 255].into()];
    assert_eq!(serde_json::to_string(&row).unwrap(), r#"[null,7,0.5,"tea",[1,255]]"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_row_cannot_be_written_the_change_is_not_either() {
    for Place { store, .. } in &places().await {
        let identity = plain(store, &Mailbox::default());
        for sql in ["INSERT INTO nowhere VALUES ($1)", "SELECT", "INSERT INTO notes (user_id) VALUES ($1)"] {
            let failing = store.with_rows(&identity, move |commit| {
                let mut rows = notes(commit);
                rows.push(Statement::new(sql).bind(commit.key.user.as_str()));
                rows
            });
            let id = UserId::parse("ada").unwrap();
            let new = NewUser { id: Some(id.clone()), ..NewUser::default() };
            let failed = failing.admin("test").create(new).await;
            assert!(matches!(failed, Err(identity::Error::Store(_))), "{failed:?}");
            assert!(identity.account(&id).get().await.is_err());
            assert!(noted(store, &id).await.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_has_to_start_over_writes_its_rows_once() {
    for Place { store, .. } in &places().await {
        let identity = store.with_rows(&plain(store, &Mailbox::default()), notes);
        let ada = identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
        let adds = (0..6).map(|number| {
            let account = identity.account(&ada);
            tokio::spawn(async move { account.add(Email::parse(&format!("a{number}@example.com")).unwrap()).await })
        });
        for add in adds.collect::<Vec<_>>() {
            add.await.unwrap().unwrap();
        }
        let history = identity.admin("test").history(&ada, 0, 100).await.unwrap();
        let added = history.iter().filter(|recorded| matches!(recorded.event.change, Change::Added { .. })).count();
        assert_eq!((added, noted(store, &ada).await.len()), (6, 7), "one note for each commit");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_messages_is_woken_by_a_commit_with_rows() {
    for Place { store, .. } in &places().await {
        let mailbox = Mailbox::default();
        let identity = store.with_rows(&plain(store, &mailbox), notes);
        let (ada, id) = ada(&identity).await;
        let account = identity.account(&ada);
        let (got, stop) = (mailbox.clone(), tokio::sync::Notify::new());
        let until = async {
            account.start_verification(id).await.unwrap();
            while got.notices().is_empty() {
                tokio::task::yield_now().await;
            }
            stop.notify_one();
        };
        tokio::join!(identity.deliver_until(stop.notified()), until);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_come_back_as_they_were_written() {
    for Place { store, .. } in &places().await {
        let full = [Value::from(i64::MIN), 0.5.into(), "ß'; DROP TABLE cells; --".into(), vec![0, 255].into()];
        let none = [Value::Null, Value::Null, Value::Null, None::<&str>.into()];
        for values in [full, none] {
            let insert = Statement::new("INSERT INTO cells (i, r, t, b) VALUES ($1, $2, $3, $4) RETURNING i, r, t, b");
            let insert = values.iter().cloned().fold(insert, Statement::bind);
            assert_eq!(store.query(insert).await.unwrap(), vec![values.to_vec()]);
        }
        assert_eq!(
            store.query(Statement::new("SELECT count(*) FROM cells")).await.unwrap(),
            vec![vec![Value::from(2)]]
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_has_as_many_values_as_parameters() {
    for Place { store, .. } in &places().await {
        for (sql, count) in [("SELECT 1", 1), ("SELECT CAST($1 AS TEXT)", 0), ("SELECT CAST($1 AS TEXT)", 2)] {
            let statement = (0..count).fold(Statement::new(sql), |statement, _| statement.bind("x"));
            assert!(store.query(statement).await.is_err(), "{sql} with {count}");
        }
    }
}

#[tokio::test]
async fn a_url_is_of_one_of_the_two_or_refused_without_its_password() {
    for url in
        ["", "app.db", "mysql://root:secret@localhost/app", "sqlite:", "sqlite::memory:", "sqlite:app.db?mode=rwc"]
    {
        let error = SqlStore::open(url).await.unwrap_err();
        assert!(matches!(error, StoreError::Failed(_)) && !error.to_string().contains("secret"), "{url}: {error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.db");
    SqlStore::open(&format!("sqlite://{}", file.display())).await.unwrap();
    assert!(file.exists());
}
