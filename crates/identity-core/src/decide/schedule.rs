//! Changes that take effect later.

use crate::base::{IdentifierId, Timestamp};
use crate::change::Change;
use crate::decide::{Context, Decision};
use crate::policy::By;
use crate::user::{Identifier, Refusal, Scheduled, User};

impl User {
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
    /// A contest whose deadline is over transfers the address. A removed address goes, and a replaced one gives its place to the other. The change is stopped instead when the user is
    /// disabled, or when the user's last verified address would go and the policy does not let the holder remove that one.
    ///
    /// # Errors
    /// None at present.
    pub fn carry_out(&self, id: IdentifierId, context: &Context<'_>) -> Result<Decision<Option<Timestamp>>, Refusal> {
        let lapsed = self.lapse_contest(context);
        if !lapsed.events.is_empty() {
            return Ok(Decision { events: lapsed.events, outcome: None });
        }
        let later = self.dues().filter(|(of, _)| *of == id).map(|(_, due)| due).min();
        let due_now = self.scheduled().find(|(entry, scheduled)| entry.id == id && scheduled.due <= context.now);
        let Some((entry, Scheduled { by, .. })) = due_now else { return Ok(Decision::nothing(later)) };
        let is_last = by.is_none() && !self.identifiers().any(|other| other.id != id && other.is_verified());
        let stays = self.is_disabled() || (is_last && context.policy.primary().last_verified() != By::Anyone);
        let changes = match by {
            _ if stays => vec![Change::ChangeStopped { id }],
            Some(by) => self.replaced(entry, by, context),
            None => [Change::Removed { id }].into_iter().chain(self.succeed(entry, context)).collect(),
        };
        Ok(Decision::of(context, changes, None))
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
