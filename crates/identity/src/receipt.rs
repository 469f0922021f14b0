use std::sync::Arc;

use identity_core::{Timestamp, User, Version};

/// The answer of every call that changes something: the outcome, the user afterwards, and the number and time of the change.
#[derive(Debug, Clone)]
pub struct Receipt<T> {
    /// The outcome of the call.
    pub outcome: T,
    /// The user after the call; an erased user as it was before. On the holder's road it comes without the private data of its
    /// profile.
    pub user: Arc<User>,
    /// The number of the user's last event. It is the same as before the call when there was nothing to change.
    pub version: Version,
    /// The time of the call.
    pub at: Timestamp,
}
