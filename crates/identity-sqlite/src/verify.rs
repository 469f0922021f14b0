//! Verification of a whole database: its pages, its indexes, its rows, and the rows against the events.

use std::fmt;

use identity_core::{TenantId, User, UserId, UserKey};
use identity_ports::{StoreError, Stored};
use rusqlite::Connection;

use crate::error::{name, store};
use crate::rows::{events, load, outbox};

/// The result of [`SqliteStore::verify`](crate::SqliteStore::verify).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Verification {
    /// The number of users that were read.
    pub users: u64,
    /// The problems that were found, in sentences that name tables and ids and never an address.
    pub problems: Vec<String>,
}

impl Verification {
    /// Whether no problem was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// The number of users and every problem, each on a line of its own.
impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} users read, {} problems found", self.users, self.problems.len())?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

const USERS: &str = "SELECT tenant, id FROM identity_users ORDER BY tenant, id";

/// Users that are gone, and the type of the last event of each.
const GONE: &str = "SELECT tenant, user_id, type, max(number) FROM identity_events AS event \
WHERE NOT EXISTS (SELECT 1 FROM identity_users WHERE tenant = event.tenant AND id = event.user_id) \
GROUP BY tenant, user_id";

/// Rows of a user who is not there. Events stay, and are looked at on their own.
const ORPHANS: [(&str, &str); 4] = [
    ("identity_identifiers", "SELECT DISTINCT tenant, user_id FROM identity_identifiers AS child"),
    ("identity_profiles", "SELECT DISTINCT tenant, user_id FROM identity_profiles AS child"),
    ("identity_claims", "SELECT DISTINCT tenant, user_id FROM identity_claims AS child"),
    ("identity_outbox", "SELECT DISTINCT tenant, user_id FROM identity_outbox AS child"),
];

const QUOTAS: &str = "SELECT count(*) FROM identity_quotas WHERE drawn < 0 OR ends_at < began_at";

/// Verifies everything. The caller holds a transaction, so that the state is consistent.
pub(crate) fn verify(connection: &Connection) -> Result<Verification, StoreError> {
    let mut verification = Verification::default();
    let mut problem = |text: String| verification.problems.push(text);
    match texts(connection, "PRAGMA integrity_check") {
        Ok(lines) => {
            for line in lines.iter().filter(|line| *line != "ok") {
                problem(format!("the file is damaged: {line}"));
            }
        }
        Err(error) => problem(said(&error)),
    }
    // A table that cannot be read to its end is a problem too.
    let mut users = 0;
    let walked = each(connection, USERS, &mut |key| {
        users += 1;
        user(connection, &key, &mut problem);
    });
    report(walked, "identity_users", &mut problem);
    for (table, sql) in ORPHANS {
        let sql = format!(
            "{sql} WHERE NOT EXISTS (SELECT 1 FROM identity_users WHERE tenant = child.tenant AND id = child.user_id)"
        );
        let walked = each(connection, &sql, &mut |key| {
            problem(format!("table {table} has rows of user {}, who is not in identity_users", name(&key)));
        });
        report(walked, table, &mut problem);
    }
    let walked = gone(connection, &mut problem);
    report(walked, "identity_events", &mut problem);
    match connection.query_row(QUOTAS, [], |row| row.get::<_, i64>(0)) {
        Ok(0) => {}
        Ok(count) => problem(format!("table identity_quotas has {count} budget windows with impossible values")),
        Err(error) => report(Err(store(error)), "identity_quotas", &mut problem),
    }
    verification.users = users;
    Ok(verification)
}

fn report(walked: Result<(), StoreError>, table: &str, problem: &mut impl FnMut(String)) {
    if let Err(error) = walked {
        problem(format!("table {table} cannot be read to its end: {}", said(&error)));
    }
}

