use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::named_enum;

named_enum! {
    /// The namespace of a claim key. Within a tenant, a key is unique in its namespace.
    #[derive(PartialOrd, Ord)]
    pub enum ClaimKind {
        /// The id of an open contest, under which its owner is found. Nobody claims it.
        Contest = "contest",
        /// An e-mail address.
        Email = "email",
        /// A slot of a mailbox, of which a policy gives each mailbox a number
        /// ([`MailboxLimit`](crate::policy::MailboxLimit)).
        Mailbox = "mailbox",
        /// A phone number.
        Phone = "phone",
        /// A username.
        Username = "username",
    }
}

impl ClaimKind {
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Contest => "contest",
            Self::Email => "e-mail address",
            Self::Mailbox => "mailbox",
            Self::Phone => "phone number",
            Self::Username => "username",
        }
    }

    /// The version of the present rule for keys of this kind.
    #[must_use]
    pub const fn rule(self) -> u8 {
        match self {
            Self::Contest => 1,
            Self::Email => super::Email::CLAIM_RULE,
            Self::Mailbox => super::MailboxKey::RULE,
            Self::Phone => super::Phone::CLAIM_RULE,
            Self::Username => super::Username::CLAIM_RULE,
        }
    }
}

/// The form by which addresses and usernames are compared for ownership: two that have the same key are the same one.
///
/// A key states the version of the rule that made it, so that the rule can change later without doubt about who owns
/// what.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClaimKey {
    kind: ClaimKind,
    rule: u8,
    key: Arc<str>,
}

impl ClaimKey {
    /// A key that was made by version `rule` of the rule for its kind, or that a store returns.
    #[must_use]
    pub fn new(kind: ClaimKind, rule: u8, key: impl Into<Arc<str>>) -> Self {
        Self { kind, rule, key: key.into() }
    }

    /// The namespace of the key.
    #[must_use]
    pub const fn kind(&self) -> ClaimKind {
        self.kind
    }

    /// The version of the rule that made the key.
    #[must_use]
    pub const fn rule(&self) -> u8 {
        self.rule
    }

    /// The text of the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.key
    }
}

/// Prints the key masked, because it is an address.
impl fmt::Debug for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), super::mask::masked(&self.key))
    }
}
