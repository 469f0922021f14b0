//! Addresses and usernames as values. Each is parsed once, is always in canonical form, and keeps what was typed.

mod claim_key;
mod confusable;
mod confusable_chars;
mod email;
mod email_domain;
mod email_error;
mod label;
mod mailbox;
mod mask;
mod phone;
mod username;
mod value;

pub use claim_key::{ClaimKey, ClaimKind};
pub use confusable::{ScriptFlags, skeleton};
pub use confusable_chars::CharacterError;
pub(crate) use confusable_chars::is_invisible;
pub use email::Email;
pub use email_error::EmailError;
pub use label::{Label, LabelError};
pub use mailbox::MailboxKey;
pub use mask::masked;
pub use phone::{NumberType, Phone, PhoneError, Region, UnknownRegion};
pub(crate) use phone::{digit, is_hyphen};
pub(crate) use username::stored_username;
pub use username::{Username, UsernameError};
pub(crate) use value::stored;
pub use value::{Address, AddressError, Channel};
