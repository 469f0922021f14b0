//! Addresses and usernames as values: parsed once, always canonical, the typed form kept.

mod claim_key;
mod mask;
mod phone;
mod value;

pub use claim_key::{ClaimKey, ClaimKind};
pub use mask::masked;
pub use phone::{NumberType, Phone, PhoneError, Region, UnknownRegion};
pub(crate) use value::stored;
pub use value::{Address, Channel};
