use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::address::{Address, stored};
use crate::reserve::{Reserved, fund};
use crate::spend::{Charge, Loss, code_charges, notice_charges};
use crate::{
    Binding, Challenge, Change, Code, Context, Event, Identifier, IdentifierId, LinkToken, MessageId, Status, TenantId,
    Timestamp, User, UserId, UserKey,
};

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
    /// When the message was decided.
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
    },
}

/// The kind of change that a notice reports. The address that changed is another one than the recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoticeKind {
    /// The address was added.
    Added,
    /// The address was verified.
    Verified,
    /// The address became primary.
    MadePrimary,
    /// The address was removed.
    Removed,
    /// The address took the place of another one, which may be the recipient.
    Replaced,
    /// Its verification was taken away.
    Unverified,
}

impl NoticeKind {
    /// Every kind of notice.
    pub const ALL: [Self; 6] =
        [Self::Added, Self::Verified, Self::MadePrimary, Self::Removed, Self::Replaced, Self::Unverified];

    /// Whether it tells that an address was taken away: removed, replaced or no longer verified.
    #[must_use]
    pub const fn is_loss(self) -> bool {
        matches!(self, Self::Removed | Self::Replaced | Self::Unverified)
    }
}

impl Message {
    /// The code that the message carries; `None` when it carries none, or when its key is no longer among `keys`.
    #[must_use]
    pub fn code(&self, keys: &crate::CodeKeys) -> Option<Code> {
        let Content::Challenge { identifier, challenge } = &self.content else { return None };
        if !challenge.proof.by_code() {
            return None;
        }
        keys.code(&binding(&self.key.tenant, &self.key.user, *identifier, &self.to, challenge), challenge.format)
    }

    /// The link token that the message carries; `None` when it carries none, or when its key is no longer among `keys`.
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

/// A message to enqueue, with the budgets that it draws from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The message to enqueue.
    pub message: Message,
    /// The charges for the message; empty when it costs nothing.
    pub charges: Vec<Charge>,
}

/// How long a notice is worth sending.
const NOTICE_LIFE: Duration = Duration::from_secs(86_400);

/// The messages that follow from events: a challenge goes to the address that it verifies, and a notice of a change to
/// one address goes to every other address of the user that is verified before or after the events (NIST SP 800-63B-4,
/// 4.6), as the notice policy allows.
///
/// A user who was created or imported by these events is sent no notices, and a user who was erased (`after` is `None`)
/// no messages at all.
#[must_use]
pub fn messages(before: Option<&User>, after: Option<&User>, events: &[Event], context: &Context<'_>) -> Vec<Outgoing> {
    let Some(after) = after else { return Vec::new() };
    let mut post = Post { after, context, outgoing: Vec::new() };
    for event in events {
        if let Change::VerificationStarted { id, .. } | Change::CodeResent { id } = &event.change
            && !context.funding.is_withheld()
        {
            post.challenge(*id);
        }
    }
    // A user who was created or imported just now has no address to notify yet.
    let is_import = events.iter().any(|event| matches!(event.change, Change::Imported { .. }));
    if let Some(before) = before.filter(|_| !is_import) {
        post.notices(before, events);
    }
    post.outgoing
}

