//! Counters and gauges, through the facade of the crate `metrics`. The manual's page `metrics` lists them.

use std::any::Any;
use std::time::Duration;

use identity_core::{Confirmation, Timestamp};
use identity_ports::Backlog;
use metrics::{counter, describe_counter, describe_gauge, gauge};

use crate::delivery::{Delivered, Lane};
use crate::sign_in::Proof;
use crate::{Error, Receipt};

/// The interval at which a delivery loop sets the gauges of the outbox.
pub(crate) const WATCH_EVERY: Duration = Duration::from_secs(10);

const USE_CASES: &str = "identity_use_cases_total";
const CONFLICTS: &str = "identity_conflicts_total";
const MESSAGES: &str = "identity_messages_total";
const PENDING: &str = "identity_outbox_pending";
const OLDEST_DUE: &str = "identity_outbox_oldest_due_seconds";

/// Tells the recorder what the names mean.
pub(crate) fn describe() {
    describe_counter!(USE_CASES, "Use cases that ended, by outcome.");
    describe_counter!(CONFLICTS, "Changes that were decided again because another call changed the user first.");
    describe_counter!(MESSAGES, "Attempts to deliver a message, by outcome.");
    describe_gauge!(PENDING, "Messages that are waiting in the outbox or being handed over.");
    describe_gauge!(OLDEST_DUE, "How long ago the oldest pending message fell due.");
}

pub(crate) fn use_case<T: 'static>(use_case: &'static str, ended: &Result<T, Error>) {
    let outcome = match ended {
        Ok(answer) if is_wrong(answer) => "wrong",
        Ok(_) => "done",
        Err(Error::Refused(refusal)) => refusal.code(),
        Err(Error::Contended) => "contended",
        Err(Error::Store(_)) => "store_failed",
        Err(Error::Entropy(_)) => "entropy_failed",
        Err(Error::NoRuntime) => "no_runtime",
    };
    counter!(USE_CASES, "use_case" => use_case, "outcome" => outcome).increment(1);
}

/// Whether the answer says that a code or a link was wrong, which is no error.
fn is_wrong(answer: &dyn Any) -> bool {
    let confirmed = answer.downcast_ref::<Receipt<Confirmation>>();
    let is_rejected = |receipt: &Receipt<Confirmation>| matches!(receipt.outcome, Confirmation::Rejected { .. });
    confirmed.is_some_and(is_rejected) || answer.downcast_ref::<Option<Proof>>().is_some_and(Option::is_none)
}

pub(crate) fn conflict() {
    counter!(CONFLICTS).increment(1);
}

pub(crate) fn message(lane: &Lane, delivered: Delivered) {
    let Delivered { sent, retried, uncertain, failed, expired, left, sent_on } = delivered;
    let outcomes = [
        ("sent", sent),
        ("retried", retried),
        ("uncertain", uncertain),
        ("dead_letter", failed),
        ("expired", expired),
        ("left", left),
        ("sent_on", sent_on),
    ];
    let provider = lane.provider.as_deref().unwrap_or("none");
    for (outcome, count) in outcomes.into_iter().filter(|(_, count)| *count > 0) {
        let (channel, provider) = (lane.channel.as_str(), provider.to_owned());
        counter!(MESSAGES, "channel" => channel, "provider" => provider, "outcome" => outcome).increment(count as u64);
    }
}

pub(crate) fn backlog(backlog: &Backlog, now: Timestamp) {
    gauge!(PENDING).set(backlog.pending as f64);
    let late = backlog.oldest_due.map_or(Duration::ZERO, |due| now.since(due));
    gauge!(OLDEST_DUE).set(late.as_secs_f64());
}
