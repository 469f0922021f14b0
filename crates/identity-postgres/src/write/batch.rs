//! The statements that write commits.

use identity_core::{Charge, ClaimKey, Content, Details, Message, Refund, User, UserKey, WhenExhausted};
use uuid::Uuid;

use super::job::Job;
use crate::cells::capped;
use crate::sql::{Sql, Texts};

/// The format of messages, as the column has it.
pub(crate) const FORMAT: i64 = identity_core::stored::MESSAGE_FORMAT as i64;

/// The statements that write some commits, in one transaction.
pub(super) struct Flight<'a> {
    pub(super) statements: Vec<Sql<'a>>,
    /// The place of the one that answers.
    pub(super) main: usize,
    /// The charges, in the order of their `i`, which counts from 1.
    pub(super) charged: Vec<Drawn<'a>>,
}

/// A charge, and the message and commit that it belongs to; `m` is 0 for a charge of the commit itself.
pub(super) struct Drawn<'a> {
    pub(super) n: i64,
    pub(super) m: i64,
    pub(super) key: &'a UserKey,
    pub(super) charge: &'a Charge,
}

impl<'a> Flight<'a> {
    /// The flight of these commits, which are of one tenant. `waits` says whether they wait for claims and budgets that somebody
    /// else has locked.
    ///
    /// Rows begin with the number of their commit, from 1; a commit of two users counts as two. Their cells have the order in which the statements unnest them.
    pub(super) fn of(jobs: &[&'a Job], texts: &'a Texts, waits: bool) -> Self {
        let tenant = jobs.first().map_or("", |job| job.commit.key.tenant.as_str());
        let is_intricate = jobs.iter().any(|job| job.intricate);
        let is_pair = jobs.iter().any(|job| job.also.is_some());
        let jobs = || (1_i64..).zip(jobs.iter().flat_map(|job| job.parts()));
        let mut statements = Vec::with_capacity(4);
        let keys: Vec<_> = jobs().flat_map(|(n, job)| job.keys.iter().map(move |key| (n, *key))).collect();
        if !keys.is_empty() {
            statements.push(Sql::new(if waits { &texts.wait } else { &texts.hold }).rows(keys));
        }

        let commits = jobs().map(|(n, job)| {
            let after = job.commit.after.as_deref();
            let [created_at, updated_at] =
                [User::created_at, User::updated_at].map(|at| after.map(|user| at(user).as_micros()));
            let (record, events, keyed) = (job.record.as_deref(), job.events.as_str(), !job.keys.is_empty());
            let Job { id, expected, version, .. } = job;
            (n, job.user(), *expected, *version, created_at, updated_at, *id, record, events, keyed)
        });
        let taken = jobs().flat_map(|(n, job)| {
            (1_i64..).zip(&job.commit.claims.take).map(move |(i, claim)| {
                let ((kind, key, rule), strength) = (parts(&claim.key), claim.strength.as_str());
                (n, i, job.user(), kind, key, rule, strength)
            })
        });
        let profiles = jobs().filter_map(|(n, job)| match &job.details {
            Details::Is(record) => Some((n, job.user(), record.as_str())),
            Details::Goes | Details::Stays => None,
        });
        let found = jobs().flat_map(|(n, job)| {
            job.lookup.put.iter().map(move |entry| {
                let (kind, key, rule) = parts(&entry.key);
                (n, job.user(), kind, key, rule, entry.identifier.as_uuid(), entry.verified)
            })
        });
        let (mut draws, mut charged, mut messages, mut paid) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for (n, job) in jobs() {
            let (commit, key) = (&job.commit, &job.commit.key);
            // The ledger is one for both users.
            let ledger = if is_pair { 1 } else { n };
            draws.extend(commit.refunds.iter().map(|refund| give_back(ledger, refund)));
            let mut add = |m, charge| {
                charged.push(Drawn { n, m, key, charge });
                draws.push(draw(ledger, m, capped(charged.len()), charge));
            };
            commit.charges.iter().for_each(|charge| add(0, charge));
            for (outgoing, content) in commit.messages.iter().zip(&job.contents) {
                let m = if outgoing.charges.is_empty() { 0 } else { paid + 1 };
                paid = paid.max(m);
                outgoing.charges.iter().for_each(|charge| add(m, charge));
                if commit.after.is_some() {
                    messages.push(message(n, m, &outgoing.message, content));
                }
            }
        }
        let enqueued: Vec<(Uuid,)> = messages.iter().map(|(_, _, _, id, ..)| (*id,)).collect();
        let commit = Sql::new(match (is_pair, is_intricate) {
            (true, _) => &texts.pair_commit,
            (false, true) => &texts.ledger_commit,
            (false, false) => &texts.commit,
        });
        let commit = commit.with((tenant,)).rows(commits).rows(taken).rows(draws).rows(profiles).rows(found);
        let lost = jobs().flat_map(|(n, job)| {
            job.lookup.remove.iter().map(move |entry| {
                let (kind, key, rule) = parts(&entry.key);
                (n, job.user(), kind, key, rule, entry.identifier.as_uuid())
            })
        });
        let released = jobs().flat_map(|(n, job)| {
            job.released().map(parts).map(move |(kind, key, rule)| (n, job.user(), kind, key, rule))
        });
        let (lost, released): (Vec<_>, Vec<_>) = (lost.collect(), released.collect());
        let mut commit = commit.rows(messages).with((FORMAT,));
        if is_pair {
            commit = commit.rows(released.iter().map(|(_, user, kind, key, rule)| (*user, *kind, *key, *rule)));
        }
        let main = statements.len();
        statements.push(commit);
        let stays = |(_, job): &(i64, &Job)| job.commit.after.is_some();
        let emptied = jobs().filter(stays).filter(|(_, job)| job.details == Details::Goes);
        let withdrawn = jobs().filter(stays).flat_map(|(n, job)| {
            job.commit.withdraw.iter().map(move |identifier| (n, job.user(), identifier.as_uuid()))
        });
        let (emptied, withdrawn): (Vec<_>, Vec<_>) = (emptied.map(whose).collect(), withdrawn.collect());
        if !(lost.is_empty() && released.is_empty() && emptied.is_empty() && withdrawn.is_empty()) {
            let clear = Sql::new(&texts.clear).with((tenant,)).rows(lost).rows(released).rows(emptied);
            statements.push(clear.rows(withdrawn).rows(enqueued));
        }
        let gone: Vec<_> = jobs().filter(|(_, job)| job.commit.after.is_none()).map(whose).collect();
        if !gone.is_empty() {
            statements.push(Sql::new(&texts.erase).with((tenant,)).rows(gone));
        }
        Flight { statements, main, charged }
    }
}

fn whose((n, job): (i64, &Job)) -> (i64, &str) {
    (n, job.user())
}

fn parts(key: &ClaimKey) -> (&str, &str, i64) {
    (key.kind().as_str(), key.as_str(), key.rule().into())
}

/// A charge as the database counts, or a refund: n, m, i, kind, quota, amount, the largest amount already drawn that leaves room
/// for the charge, the time after which a window that is open began, at, length, effect.
pub(super) type Draw<'a> = (i64, i64, i64, &'a str, &'a str, i64, i64, i64, i64, i64, &'a str);

