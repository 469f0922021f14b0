//! The columns in which commits travel. Every row begins with the number of its commit within the statement, from 1.

use crate::sql::Kind::{Bytes, Flag, Id, Long, Text};
use crate::sql::Layout;

/// What each commit expects.
pub(super) const COMMITS: Layout =
    &[("n", Long), ("tenant", Text), ("id", Text), ("expected", Long), ("first", Long), ("commit_id", Id)];

/// A user's row as it will be; `expected` is NULL for a new one.
pub(super) const USERS: Layout = &[
    ("n", Long),
    ("tenant", Text),
    ("id", Text),
    ("version", Long),
    ("created_at", Long),
    ("updated_at", Long),
    ("disabled", Flag),
    ("primary_email", Id),
    ("primary_phone", Id),
    ("retired", Text),
    ("expected", Long),
];

/// Users who go.
pub(super) const GONE: Layout = &[("n", Long), ("tenant", Text), ("id", Text), ("expected", Long)];

pub(super) const PROFILES: Layout = &[
    ("n", Long),
    ("tenant", Text),
    ("user_id", Text),
    ("claims", Text),
    ("public_data", Text),
    ("private_data", Text),
    ("credentials", Text),
    ("sign_ins", Text),
];

pub(super) const IDENTIFIERS: Layout = &[
    ("n", Long),
    ("tenant", Text),
    ("user_id", Text),
    ("kind", Text),
    ("id", Id),
    ("position", Long),
    ("address", Text),
    ("typed", Text),
    ("claim_key", Text),
    ("claim_rule", Long),
    ("status", Text),
    ("verified", Flag),
    ("source", Text),
    ("unrestricted", Flag),
    ("added_at", Long),
    ("replaces", Id),
    ("sign_in", Text),
    ("verified_at", Long),
    ("verified_by", Text),
    ("verified_source", Text),
    ("failed_in_a_row", Long),
    ("failed_at", Text),
    ("sent_at", Text),
    ("challenge_nonce", Bytes),
    ("challenge_key", Text),
    ("challenge_purpose", Text),
    ("challenge_proof", Text),
    ("challenge_length", Long),
    ("challenge_alphabet", Text),
    ("challenge_issued_at", Long),
    ("challenge_expires_at", Long),
    ("challenge_tries", Long),
    ("challenge_failed", Long),
    ("challenge_hint", Text),
    ("undeliverable", Text),
];

/// Identifiers that go.
pub(super) const DROPPED: Layout = &[("n", Long), ("tenant", Text), ("user_id", Text), ("kind", Text), ("id", Id)];

/// Users all of whose identifiers go but those that are written.
pub(super) const CLEARED: Layout = &[("n", Long), ("tenant", Text), ("user_id", Text)];

/// Claims that are given up.
pub(super) const RELEASED: Layout =
    &[("n", Long), ("tenant", Text), ("kind", Text), ("claim_key", Text), ("claim_rule", Long), ("user_id", Text)];

/// Claims that are taken, `i` by their place among those of the commit, or only freed for a user who is `gone`.
pub(super) const TAKEN: Layout = &[
    ("n", Long),
    ("i", Long),
    ("tenant", Text),
    ("kind", Text),
    ("claim_key", Text),
    ("claim_rule", Long),
    ("user_id", Text),
    ("strength", Text),
    ("gone", Flag),
];

pub(super) const EVENTS: Layout = &[
    ("n", Long),
    ("tenant", Text),
    ("user_id", Text),
    ("number", Long),
    ("format", Long),
    ("at", Long),
    ("actor", Text),
    ("type", Text),
    ("change", Text),
    ("commit_id", Id),
];

/// Draws. `m` is the message that they pay for, 0 for those of the commit itself, `i` their place in the statement; the window is open when it began after
/// `opened`, and has room while it holds no more than `room`.
pub(super) const CHARGES: Layout = &[
    ("n", Long),
    ("m", Long),
    ("i", Long),
    ("tenant", Text),
    ("kind", Text),
    ("quota", Text),
    ("amount", Long),
    ("room", Long),
    ("opened", Long),
    ("at", Long),
    ("length", Long),
    ("effect", Text),
];

/// The budgets of a commit that touches one of them more than once, numbered by `b` from 1.
pub(super) const BUDGETS: Layout = &[("n", Long), ("b", Long), ("tenant", Text), ("kind", Text), ("quota", Text)];

/// What such a commit does to its budgets, one after the other: `s` counts from 1. Refunds have 0 for `m` and `i`.
pub(super) const STEPS: Layout = &[
    ("n", Long),
    ("s", Long),
    ("m", Long),
    ("i", Long),
    ("b", Long),
    ("amount", Long),
    ("room", Long),
    ("opened", Long),
    ("at", Long),
    ("length", Long),
    ("effect", Text),
];

/// Messages; `m` is 0 for those that cost nothing.
pub(super) const MESSAGES: Layout = &[
    ("n", Long),
    ("m", Long),
    ("tenant", Text),
    ("user_id", Text),
    ("id", Id),
    ("format", Long),
    ("channel", Text),
    ("address", Text),
    ("typed", Text),
    ("content", Text),
    ("locale", Text),
    ("created_at", Long),
    ("expires_at", Long),
    ("identifier", Id),
];

/// Identifiers whose challenges are not worth sending any more.
pub(super) const WITHDRAWN: Layout = &[("n", Long), ("tenant", Text), ("user_id", Text), ("identifier", Id)];

/// What budgets get back, into the window that `at` lies in.
pub(super) const REFUNDS: Layout =
    &[("n", Long), ("tenant", Text), ("kind", Text), ("quota", Text), ("amount", Long), ("at", Long)];
