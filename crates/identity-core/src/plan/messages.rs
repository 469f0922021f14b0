use std::time::Duration;

use crate::address::Address;
use crate::base::{IdentifierId, Timestamp, UserKey, Version};
use crate::change::{Change, Content, Event, Message, Outgoing};
use crate::decide::{Context, may_be_disavowed};
use crate::plan::{Loss, Reserved, code_charges, fund, notice_charges};
use crate::policy::{Charge, NoticeKind, WhenExhausted};
use crate::user::{Challenge, ContestOutcome, Identifier, Status, User};

/// How long a notice is worth sending.
const NOTICE_LIFE: Duration = Duration::from_secs(86_400);

/// The messages that follow from events: a challenge goes to the address that it verifies, and a notice of a change to
/// one address goes to every other address of the user that is verified before or after the events (NIST SP 800-63B-4,
/// 4.6), as the notice policy allows. An undone change is told to the addresses that are verified after it as well. `read` is
/// the version of `before`: a notice names the event that its reader may undo by its number.
///
/// A user who was created or imported by these events is sent no notices, and a user who was erased (`after` is `None`)
/// no messages at all.
#[must_use]
pub fn messages(
    read: Version,
    before: Option<&User>,
    after: Option<&User>,
    events: &[Event],
    context: &Context<'_>,
) -> Vec<Outgoing> {
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
        post.notices(read, before, events);
    }
    post.dues(before);
    post.outgoing
}

/// The identifiers whose open challenge these events answer or make void, and those of which something is no longer due.
/// Messages about it that are still pending are no longer worth sending.
#[must_use]
pub fn withdrawn(before: Option<&User>, after: Option<&User>, events: &[Event]) -> Vec<IdentifierId> {
    let mut withdrawn = Vec::new();
    let Some(before) = before else { return withdrawn };
    for event in events {
        let (Change::VerificationStarted { id, .. }
        | Change::CodeIssued { id, .. }
        | Change::Verified { id, .. }
        | Change::ContestOpened { id, .. }
        | Change::Unverified { id }
        | Change::Removed { id }
        | Change::Replaced { id, .. }) = &event.change
        else {
            continue;
        };
        let out = before.identifier(*id).is_some_and(|entry| entry.challenge().is_some());
        if out && !withdrawn.contains(id) {
            withdrawn.push(*id);
        }
    }
    for due in before.dues() {
        if !withdrawn.contains(&due.0) && !after.is_some_and(|after| after.dues().any(|other| other == due)) {
            withdrawn.push(due.0);
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
        let content = Content::Challenge { identifier: id, challenge: Challenge::clone(challenge) };
        self.push(&identifier.address, content, challenge.expires_at, charges);
    }

    /// One notice to each address that was verified before, however many events concern it: the most important one that its
    /// channel is told.
    fn notices(&mut self, Version(read): Version, before: &User, events: &[Event]) {
        let undone = events.iter().find(|event| matches!(event.change, Change::Disavowed { .. }));
        // Of an undone change there is one thing to tell, and nothing when only its return was barred.
        let heard = match undone {
            Some(_) if events.len() == 1 => &[],
            Some(undone) => std::slice::from_ref(undone),
            None => events,
        };
        let news = (read + 1..).zip(heard).filter_map(|(number, event)| {
            let event_of = Some(number).filter(|_| undone.is_none() && may_be_disavowed(event, self.context));
            news(before, self.after, &event.change).map(|news| News { event: event_of, ..news })
        });
        let news: Vec<News<'_>> = news.collect();
        // Each address of a user is there once. One that is verified only now has nothing to fear, but to one that came back
        // because a change was undone it matters.
        let had = |id| before.identifier(id).is_some_and(Identifier::is_verified);
        let back = self.after.identifiers().filter(|entry| undone.is_some() && !had(entry.id));
        let told: Vec<(Address, Loss)> = before
            .identifiers()
            .chain(back)
            .filter(|entry| entry.is_verified())
            .map(|entry| {
                let stays = self.after.identifier(entry.id).is_some_and(Identifier::is_verified);
                (entry.address.clone(), if stays { Loss::Other } else { Loss::Own })
            })
            .collect();
        let policy = self.context.policy.notice();
        for (to, loss) in told {
            // An address is told of itself only that it was taken away, or may be.
            let concerns = |news: &&News<'_>| {
                let is_own = *news.about == to;
                let takes = news.weight == Weight::Loss && news.what != NoticeKind::Replaced;
                goes(news.what, news.about, &to) || (policy.tells(to.channel(), news.heard_as) && (!is_own || takes))
            };
            // Of equal ones the first.
            let most = news.iter().filter(concerns).rev().max_by_key(|news| (news.weight, news.rank()));
            let Some(News { what, about, weight, event, .. }) = most else { continue };
            let loss = if *weight >= Weight::Loss { Some(loss) } else { None };
            let mut charges = notice_charges(&to, loss, self.context);
            // What is to go later must be told to whom it is about; what cannot be told is not scheduled.
            let withholds = |charge: &&mut Charge| charge.when_exhausted == WhenExhausted::Withhold;
            for charge in charges.iter_mut().filter(withholds).filter(|_| goes(*what, about, &to)) {
                charge.when_exhausted = WhenExhausted::Refuse;
            }
            // Worth sending as long as it can be stopped.
            let due =
                self.after.scheduled().find(|(entry, _)| *what == NoticeKind::Scheduled && entry.address == **about);
            let expires_at = due.map_or(self.context.now + NOTICE_LIFE, |(_, scheduled)| scheduled.due);
            let event = event.filter(|_| *weight != Weight::Dropped);
            let content = Content::Notice { what: *what, about: (*about).clone(), event };
            self.push(&to, content, expires_at, charges);
        }
    }

    /// A message for everything that becomes due, made at that time: stores lease and order messages by the time at which they
    /// are made, so it holds up no other one until then.
    fn dues(&mut self, before: Option<&User>) {
        let after = self.after;
        let before: Vec<_> = before.into_iter().flat_map(User::dues).collect();
        // What is no longer due takes every message about its identifier with it.
        let is_withdrawn = |(id, _): (IdentifierId, Timestamp)| {
            before.iter().any(|old| old.0 == id && !after.dues().any(|due| due == *old))
        };
        for (identifier, due) in after.dues().filter(|due| !before.contains(due) || is_withdrawn(*due)) {
            let Some(entry) = after.identifier(identifier) else { continue };
            self.push_at(due, &entry.address, Content::Due { identifier }, due, Vec::new());
        }
    }

    fn push(&mut self, to: &Address, content: Content, expires_at: Timestamp, charges: Vec<Charge>) {
        self.push_at(self.context.now, to, content, expires_at, charges);
    }

    fn push_at(
        &mut self,
        created_at: Timestamp,
        to: &Address,
        content: Content,
        expires_at: Timestamp,
        charges: Vec<Charge>,
    ) {
        // Messages use the numbers from 1,000 on; a decision draws its own ids from the numbers below.
        let number = 1_000 + u32::try_from(self.outgoing.len()).unwrap_or(u32::MAX - 1_000);
        let message = Message {
            id: self.context.seed.uuid(created_at, number).into(),
            key: UserKey { tenant: self.context.tenant.clone(), user: self.after.id().clone() },
            to: to.clone(),
            content,
            locale: self.after.profile().locale().map(Into::into),
            created_at,
            expires_at,
        };
        self.outgoing.push(Outgoing { message, charges });
    }
}

