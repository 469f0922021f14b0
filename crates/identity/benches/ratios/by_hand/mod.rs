//! The flow written by hand against the adapter's own tables: prepared statements, one transaction a call, the version
//! check, and the same rows of users, identifiers, claims, events, messages and quotas. It knows no policy and refuses
//! nothing, reads what each change needs, and leaves every column alone that does not change.

mod flow;
mod rows;

use std::path::Path;
use std::time::Duration;

use identity::rules::Seed;
use identity::system::{Clock as _, Entropy as _, OsEntropy, SystemClock};
use identity::{CodeKeys, TenantId, Timestamp};
use identity_sqlite::Durability;
use identity_sqlite::rusqlite::config::DbConfig;
use identity_sqlite::rusqlite::{Connection, Result};

pub(crate) use flow::flow;

use crate::flow::keys;

/// A program that keeps users in a connection of its own.
pub(crate) struct ByHand {
    connection: Connection,
    keys: CodeKeys,
    tenant: TenantId,
}

impl ByHand {
    /// Opens a file that the adapter created, with the adapter's pragmas.
    pub(crate) fn open(path: &Path, durability: Durability) -> Self {
        let connection = Connection::open(path).unwrap();
        let synchronous = if durability == Durability::Full { "FULL" } else { "NORMAL" };
        connection.set_prepared_statement_cache_capacity(64);
        connection.busy_timeout(Duration::from_secs(60)).unwrap();
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "synchronous", synchronous).unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        connection.pragma_update(None, "cache_size", -32_768).unwrap();
        connection.pragma_update(None, "wal_autocheckpoint", 4_096).unwrap();
        Self { connection, keys: keys(), tenant: TenantId::default() }
    }

    /// One call: one transaction.
    fn call<T>(&self, work: impl FnOnce(&Call<'_>) -> Result<T>) -> Result<T> {
        let call = Call { by_hand: self, now: SystemClock.now(), seed: OsEntropy.seed().unwrap() };
        let execute = |sql| self.connection.prepare_cached(sql)?.execute([]);
        execute("BEGIN IMMEDIATE")?;
        let done = work(&call)?;
        execute("COMMIT")?;
        Ok(done)
    }
}

/// A call under way.
struct Call<'a> {
    by_hand: &'a ByHand,
    now: Timestamp,
    seed: Seed,
}
