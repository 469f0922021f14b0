//! What was erased is in no file any more: not in the database, not in its write-ahead log, not in the shared memory beside
//! it. And nobody but the owner reads these files.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on ends")]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::{Place, at, creation, decide, key, start, stored, verify};
use identity_core::{
    Context, Email, JsonObject, NewAddress, NewUser, Phone, Profile, ProfileChange, User, UserId, Username,
};
use identity_ports::{
    Commit, CommitError, Lease, LeaseId, Outbox as _, Settled, Settlement, Stored, UserRepository as _,
};
use identity_sqlite::rusqlite::Transaction;
use identity_sqlite::{Durability, SqliteStore, commit_in};

const USERS: u64 = 120;

/// A number that looks random, so that rows arrive in the middle of the tables.
const fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

fn name(number: u64) -> String {
    format!("{:011x}", scattered(number))
}

/// Every text by which the user of this number could be recognised.
fn texts(number: u64) -> [String; 5] {
    let line = 960_000 + number;
    [
        format!("first.{number:04}x@"),
        format!("second.{number:04}x@"),
        format!("44151{line:06}"),
        format!("countess.{number:04}x"),
        format!("secret of {number:04}x"),
    ]
}

fn profile(number: u64, repeated: usize) -> Arc<JsonObject> {
    let text = format!("the secret of {number:04}x; ").repeat(repeated);
    Arc::new(JsonObject::new([("note".to_owned(), text.into())].into_iter().collect()).unwrap())
}

/// A user with an address that was typed in another form, a number, a username and a profile, some of them long.
fn person(number: u64) -> Commit {
    let id = UserId::parse(&name(number)).unwrap();
    let email = Email::parse(&format!("First.{number:04}X@B\u{fc}cher.Example")).unwrap();
    let phone = Phone::parse(&format!("+44 151 4 {:06}", 960_000 + number)).unwrap();
    let long = if number.is_multiple_of(7) { 600 } else { 1 };
    let new = NewUser {
        id: Some(id),
        username: Some(Username::parse(&format!("Countess.{number:04}X")).unwrap()),
        addresses: vec![
            NewAddress::from(email).with_source(&format!("secret of {number:04}x")),
            NewAddress::from(phone).unrestricted(),
        ],
        profile: Profile { private_data: profile(number, long), ..Profile::default() },
        ..NewUser::default()
    };
    decide(number, |context| User::create(&new, context), None, &key(&name(number))).0
}

fn erasure(stored: &Stored, number: u64) -> Commit {
    let user = Arc::clone(&stored.user);
    decide(number, |context: &Context<'_>| user.erase(context), Some(stored), &key(user.id().as_str())).0
}

/// Changes what can be changed, so that rows grow, shrink and move.
async fn live(store: &SqliteStore, number: u64) {
    let user = name(number);
    let change = async |step: u64| {
        let now = stored(store, &user).await;
        let (key, user) = (key(&user), Arc::clone(&now.user));
        let second = 10_000 * step + number;
        let first = user.emails().entries()[0].id;
        let commit = match step {
            1 => start(&now, second),
            2 => verify(&now, second),
            3 => {
                let new = Email::parse(&format!("Second.{number:04}X@example.org")).unwrap();
                let new = NewAddress::from(new).verified();
                decide(second, |context: &Context<'_>| user.add(&new, context), Some(&now), &key).0
            }
            4 => {
                let other = Username::parse(&format!("countess.{number:04}x.II")).unwrap();
                decide(second, |context| user.set_username(&other, None, context), Some(&now), &key).0
            }
            5 => {
                let claims = profile(number, 80).as_map().clone();
                let change = ProfileChange { claims, ..ProfileChange::default() };
                decide(second, |context| user.change_profile(&change, context), Some(&now), &key).0
            }
            _ => decide(second, |context| user.remove(first, context), Some(&now), &key).0,
        };
        store.commit(commit).await.unwrap();
    };
    change(1).await;
    if !number.is_multiple_of(3) {
        change(2).await;
    }
    if !number.is_multiple_of(4) {
        change(3).await;
        change(4).await;
        change(5).await;
    }
    if number.is_multiple_of(5) {
        change(6).await;
    }
}

/// Messages are sent, wait for another attempt, or become dead letters.
async fn deliver(store: &SqliteStore) {
    for round in 0..20 {
        let id = LeaseId(uuid::Uuid::from_u128(round));
        let leased =
            store.lease(Lease { id, ..identity_conformance::kit::lease(0, at(90_000), at(95_000), 64) }).await.unwrap();
        let settled = (0..).zip(leased).map(|(index, leased)| {
            let (error, provider) = (leased.message.to.as_str().to_owned(), None);
            let outcome = match index % 3 {
                0 => Settlement::Failed { at: at(90_000), error },
                1 => Settlement::Retry { due_at: at(99_999), error, provider, uncertain: false },
                _ => Settlement::Sent { at: at(90_000), provider, reference: Some(error) },
            };
            Settled { id: leased.message.id, outcome }
        });
        store.settle(id, settled.collect()).await.unwrap();
    }
}

/// The database and the files beside it.
fn files(path: &Path) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(path.parent().unwrap()).unwrap();
    folder.map(|file| file.unwrap().path()).collect()
}

/// Which of these texts stand in which file, in capital or small letters.
fn found(path: &Path, texts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files(path) {
        let bytes = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).to_ascii_lowercase();
        let there = texts.iter().filter(|text| bytes.contains(*text));
        found.extend(there.map(|text| format!("{text} in {}", file.file_name().unwrap().to_string_lossy())));
    }
    found
}

