//! The columns in which commits travel, in the order in which the statements unnest them. Every row begins with the number of
//! its commit within the statement, from 1.

use crate::sql::Kind::{Flag, Id, Long, Text};
use crate::sql::Layout;

/// What each commit expects and writes: n, id, expected, first, version, created_at, updated_at, commit_id, record, events, keyed.
pub(super) const COMMITS: Layout = &[Long, Text, Long, Long, Long, Long, Long, Id, Text, Text, Flag];

/// Claims that are taken: n, i, user_id, kind, key, rule, strength.
pub(super) const TAKEN: Layout = &[Long, Long, Text, Text, Text, Long, Text];

/// Refunds and charges: n, m, i, kind, quota, amount, room, opened, at, length, effect.
pub(super) const DRAWS: Layout = &[Long, Long, Long, Text, Text, Long, Long, Long, Long, Long, Text];

/// Second records: n, user_id, record.
pub(super) const PROFILES: Layout = &[Long, Text, Text];

/// Entries by which users are found: n, user_id, kind, key, rule, identifier, verified.
pub(super) const FOUND: Layout = &[Long, Text, Text, Text, Long, Id, Flag];

/// Messages: n, m, user_id, id, format, channel, address, typed, content, locale, created_at, expires_at, identifier.
pub(super) const MESSAGES: Layout = &[Long, Long, Text, Id, Long, Text, Text, Text, Text, Text, Long, Long, Id];

/// Entries that go: n, user_id, kind, key, rule, identifier.
pub(super) const LOST: Layout = &[Long, Text, Text, Text, Long, Id];

/// Claims that are given up: n, user_id, kind, key, rule.
pub(super) const RELEASED: Layout = &[Long, Text, Text, Text, Long];

/// Users: n, id.
pub(super) const USERS: Layout = &[Long, Text];

/// Identifiers whose challenges are not worth sending any more: n, user_id, identifier.
pub(super) const WITHDRAWN: Layout = &[Long, Text, Id];

/// What has to be held: n, key.
pub(super) const KEYS: Layout = &[Long, Long];
