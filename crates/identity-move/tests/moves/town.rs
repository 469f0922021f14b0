//! A town in a file, and a house to move to.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use identity_conformance::kit::{Bench, NOW, Person, create, key_in, letter, paid, put, verified, withholding};
use identity_core::{Code, Email, IdentifierId, JsonObject, NewUser, Phone, Policy, UserId, Username};
use identity_sqlite::rusqlite::Connection;
use identity_sqlite::{Durability, SqliteStore};
use postgres_testbed::Database;
use tempfile::TempDir;

/// A file with users in it.
pub(crate) struct Town {
    folder: TempDir,
    /// Users in the tenant `acme`, the first of whom has a code in hand and is not verified.
    pub(crate) users: Vec<UserId>,
    /// The first user's identifier, and the code for it.
    pub(crate) in_hand: (IdentifierId, Code),
}

impl Town {
    pub(crate) async fn of(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteStore::options().with_durability(Durability::Normal);
        let store = Arc::new(options.open(folder.path().join("identity.db")).await.unwrap());
        let bench = Bench::new(store.clone(), Policy::default());
        let admin = bench.identity.admin("move");
        let mut users = Vec::new();
        for number in 0..count {
            let id = UserId::parse(&format!("user\\{number}")).unwrap();
            let email = Email::parse(&format!("Some.One+{number}@EXAMPLE.com")).unwrap();
            let mut new = NewUser { id: Some(id), addresses: vec![email.into()], ..NewUser::default() };
            if number % 2 == 1 {
                let claims = [("nickname".to_owned(), "\t\\N\n\u{1f600}".into())].into_iter().collect();
                new.profile.claims = Arc::new(JsonObject::new(claims).unwrap());
            }
            let user = admin.create(new).await.unwrap().outcome;
            if number % 3 == 1 {
                let email = admin.get(&user).await.unwrap().emails().entries().first().unwrap().id;
                admin.mark_verified(&user, email).await.unwrap();
                admin.set_username(&user, &Username::parse(&format!("someone-{number}")).unwrap(), None).await.unwrap();
            }
            if number % 7 == 6 {
                admin.erase(&user).await.unwrap();
            }
            users.push(user);
        }
        let first = users.first().unwrap().clone();
        let account = bench.identity.account(&first);
        let phone = account.add(Phone::from_e164("+441514960453").unwrap()).await.unwrap().outcome;
        account.start_verification(phone).await.unwrap();
        let code = bench.read_mail().await.0.unwrap();
        // One in another tenant, with a message on its way and a budget drawn.
        let other = key_in("other", "strange\"name\"\\N\\t\u{e4}\u{1f600}");
        let person = Person::default().email(7, "ada@example.com", verified()).primary(7);
        let message = paid(letter(1, &other, NOW), vec![withholding("pseudonym", 3, NOW)]);
        put(&*store, create(&other, &person).message(message)).await;
        Self { folder, users, in_hand: (phone, code) }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("identity.db")
    }

    /// A connection past the adapter.
    pub(crate) fn raw(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    pub(crate) fn rows(&self, table: &str) -> u64 {
        let count = format!("SELECT count(*) FROM {table}");
        let count: i64 = self.raw().query_row(&count, [], |row| row.get(0)).unwrap();
        u64::try_from(count).unwrap()
    }
}

/// The command, from a town to a database.
pub(crate) fn command(town: &Town, to: &Database) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_identity-move"));
    command.arg(town.path()).arg(to.url());
    command
}
