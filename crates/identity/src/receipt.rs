use std::sync::Arc;

use identity_core::{Timestamp, User, Version};

/// What every changing call answers: one host shows the whole user, another one the number and time of the change.
#[derive(Debug, Clone)]
pub struct Receipt<T> {
    /// What the call is about.
    pub outcome: T,
    /// The user afterwards; an erased one as it last was.
    pub user: Arc<User>,
    /// The number of the user's last event. It is the same as before when there was nothing to change.
    pub version: Version,
    /// The time of the call.
    pub at: Timestamp,
}
