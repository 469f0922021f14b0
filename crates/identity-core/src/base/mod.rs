//! What everything else stands on: ids, times and randomness.

mod id;
mod inconsistent;
mod seed;
mod text;
mod time;

pub use id::{IdError, IdentifierId, MessageId, TenantId, UserId, UserKey, Version};
pub use inconsistent::Inconsistent;
pub use seed::{Nonce, Seed};
pub(crate) use text::{named_enum, text_value};
pub(crate) use time::DAY;
pub use time::{Timestamp, TimestampError};
