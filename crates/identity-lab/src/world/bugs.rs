//! Bugs that are planted, to see that they are found. The store plants them: it changes what a decision has decided before it
//! writes it, or it lies, or it delivers in another way. No part of the library knows of them.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use identity::address::ClaimKey;
use identity::delivery::{MessageId, Posted, Report};
use identity::directory::{Found, Stored};
use identity::history::{Change, Event, FeedCursor, FeedError, FeedPage, Recorded};
use identity::spend::{Charge, Refund};
use identity::store::{
    Budgets as _, Commit, CommitError, Committed, EventFeed as _, Lease, LeaseId, Leased, Outbox as _, Settled,
    Settlement, UserKey, UserRepository as _,
};
use identity::{Content, IdentifierId, StoreError, TenantId, User};

use super::port::{Shared, settled_as};

macro_rules! bugs {
    ($($(#[doc = $doc:literal])+ $name:ident = $slug:literal,)+) => {
        /// A bug that can be planted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Bug { $($(#[doc = $doc])+ $name,)+ }

        impl Bug {
            /// All bugs: the first ten in decisions, then ten of stores, then ten of delivery.
            pub const ALL: [Self; 30] = [$(Self::$name,)+];

            /// The name of the bug.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $slug,)+ }
            }
        }
    };
}

bugs! {
    /// A wrong code is not counted.
    Uncounted = "wrong-codes-are-not-counted",
    /// A new address becomes primary, verified or not.
    PrimaryAtOnce = "a-new-address-is-primary",
    /// Nobody is notified of anything.
    NoNotices = "nobody-is-notified",
    /// An address that is taken away is not told of it.
    LoserUntold = "a-lost-address-is-not-told",
    /// A code lives a day longer than the policy says.
    LongLife = "codes-live-a-day-longer",
    /// A challenge stays open when an administrator ends it.
    StaysOpen = "an-ended-challenge-stays-open",
    /// Messages draw from no budget.
    FreeMessages = "messages-draw-from-no-budget",
    /// Guesses draw from no budget.
    FreeGuesses = "guesses-draw-from-no-budget",
    /// Verified addresses are not claimed.
    NoClaims = "verified-addresses-are-not-claimed",
    /// A replaced address stays.
    BothStay = "a-replaced-address-stays",
    /// Every seventh commit is acknowledged and not written.
    Lost = "acknowledged-commits-are-lost",
    /// A commit that conflicts with another one is acknowledged.
    Overtaken = "conflicts-are-acknowledged",
    /// A commit is written, and a conflict is answered.
    WrittenConflict = "written-commits-are-called-conflicts",
    /// Every fifth message of a commit is not enqueued.
    MessageLost = "messages-of-commits-are-lost",
    /// The messages of an erased user stay.
    ErasedMail = "messages-of-erased-users-stay",
    /// A search looks into another tenant.
    OtherTenant = "a-search-crosses-tenants",
    /// What is drawn without a commit is forgotten.
    FreeDraws = "draws-are-forgotten",
    /// The feed skips every ninth commit.
    FeedSkips = "the-feed-skips-commits",
    /// The history lacks the newest event.
    ShortHistory = "the-history-lacks-the-newest-event",
    /// A user is read as of the version before.
    StaleRead = "a-read-is-stale",
    /// A lease does not hold its messages.
    LooseLease = "a-lease-holds-nothing",
    /// Settlements are acknowledged and forgotten.
    Unsettled = "settlements-are-forgotten",
    /// A message that is to be tried again is removed.
    NoRetry = "retries-are-dropped",
    /// A message that was sent is tried again.
    SentAgain = "sent-messages-are-tried-again",
    /// A message that expired is sent.
    SentLate = "expired-messages-are-sent",
    /// A message goes to the recipient of the next one.
    Misdirected = "messages-are-swapped",
    /// Void codes stay in the outbox.
    NotWithdrawn = "void-codes-are-not-withdrawn",
    /// A message that was refused for good is tried again.
    RefusedAgain = "refused-messages-are-tried-again",
    /// Reports are acknowledged and forgotten.
    Unreported = "reports-are-forgotten",
    /// Attempts in doubt are not counted.
    NoDoubt = "doubts-are-not-counted",
}

impl FromStr for Bug {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|bug| bug.name() == text)
            .ok_or_else(|| format!("no planted bug is called {text:?}; there are {}", known()))
    }
}