/// The identifiers whose open challenge these events answer or make void. Messages with such a challenge that are still
/// pending are no longer worth sending.
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
        let mut charges = code_charges(&identifier.address, self.context.now, self.context);
        fund(&mut charges, Reserved::Code, self.after.id(), &identifier.address, self.context);
        let content = Content::Challenge { identifier: id, challenge: challenge.clone() };
        self.push(&identifier.address, content, challenge.expires_at, charges);
    }

    /// One notice to each address that was verified before, however many events concern it: the most important one that its
    /// channel is told.
    fn notices(&mut self, before: &User, events: &[Event]) {
        let news: Vec<News<'_>> = events.iter().filter_map(|event| self.news(before, events, &event.change)).collect();
        // Each address of a user is there once. One that is verified only now has nothing to fear.
        let told: Vec<(Address, Loss)> = before
            .identifiers()
            .filter(|entry| entry.is_verified())
            .map(|entry| {
                let stays = self.after.identifier(entry.id).is_some_and(Identifier::is_verified);
                (entry.address.clone(), if stays { Loss::Other } else { Loss::Own })
            })
            .collect();
        let policy = self.context.policy.notice();
        for (to, loss) in told {
            // An address is told of itself only that it was taken away.
            let concerns = |news: &&News<'_>| {
                let is_own = *news.about == to;
                let takes = news.weight == Weight::Loss && news.what != NoticeKind::Replaced;
                policy.tells(to.channel(), news.heard_as) && (!is_own || takes)
            };
            // Of equal ones the first.
            let most = news.iter().filter(concerns).rev().max_by_key(|news| (news.weight, news.rank()));
            let Some(News { what, about, weight, .. }) = most else { continue };
            let loss = if *weight >= Weight::Loss { Some(loss) } else { None };
            let charges = notice_charges(&to, loss, self.context);
            let content = Content::Notice { what: *what, about: (*about).clone() };
            self.push(&to, content, self.context.now + NOTICE_LIFE, charges);
        }
    }

    /// What there is to tell of an event.
    fn news<'b>(&self, before: &'b User, events: &'b [Event], change: &'b Change) -> Option<News<'b>>
    where
        Self: 'b,
    {
        let (id, what) = match change {
            Change::Added { id, .. } => (*id, NoticeKind::Added),
            // A verification that completes a replacement is reported as one change.
            Change::Verified { id, .. } if !replaces(before, events, *id) => (*id, NoticeKind::Verified),
            Change::Verified { id, .. } => (*id, NoticeKind::Replaced),
            Change::PrimaryChanged { id: Some(id), .. } if !replaces(before, events, *id) => {
                (*id, NoticeKind::MadePrimary)
            }
            Change::Removed { id } if !is_replaced(before, events, *id) => (*id, NoticeKind::Removed),
            // To void the challenge of an unverified address takes nothing away.
            Change::Unverified { id } if before.identifier(*id).is_some_and(Identifier::is_verified) => {
                (*id, NoticeKind::Unverified)
            }
            _ => return None,
        };
        let was_verified = before.identifier(id).is_some_and(Identifier::is_verified);
        let about = address_of(before, events, id)?;
        let weight = match what {
            NoticeKind::Removed if !was_verified => Weight::Dropped,
            kind if kind.is_loss() => Weight::Loss,
            _ => Weight::News,
        };
        // Whoever hears that an address was added hears that it went without having been verified.
        let heard_as = if weight == Weight::Dropped { NoticeKind::Added } else { what };
        Some(News { what, about, weight, heard_as })
    }

    fn push(&mut self, to: &Address, content: Content, expires_at: Timestamp, charges: Vec<Charge>) {
        // Messages use the numbers from 1,000 on; a decision draws its own ids from the numbers below.
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

/// Something to tell of an address.
struct News<'a> {
    what: NoticeKind,
    about: &'a Address,
    weight: Weight,
    /// The kind by which the policy decides who is told.
    heard_as: NoticeKind,
}

/// How much an event matters to the owner.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// An address went that was not verified.
    Dropped,
    /// Something came or changed.
    News,
    /// A verified address was taken away.
    Loss,
}

impl News<'_> {
    /// Among news of one weight the more important kind is greater.
    const fn rank(&self) -> u8 {
        match self.what {
            NoticeKind::Added | NoticeKind::Unverified => 0,
            NoticeKind::Verified | NoticeKind::Removed => 1,
            NoticeKind::MadePrimary | NoticeKind::Replaced => 2,
        }
    }
}

/// The address of an identifier that was there before, or that these events add.
fn address_of<'a>(before: &'a User, events: &'a [Event], id: IdentifierId) -> Option<&'a Address> {
    let added = || {
        events.iter().find_map(|event| match &event.change {
            Change::Added { id: new, address, .. } if *new == id => Some(address),
            _ => None,
        })
    };
    before.identifier(id).map(|entry| &entry.address).or_else(added)
}

/// Whether the identifier takes the place of another one in these events.
fn replaces(before: &User, events: &[Event], id: IdentifierId) -> bool {
    replaced_by(before, events, id).is_some_and(|old| removed(events, old))
}

/// Whether another identifier takes the place of this one in these events.
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
