use serde::{Deserialize, Serialize};

/// The purpose of a challenge. A code for one purpose is not valid for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To verify an address that was added.
    Verification,
    /// To verify an address that replaces another one.
    Replacement,
}

impl Purpose {
    /// The stable name of the purpose, as adapters store it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Replacement => "replacement",
        }
    }

    /// Reads the name that [`as_str`](Self::as_str) returns; `None` for any other text.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "verification" => Some(Self::Verification),
            "replacement" => Some(Self::Replacement),
            _ => None,
        }
    }
}
