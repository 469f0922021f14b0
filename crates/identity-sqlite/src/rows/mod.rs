//! The tables: writing values as rows, and reading rows as values.

pub(crate) mod claims;
pub(crate) mod directory;
pub(crate) mod events;
pub(crate) mod find;
pub(crate) mod identifiers;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod outbox;
pub(crate) mod quotas;
pub(crate) mod users;
