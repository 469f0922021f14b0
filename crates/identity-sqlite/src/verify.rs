//! Verification of a whole database: its pages, its indexes, its rows, and the records against the events.

use std::fmt;

use identity_core::{ClaimPolicy, User, UserKey};
use identity_ports::{StoreError, Stored};
use rusqlite::{Connection, Row};

use crate::error::{name, store, unread};
use crate::rows::cells::{time, user_key};
use crate::rows::{events, lookup, outbox, users};

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

const USERS: &str = "SELECT tenant, id, created_at, updated_at FROM identity_users ORDER BY user";

/// Rows that belong to nobody, by what each of them is.
const COUNTS: [(&str, &str); 4] = [
    (
        "rows of users that are gone in identity_profiles",
        "SELECT count(*) FROM identity_profiles WHERE user NOT IN \
     (SELECT user FROM identity_users WHERE created_at IS NOT NULL)",
    ),
    (
        "rows of users that are gone in identity_outbox",
        "SELECT count(*) FROM identity_outbox WHERE user NOT IN \
     (SELECT user FROM identity_users WHERE created_at IS NOT NULL)",
    ),
    (
        "rows of users that never were in identity_events",
        "SELECT count(*) FROM identity_events WHERE user NOT IN \
     (SELECT user FROM identity_users)",
    ),
    (
        "budget windows with impossible values in identity_budgets",
        "SELECT count(*) FROM identity_budgets \
     WHERE drawn < 0 OR ends_at < began_at",
    ),
];

/// Verifies everything. The caller holds a transaction, so that the state is consistent.
pub(crate) fn verify(connection: &Connection) -> Result<Verification, StoreError> {
    let mut walk = Walk { connection, verification: Verification::default(), entries: 0, claims: 0 };
    match texts(connection, "PRAGMA integrity_check") {
        Ok(lines) => {
            let damage = lines.iter().filter(|line| *line != "ok");
            damage.for_each(|line| walk.problem(format!("the file is damaged: {line}")));
        }
        Err(error) => walk.problem(said(&error)),
    }
    // A table that cannot be read to its end is a problem too.
    if let Err(error) = walk.users() {
        walk.problem(format!("table identity_users cannot be read to its end: {}", said(&error)));
    }
    let (entries, claims) = (walk.entries, walk.claims);
    for (table, known) in [("identity_lookup", entries), ("identity_claims", claims)] {
        walk.count(&format!("SELECT count(*) FROM {table}"), &format!("rows in {table}"), known);
    }
    COUNTS.iter().for_each(|(what, sql)| walk.count(sql, what, 0));
    Ok(walk.verification)
}

struct Walk<'a> {
    connection: &'a Connection,
    verification: Verification,
    /// The entries of the lookup table and the claims that belong to the users.
    entries: u64,
    claims: u64,
}

impl Walk<'_> {
    fn problem(&mut self, text: String) {
        self.verification.problems.push(text);
    }

    fn count(&mut self, sql: &str, what: &str, known: u64) {
        match self.connection.query_row(sql, [], |row| row.get::<_, u64>(0)) {
            Ok(count) if count == known => {}
            Ok(count) => self.problem(format!("there are {count} {what}, and there should be {known}")),
            Err(error) => self.problem(format!("{what}: {}", said(&store(error)))),
        }
    }

    fn users(&mut self) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(USERS).map_err(store)?;
        let mut rows = statement.query([]).map_err(store)?;
        while let Some(row) = rows.next().map_err(store)? {
            let read = |row: &Row<'_>| Ok((user_key(row, 0)?, [time(row, 2)?, time(row, 3)?]));
            let (key, times) = read(row).map_err(|error| unread(error, "identity_users", String::new))?;
            let problem = match users::load(self.connection, &key) {
                Ok(Some(stored)) => {
                    self.verification.users += 1;
                    let (created_at, updated_at) = (stored.user.created_at(), stored.user.updated_at());
                    let listed = times == [Some(created_at), Some(updated_at)];
                    let listed = listed.then_some(()).ok_or("it is listed with other times than its own");
                    listed.map_err(str::to_owned).and_then(|()| self.user(&key, &stored))
                }
                Ok(None) if times == [None, None] => self.gone(&key),
                Ok(None) => Err("its record is missing".to_owned()),
                Err(error) => Err(said(&error)),
            };
            if let Err(text) = problem {
                self.problem(format!("user {}: {text}", name(&key)));
            }
        }
        Ok(())
    }

    /// Verifies what belongs to a user, and compares the record with the events, from which the same follows.
    fn user(&mut self, key: &UserKey, stored: &Stored) -> Result<(), String> {
        let text = |error: StoreError| said(&error);
        let owned = stored.user.lookup();
        self.entries += u64::try_from(owned.len()).unwrap_or(0);
        self.claims += u64::try_from(stored.claims.len()).unwrap_or(0);
        for entry in &owned {
            let found = lookup::find(self.connection, &key.tenant, std::slice::from_ref(&entry.key)).map_err(text)?;
            let is_there = found.iter().any(|found| {
                (&found.user, found.identifier, found.verified) == (&key.user, entry.identifier, entry.verified)
            });
            // Among a hundred it may be the next.
            if !is_there && found.len() < 100 {
                return Err("a key by which it should be found is missing in identity_lookup".to_owned());
            }
        }
        let wanted = stored.user.claims(ClaimPolicy::All);
        for claim in &stored.claims {
            let holder = lookup::holder(self.connection, &key.tenant, &claim.key).map_err(text)?;
            if holder != Some((key.user.clone(), claim.strength)) {
                return Err("a claim of its row is not in identity_claims".to_owned());
            }
            // A key of an earlier rule cannot be made again.
            let current = wanted.keys().any(|key| key.rule() == claim.key.rule());
            let is_own = wanted.contains_key(&claim.key) || stored.user.has_mailbox(&claim.key);
            if current && !is_own {
                return Err("a claim is held on an address or username that the user does not have".to_owned());
            }
        }
        let history = events::history(self.connection, key, 0, usize::MAX).map_err(text)?;
        if history.last().map(|recorded| recorded.number) != Some(stored.version.0) {
            return Err("the last event is not that of the version".to_owned());
        }
        let events: Vec<_> = history.into_iter().map(|recorded| recorded.event).collect();
        match User::from_events(&events) {
            Some(user) if user == *stored.user && typed(&user) == typed(&stored.user) => {}
            _ => return Err("the record differs from the state that follows from the events".to_owned()),
        }
        outbox::list(self.connection, key, None, usize::MAX).map(drop).map_err(text)
    }

    /// Verifies that a user without a record was erased, and that its events can be read.
    fn gone(&self, key: &UserKey) -> Result<(), String> {
        let history = events::history(self.connection, key, 0, usize::MAX).map_err(|error| said(&error))?;
        let last = history.last().map(|recorded| recorded.event.change.kind());
        if last == Some("erased") { Ok(()) } else { Err("it has no record and was not erased".to_owned()) }
    }
}

/// An error with its cause.
fn said(error: &StoreError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

/// The addresses as typed, which equality leaves out.
fn typed(user: &User) -> Vec<&str> {
    let addresses = user.identifiers().map(|entry| entry.address.typed());
    addresses.chain(user.username().map(|entry| entry.username.typed())).collect()
}

fn texts(connection: &Connection, sql: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(sql).map_err(store)?;
    let rows = statement.query_map([], |row| row.get(0)).map_err(store)?;
    rows.collect::<Result<_, _>>().map_err(store)
}
