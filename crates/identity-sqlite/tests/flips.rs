//! Bytes that changed in the file: every answer is right or an error, or `verify` finds what is wrong.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use std::fs;
use std::sync::Arc;

use common::{Place, creation, decide, disable, key, start, stored, verify};
use identity_core::{ClaimKey, Context, Email, NewAddress, Phone, TenantId, User, Username};
use identity_ports::{Commit, Found, Stored, UserRepository as _};
use identity_sqlite::{Durability, SqliteStore};

const USERS: u64 = 9;

/// Every byte of this number is flipped.
const STEP: usize = 211;

async fn open(place: &Place) -> Result<SqliteStore, identity_ports::StoreError> {
    SqliteStore::options().with_durability(Durability::Normal).with_readers(1).open(place.path()).await
}

fn name(number: u64) -> String {
    format!("user-{number}")
}

/// Users with two e-mail addresses, a number and a username; some of the addresses are verified, some wait for a code.
async fn fill(store: &SqliteStore) {
    for number in 0..USERS {
        let user = name(number);
        store.commit(creation(&user, number)).await.unwrap();
        let change = async |step: u64| {
            let now = stored(store, &user).await;
            let (key, user, second) = (key(&user), Arc::clone(&now.user), 100 * step + number);
            let add = |new: NewAddress| -> Commit {
                decide(second, |context: &Context<'_>| user.add(&new, context), Some(&now), &key).0
            };
            let commit = match step {
                1 => add(NewAddress::from(Email::parse(&format!("Second.{number}@Example.org")).unwrap()).verified()),
                2 => add(NewAddress::from(Phone::parse(&format!("+4415149604{number:02}")).unwrap()).unrestricted()),
                3 => {
                    let username = Username::parse(&format!("Countess.{number}")).unwrap();
                    decide(second, |context| user.set_username(&username, None, context), Some(&now), &key).0
                }
                4 if number % 3 == 0 => start(&now, second),
                4 => verify(&now, second),
                _ => disable(&now, second),
            };
            store.commit(commit).await.unwrap();
        };
        for step in 1..=5 {
            change(step).await;
        }
    }
}

/// The addresses and the username of a user: by which key, and whether verified.
fn owned(user: &User) -> Vec<(ClaimKey, bool)> {
    let entries = user.emails().entries().iter().chain(user.phones().entries());
    let address = |entry: &identity_core::Identifier| (entry.address.claim_key(), entry.verified().is_some());
    let username = user.username().map(|entry| (entry.username.claim_key(), true));
    entries.map(address).chain(username).collect()
}

/// Everything that is true of the users.
struct Truth {
    users: Vec<Stored>,
    keys: Vec<ClaimKey>,
    found: Vec<Vec<Found>>,
}

impl Truth {
    async fn of(store: &SqliteStore) -> Self {
        let mut users = Vec::new();
        for number in 0..USERS {
            users.push(stored(store, &name(number)).await);
        }
        let keys: Vec<_> = users.iter().flat_map(|stored| owned(&stored.user)).map(|(key, _)| key).collect();
        let mut found = Vec::new();
        for key in &keys {
            found.push(store.find(&TenantId::default(), std::slice::from_ref(key)).await.unwrap());
        }
        assert!(found.iter().all(|found| found.len() == 1));
        Self { users, keys, found }
    }

    /// How many answers are not the true ones. None of them may name another owner or another address.
    async fn untrue(&self, store: &SqliteStore, place: &str) -> usize {
        let mut untrue = 0;
        for truth in &self.users {
            let Ok(read) = store.load(&key(truth.user.id().as_str())).await else { continue };
            if read
                .as_ref()
                .is_none_or(|read| format!("{:?}", read.user) != format!("{:?}", truth.user) || read != truth)
            {
                untrue += 1;
            }
            let owns = owned(&truth.user);
            let says = read.map(|read| owned(&read.user)).unwrap_or_default();
            assert!(says.iter().all(|one| owns.contains(one)), "{place}: {says:?} in place of {owns:?}");
        }
        for (key, truth) in self.keys.iter().zip(&self.found) {
            let Ok(found) = store.find(&TenantId::default(), std::slice::from_ref(key)).await else { continue };
            assert!(found.iter().all(|one| truth.contains(one)), "{place}: {found:?} in place of {truth:?}");
            let verified = truth.iter().any(|found| found.verified);
            assert!(!verified || !found.is_empty(), "{place}: nobody is found where {truth:?} is");
            untrue += usize::from(found != *truth);
        }
        untrue
    }
}

#[tokio::test]
async fn a_flipped_byte_makes_no_other_owner_and_no_other_address_and_is_found() {
    let place = Place::new();
    let store = open(&place).await.unwrap();
    fill(&store).await;
    let truth = Truth::of(&store).await;
    let sound = store.verify().await.unwrap();
    assert!(sound.is_sound() && sound.users == USERS, "{sound}");
    drop(store);
    let whole = fs::read(place.path()).unwrap();
    let (mut silent, mut refused, mut untrue) = (0, 0, 0);
    for at in (0..whole.len()).step_by(STEP) {
        let mut bytes = whole.clone();
        bytes[at] ^= [0x01, 0x10, 0x80, 0xff][at / STEP % 4];
        for end in ["db-wal", "db-shm"] {
            let _ = fs::remove_file(place.path().with_extension(end));
        }
        fs::write(place.path(), &bytes).unwrap();
        let Ok(store) = open(&place).await else {
            refused += 1;
            continue;
        };
        match truth.untrue(&store, &format!("byte {at}")).await {
            0 => silent += 1,
            count => {
                untrue += count;
                let verification = store.verify().await.unwrap();
                assert!(!verification.is_sound(), "byte {at} of {}: {count} untrue answers, not found", whole.len());
            }
        }
    }
    println!(
        "{} bytes: {silent} flips without effect or with errors, {refused} refused, {untrue} untrue answers found",
        whole.len()
    );
}
