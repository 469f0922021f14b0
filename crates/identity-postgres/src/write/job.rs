//! A commit that waits for, or is on, its way to the database.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use identity_core::{Version, WhenExhausted};
use identity_ports::{Commit, CommitError, Committed, Expected, StoreError};
use tokio::time::Instant;
use uuid::Uuid;

/// The answer to a commit.
pub(crate) type Answer = Result<Committed, CommitError>;

/// A commit that passed the checks of [`Job::new`], under an id by which the database knows it again.
pub(crate) struct Job {
    pub(crate) id: Uuid,
    pub(crate) commit: Commit,
    /// When the caller has to have an answer.
    pub(crate) until: Instant,
    /// The user, the claims and the budgets of the commit, as hashes: no other commit of the same statement may touch them. A
    /// collision of hashes makes one of the commits wait for the next statement, and does no harm.
    pub(crate) touches: Vec<u64>,
    /// Whether the commit touches one budget more than once. Then its draws are judged one after the other, and it travels
    /// alone: a draw of another transaction in between makes it start over, and with it all commits of its statement.
    pub(crate) intricate: bool,
}

static TOUCHES: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl Job {
    /// Checks a commit, so that a mistake of the caller does not become a row.
    pub(crate) fn new(id: Uuid, until: Instant, commit: Commit) -> Result<Self, StoreError> {
        let from = match commit.expected {
            Expected::Absent => 0,
            Expected::At(Version(version)) => version,
        };
        let follows =
            (from.saturating_add(1)..).zip(&commit.events).all(|(number, recorded)| number == recorded.number);
        if commit.events.is_empty() || !follows {
            let reason = "the events of the commit are not numbered from the expected version on";
            return Err(StoreError::failed(reason));
        }
        if commit.charges.iter().any(|charge| charge.when_exhausted == WhenExhausted::Withhold) {
            return Err(StoreError::failed("a charge of a commit itself has no message to withhold"));
        }
        if commit.after.as_ref().is_some_and(|user| *user.id() != commit.key.user) {
            return Err(StoreError::failed("the user of the commit differs from the commit's key"));
        }
        let mut claims: Vec<_> = commit.claims.take.iter().map(|claim| &claim.key).collect();
        claims.sort_unstable();
        if claims.array_windows().any(|[one, next]| one == next) {
            return Err(StoreError::failed("the commit takes one claim twice"));
        }
        let tenant = commit.key.tenant.as_str();
        let hash = |kind: u8, parts: (&str, &str, u8)| TOUCHES.hash_one((kind, tenant, parts));
        let mut touches = vec![hash(0, (commit.key.user.as_str(), "", 0))];
        let released = commit.claims.release.iter();
        let claims = claims.into_iter().chain(released);
        touches.extend(claims.map(|key| hash(1, (key.as_str(), key.kind().as_str(), key.rule()))));
        let charges = commit.charges.iter().chain(commit.messages.iter().flat_map(|outgoing| &outgoing.charges));
        let drawn = charges.map(|charge| (charge.quota.as_str(), charge.kind.as_str()));
        let given = commit.refunds.iter().map(|refund| (refund.quota.as_str(), refund.kind.as_str()));
        let drawn: Vec<u64> = drawn.chain(given).map(|(quota, kind)| hash(2, (quota, kind, 0))).collect();
        let distinct: HashSet<u64> = drawn.iter().copied().collect();
        let intricate = distinct.len() < drawn.len();
        touches.extend(distinct);
        Ok(Self { id, commit, until, touches, intricate })
    }

    pub(crate) fn first(&self) -> u64 {
        self.commit.events.first().map_or(0, |recorded| recorded.number)
    }
}
