//! Changes that take effect later.

use std::time::Duration;

use crate::base::{IdentifierId, Timestamp};
use crate::change::Change;
use crate::decide::{Context, Decision};
use crate::policy::By;
use crate::user::{Identifier, Refusal, Scheduled, User};

/// How long a person counts as reading an address after they showed it.
const SHOWN: Duration = Duration::from_secs(3_600);

impl User {
    /// When the policy lets this address go, if the caller removes it or replaces it by a verified one; `None`: at once.
    pub(super) fn goes_at(
        &self,
        entry: &Identifier,
        by: Option<IdentifierId>,
        context: &Context<'_>,
    ) -> Option<Timestamp> {
        let policy = context.policy.change();
        if !entry.is_verified() || context.actor.is_administrator() || policy.delay_without_proof().is_zero() {
            return None;
        }
        // One that was verified only now may be a thief's: the owner has as long to hear of it and to disavow it.
        let counts = |other: &Identifier| {
            let stays = other.scheduled.is_none_or(|scheduled| scheduled.by == Some(entry.id));
            let old = |at: Timestamp| context.now.since(at) >= policy.delay_without_proof();
            stays && other.id != entry.id && Some(other.id) != by && other.verified().is_some_and(|it| old(it.at))
        };
        if !self.book(entry.address.channel()).is_primary(entry.id) && self.identifiers().any(counts) {
            return None;
        }
        let is_shown = entry.evidence().is_some_and(|evidence| {
            evidence.channel.is_some() && evidence.ended_at.is_none() && context.now.since(evidence.at) <= SHOWN
        });
        let delay = if is_shown { policy.delay() } else { policy.delay_without_proof() };
        Some(context.now + delay).filter(|_| !delay.is_zero())
    }

    /// Stops the removal or replacement of an address that has not taken effect. The address that was to take its place stays
    /// verified. If none is pending, the decision has no events.
    ///
    /// # Errors
    /// * [`Refusal::IdentifierNotFound`] when the user has no such address.
    /// * [`Refusal::Disabled`] when the holder of a disabled user asks.
    pub fn keep(&self, id: IdentifierId, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        self.open(context)?;
        let stops = self.entry(id)?.scheduled.map(|_| Change::ChangeStopped { id });
        Ok(Decision::of(context, stops.into_iter().collect(), ()))
    }

    /// Everything that is due at some time, each with the identifier that it concerns. Whoever adds something here has a message
    /// with [`Content::Due`](crate::Content::Due) enqueued for that time, and withdrawn when it is no longer due.
    pub(crate) fn dues(&self) -> impl Iterator<Item = (IdentifierId, Timestamp)> {
        let scheduled = self.scheduled().map(|(entry, scheduled)| (entry.id, scheduled.due));
        let contest = self.contest().filter(|(_, open)| open.is_of_owner());
        scheduled.chain(contest.and_then(|(entry, open)| Some((entry.id, open.until?))))
    }

    /// Carries out what is due of an identifier, as whoever leased a message with [`Content::Due`](crate::Content::Due) does. The
    /// outcome is the time at which something is due later, and the decision has no events when nothing is due: it was carried out
    /// or stopped meanwhile.
    ///
    /// A contest whose deadline is over transfers the address. A removed address goes, and a replaced one gives its place to the
    /// other. The change is stopped instead when the user is disabled, when it would remove the last verified address and the
    /// policy does not let the holder remove that one, and when it would leave fewer verified ones of the kind than the policy says.
    pub fn carry_out(&self, id: IdentifierId, context: &Context<'_>) -> Decision<Option<Timestamp>> {
        let lapsed = self.lapse_contest(context);
        if !lapsed.is_empty() {
            return Decision::of(context, lapsed, None);
        }
        let later = self.dues().filter(|(of, _)| *of == id).map(|(_, due)| due).min();
        let due_now = self.scheduled().find(|(entry, scheduled)| entry.id == id && scheduled.due <= context.now);
        let Some((entry, Scheduled { by, .. })) = due_now else { return Decision::nothing(later) };
        let is_last = by.is_none() && !self.identifiers().any(|other| other.id != id && other.is_verified());
        let is_kept = by.is_none() && self.must_stay(entry, context);
        let stays =
            self.is_disabled() || is_kept || (is_last && context.policy.primary().last_verified() != By::Anyone);
        let changes = match by {
            _ if stays => vec![Change::ChangeStopped { id }],
            Some(by) => self.replaced(entry, by, context),
            None => self.removed(entry, context),
        };
        Decision::of(context, changes, None)
    }

    /// The changes by which a verified address takes the place of another one.
    pub(super) fn replaced(&self, old: &Identifier, by: IdentifierId, context: &Context<'_>) -> Vec<Change> {
        let channel = old.address.channel();
        let mut changes = vec![Change::Replaced { id: old.id, by }];
        if self.book(channel).is_primary(old.id) {
            changes.push(Change::PrimaryChanged { channel, id: Some(by) });
        } else {
            changes.extend(self.elect(channel, by, context));
        }
        changes
    }
}
