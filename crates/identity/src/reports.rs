//! Delivery reports of providers, and their effect on addresses.

use identity_core::{Actor, DeliveryTicket, Fate, Message, MessageId, Refusal, Report, UserId};
use identity_ports::Posted;

use crate::delivery::is_visitors;
use crate::{Admin, Error, Identity};

impl Admin {
    /// Records a provider's report on a message, and returns the message afterwards; `None` when its record was pruned. The
    /// ticket is that of the [`Notice`](crate::Notice), which the URL of a callback or the recipient of a bounced mail brings
    /// back. It identifies message and tenant.
    ///
    /// Reports may come in any order and any number of times. A bounce or a complaint marks the address as undeliverable
    /// ([`Identifier::undeliverable`](crate::Identifier)). A code that bounced no longer counts as sent, so the holder may
    /// request the next one at once. Its budgets get nothing back, because the provider that accepted it is paid.
    ///
    /// # Errors
    /// [`Refusal::TicketForged`] when the ticket was not made by this host; [`Refusal::TooLarge`] and [`Refusal::Nul`] when the
    /// detail or the actor's name is too long or contains U+0000; [`Error::Contended`] and [`Error::Store`]: report again then.
    pub async fn report_delivery(&self, ticket: &DeliveryTicket, report: &Report) -> Result<Option<Posted>, Error> {
        let message = self.identity.parts.keys.message(ticket).ok_or(Refusal::TicketForged)?;
        self.actor.check()?;
        report.check()?;
        let now = self.identity.now();
        let report = Report { at: report.at.min(now), ..report.clone() };
        let store = &self.identity.parts.store;
        let Some(posted) = store.message(message).await? else { return Ok(None) };
        if !report.goes_before(posted.report.as_ref()) {
            return Ok(Some(posted));
        }
        // What it means comes first: whoever stops in between is told again, and nothing is done twice.
        if let Some(fate) = Fate::of(report.state) {
            self.identity.note_fate(&posted.message, fate, &self.actor).await?;
        }
        let state = report.state.as_str();
        tracing::info!(target: "identity::delivery", event = "reported", id = %message, tenant = %posted.message.key.tenant, state);
        Ok(store.report(message, &report).await?)
    }

    /// A user's messages in the order of their ids: pending, sent and dead letters, each with its delivery report; at most 1,000
    /// per call.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn posted(&self, user: &UserId, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, Error> {
        let key = self.identity.key(user);
        Ok(self.identity.parts.store.posted(&key, after, limit.clamp(1, 1_000)).await?)
    }
}

impl Identity {
    /// Applies the fate of a message to its user, if the user still exists.
    pub(crate) async fn note_fate(&self, message: &Message, fate: Fate, actor: &Actor) -> Result<(), Error> {
        if is_visitors(message) {
            return Ok(());
        }
        let of_tenant = self.for_tenant(message.key.tenant.clone());
        let decide =
            |user: &identity_core::User, context: &identity_core::Context<'_>| user.note_fate(message, fate, context);
        match of_tenant.run("delivery.note_fate", &message.key, actor, decide).await {
            Ok(_) | Err(Error::Refused(Refusal::UserNotFound)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
