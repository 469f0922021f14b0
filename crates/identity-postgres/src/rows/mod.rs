//! What is read: one statement each.

mod directory;
pub(crate) mod events;
pub(crate) mod find;
pub(crate) mod list;
pub(crate) mod load;
mod message;
mod outbox;
