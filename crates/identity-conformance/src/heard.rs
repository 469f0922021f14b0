//! What the library tells whoever listens while a law runs: no code, no link, no key and no whole address (OWASP ASVS 5.0,
//! 16.2.5).

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

/// Codes and links that were sent. Those of few symbols are left out: they could stand in an id or a time by chance.
static SECRETS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
/// What was told and must not be.
static FOUND: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn with<T, R>(kept: &Mutex<T>, change: impl FnOnce(&mut T) -> R) -> R {
    change(&mut kept.lock().unwrap_or_else(PoisonError::into_inner))
}

/// From now on everything that is told in this process is searched, unless another listener was there first.
pub(crate) fn listen() {
    let _ = tracing::subscriber::set_global_default(Listener);
}

/// Nobody may be told this text.
pub(crate) fn keep_secret(text: &str) {
    if text.len() >= 10 {
        with(&SECRETS, |secrets| secrets.insert(text.to_owned()));
    }
}

/// Fails when something was told that must not be, by this law or by one beside it.
pub(crate) fn judge() {
    let found = with(&FOUND, std::mem::take);
    assert!(found.is_empty(), "a secret or a whole address was told: {found:#?}");
}

struct Listener;

struct Said(String);

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

fn search(tell: impl FnOnce(&mut Said)) {
    let mut said = Said(String::new());
    tell(&mut said);
    let Said(said) = said;
    let secret = |word: &str| with(&SECRETS, |secrets| secrets.contains(word));
    let address = |word: &str| {
        let mail = word.rsplit_once('@').is_some_and(|(local, at)| at.contains("example") && !local.ends_with("***"));
        let digits = word.strip_prefix('+').unwrap_or_default();
        mail || (digits.len() >= 7 && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut words = said.split(|c: char| !c.is_alphanumeric() && !"@.+-_*".contains(c));
    if said.contains("5a5a5a5a") || words.any(|word| secret(word) || address(word)) {
        with(&FOUND, |found| found.push(said));
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        search(|said| span.record(said));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        search(|said| values.record(said));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        search(|said| event.record(said));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use crate::block_on;

    #[test]
    fn c15_what_is_told_during_a_law_is_searched() {
        super::keep_secret("BCDFGHJKLM");
        for told in ["ada@example.com", "to +441514960453", "code=BCDFGHJKLM", "keys: 5a5a5a5a5a5a"] {
            assert!(catch_unwind(|| block_on(async { tracing::trace!(told) })).is_err(), "{told} is not found");
        }
        for told in ["a***@example.com", "+44******0453", "code=[redacted]"] {
            block_on(async { tracing::warn!(told) });
        }
    }
}
