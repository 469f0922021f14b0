//! What is read: one statement each.

pub(crate) mod directory;
pub(crate) mod events;
pub(crate) mod find;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod outbox;
pub(crate) mod sweep;
