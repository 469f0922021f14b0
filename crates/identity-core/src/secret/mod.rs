//! Codes, link tokens and delivery tickets, and the keys from which they are derived. The library stores none of them.

mod code;
mod disavow;
mod keys;
mod link;
mod purpose;
mod sign_in;
mod ticket;

pub use code::{Alphabet, Code, CodeError, CodeFormat};
pub use disavow::{DisavowError, DisavowToken};
pub use keys::{Binding, CodeKeys, KeyError, KeyId};
pub use link::{LinkError, LinkToken};
pub use purpose::Purpose;
pub use sign_in::SignInTicket;
pub use ticket::{DeliveryTicket, TicketError};