/// What there is to tell of an event.
fn news<'a>(before: &'a User, after: &'a User, change: &Change) -> Option<News<'a>> {
    let (id, what) = match change {
        Change::Added { id, .. } => (*id, NoticeKind::Added),
        // Evidence that is renewed is no news.
        Change::Verified { id, .. } if before.identifier(*id).is_some_and(Identifier::is_verified) => return None,
        Change::Verified { id, .. } => (*id, NoticeKind::Verified),
        Change::Replaced { by, .. } => (*by, NoticeKind::Replaced),
        Change::PrimaryChanged { id: Some(id), .. } => (*id, NoticeKind::MadePrimary),
        Change::Removed { id } => (*id, NoticeKind::Removed),
        Change::ChangeScheduled { id, .. } => (*id, NoticeKind::Scheduled),
        Change::Disavowed { id, .. } => (*id, NoticeKind::Undone),
        Change::ContestOpened { id, evidence: None, .. } => (*id, NoticeKind::Contested),
        // A transfer is told by the events that follow.
        Change::ContestEnded { id, outcome: ContestOutcome::Kept | ContestOutcome::Withdrawn, .. } => {
            (*id, NoticeKind::ContestEnded)
        }
        // To void the challenge of an unverified address takes nothing away.
        Change::Unverified { id } if before.identifier(*id).is_some_and(Identifier::is_verified) => {
            (*id, NoticeKind::Unverified)
        }
        _ => return None,
    };
    let was_verified = before.identifier(id).is_some_and(Identifier::is_verified);
    let about = &before.identifier(id).or_else(|| after.identifier(id))?.address;
    let weight = match what {
        NoticeKind::Removed if !was_verified => Weight::Dropped,
        kind if kind.is_loss() => Weight::Loss,
        _ => Weight::News,
    };
    // Whoever hears that an address was added hears that it went without having been verified.
    let heard_as = if weight == Weight::Dropped { NoticeKind::Added } else { what };
    Some(News { what, about, weight, heard_as, event: None })
}

/// Whether the recipient of this notice is itself to go.
fn goes(what: NoticeKind, about: &Address, to: &Address) -> bool {
    what == NoticeKind::Scheduled && about == to
}

/// Something to tell of an address.
struct News<'a> {
    what: NoticeKind,
    about: &'a Address,
    weight: Weight,
    /// The kind by which the policy decides who is told.
    heard_as: NoticeKind,
    /// The event, if its recipients may undo it.
    event: Option<u64>,
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
            NoticeKind::Added | NoticeKind::Unverified | NoticeKind::ContestEnded => 0,
            NoticeKind::Verified | NoticeKind::Removed => 1,
            NoticeKind::MadePrimary
            | NoticeKind::Replaced
            | NoticeKind::Scheduled
            | NoticeKind::Undone
            | NoticeKind::Contested => 2,
        }
    }
}
