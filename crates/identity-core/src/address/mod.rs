//! Addresses and usernames as values: parsed once, always canonical, the typed form kept.

mod claim_key;
mod mask;

pub use claim_key::{ClaimKey, ClaimKind};
pub use mask::masked;
