//! Users, decisions and a file to keep them in.
#![expect(dead_code, unreachable_pub, reason = "every test file uses a part of it")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on ends")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use identity_core::{
    Actor, ClaimChanges, CodeKeys, Context, Decision, Email, NewUser, Policy, Recorded, Refusal, Seed, TenantId,
    Timestamp, User, UserId, UserKey, Verification, messages,
};
use identity_ports::{Commit, CommitError, Committed, Expected, Stored, UserRepository as _};
use identity_sqlite::SqliteStore;
use identity_sqlite::rusqlite::Connection;
use tempfile::TempDir;

/// A database file in a folder of its own.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("identity.db")
    }

    pub async fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path()).await.unwrap()
    }

    /// A connection past the adapter.
    pub fn raw(&self) -> Connection {
        raw(&self.path())
    }
}

pub fn raw(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    connection
}

pub fn key(user: &str) -> UserKey {
    UserKey { tenant: TenantId::default(), user: UserId::parse(user).unwrap() }
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_secs(1_640_975_400 + second)
}

pub fn seed(number: u64) -> Seed {
    let mut bytes = [0x5a; 32];
    bytes.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
    Seed::new(bytes)
}

/// Decides something about nobody or somebody.
pub fn decide<T>(
    number: u64,
    decide: impl FnOnce(&Context<'_>) -> Result<Decision<T>, Refusal>,
    stored: Option<&Stored>,
    key: &UserKey,
) -> (Commit, T) {
    let (policy, keys) = (Policy::default(), CodeKeys::parse(&"5a".repeat(32)).unwrap());
    let actor = Actor::Administrator("test".into());
    let seed = seed(number);
    let now = at(i64::try_from(number).unwrap());
    let context = Context {
        now,
        seed: &seed,
        tenant: &key.tenant,
        policy: &policy,
        keys: &keys,
        actor: &actor,
        funding: identity_core::Funding::Shared,
        heeds_rest: false,
        rival: None,
    };
    let decision = decide(&context).unwrap();
    let before = stored.map(|stored| Arc::clone(&stored.user));
    let after = match &before {
        Some(user) => user.after(&decision.events),
        None => User::from_events(&decision.events),
    };
    let held = stored.map(|stored| stored.claims.clone()).unwrap_or_default();
    let claims = ClaimChanges::between(&held, before.as_deref(), after.as_ref(), &policy);
    let version = stored.map_or(0, |stored| stored.version.0);
    let read = identity_core::Version(version);
    let messages = messages(read, before.as_deref(), after.as_ref(), &decision.events, &context);
    let commit = Commit {
        key: key.clone(),
        expected: stored.map_or(Expected::Absent, |stored| Expected::At(stored.version)),
        before,
        after: after.map(Arc::new),
        claims,
        events: (version + 1..).zip(decision.events).map(|(number, event)| Recorded { number, event }).collect(),
        withdraw: Vec::new(),
        charges: Vec::new(),
        messages,
        refunds: Vec::new(),
        also: None,
    };
    (commit, decision.outcome)
}

/// A commit that creates a user with an unverified address.
pub fn creation(user: &str, number: u64) -> Commit {
    let email = Email::parse(&format!("{user}@example.com")).unwrap();
    let mut profile = identity_core::Profile::default();
    let claims = [("locale".to_owned(), "en-GB".into())].into_iter().collect();
    profile.claims = Arc::new(identity_core::JsonObject::new(claims).unwrap());
    let id = Some(UserId::parse(user).unwrap());
    let new = NewUser { id, addresses: vec![email.into()], profile, ..NewUser::default() };
    decide(number, |context| User::create(&new, context), None, &key(user)).0
}

/// A commit that starts the verification of a user's address: a message, quotas, a challenge.
pub fn start(stored: &Stored, number: u64) -> Commit {
    let user = Arc::clone(&stored.user);
    let id = user.emails().entries()[0].id;
    let key = UserKey { tenant: TenantId::default(), user: user.id().clone() };
    let start = |context: &Context<'_>| user.start_verification(id, &Verification::default(), context);
    decide(number, start, Some(stored), &key).0
}

/// A commit that marks a user's address as verified: a claim.
pub fn verify(stored: &Stored, number: u64) -> Commit {
    let user = Arc::clone(&stored.user);
    let id = user.emails().entries()[0].id;
    let key = UserKey { tenant: TenantId::default(), user: user.id().clone() };
    decide(number, |context: &Context<'_>| user.mark_verified(id, None, context), Some(stored), &key).0
}

/// A commit that changes as little as there is to change.
pub fn disable(stored: &Stored, number: u64) -> Commit {
    let user = Arc::clone(&stored.user);
    let key = UserKey { tenant: TenantId::default(), user: user.id().clone() };
    let toggle = |context: &Context<'_>| if user.is_disabled() { user.enable(context) } else { user.disable(context) };
    decide(number, toggle, Some(stored), &key).0
}

pub async fn stored(store: &SqliteStore, user: &str) -> Stored {
    store.load(&key(user)).await.unwrap().unwrap()
}

pub fn is_conflict(result: &Result<Committed, CommitError>) -> bool {
    matches!(result, Err(CommitError::Conflict))
}