/// An error with its cause.
fn said(error: &StoreError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

/// Verifies the rows of a user, and compares them with the events, from which the same state follows.
fn user(connection: &Connection, key: &UserKey, problem: &mut impl FnMut(String)) {
    let stored = match load::load(connection, key) {
        Ok(Some(stored)) => stored,
        Ok(None) => return problem(format!("user {} is listed in identity_users and cannot be loaded", name(key))),
        Err(error) => return problem(said(&error)),
    };
    if let Some(text) = against_claims(&stored) {
        problem(format!("user {}: {text}", name(key)));
    }
    match events::history(connection, key, 0, usize::MAX) {
        Ok(history) => {
            let numbered = (1..).zip(&history).all(|(number, recorded)| recorded.number == number);
            let last = history.last().map(|recorded| recorded.number);
            if !numbered || last != Some(stored.version.0) {
                problem(format!("user {}: the events are not numbered from 1 to the version", name(key)));
            }
            let events: Vec<_> = history.into_iter().map(|recorded| recorded.event).collect();
            match User::from_events(&events) {
                Some(user) if user == *stored.user && typed(&user) == typed(&stored.user) => {}
                _ => {
                    problem(format!("user {}: the rows differ from the state that follows from the events", name(key)))
                }
            }
        }
        Err(error) => problem(said(&error)),
    }
    if let Err(error) = outbox::list(connection, key, None, usize::MAX) {
        problem(said(&error));
    }
}

/// The addresses as typed, which equality leaves out.
fn typed(user: &User) -> Vec<&str> {
    let entries = user.emails().entries().iter().chain(user.phones().entries());
    let addresses = entries.map(|entry| entry.address.typed());
    addresses.chain(user.username().map(|entry| entry.username.typed())).collect()
}

/// Verifies that claims are held on addresses and usernames of the user.
fn against_claims(stored: &Stored) -> Option<&'static str> {
    let user = &stored.user;
    let entries = user.emails().entries().iter().chain(user.phones().entries());
    let username = user.username().map(|entry| entry.username.claim_key());
    let keys: Vec<_> = entries.map(|entry| entry.address.claim_key()).chain(username).collect();
    // A key of an earlier rule cannot be made again.
    let current = |rule: u8| keys.iter().any(|key| key.rule() == rule);
    let unknown = stored.claims.iter().any(|claim| current(claim.key.rule()) && !keys.contains(&claim.key));
    unknown.then_some("a claim is held on an address or username that the user does not have")
}

/// Verifies that users without rows were erased, and that their events can be read.
fn gone(connection: &Connection, problem: &mut impl FnMut(String)) -> Result<(), StoreError> {
    let mut statement = connection.prepare(GONE).map_err(store)?;
    let mut rows = statement.query([]).map_err(store)?;
    while let Some(row) = rows.next().map_err(store)? {
        let read = |index| row.get::<_, String>(index).map_err(store);
        let Some(key) = key(&read(0)?, &read(1)?) else {
            problem("table identity_events has a row with an invalid key".to_owned());
            continue;
        };
        if read(2)? != "erased" {
            problem(format!("user {} is not in identity_users and was not erased", name(&key)));
        }
        if let Err(error) = events::history(connection, &key, 0, usize::MAX) {
            problem(said(&error));
        }
    }
    Ok(())
}

/// Runs a closure for every key that a query returns; an invalid key ends it.
fn each(connection: &Connection, sql: &str, run: &mut dyn FnMut(UserKey)) -> Result<(), StoreError> {
    let mut statement = connection.prepare(sql).map_err(store)?;
    let mut rows = statement.query([]).map_err(store)?;
    while let Some(row) = rows.next().map_err(store)? {
        let (tenant, user): (String, String) = (row.get(0).map_err(store)?, row.get(1).map_err(store)?);
        let key = key(&tenant, &user).ok_or_else(|| StoreError::failed("it has a row with an invalid key"))?;
        run(key);
    }
    Ok(())
}

fn key(tenant: &str, user: &str) -> Option<UserKey> {
    Some(UserKey { tenant: TenantId::parse(tenant).ok()?, user: UserId::parse(user).ok()? })
}

fn texts(connection: &Connection, sql: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(sql).map_err(store)?;
    let rows = statement.query_map([], |row| row.get(0)).map_err(store)?;
    rows.collect::<Result<_, _>>().map_err(store)
}
