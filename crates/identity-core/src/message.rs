use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::address::{Address, stored};
use crate::spend::{Charge, code_charges, notice_charges};
use crate::{
    Binding, Challenge, Change, Code, Context, Event, IdentifierId, LinkToken, MessageId, Status, TenantId, Timestamp,
    User, UserId, UserKey,
};

/// A message on its way to an address. It holds no code: the delivery derives it when it sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Whose it is.
    pub key: UserKey,
    /// The address that it goes to, fixed when it was decided: a later change of the user does not redirect it.
    #[serde(with = "stored")]
    pub to: Address,
    /// What it says.
    pub content: Content,
    /// The person's language, a BCP 47 tag.
    pub locale: Option<Arc<str>>,
    /// When it was decided.
    pub created_at: Timestamp,
    /// From when on it is not worth sending any more.
    pub expires_at: Timestamp,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Content {
    /// Answer this challenge.
    Challenge {
        /// The identifier that it verifies.
        identifier: IdentifierId,
        /// The challenge.
        challenge: Challenge,
    },
    /// Something happened to another address of yours.
    Notice {
        /// What.
        what: NoticeKind,
        /// To which address.
        #[serde(with = "stored")]
        about: Address,
    },
}

/// What happened to another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoticeKind {
    /// It was added.
    Added,
    /// It was verified.
    Verified,
    /// It became primary.
    MadePrimary,
    /// It was removed.
    Removed,
    /// It took the place of the address that this goes to, or of another one.
    Replaced,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Added, Self::Verified, Self::MadePrimary, Self::Removed, Self::Replaced];
}

impl Message {
    /// The code that the message carries; `None` when it carries none, or when its key is gone.
    #[must_use]
    pub fn code(&self, keys: &crate::CodeKeys) -> Option<Code> {
        let Content::Challenge { identifier, challenge } = &self.content else { return None };
        if !challenge.proof.by_code() {
            return None;
        }
        keys.code(&binding(&self.key.tenant, &self.key.user, *identifier, &self.to, challenge), challenge.format)
    }

    /// The link token that the message carries; `None` when it carries none, or when its key is gone.
    #[must_use]
    pub fn link(&self, keys: &crate::CodeKeys) -> Option<LinkToken> {
        let Content::Challenge { identifier, challenge } = &self.content else { return None };
        if !challenge.proof.by_link() {
            return None;
        }
        keys.link(&binding(&self.key.tenant, &self.key.user, *identifier, &self.to, challenge))
    }
}

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
        address: address.as_str(),
        purpose: challenge.purpose,
        nonce: &challenge.nonce,
    }
}

/// A message, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The message.
    pub message: Message,
    /// What it costs.
    pub charges: Vec<Charge>,
}

/// How long a notice is worth sending.
const NOTICE_LIFE: Duration = Duration::from_secs(86_400);

/// The messages that follow from events: challenges to the address that they verify, and notices of what happened to one
/// address to every other verified one (NIST SP 800-63B-4, 4.6), before and after alike.
#[must_use]
pub fn messages(before: Option<&User>, after: Option<&User>, events: &[Event], context: &Context<'_>) -> Vec<Outgoing> {
    let Some(after) = after else { return Vec::new() };
    let mut post = Post { after, context, outgoing: Vec::new() };
    // A new user, created or imported, has nobody to tell yet.
    let told = before.filter(|_| !events.iter().any(|event| matches!(event.change, Change::Imported { .. })));
    for event in events {
        match &event.change {
            Change::VerificationStarted { id, .. } | Change::CodeResent { id } => post.challenge(*id),
            _ => {}
        }
        if let Some(before) = told {
            post.notice(before, events, &event.change);
        }
    }
    post.outgoing
}

/// The identifiers whose challenge these events make void, or answer: its messages that are still on their way are not worth
/// sending any more.
#[must_use]
pub fn withdrawn(before: Option<&User>, events: &[Event]) -> Vec<IdentifierId> {
    let mut withdrawn = Vec::new();
    let Some(before) = before else { return withdrawn };
    for event in events {
        let (Change::VerificationStarted { id, .. }
        | Change::CodeIssued { id, .. }
        | Change::Verified { id, .. }
        | Change::Unverified { id }
        | Change::Removed { id }) = &event.change
        else {
            continue;
        };
        let out = before.identifier(*id).is_some_and(|entry| entry.challenge().is_some());
        if out && !withdrawn.contains(id) {
            withdrawn.push(*id);
        }
    }
    withdrawn
}

