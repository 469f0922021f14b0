//! What happens to a user: events and their fold, and the forms in which a user and its messages are kept.

mod actor;
mod event;
mod fold;
mod message;
pub mod record;
pub mod stored;

pub use actor::Actor;
pub use event::{Change, Event, EventFormat, Recorded, Reported};
pub(crate) use message::binding;
pub use message::{Content, Message, Outgoing};
pub use record::UserRecord;
