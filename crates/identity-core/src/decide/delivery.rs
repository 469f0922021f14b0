use crate::base::IdentifierId;
use crate::change::{Change, Content, Message};
use crate::decide::{Context, Decision};
use crate::user::{Fate, Refusal, UndeliverableReason, User};

impl User {
    /// Records what became of a message, for the address that it was sent to.
    ///
    /// A code or link that did not arrive does not count as sent, so that the next one may be requested at once. That
    /// holds for as many consecutive refused or bounced messages as may be sent in a day; later ones count. Budgets get
    /// back what a message cost only if no provider accepted it.
    ///
    /// An address that no message reaches is marked as undeliverable until it is verified, a newer message arrives, or
    /// [`mark_deliverable`](Self::mark_deliverable) is called. The decision has no events if the user no longer has the
    /// address, or if the outcome is known already.
    ///
    /// # Errors
    /// [`Refusal::AdministratorOnly`] when the holder asks.
    pub fn note_fate(&self, message: &Message, fate: Fate, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let is_due = matches!(message.content, Content::Due { .. });
        let Some(entry) = self.identifiers().find(|entry| entry.address == message.to && !is_due) else {
            return Ok(Decision::nothing(()));
        };
        let id = entry.id;
        let known = entry.undeliverable;
        let change = match fate {
            Fate::Arrived => {
                let newer = known.is_some_and(|known| message.created_at > known.at);
                newer.then_some(Change::DeliveryRestored { id })
            }
            Fate::NotTaken | Fate::RefusedInDoubt | Fate::Undeliverable(_) => {
                // An address that was verified after the message was made is reachable, whatever became of that
                // message.
                let shown_since = entry.verified().is_some_and(|verified| verified.at >= message.created_at);
                let is_code = matches!(message.content, Content::Challenge { .. });
                let complaint = fate == Fate::Undeliverable(UndeliverableReason::Complained);
                let counted =
                    is_code && !complaint && !shown_since && entry.attempts.sent_at.contains(&message.created_at);
                let in_a_row = known.map_or(0, |known| known.times);
                let bounded = in_a_row < context.policy.verification().sends_a_day();
                let is_certain = fate != Fate::RefusedInDoubt;
                let sent_at = (counted && bounded && is_certain).then_some(message.created_at);
                let why = match fate {
                    Fate::Undeliverable(why) if !shown_since => Some(why),
                    Fate::RefusedInDoubt if !shown_since => Some(UndeliverableReason::Refused),
                    _ => None,
                };
                // A repeated report changes nothing; another message that did not arrive does.
                let is_news = |why| known.is_none_or(|known| known.why != why || message.created_at > known.at);
                let why = why.filter(|why| counted || is_news(*why));
                (sent_at.is_some() || why.is_some()).then_some(Change::DeliveryFailed { id, sent_at, why })
            }
        };
        Ok(Decision::of(context, change.into_iter().collect(), ()))
    }

    /// Marks an address as deliverable again. If it is not marked as undeliverable, the decision has no events.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] when the holder asks.
    /// * [`Refusal::IdentifierNotFound`] when the user has no such address.
    pub fn mark_deliverable(&self, id: IdentifierId, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let known = self.entry(id)?.undeliverable.is_some();
        let changes = if known { vec![Change::DeliveryRestored { id }] } else { Vec::new() };
        Ok(Decision::of(context, changes, ()))
    }
}