impl Bug {
    /// Whether it is one of decisions: then the answer of a call says what was decided, and not what was planted, and the law
    /// that compares the two is set aside.
    #[must_use]
    pub fn is_of_decisions(self) -> bool {
        Self::ALL.iter().take(10).any(|bug| *bug == self)
    }
}

/// The commit with other events, and with the user that follows from these; `None` when none are left.
fn redecided(commit: Commit, change: impl Fn(&Event) -> Vec<Change>) -> Option<Commit> {
    let (Some(before), Some(_)) = (&commit.before, &commit.after) else { return Some(commit) };
    let first = commit.events.first().map_or(1, |recorded| recorded.number);
    let events: Vec<Event> = commit
        .events
        .iter()
        .flat_map(|Recorded { event, .. }| change(event).into_iter().map(|change| Event { change, ..event.clone() }))
        .collect();
    let after = before.after(&events).map(Arc::new);
    let events: Vec<Recorded> = (first..).zip(events).map(|(number, event)| Recorded { number, event }).collect();
    Some(Commit { after, events, ..commit }).filter(|commit| !commit.events.is_empty())
}

fn was_verified(before: Option<&User>, id: IdentifierId) -> bool {
    before.and_then(|user| user.identifier(id)).is_some_and(identity::Identifier::is_verified)
}

