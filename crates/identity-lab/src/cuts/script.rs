//! The scripts: steps that are one commit each, or none.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use identity::store::UserRepository as _;
use identity::store::{Commit, CommitError, Committed, LeaseId, Outbox as _, Settled, Settlement, UserKey};
use identity::testing::{HandClock, Mailbox};
use identity::{
    Code, CodeKeys, Email, IdentifierId, Identity, NewUser, ProfileChange, StoreError, Timestamp, UserId, Username,
};
use identity_core::Seed;
use identity_ports::{Entropy, EntropyError};
use identity_sqlite::rusqlite::{Connection, Transaction};
use identity_sqlite::{SqliteStore, commit_in};
use uuid::Uuid;

use super::{Planted, Script};

/// A step. The number is a user's.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Create(u8),
    Add(u8),
    Remove(u8),
    Prove(u8),
    Start(u8),
    /// A wrong code, which counts.
    Guess(u8),
    Name(u8),
    /// A profile of several pages.
    Profile(u8),
    Disable(u8),
    Erase(u8),
    Lease,
    /// Settles what the step before leased.
    Settle,
    Prune,
    /// A table of the host's, and a user with a row in it.
    Table,
    Order(u8),
    Compact,
    /// Another connection writes the log back.
    Checkpoint(&'static str),
    /// The store is closed and opened.
    Reopen,
}

impl Script {
    /// The steps of the script. Those of one group are begun together.
    pub(super) fn steps(self) -> Vec<Vec<Step>> {
        use Step::*;
        let alone = |steps: &[Step]| steps.iter().map(|step| vec![*step]).collect::<Vec<_>>();
        match self {
            Self::Fresh => alone(&[Create(0), Create(1)]),
            Self::Users => [
                alone(&[Create(0), Add(0), Prove(0), Start(0), Guess(0), Name(0), Profile(0)]),
                vec![vec![Create(1), Create(2), Profile(0), Create(3)]],
                alone(&[Checkpoint("PASSIVE"), Disable(1)]),
                vec![vec![Add(2), Profile(1), Start(3), Profile(0)]],
                alone(&[
                    Reopen,
                    Profile(1),
                    Remove(0),
                    Checkpoint("RESTART"),
                    Profile(3),
                    Checkpoint("TRUNCATE"),
                    Name(2),
                ]),
            ]
            .concat(),
            Self::Post => [
                vec![vec![Create(0), Create(1), Create(2)], vec![Start(0), Start(1), Start(2)]],
                alone(&[Lease, Settle, Start(0), Lease, Settle, Checkpoint("TRUNCATE"), Lease, Settle, Prune]),
            ]
            .concat(),
            Self::Erasure => [
                vec![vec![Create(0), Create(1), Create(2), Create(3)], vec![Profile(1), Profile(3), Start(0)]],
                alone(&[Erase(0), Compact, Name(2), Erase(1), Reopen, Create(4)]),
                vec![vec![Erase(2), Erase(3), Profile(4)]],
            ]
            .concat(),
            Self::Host => {
                [alone(&[Table, Order(0), Order(1), Checkpoint("PASSIVE")]), vec![vec![Order(2), Create(3)]]].concat()
            }
            Self::Migration => alone(&[Create(0), Profile(0)]),
        }
    }
}

/// Begins to count at a number, so that a step that is repeated makes the same ids.
struct Seeds(AtomicU64);

impl Entropy for Seeds {
    fn seed(&self) -> Result<Seed, EntropyError> {
        let mut bytes = [9; 32];
        let count = self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        bytes.iter_mut().zip(count).for_each(|(byte, count)| *byte = count);
        Ok(Seed::new(bytes))
    }
}

/// The time of a step: 90 s after the one before, so that codes and messages live on.
pub(super) fn time(number: usize) -> Timestamp {
    Timestamp::from_secs(1_800_000_000) + Duration::from_secs(90) * u32::try_from(number).unwrap_or(0)
}

type Answer<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A step on a store, with its number in the script.
pub(super) struct Stage {
    pub(super) store: SqliteStore,
    pub(super) number: usize,
    pub(super) planted: Planted,
}

impl Stage {
    fn identity(&self) -> Answer<Identity> {
        let seeds = Seeds(AtomicU64::new((self.number as u64) << 16));
        let identity = Identity::new(self.store.clone(), Mailbox::default(), CodeKeys::parse(&"5a".repeat(32))?);
        let identity = identity.with_clock(HandClock::at(time(self.number))).with_entropy(seeds);
        let store = self.store.clone();
        let early = move |commit: Commit| {
            let store = store.clone();
            async move {
                tokio::spawn(async move { store.commit(commit).await });
                Ok(Committed::default())
            }
        };
        Ok(if self.planted == Planted::EarlyAnswers { identity.with_commit(early) } else { identity })
    }