/// Of a refund only the amount and the time matter.
pub(super) fn give_back(n: i64, refund: &Refund) -> Draw<'_> {
    let (kind, amount, at) = (refund.kind.as_str(), capped(refund.amount), refund.at.as_micros());
    (n, 0, 0, kind, &refund.quota, amount, i64::MAX, 0, at, 0, "refund")
}

pub(super) fn draw(n: i64, m: i64, i: i64, charge: &Charge) -> Draw<'_> {
    let room = i128::from(charge.budget.limit) - i128::from(charge.amount);
    let room = i64::try_from(room).unwrap_or(if room < 0 { i64::MIN } else { i64::MAX });
    let (amount, length) = (capped(charge.amount), capped(charge.budget.window.as_micros()));
    let (at, quota) = (charge.at.as_micros(), charge.quota.as_str());
    let effect = match charge.when_exhausted {
        WhenExhausted::Refuse => "refuse",
        WhenExhausted::Withhold => "withhold",
        WhenExhausted::Record => "record",
    };
    (n, m, i, charge.kind.as_str(), quota, amount, room, at.saturating_sub(length), at, length, effect)
}

/// A message: n, m, user_id, id, channel, address, typed, content, locale, created_at, expires_at, identifier.
pub(crate) type Enqueued<'a> =
    (i64, i64, &'a str, Uuid, &'a str, &'a str, Option<&'a str>, &'a str, Option<&'a str>, i64, i64, Option<Uuid>);

pub(crate) fn message<'a>(n: i64, m: i64, message: &'a Message, content: &'a str) -> Enqueued<'a> {
    let Message { id, key, to, locale, created_at, expires_at, .. } = message;
    let typed = Some(to.typed()).filter(|typed| *typed != to.as_str());
    // The identifier whose challenge it carries, or of which something is due.
    let identifier = match &message.content {
        Content::Challenge { identifier, .. } | Content::Due { identifier } => Some(identifier.as_uuid()),
        _ => None,
    };
    let (user, channel, locale) = (key.user.as_str(), to.channel().as_str(), locale.as_deref());
    let [created_at, expires_at] = [created_at, expires_at].map(|at| at.as_micros());
    (n, m, user, id.as_uuid(), channel, to.as_str(), typed, content, locale, created_at, expires_at, identifier)
}
