use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output};

use identity::directory::{ListOrder, ListQuery};
use identity::testing::Mailbox;
use identity::{CodeKeys, Identifier, Identity, User, UserId};
use identity_sqlite::SqliteStore;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// A folder with the file of the other system, and that of this library.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.0.path().join("source")
    }

    /// This library's file.
    pub(crate) fn target(&self) -> PathBuf {
        self.0.path().join("identity.db")
    }

    /// Runs the import once, and returns its exit status and what it said.
    pub(crate) fn run(&self, system: &str, target: impl AsRef<OsStr>) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_import-users"));
        command.arg(system).arg(self.source()).arg(target);
        let Output { status, stdout, stderr } = command.env("IDENTITY_KEY", "5a".repeat(32)).output().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
    }

    /// Imports everything twice. The first time imports `new` users and refuses the rows of `left`, each with its reason; the
    /// second time finds the same and changes nothing.
    pub(crate) async fn import(&self, system: &str, new: usize, left: &[(String, &str)]) -> Vec<User> {
        let (status, first) = self.run(system, self.target());
        let refused: Vec<&str> = first.lines().filter(|line| line.starts_with("not imported: ")).collect();
        for (row, reason) in left {
            let row = format!("not imported: {row}: ");
            let told = |line: &&str| line.strip_prefix(&row).is_some_and(|told| told.contains(reason));
            assert!(refused.iter().any(told), "{row}{reason}\n{first}");
        }
        assert_eq!(refused.len(), left.len(), "{first}");
        assert!(first.ends_with(&format!("imported {new}, there already 0, not imported {}\n", left.len())), "{first}");
        assert_eq!(status, Some(i32::from(!left.is_empty())));
        let before = self.users().await;
        let (_, second) = self.run(system, self.target());
        assert!(
            second.ends_with(&format!("imported 0, there already {new}, not imported {}\n", left.len())),
            "{second}"
        );
        let after = self.users().await;
        assert_eq!(before, after);
        after
    }

    /// Every user of this library's file, in the order of their creation.
    async fn users(&self) -> Vec<User> {
        let store = SqliteStore::open(self.target()).await.unwrap();
        let identity = Identity::new(store, Mailbox::default(), CodeKeys::parse(&"5a".repeat(32)).unwrap());
        let query = ListQuery { order: ListOrder::Created, after: None, limit: 1_000, prefix: None };
        let page = identity.admin("test").list(&query).await.unwrap();
        page.users.iter().map(|stored| User::clone(&stored.user)).collect()
    }
}

pub(crate) fn user<'a>(users: &'a [User], id: &str) -> &'a User {
    let id = UserId::parse(id).unwrap();
    users.iter().find(|user| *user.id() == id).unwrap()
}

/// The addresses of a user, as `[address as typed, verified, primary]`.
pub(crate) fn addresses(user: &User) -> Value {
    let of = |entry: &Identifier| {
        let primary = [user.primary_email(), user.primary_phone()].into_iter().flatten();
        json!([entry.address.typed(), entry.is_verified(), primary.into_iter().any(|primary| primary.id == entry.id)])
    };
    user.identifiers().map(of).collect()
}

pub(crate) fn name(user: &User) -> Option<&str> {
    user.username().map(|entry| entry.username.typed())
}

pub(crate) fn claims(user: &User) -> &Map<String, Value> {
    user.profile().claims.as_map()
}
