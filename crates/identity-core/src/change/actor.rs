use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::user::Refusal;

/// Who asks for a change and, in its events, who caused it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The user themselves. A holder can neither attest an address, nor set restrictions aside, nor be shown a code.
    Holder,
    /// An administrator, which is staff or the host itself, with the name that every event records; at most 800 bytes.
    Administrator(Arc<str>),
}

impl Actor {
    /// Whether it is an administrator.
    #[must_use]
    pub const fn is_administrator(&self) -> bool {
        matches!(self, Self::Administrator(_))
    }

    /// The administrator `contest`, in whose name a contest changes the user who did not decide it.
    #[must_use]
    pub fn contest() -> Self {
        Self::Administrator("contest".into())
    }

    /// Checks that an event can store the administrator's name.
    ///
    /// # Errors
    /// * [`Refusal::TooLarge`] when the name is longer than 800 bytes.
    /// * [`Refusal::Nul`] when it contains U+0000.
    pub fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Holder => Ok(()),
            Self::Administrator(name) if name.len() > 800 => {
                Err(Refusal::TooLarge { what: "the actor", limit: "800 bytes" })
            }
            Self::Administrator(name) if name.contains('\0') => Err(Refusal::Nul { what: "the actor" }),
            Self::Administrator(_) => Ok(()),
        }
    }
}
