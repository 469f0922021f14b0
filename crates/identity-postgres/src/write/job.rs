//! A commit that waits for, or is on, its way to the database.

use std::collections::HashSet;

use identity_core::{ClaimKey, Details, LookupChanges, TenantId};
use identity_ports::{Commit, CommitError, Committed, Expected, StoreError};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use uuid::Uuid;

use crate::cells::{json, signed};

/// The answer to a commit.
pub(crate) type Answer = Result<Committed, CommitError>;

/// A commit whose parts belong together, under an id by which the database knows it again.
pub(crate) struct Job {
    pub(crate) id: Uuid,
    pub(crate) commit: Commit,
    /// When the caller has to have an answer.
    pub(crate) until: Instant,
    /// The user as a hash. Together with `keys`, what no other commit of the same statement may touch. A collision of hashes
    /// makes one of the commits wait for the next statement, and does no harm.
    user: i64,
    /// The claims and the budgets of the commit, as hashes under which the server locks them.
    pub(crate) keys: Vec<i64>,
    /// Whether the commit touches one budget more than once, or names two users. Then its draws are judged one after the other, by
    /// a statement of its own, and it travels alone.
    pub(crate) intricate: bool,
    /// The version that is expected, and the one that comes about.
    pub(super) expected: Option<i64>,
    pub(super) version: i64,
    /// What is written, as texts.
    pub(super) record: Option<String>,
    pub(super) details: Details,
    pub(super) events: String,
    /// The contents of the messages.
    pub(super) contents: Vec<String>,
    pub(super) lookup: LookupChanges,
    /// The other user whom the commit names.
    pub(super) also: Option<Box<Self>>,
}

/// The hash by which the server locks a user, a claim or a budget of a tenant. `place` is where the tables are.
pub(super) fn hash(place: &str, tenant: &TenantId, kind: &str, parts: [&str; 3]) -> i64 {
    let mut sum = Sha256::new();
    for part in [place, tenant.as_str(), kind].into_iter().chain(parts) {
        sum.update((part.len() as u64).to_be_bytes());
        sum.update(part);
    }
    sum.finalize().first_chunk().map_or(0, |first| i64::from_be_bytes(*first))
}

impl Job {
    /// Checks a commit, so that a mistake of the caller does not become a row. `place` is where the tables are.
    pub(crate) fn new(id: Uuid, until: Instant, place: &str, commit: Commit) -> Result<Self, StoreError> {
        commit.check().map_err(StoreError::failed)?;
        Self::of(id, until, place, commit)
    }

    fn of(id: Uuid, until: Instant, place: &str, mut commit: Commit) -> Result<Self, StoreError> {
        let also = commit.also.take().map(|also| Self::of(id, until, place, *also).map(Box::new)).transpose()?;
        let tenant = &commit.key.tenant;
        let hash = |kind: &str, parts: [&str; 3]| hash(place, tenant, kind, parts);
        let claims = commit.claims.take.iter().map(|claim| &claim.key).chain(&commit.claims.release);
        let claims = claims.map(|key| hash("claim", [key.as_str(), key.kind().as_str(), &key.rule().to_string()]));
        let charges = commit.charges.iter().chain(commit.messages.iter().flat_map(|outgoing| &outgoing.charges));
        let drawn = charges.map(|charge| (charge.quota.as_str(), charge.kind.as_str()));
        let given = commit.refunds.iter().map(|refund| (refund.quota.as_str(), refund.kind.as_str()));
        let drawn: Vec<i64> = drawn.chain(given).map(|(quota, kind)| hash("budget", [quota, kind, ""])).collect();
        let distinct: HashSet<i64> = drawn.iter().copied().collect();
        let intricate = distinct.len() < drawn.len() || also.is_some();
        let mut keys: Vec<i64> = claims.chain(distinct).collect();
        keys.sort_unstable();
        keys.dedup();
        let user = hash("user", [commit.key.user.as_str(), "", ""]);

        let expected = match commit.expected {
            Expected::Absent => None,
            Expected::At(version) => Some(signed(version.0)?),
        };
        let version = signed(commit.version().0)?;
        let (record, details, events, lookup) =
            (commit.record(), commit.details(), commit.kept_events(), commit.lookup());
        let contents =
            commit.messages.iter().map(|outgoing| json(&outgoing.message.content)).collect::<Result<_, _>>()?;
        Ok(Self {
            id,
            until,
            user,
            keys,
            intricate,
            expected,
            version,
            record,
            details,
            events,
            contents,
            lookup,
            also,
            commit,
        })
    }

    /// What is written of each user.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.also.as_deref())
    }

    /// What no other commit of the same statement may touch.
    pub(super) fn touches(&self) -> impl Iterator<Item = i64> {
        self.parts().flat_map(|part| part.keys.iter().copied().chain([part.user]))
    }

    /// The id of the user.
    pub(super) fn user(&self) -> &str {
        self.commit.key.user.as_str()
    }

    /// The claims that go. One that is released and taken in one commit is taken.
    pub(super) fn released(&self) -> impl Iterator<Item = &ClaimKey> {
        let changes = &self.commit.claims;
        changes.release.iter().filter(|key| !changes.take.iter().any(|claim| claim.key == **key))
    }
}
