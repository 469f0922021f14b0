//! 100,000 messages that are due, drained by the delivery loop through a notifier that answers at once, against a program that
//! reads and deletes the same rows and does nothing else.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use identity::{Accepted, Identity, Notice, Notifier, NotifyError};
use identity_sqlite::Durability;
use identity_sqlite::rusqlite::{Connection, params};
use tokio::runtime::Runtime;

use crate::flow::keys;
use crate::measure::{each, in_turns, timed};
use crate::table::{Row, Target, Unit};
use crate::{places, sqlite};

const MESSAGES: usize = 100_000;
/// As many rows share a transaction of the program by hand: those that the loop leases at once.
const BATCH: i64 = 256;

/// Answers at once.
struct AtOnce(Arc<AtomicUsize>);

#[identity::async_trait]
impl Notifier for AtOnce {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        assert!(notice.code.is_some(), "every message carries a code");
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Accepted::default())
    }
}

pub(crate) fn rows() -> Vec<Row> {
    let folder = places::on_disk();
    let [ours, theirs] = ["ours.db", "theirs.db"].map(|name| folder.path().join(name));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let store = sqlite::open(&runtime, &ours, Durability::Full);
    let identity = Identity::new(store, AtOnce(Arc::clone(&sent)), keys());
    drop(sqlite::open(&runtime, &theirs, Durability::Full));
    let program = connection(&theirs);

    let by_us = || {
        fill(&connection(&ours));
        sent.store(0, Ordering::Relaxed);
        let took = drain(&runtime, &identity);
        assert_eq!((sent.load(Ordering::Relaxed), left(&ours)), (MESSAGES, 0));
        took
    };
    let by_them = || {
        fill(&program);
        let (took, ()) = timed(|| by_hand(&program));
        assert_eq!(left(&theirs), 0);
        each(took, MESSAGES)
    };
    vec![Row {
        what: "a due message through the loop, 100,000 of them, file on disk, synchronous FULL".to_owned(),
        than: "reading and deleting the row by hand".to_owned(),
        unit: Unit::Time,
        pair: in_turns(5, by_us, by_them),
        target: Target::RatioAtMost(3.0),
    }]
}

fn connection(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.set_prepared_statement_cache_capacity(16);
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.pragma_update(None, "cache_size", -32_768).unwrap();
    connection.pragma_update(None, "wal_autocheckpoint", 4_096).unwrap();
    connection
}

/// Messages with a code, each of another user, as a commit leaves them.
fn fill(connection: &Connection) {
    let sql = format!(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {MESSAGES}) \
         INSERT INTO identity_outbox (user, id, tenant, identifier, channel, address, format, message, created_at, \
         expires_at, due_at) SELECT n, unhex(printf('0190a5b07000700080000000%08x', n)), 'default', \
         unhex('0190a5b0700070008000000000000001'), 'phone', printf('+4474%08d', n), 1, json_object('id', \
         printf('0190a5b07000700080000000%08x', n), 'key', json_object('tenant', 'default', 'user', \
         printf('0190a5b0-%04x-7000-8000-%012x', n % 65536, n)), 'to', json_object('channel', 'phone', 'address', \
         printf('+4474%08d', n)), 'content', json('{{\"type\":\"challenge\",\"identifier\":\
         \"0190a5b0-7000-7000-8000-000000000001\",\"challenge\":{{\"nonce\":\"Wgver_MmOYNVcyc1jyUxnQ\",\"key\":\"{key}\",\
         \"purpose\":\"verification\",\"proof\":\"code\",\"format\":{{\"length\":6,\"alphabet\":\"digits\"}},\
         \"issued_at\":1640975400000000,\"expires_at\":9000000000000000,\"tries\":5,\"failed\":0,\"hint\":null}}}}'), \
         'locale', NULL, 'created_at', 1640975400000000 + n, 'expires_at', 9000000000000000), 1640975400000000 + n, \
         9000000000000000, 1640975400000000 + n FROM number",
        key = keys().current().as_str()
    );
    assert_eq!(connection.execute(&sql, []).unwrap(), MESSAGES);
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

fn left(path: &Path) -> i64 {
    let count = "SELECT count(*) FROM identity_outbox";
    Connection::open(path).unwrap().query_row(count, [], |row| row.get(0)).unwrap()
}

fn drain(runtime: &Runtime, identity: &Identity) -> f64 {
    let (took, delivered) = timed(|| runtime.block_on(identity.deliver_due()));
    assert_eq!(delivered.unwrap().sent, MESSAGES);
    each(took, MESSAGES)
}

/// A row as it was read.
struct Read {
    user: i64,
    id: [u8; 16],
    tenant: String,
    texts: [String; 3],
    times: [i64; 2],
}

/// Reads what is due, those due longest first, and deletes it, a transaction for as many as the loop leases at once.
fn by_hand(connection: &Connection) {
    loop {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut select = connection
            .prepare_cached(
                "SELECT user, id, tenant, channel, address, message, created_at, expires_at FROM identity_outbox \
                 WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= ?1 ORDER BY due_at, id LIMIT ?2",
            )
            .unwrap();
        let read = select
            .query_map(params![1_900_000_000_000_000_i64, BATCH], |row| {
                Ok(Read {
                    user: row.get(0)?,
                    id: row.get(1)?,
                    tenant: row.get(2)?,
                    texts: [row.get(3)?, row.get(4)?, row.get(5)?],
                    times: [row.get(6)?, row.get(7)?],
                })
            })
            .unwrap();
        let read: Vec<Read> = read.map(Result::unwrap).collect();
        let mut delete = connection.prepare_cached("DELETE FROM identity_outbox WHERE user = ?1 AND id = ?2").unwrap();
        for Read { user, id, tenant, texts, times } in &read {
            assert!(!tenant.is_empty() && texts.iter().all(|text| !text.is_empty()) && times[0] < times[1]);
            assert_eq!(delete.execute(params![user, id]).unwrap(), 1);
        }
        connection.execute_batch("COMMIT").unwrap();
        if read.is_empty() {
            return;
        }
    }
}
