//! What happens to a user: events and their fold, and the forms in which a user and its messages are kept.

mod event;
mod fold;
mod message;
pub mod record;
pub mod stored;

pub use event::{Actor, Change, Event, EventFormat, Recorded};
pub(crate) use message::binding;
pub use message::{Content, Message, Outgoing};
pub use record::UserRecord;
