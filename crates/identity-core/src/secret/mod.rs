//! Codes, link tokens and the keys that they are derived from. None of them is ever stored.

mod code;
mod keys;
mod link;
mod ticket;

pub use code::{Alphabet, Code, CodeError, CodeFormat};
pub use keys::{Binding, CodeKeys, KeyError, KeyId};
pub use link::{LinkError, LinkToken};
pub use ticket::{DeliveryTicket, TicketError};
