//! A store of users in one file of [redb], an embedded key-value engine: an example that follows the manual's page "Writing a
//! store" and passes the whole conformance suite.
//!
//! Everything lies in one ordered table. A key begins with the tenant, or with an empty part for what is looked up for all
//! tenants at once: the messages and their queue. A commit is one transaction, durable before the call answers.
//!
//! # What this crate does not do
//! * One process has the file; a second one is refused. So the version of the schema also stands for the format of messages.
//! * Commits do not share a sync of the disk, and a call has no deadline: it waits for its turn to write.
//! * A search by a prefix reads the users of the tenant, a lease reads all pending messages, and pruning and the dead letters
//!   read all messages. The manual says by which keys a larger store finds them.
//! * A removed value stays in the free pages of the file until the engine uses them again, and the last window of a budget
//!   stays for good.

mod commit;
mod feed;
mod outbox;
mod store;
mod users;

pub use store::RedbStore;
