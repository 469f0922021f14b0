//! What everything else stands on: ids, times and randomness.

mod id;
mod inconsistent;
mod seed;
mod text;
mod time;
#[cfg(any(feature = "jiff", feature = "chrono", feature = "time"))]
mod time_conversions;

pub use id::{ContestId, IdError, IdentifierId, MAX_IDENTIFIERS, MessageId, TenantId, UserId, UserKey, Version};
pub use inconsistent::Inconsistent;
pub use seed::{Nonce, Seed};
pub(crate) use text::{codes, named_enum, text_value};
pub(crate) use time::DAY;
pub use time::{Timestamp, TimestampError, TimestampRangeError};