    /// The ids of a user's addresses.
    async fn addresses(&self, identity: &Identity, user: &UserId) -> Answer<(IdentifierId, IdentifierId)> {
        let user = identity.admin("lab").get(user).await?;
        let entries = user.emails().entries();
        entries.first().zip(entries.last()).map(|(first, last)| (first.id, last.id)).ok_or_else(|| "no address".into())
    }

    pub(super) async fn perform(self, step: Step, path: &Path) -> Answer {
        use Step::*;
        let (store, now, identity) = (&self.store, time(self.number), self.identity()?);
        let lease = |number: usize| LeaseId(Uuid::from_u128(number as u128));
        let admin = identity.admin("lab");
        let user = match step {
            Lease => {
                let request = identity::store::Lease::new(lease(self.number), now, Duration::from_secs(60), 2);
                store.lease(request).await?;
                return Ok(());
            }
            Settle => {
                let mut settled = Vec::new();
                for number in 0..4 {
                    let key = UserKey { tenant: identity.tenant().clone(), user: name(number)? };
                    for posted in store.posted(&key, None, 100).await? {
                        let (provider, reference) = (Some("first".to_owned()), Some("1".to_owned()));
                        let outcome = match settled.len() % 3 {
                            0 => Settlement::Sent { at: now, provider, reference },
                            1 => Settlement::Retry { due_at: now, error: "busy".to_owned(), provider, uncertain: true },
                            _ => Settlement::Failed { at: now, error: "refused".to_owned() },
                        };
                        settled.push(Settled { id: posted.message.id, outcome });
                    }
                }
                store.settle(lease(self.number - 1), settled).await?;
                return Ok(());
            }
            Prune => {
                store.prune(now, 100).await?;
                return Ok(());
            }
            Compact => return Ok(store.compact().await?),
            Checkpoint(mode) => {
                let other = Connection::open(path)?;
                return Ok(other.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))?);
            }
            Table => return Ok(store.transaction(|host| batch(host, "CREATE TABLE orders (user TEXT)")).await?),
            Reopen => return Ok(()),
            Create(user) | Add(user) | Remove(user) | Prove(user) | Start(user) | Guess(user) | Name(user)
            | Profile(user) | Disable(user) | Erase(user) | Order(user) => name(user)?,
        };
        let account = identity.account(&user);
        let mail = |host: &str| Email::parse(&format!("{}@{host}", user.as_str()));
        match step {
            Create(_) | Order(_) => {
                let new = NewUser {
                    id: Some(user.clone()),
                    addresses: vec![mail("example.com")?.into()],
                    ..NewUser::default()
                };
                let identity = if matches!(step, Order(_)) { self.with_orders(&identity) } else { identity };
                drop(identity.admin("lab").create(new).await?);
            }
            Add(_) => drop(account.add(mail("example.org")?).await?),
            Remove(_) => drop(account.remove(self.addresses(&identity, &user).await?.1).await?),
            Prove(_) => drop(admin.mark_verified(&user, self.addresses(&identity, &user).await?.0).await?),
            Start(_) => drop(account.start_verification(self.addresses(&identity, &user).await?.1).await?),
            Guess(_) => {
                let id = self.addresses(&identity, &user).await?.1;
                drop(account.confirm(id, &Code::parse("000000")?).await?);
            }
            Name(_) => drop(account.set_username(&Username::parse(&format!("Countess.{}", self.number))?).await?),
            Profile(_) => {
                let note = ("note".to_owned(), format!("{}, ", self.number).repeat(3_000).into());
                let private_data = [note].into_iter().collect();
                drop(admin.change_profile(&user, &ProfileChange { private_data, ..ProfileChange::default() }).await?);
            }
            Disable(_) => drop(admin.disable(&user).await?),
            _ => drop(admin.erase(&user).await?),
        }
        Ok(())
    }

    /// Use cases with a row of the host's in the transaction of each commit.
    fn with_orders(&self, identity: &Identity) -> Identity {
        let (store, halves) = (self.store.clone(), self.planted == Planted::Halves);
        identity.with_commit(move |commit: Commit| {
            let (store, commit) = (store.clone(), Arc::new(commit));
            async move {
                let row = format!("INSERT INTO orders VALUES ('{}')", commit.key.user.as_str());
                if halves {
                    let row = row.clone();
                    store.transaction::<_, StoreError, _>(move |host| batch(host, &row)).await?;
                }
                let both = move |host: &Transaction<'_>| {
                    if !halves {
                        batch(host, &row)?;
                    }
                    commit_in(host, &commit)
                };
                store.transaction::<_, CommitError, _>(both).await
            }
        })
    }
}

fn batch(host: &Transaction<'_>, sql: &str) -> Result<(), StoreError> {
    host.execute_batch(sql).map_err(StoreError::failed)
}

fn name(user: u8) -> Answer<UserId> {
    Ok(UserId::parse(&format!("user-{user}"))?)
}
