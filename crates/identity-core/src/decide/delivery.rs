use crate::delivery::Fate;
use crate::{Change, Content, Context, Decision, IdentifierId, Message, Refusal, UndeliverableReason, User};

impl User {
    /// What the fate of a message means for the address that it went to. A code or link that did not arrive is not counted as
    /// sent, so that the next one may be asked for at once; after as many in a row as may be sent in a day, each of them refused
    /// or returned, they count. Budgets get back what nobody took on, and nothing that a provider took on: that has been paid
    /// for. An address that no message reaches is known as such until it is verified, a newer message arrives, or an
    /// administrator says otherwise. Nothing changes when it is known already, or the address is gone.
    ///
    /// # Errors
    /// [`Refusal::AdministratorOnly`].
    pub fn note_fate(&self, message: &Message, fate: Fate, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let entry = match &message.content {
            Content::Challenge { identifier, .. } => self.identifier(*identifier),
            Content::Notice { .. } => None,
        };
        let entry = entry.filter(|entry| entry.address == message.to);
        let Some(entry) = entry.or_else(|| self.identifiers().find(|entry| entry.address == message.to)) else {
            return Ok(Decision::nothing(()));
        };
        let id = entry.id;
        let known = entry.undeliverable;
        let change = match fate {
            Fate::Arrived => {
                let newer = known.is_some_and(|known| message.created_at > known.at);
                newer.then_some(Change::DeliveryRestored { id })
            }
            Fate::NotTaken | Fate::Undeliverable(_) => {
                // What was shown to be the person's after the message was made is reachable, whatever became of that message.
                let shown_since = entry.verified().is_some_and(|verified| verified.at >= message.created_at);
                let is_code = matches!(message.content, Content::Challenge { .. });
                let complaint = fate == Fate::Undeliverable(UndeliverableReason::Complained);
                let counted =
                    is_code && !complaint && !shown_since && entry.attempts.sent_at.contains(&message.created_at);
                let in_a_row = known.map_or(0, |known| known.times);
                let bounded = in_a_row < context.policy.verification().sends_a_day();
                let sent_at = (counted && bounded).then_some(message.created_at);
                let why = match fate {
                    Fate::Undeliverable(why) if !shown_since => Some(why),
                    _ => None,
                };
                // A repetition says nothing new; one more message that did not arrive does.
                let is_news = |why| known.is_none_or(|known| known.why != why || message.created_at > known.at);
                let why = why.filter(|why| counted || is_news(*why));
                (sent_at.is_some() || why.is_some()).then_some(Change::DeliveryFailed { id, sent_at, why })
            }
        };
        Ok(Decision::of(context, change.into_iter().collect(), ()))
    }

    /// Takes an address for deliverable again. Nothing changes when it is.
    ///
    /// # Errors
    /// [`Refusal::AdministratorOnly`], [`Refusal::IdentifierNotFound`].
    pub fn mark_deliverable(&self, id: IdentifierId, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let known = self.entry(id)?.undeliverable.is_some();
        let changes = if known { vec![Change::DeliveryRestored { id }] } else { Vec::new() };
        Ok(Decision::of(context, changes, ()))
    }
}
