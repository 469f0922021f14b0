//! The bare program: what somebody would write who needs the flow and nothing else. One connection, prepared statements,
//! integer keys, a transaction for each use case and a salted hash of the code. It has no events, outbox, budgets, tenants,
//! versions or policy, and keeps nothing that a later use case of the library needs.

use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use identity::Timestamp;
use identity::system::{Clock as _, Entropy as _, OsEntropy, SystemClock};
use identity_sqlite::Durability;
use identity_sqlite::rusqlite::config::DbConfig;
use identity_sqlite::rusqlite::{Connection, Params, Result, params};
use sha2::{Digest as _, Sha256};

use crate::people::Person;

const TABLES: &str = "
CREATE TABLE users (id INTEGER PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);
CREATE TABLE identifiers (
    id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, verified_at INTEGER,
    is_primary INTEGER NOT NULL DEFAULT 0, UNIQUE (kind, value)
);
CREATE TABLE codes (
    identifier_id INTEGER PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, expires_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
);";

/// A program that keeps users in a connection of its own.
pub(crate) struct Bare(Connection);

impl Bare {
    pub(crate) fn open(path: &Path, durability: Durability) -> Self {
        let connection = Connection::open(path).unwrap();
        let synchronous = if durability == Durability::Full { "FULL" } else { "NORMAL" };
        connection.set_prepared_statement_cache_capacity(64);
        connection.busy_timeout(Duration::from_secs(60)).unwrap();
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "synchronous", synchronous).unwrap();
        connection.pragma_update(None, "cache_size", -32_768).unwrap();
        connection.pragma_update(None, "wal_autocheckpoint", 4_096).unwrap();
        let made = "SELECT count(*) FROM sqlite_schema";
        if connection.query_row(made, [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
            connection.execute_batch(TABLES).unwrap();
        }
        Self(connection)
    }

    /// One use case: one transaction.
    fn call<T>(&self, work: impl FnOnce(&Self, Timestamp) -> Result<T>) -> T {
        self.execute("BEGIN IMMEDIATE", []).unwrap();
        let done = work(self, SystemClock.now()).unwrap();
        self.execute("COMMIT", []).unwrap();
        done
    }

    fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.0.prepare_cached(sql)?.execute(params)
    }

    fn create(&self, email: &str) -> (i64, i64) {
        self.call(|bare, now| {
            bare.execute("INSERT INTO users (created_at, updated_at) VALUES (?1, ?1)", [now.as_micros()])?;
            let user = bare.0.last_insert_rowid();
            Ok((user, bare.insert(user, "email", email)?))
        })
    }

    fn insert(&self, user: i64, kind: &str, value: &str) -> Result<i64> {
        let sql = "INSERT INTO identifiers (user_id, kind, value) VALUES (?1, ?2, ?3)";
        self.execute(sql, params![user, kind, value])?;
        Ok(self.0.last_insert_rowid())
    }

    fn touch(&self, user: i64, now: Timestamp) -> Result<usize> {
        self.execute("UPDATE users SET updated_at = ?2 WHERE id = ?1", params![user, now.as_micros()])
    }

    fn add(&self, user: i64, phone: &str) -> i64 {
        self.call(|bare, now| {
            bare.touch(user, now)?;
            bare.insert(user, "phone", phone)
        })
    }

    fn start(&self, user: i64, identifier: i64) -> String {
        self.call(|bare, now| {
            let seed = OsEntropy.seed().unwrap();
            let random = seed.uuid(now, 0).into_bytes();
            let salt = seed.uuid(now, 1).into_bytes();
            let number = u32::from_be_bytes([random[12], random[13], random[14], random[15]]) % 1_000_000;
            let code = format!("{number:06}");
            let expires_at = (now + Duration::from_secs(600)).as_micros();
            let sql = "INSERT OR REPLACE INTO codes (identifier_id, salt, hash, expires_at) VALUES (?1, ?2, ?3, ?4)";
            bare.execute(sql, params![identifier, salt, hash(&salt, &code), expires_at])?;
            bare.touch(user, now)?;
            Ok(code)
        })
    }

    fn confirm(&self, user: i64, identifier: i64, code: &str) -> bool {
        self.call(|bare, now| {
            let mut select =
                bare.0.prepare_cached("SELECT salt, hash, expires_at, attempts FROM codes WHERE identifier_id = ?1")?;
            let (salt, expected, expires_at, attempts) = select.query_row([identifier], |row| {
                Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, [u8; 32]>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?))
            })?;
            let right = attempts < 5 && now.as_micros() < expires_at && hash(&salt, code) == expected;
            if right {
                bare.execute("DELETE FROM codes WHERE identifier_id = ?1", [identifier])?;
                bare.verify(identifier, now)?;
            } else {
                bare.execute("UPDATE codes SET attempts = attempts + 1 WHERE identifier_id = ?1", [identifier])?;
            }
            bare.touch(user, now)?;
            Ok(right)
        })
    }

    fn verify(&self, identifier: i64, now: Timestamp) -> Result<usize> {
        self.execute("UPDATE identifiers SET verified_at = ?2 WHERE id = ?1", params![identifier, now.as_micros()])
    }

    fn mark_verified(&self, user: i64, identifier: i64) {
        self.call(|bare, now| {
            bare.verify(identifier, now)?;
            bare.touch(user, now)
        });
    }

    fn set_primary(&self, user: i64, identifier: i64) {
        self.call(|bare, now| {
            bare.execute("UPDATE identifiers SET is_primary = 1 WHERE id = ?1", [identifier])?;
            bare.touch(user, now)
        });
    }

    /// The host knows the ids from the calls before.
    fn read(&self, user: i64, identifiers: [i64; 2]) -> usize {
        let sql = "SELECT u.created_at, u.updated_at, i.kind, i.value, i.verified_at, i.is_primary FROM users u \
                   JOIN identifiers i ON i.id IN (?2, ?3) AND i.user_id = u.id WHERE u.id = ?1";
        let mut select = self.0.prepare_cached(sql).unwrap();
        let rows = select.query_map([user, identifiers[0], identifiers[1]], |row| {
            let times = (row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(4)?);
            Ok((times, row.get::<_, String>(2)?, row.get::<_, String>(3)?, row.get::<_, bool>(5)?))
        });
        rows.unwrap().map(Result::unwrap).collect::<Vec<_>>().len()
    }
}

fn hash(salt: &[u8; 16], code: &str) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(code).finalize().into()
}

/// Takes one person through it; `program` gives the program for as long as a call takes.
pub(crate) fn flow<P: Deref<Target = Bare>>(program: impl Fn() -> P, person: &Person) -> usize {
    let (user, email) = program().create(&person.email);
    let phone = program().add(user, &person.phone);
    let code = program().start(user, phone);
    assert!(program().confirm(user, phone, &code));
    program().mark_verified(user, email);
    program().set_primary(user, phone);
    program().read(user, [email, phone])
}