struct Post<'a> {
    after: &'a User,
    context: &'a Context<'a>,
    outgoing: Vec<Outgoing>,
}

impl Post<'_> {
    fn challenge(&mut self, id: IdentifierId) {
        let Some(identifier) = self.after.identifier(id) else { return };
        let Status::Pending(challenge) = &identifier.status else { return };
        let charges = code_charges(&identifier.address, self.context.now, self.context);
        let content = Content::Challenge { identifier: id, challenge: challenge.clone() };
        self.push(&identifier.address, content, challenge.expires_at, charges);
    }

    fn notice(&mut self, before: &User, events: &[Event], change: &Change) {
        let find = |id| self.after.identifier(id).or_else(|| before.identifier(id));
        let (id, what) = match change {
            Change::Added { id, .. } => (*id, NoticeKind::Added),
            // The replacement that this verifies is told as one thing.
            Change::Verified { id, .. } if !replaces(before, events, *id) => (*id, NoticeKind::Verified),
            Change::Verified { id, .. } => (*id, NoticeKind::Replaced),
            Change::PrimaryChanged { id: Some(id), .. } if !replaces(before, events, *id) => {
                (*id, NoticeKind::MadePrimary)
            }
            Change::Removed { id } if !is_replaced(before, events, *id) => (*id, NoticeKind::Removed),
            _ => return,
        };
        let Some(about) = find(id).map(|identifier| identifier.address.clone()) else { return };
        let policy = self.context.policy.notice();
        let mut to: Vec<&Address> = Vec::new();
        for identifier in before.identifiers().chain(self.after.identifiers()) {
            let told = identifier.is_verified() && policy.tells(identifier.address.channel(), what);
            if told && identifier.address != about && !to.contains(&&identifier.address) {
                to.push(&identifier.address);
            }
        }
        let to: Vec<Address> = to.into_iter().cloned().collect();
        for address in to {
            let charges = notice_charges(&address, self.context);
            let content = Content::Notice { what, about: about.clone() };
            self.push(&address, content, self.context.now + NOTICE_LIFE, charges);
        }
    }

    fn push(&mut self, to: &Address, content: Content, expires_at: Timestamp, charges: Vec<Charge>) {
        // Numbers from 1,000 on: a decision draws its own ids from the numbers below.
        let number = 1_000 + u32::try_from(self.outgoing.len()).unwrap_or(u32::MAX - 1_000);
        let message = Message {
            id: self.context.seed.uuid(self.context.now, number).into(),
            key: UserKey { tenant: self.context.tenant.clone(), user: self.after.id().clone() },
            to: to.clone(),
            content,
            locale: self.after.profile().locale().map(Into::into),
            created_at: self.context.now,
            expires_at,
        };
        self.outgoing.push(Outgoing { message, charges });
    }
}

/// Whether the identifier takes another one's place with these events.
fn replaces(before: &User, events: &[Event], id: IdentifierId) -> bool {
    replaced_by(before, events, id).is_some_and(|old| removed(events, old))
}

/// Whether the identifier gives its place to another one with these events.
fn is_replaced(before: &User, events: &[Event], old: IdentifierId) -> bool {
    events.iter().any(|event| match &event.change {
        Change::Verified { id, .. } => replaced_by(before, events, *id) == Some(old),
        _ => false,
    })
}

fn removed(events: &[Event], old: IdentifierId) -> bool {
    events.iter().any(|event| matches!(event.change, Change::Removed { id } if id == old))
}

fn replaced_by(before: &User, events: &[Event], new: IdentifierId) -> Option<IdentifierId> {
    let added_now = events.iter().find_map(|event| match &event.change {
        Change::Added { id, replaces, .. } if *id == new => *replaces,
        _ => None,
    });
    added_now.or_else(|| before.identifier(new).and_then(|identifier| identifier.replaces))
}