/// Waits until none of these texts is in any file.
async fn remaining(path: &Path, texts: &[String]) -> Vec<String> {
    let mut left = found(path, texts);
    for _ in 0..200 {
        if left.is_empty() {
            return left;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        left = found(path, texts);
    }
    left
}

#[tokio::test]
async fn c94_the_bytes_of_every_file_forget_who_was_erased() {
    for (durability, users) in [(Durability::Normal, USERS), (Durability::Full, USERS / 8)] {
        let place = Place::new();
        let store = SqliteStore::options().with_durability(durability).open(place.path()).await.unwrap();
        for number in 0..users {
            store.commit(person(number)).await.unwrap();
        }
        for number in 0..users {
            live(&store, number).await;
        }
        deliver(&store).await;
        let erased: Vec<u64> = (0..users).filter(|number| number % 6 != 1).collect();
        let gone: Vec<String> = erased.iter().flat_map(|number| texts(*number)).collect();
        assert!(found(&place.path(), &gone).len() > gone.len() / 2, "they can be found as long as they are there");
        for number in &erased {
            let ended = erasure(&stored(&store, &name(*number)).await, 100_000 + number);
            store.commit(ended).await.unwrap();
        }
        let left = remaining(&place.path(), &gone).await;
        assert!(left.is_empty(), "{} of {} while the store is open: {left:?}", left.len(), gone.len());
        assert!(found(&place.path(), &texts(1)).len() >= 4, "those who stay stay");
        drop(store);
        let left = found(&place.path(), &gone);
        assert!(left.is_empty(), "{} of {} after it was closed: {left:?}", left.len(), gone.len());
    }
}

#[tokio::test]
async fn c94_a_store_that_closes_at_once_forgets_who_was_erased() {
    let place = Place::new();
    let store = place.open().await;
    for number in 0..25 {
        store.commit(person(number)).await.unwrap();
        live(&store, number).await;
    }
    for number in 0..25 {
        store.commit(erasure(&stored(&store, &name(number)).await, 100_000 + number)).await.unwrap();
    }
    drop(store);
    let gone: Vec<String> = (0..25).flat_map(texts).collect();
    let left = found(&place.path(), &gone);
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn c94_an_erasure_in_a_transaction_of_the_hosts_is_forgotten_too() {
    let place = Place::new();
    let store = place.open().await;
    store.commit(person(1)).await.unwrap();
    let ended = erasure(&stored(&store, &name(1)).await, 2);
    let erase = move |transaction: &Transaction<'_>| commit_in(transaction, &ended).map(drop);
    store.transaction::<_, CommitError, _>(erase).await.unwrap();
    let left = remaining(&place.path(), &texts(1)).await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn c94_a_reader_delays_forgetting_and_delays_nobody_who_writes() {
    for durability in [Durability::Full, Durability::Normal] {
        let place = Place::new();
        let store = SqliteStore::options().with_durability(durability).open(place.path()).await.unwrap();
        store.commit(person(1)).await.unwrap();
        // It sees the user for as long as its transaction is open.
        let reader = place.raw();
        reader.execute_batch("BEGIN").unwrap();
        let count = |sql: &str| reader.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT count(*) FROM identity_users"), 1);
        store.commit(erasure(&stored(&store, &name(1)).await, 2)).await.unwrap();
        for number in 10..60 {
            // Ten seconds would be the busy timeout of the test's own connection, and five the store's.
            let write =
                tokio::time::timeout(Duration::from_secs(3), store.commit(creation(&format!("u{number}"), number)));
            write.await.expect("a commit does not wait for the reader").unwrap();
        }
        assert_eq!(count("SELECT count(*) FROM identity_users"), 1, "the reader sees what it saw");
        assert!(!found(&place.path(), &texts(1)).is_empty());
        reader.execute_batch("COMMIT").unwrap();
        let left = remaining(&place.path(), &texts(1)).await;
        assert!(left.is_empty(), "when the reader has ended: {left:?}");
        assert_eq!(count("SELECT count(*) FROM identity_users WHERE record IS NOT NULL"), 50);
    }
}

#[tokio::test]
async fn c94_a_file_that_was_written_carelessly_is_clean_once_it_was_compacted() {
    let place = Place::new();
    let store = place.open().await;
    for number in 0..20 {
        store.commit(person(number)).await.unwrap();
    }
    drop(store);
    // As an earlier version erased.
    let raw = place.raw();
    raw.execute_batch(
        "PRAGMA secure_delete = OFF; UPDATE identity_users SET record = NULL, claims = NULL, created_at = NULL;
         DELETE FROM identity_profiles; DELETE FROM identity_lookup; DELETE FROM identity_claims;
         UPDATE identity_events SET events = '[]'",
    )
    .unwrap();
    drop(raw);
    let gone: Vec<String> = (0..20).flat_map(texts).collect();
    assert!(!found(&place.path(), &gone).is_empty());
    let store = place.open().await;
    store.compact().await.unwrap();
    let left = remaining(&place.path(), &gone).await;
    assert!(left.is_empty(), "{left:?}");
}

#[cfg(unix)]
mod permissions {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn modes(path: &Path) -> Vec<(String, u32)> {
        let mode = |file: PathBuf| {
            let end = file.file_name().unwrap().to_string_lossy().replace("identity.db", "");
            (end, fs::metadata(&file).unwrap().permissions().mode() & 0o777)
        };
        let mut modes: Vec<_> = files(path).into_iter().map(mode).collect();
        modes.sort();
        modes
    }

    fn all(mode: u32) -> Vec<(String, u32)> {
        ["", "-shm", "-wal"].map(|end| (end.to_owned(), mode)).into()
    }

    #[tokio::test]
    async fn new_files_are_for_their_owner_alone() {
        let place = Place::new();
        let store = place.open().await;
        store.commit(person(1)).await.unwrap();
        assert_eq!(modes(&place.path()), all(0o600));
    }

    #[tokio::test]
    async fn a_file_that_everybody_could_read_is_taken_away_from_them() {
        for (before, after) in [(0o644, 0o600), (0o666, 0o600), (0o640, 0o640), (0o600, 0o600)] {
            let place = Place::new();
            let first = place.open().await;
            first.commit(person(1)).await.unwrap();
            for file in files(&place.path()) {
                fs::set_permissions(file, fs::Permissions::from_mode(before)).unwrap();
            }
            // The first store keeps the log there.
            let second = place.open().await;
            second.commit(person(2)).await.unwrap();
            assert_eq!(modes(&place.path()), all(after), "{before:o}");
        }
    }

    #[tokio::test]
    async fn permissions_of_a_database_of_the_hosts_are_the_hosts() {
        let place = Place::new();
        let mut host = place.raw();
        host.execute_batch("CREATE TABLE orders (id INTEGER PRIMARY KEY)").unwrap();
        identity_sqlite::migrate(&mut host).unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o644)).unwrap();
        let store = place.open().await;
        store.commit(person(1)).await.unwrap();
        assert_eq!(fs::metadata(place.path()).unwrap().permissions().mode() & 0o777, 0o644);
    }
}