impl Shared {
    pub(crate) async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let before = commit.before.clone();
        let dropped = |event: &Event, gone: bool| if gone { Vec::new() } else { vec![event.change.clone()] };
        let changed = match self.bug {
            Some(Bug::Uncounted) => {
                redecided(commit, |event| dropped(event, matches!(event.change, Change::AnswerRejected { .. })))
            }
            Some(Bug::PrimaryAtOnce) => redecided(commit, |event| match &event.change {
                added @ Change::Added { id, address, .. } => {
                    vec![added.clone(), Change::PrimaryChanged { channel: address.channel(), id: Some(*id) }]
                }
                other => vec![other.clone()],
            }),
            Some(Bug::StaysOpen) => redecided(commit, |event| {
                let ends = matches!(event.change, Change::Unverified { id } if !was_verified(before.as_deref(), id));
                dropped(event, ends)
            }),
            Some(Bug::BothStay) => {
                redecided(commit, |event| dropped(event, matches!(event.change, Change::Replaced { .. })))
            }
            Some(Bug::LongLife) => redecided(commit, |event| {
                let mut change = event.change.clone();
                if let Change::VerificationStarted { challenge, .. } = &mut change {
                    challenge.expires_at = challenge.expires_at + Duration::from_secs(86_400);
                }
                vec![change]
            })
            .map(|mut commit| {
                for outgoing in &mut commit.messages {
                    if let Content::Challenge { challenge, .. } = &mut outgoing.message.content {
                        challenge.expires_at = challenge.expires_at + Duration::from_secs(86_400);
                    }
                }
                commit
            }),
            _ => Some(commit),
        };
        let Some(mut commit) = changed else { return Ok(Committed::default()) };
        match self.bug {
            Some(Bug::NoNotices) => {
                commit.messages.retain(|outgoing| matches!(outgoing.message.content, Content::Challenge { .. }));
            }
            Some(Bug::LoserUntold) => commit.messages.retain(
                |outgoing| !matches!(&outgoing.message.content, Content::Notice { about, .. } if *about == outgoing.message.to),
            ),
            Some(Bug::FreeMessages) => commit.messages.iter_mut().for_each(|outgoing| outgoing.charges.clear()),
            Some(Bug::FreeGuesses) => commit.charges.clear(),
            Some(Bug::NoClaims) => commit.claims.take.clear(),
            Some(Bug::Lost) if self.nth(7) => return Ok(Committed::default()),
            Some(Bug::MessageLost) => commit.messages.retain(|_| !self.nth(5)),
            Some(Bug::NotWithdrawn) => commit.withdraw.clear(),
            _ => {}
        }
        let mail = match self.bug {
            Some(Bug::ErasedMail) if commit.after.is_none() => self.store.posted(&commit.key, None, 100).await?,
            _ => Vec::new(),
        };
        let written = match self.store.commit(commit).await {
            Err(CommitError::Conflict) if self.has(Bug::Overtaken) => Ok(Committed::default()),
            Ok(_) if self.has(Bug::WrittenConflict) && self.nth(11) => Err(CommitError::Conflict),
            answer => answer,
        };
        for Posted { message, .. } in mail {
            self.store.enqueue(message).await?;
        }
        written
    }

    pub(crate) async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        let stored = self.store.load(key).await?;
        let Some(stored) = stored.filter(|stored| self.has(Bug::StaleRead) && stored.version.0 > 3) else {
            return self.store.load(key).await;
        };
        if !self.nth(5) {
            return Ok(Some(stored));
        }
        let events: Vec<Event> = self.store.history(key, 0, 10_000).await?.into_iter().map(|it| it.event).collect();
        let user = events.split_last().and_then(|(_, earlier)| User::from_events(earlier));
        Ok(user.map(|user| Stored { user: Arc::new(user), ..stored }))
    }

    pub(crate) async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        let found = self.store.find(tenant, keys).await?;
        if found.is_empty() && self.has(Bug::OtherTenant) {
            return self.store.find(&TenantId::default(), keys).await;
        }
        Ok(found)
    }

    pub(crate) async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let mut history = self.store.history(key, after, limit).await?;
        if self.has(Bug::ShortHistory) && history.len() > 6 {
            history.pop();
        }
        Ok(history)
    }

    pub(crate) async fn events_after(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError> {
        let page = self.store.events_after(cursor, limit).await?;
        if self.has(Bug::FeedSkips) && self.nth(9) {
            return self.store.events_after(page.next, limit).await;
        }
        Ok(page)
    }

    pub(crate) async fn draw(
        &self,
        tenant: &TenantId,
        refunds: &[Refund],
        charges: &[Charge],
    ) -> Result<(), CommitError> {
        if self.has(Bug::FreeDraws) {
            return Ok(());
        }
        self.store.draw(tenant, refunds, charges).await
    }

    pub(crate) async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError> {
        let (id, now) = (lease.id, lease.now);
        let mut leased = self.store.lease(lease).await?;
        match self.bug {
            Some(Bug::LooseLease) => {
                let release =
                    |leased: &Leased| Settled { id: leased.message.id, outcome: Settlement::Release { due_at: now } };
                // Somebody else may take them at once.
                let released: Vec<Settled> = leased.iter().filter(|_| self.nth(4)).map(release).collect();
                self.store.settle(id, released).await?;
            }
            Some(Bug::SentLate) => {
                leased.iter_mut().for_each(|leased| {
                    leased.message.expires_at = leased.message.expires_at + Duration::from_secs(604_800)
                });
            }
            Some(Bug::Misdirected) => {
                if let [first, second, ..] = leased.as_mut_slice() {
                    std::mem::swap(&mut first.message.to, &mut second.message.to);
                }
            }
            Some(Bug::NoDoubt) => leased.iter_mut().for_each(|leased| leased.uncertain = 0),
            _ => {}
        }
        Ok(leased)
    }

    pub(crate) async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        let again = |due_at| Settlement::Retry { due_at, error: String::new(), provider: None, uncertain: false };
        let settled = match self.bug {
            Some(Bug::Unsettled) if self.nth(6) => return Ok(settled.len()),
            Some(Bug::NoRetry) => settled_as(settled, |outcome| match outcome {
                Settlement::Retry { .. } => Settlement::Done,
                outcome => outcome,
            }),
            Some(Bug::SentAgain) => settled_as(settled, |outcome| match outcome {
                Settlement::Sent { at, .. } if self.nth(5) => again(at),
                outcome => outcome,
            }),
            Some(Bug::RefusedAgain) => settled_as(settled, |outcome| match outcome {
                Settlement::Failed { at, .. } => again(at),
                outcome => outcome,
            }),
            Some(Bug::NoDoubt) => settled_as(settled, |outcome| match outcome {
                Settlement::Retry { due_at, error, provider, .. } => {
                    Settlement::Retry { due_at, error, provider, uncertain: false }
                }
                outcome => outcome,
            }),
            _ => settled,
        };
        self.store.settle(lease, settled).await
    }

    pub(crate) async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        if self.has(Bug::Unreported) {
            let posted = self.store.message(message).await?;
            return Ok(posted.map(|posted| Posted { report: Some(report.clone()), ..posted }));
        }
        self.store.report(message, report).await
    }
}
