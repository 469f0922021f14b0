//! Verification of a whole database: its pages, its indexes, its rows, and the records against the events.

use std::error::Error;
use std::fmt;

use identity_core::{ClaimPolicy, TenantId, User, UserId, UserKey, stored};
use identity_ports::Stored;
use rusqlite::Connection;

use crate::cells::{Owner, Text, many, one};
use crate::error::{Result, store, unread};
use crate::lookup;

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

/// Whether something is sound, or what is wrong with it.
type Sound = Result<(), Box<dyn Error>>;

/// Verifies everything, as it is at one moment.
pub(crate) fn verify(connection: &Connection) -> Result<Verification> {
    let _moment = connection.unchecked_transaction().map_err(store)?;
    let mut walk = Walk { connection, verification: Verification::default(), entries: 0, claims: 0 };
    let lines = many(connection, "PRAGMA integrity_check", [], ("sqlite_schema", ""));
    let lines: Vec<(String,)> = lines.unwrap_or_else(|error| vec![(error.to_string(),)]);
    for (line,) in lines.iter().filter(|(line,)| line != "ok") {
        walk.problem(format!("the file is damaged: {line}"));
    }
    // A table that cannot be read to its end is a problem too.
    if let Err(error) = walk.users() {
        walk.problem(format!("table identity_users cannot be read to its end: {error}"));
    }
    // The entries and the claims are counted first.
    let known = [walk.entries, walk.claims].into_iter().chain(std::iter::repeat(0));
    for (sql, known) in sql!("verify_counts").split(';').zip(known) {
        match one::<(String, u64)>(connection, sql, [], ("sqlite_schema", "")) {
            Ok(Some((what, count))) if count != known => {
                walk.problem(format!("there are {count} {what}, and there should be {known}"));
            }
            Ok(_) => {}
            Err(error) => walk.problem(format!("rows cannot be counted: {error}")),
        }
    }
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

    fn users(&mut self) -> Result<()> {
        type Row = (Text<TenantId>, Text<UserId>, Option<i64>, Option<i64>);
        let mut statement = self.connection.prepare(sql!("verify_users")).map_err(store)?;
        let mut rows = statement.query([]).map_err(store)?;
        while let Some(row) = rows.next().map_err(store)? {
            let row = Row::try_from(row).map_err(|error| unread(error, ("identity_users", "")))?;
            let (Text(tenant), Text(user), created_at, updated_at) = row;
            let owner = Owner { connection: self.connection, key: &UserKey { tenant, user } };
            if let Err(error) = self.row(owner, [created_at, updated_at]) {
                self.problem(format!("user {}: {error}", owner.name()));
            }
        }
        Ok(())
    }

    /// Verifies the row of a user, or of one who was erased: then its last event says so.
    fn row(&mut self, owner: Owner<'_>, times: [Option<i64>; 2]) -> Sound {
        if let Some(stored) = owner.load()? {
            self.verification.users += 1;
            if times != [stored.user.created_at(), stored.user.updated_at()].map(|at| Some(at.as_micros())) {
                return Err("it is listed with other times than its own".into());
            }
            return self.user(owner, &stored);
        }
        if times != [None, None] {
            return Err("its record is missing".into());
        }
        let history = owner.history(0, usize::MAX)?;
        let last = history.last().map(|recorded| recorded.event.change.kind());
        if matches!(last, Some("erased" | "merged_into")) {
            Ok(())
        } else {
            Err("it has no record and was not erased".into())
        }
    }

    /// Verifies what belongs to a user, and compares the record with the events, from which the same follows.
    fn user(&mut self, owner: Owner<'_>, found: &Stored) -> Sound {
        let (UserKey { tenant, user }, Stored { user: is, version, claims }) = (owner.key, found);
        let owned = is.lookup();
        self.entries += u64::try_from(owned.len())?;
        self.claims += u64::try_from(claims.len())?;
        for entry in &owned {
            let found = lookup::find(self.connection, tenant, std::slice::from_ref(&entry.key))?;
            let is_there = found.iter().any(|found| {
                (&found.user, found.identifier, found.verified) == (user, entry.identifier, entry.verified)
            });
            // Among a hundred it may be the next.
            if !is_there && found.len() < 100 {
                return Err("a key by which it should be found is missing in identity_lookup".into());
            }
        }
        let wanted = is.claims(ClaimPolicy::All);
        for claim in claims {
            let holder = lookup::holder(self.connection, tenant, &claim.key)?;
            if holder != Some((user.clone(), claim.strength)) {
                return Err("a claim of its row is not in identity_claims".into());
            }
            // A key of an earlier rule cannot be made again.
            let current = wanted.keys().any(|key| key.rule() == claim.key.rule());
            let is_own = wanted.contains_key(&claim.key) || is.has_mailbox(&claim.key);
            if current && !is_own {
                return Err("a claim is held on an address or username that the user does not have".into());
            }
        }
        let history = owner.history(0, usize::MAX)?;
        if history.last().map(|recorded| recorded.number) != Some(version.0) {
            return Err("the last event is not that of the version".into());
        }
        let events: Vec<_> = history.into_iter().map(|recorded| recorded.event).collect();
        // Equality leaves out how addresses were typed, and records do not.
        let records = |user: &User| (stored::record(tenant, user, *version), stored::details(tenant, user));
        if User::from_events(&events).is_none_or(|user| records(&user) != records(is)) {
            return Err("the record differs from the state that follows from the events".into());
        }
        owner.posted(None, usize::MAX)?;
        Ok(())
    }
}
