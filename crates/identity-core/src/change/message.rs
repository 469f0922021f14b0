use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::{Address, stored};
use crate::base::{IdentifierId, MessageId, TenantId, Timestamp, UserId, UserKey};
use crate::policy::{Charge, NoticeKind};
use crate::secret::{Binding, Code, DisavowToken, LinkToken, Purpose};
use crate::user::Challenge;

/// A message to an address: an envelope and its content. It holds no code and no link; the delivery derives them from
/// the challenge when it sends the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The id of the message, unique among all messages of all tenants.
    pub id: MessageId,
    /// The tenant and user that the message belongs to.
    pub key: UserKey,
    /// The recipient, fixed when the message was decided; a later change of the user does not redirect it.
    #[serde(with = "stored")]
    pub to: Address,
    /// The content of the message.
    pub content: Content,
    /// The language of the user as a BCP 47 tag; `None` when the profile names none.
    pub locale: Option<Arc<str>>,
    /// When the message was decided. It is due at this time; for [`Content::Due`] that is later.
    pub created_at: Timestamp,
    /// When the message stops being worth sending. It is not sent at or after this time.
    pub expires_at: Timestamp,
}

/// The content of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Content {
    /// A request to answer a challenge, with the code or the link that it carries.
    Challenge {
        /// The identifier that the answer verifies.
        identifier: IdentifierId,
        /// The challenge that the code and the link are derived from.
        challenge: Challenge,
    },
    /// A notice that another address of the user changed.
    Notice {
        /// The kind of change.
        what: NoticeKind,
        /// The address that changed.
        #[serde(with = "stored")]
        about: Address,
        /// The number of the event that the recipient may undo; `None` when it cannot be undone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<u64>,
    },
    /// Nothing to send: something that concerns an identifier of the user is due at [`Message::created_at`]. Whoever leases it
    /// carries that out with [`User::carry_out`](crate::User::carry_out) and gives it to no notifier.
    Due {
        /// The identifier.
        identifier: IdentifierId,
    },
}

impl Message {
    /// The code that the message carries; `None` when it carries none, or when its key is no longer among `keys`.
    #[must_use]
    pub fn code(&self, keys: &crate::secret::CodeKeys) -> Option<Code> {
        let Content::Challenge { identifier, challenge } = &self.content else { return None };
        if !challenge.proof.by_code() {
            return None;
        }
        keys.code(&binding(&self.key.tenant, &self.key.user, *identifier, &self.to, challenge), challenge.format)
    }

    /// The token with which the recipient may undo the change that the message reports; `None` when it carries none.
    #[must_use]
    pub fn disavowal(&self, keys: &crate::secret::CodeKeys) -> Option<DisavowToken> {
        let Content::Notice { event, .. } = &self.content else { return None };
        event.map(|event| keys.disavowal(&self.key.tenant, &self.key.user, event))
    }

    /// The link token that the message carries; `None` when it carries none, or when its key is no longer among `keys`.
    #[must_use]
    pub fn link(&self, keys: &crate::secret::CodeKeys) -> Option<LinkToken> {
        let Content::Challenge { identifier, challenge } = &self.content else { return None };
        if !challenge.proof.by_link() {
            return None;
        }
        keys.link(&binding(&self.key.tenant, &self.key.user, *identifier, &self.to, challenge))
    }
}

/// What the code of a challenge is made of. A code to sign in goes without the address: the name of its visitor is made of what
/// was typed, and a username is judged before anybody looks up where its code went.
pub(crate) fn binding<'a>(
    tenant: &'a TenantId,
    user: &'a UserId,
    identifier: IdentifierId,
    address: &'a Address,
    challenge: &'a Challenge,
) -> Binding<'a> {
    Binding {
        key: &challenge.key,
        tenant,
        user,
        identifier,
        address: if challenge.purpose == Purpose::SignIn { "" } else { address.as_str() },
        purpose: challenge.purpose,
        nonce: &challenge.nonce,
    }
}

/// A message to enqueue, with the budgets that it draws from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The message to enqueue.
    pub message: Message,
    /// The charges for the message; empty when it costs nothing.
    pub charges: Vec<Charge>,
}
