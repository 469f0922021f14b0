//! What is read: one statement each.

pub(crate) mod directory;
pub(crate) mod events;
pub(crate) mod find;
pub(crate) mod list;
pub(crate) mod load;
mod message;
pub(crate) mod outbox;
pub(crate) mod sweep;
