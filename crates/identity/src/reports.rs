//! What providers say of messages, and what that means for the addresses that they went to.

use identity_core::{Authority, DeliveryTicket, Fate, Message, MessageId, Refusal, Report, UserId};
use identity_ports::Posted;

use crate::{Admin, Error, Identity};

impl Admin {
    /// Notes what a provider says of a message, and gives the message as it stands then; `None` when it is not kept any more.
    /// The ticket is the one that the [`Notice`](crate::Notice) carried: a callback's URL or the address of a bounced mail
    /// brings it back. It says by itself which message of which tenant it is about.
    ///
    /// Reports may come in any order and any number of times. An address whose messages bounce, or who complained, is
    /// undeliverable from then on ([`Identifier::undeliverable`](crate::Identifier)). A code that bounced is not counted as sent
    /// any more, so that the person may ask for the next one at once; its budgets get nothing back, because the provider that took
    /// it on is paid.
    ///
    /// # Errors
    /// [`Refusal::TicketForged`] when the ticket is none of this host's; [`Refusal::TooLarge`] and [`Refusal::Nul`] for a detail
    /// that is; [`Error::Contended`], [`Error::Store`]: then it is to be reported once more.
    pub async fn report_delivery(&self, ticket: &DeliveryTicket, report: &Report) -> Result<Option<Posted>, Error> {
        let message = self.identity.parts.keys.message(ticket).ok_or(Refusal::TicketForged)?;
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
            self.identity.note_fate(&posted.message, fate, &self.authority).await?;
        }
        let state = report.state.as_str();
        tracing::info!(target: "identity::delivery", event = "reported", id = %message, tenant = %posted.message.key.tenant, state);
        Ok(store.report(message, &report).await?)
    }

    /// A user's messages in the order of their ids: pending, sent and dead letters, each with its delivery report; at most 1,000
    /// per call.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn posted(&self, user: &UserId, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, Error> {
        let key = self.identity.key(user);
        Ok(self.identity.parts.store.posted(&key, after, limit.clamp(1, 1_000)).await?)
    }
}

impl Identity {
    /// What the fate of a message means for its user, if there still is one.
    pub(crate) async fn note_fate(&self, message: &Message, fate: Fate, authority: &Authority) -> Result<(), Error> {
        let of_tenant = self.for_tenant(message.key.tenant.clone());
        let decide =
            |user: &identity_core::User, context: &identity_core::Context<'_>| user.note_fate(message, fate, context);
        match of_tenant.run("delivery.note_fate", &message.key, authority, decide).await {
            Ok(_) | Err(Error::Refused(Refusal::UserNotFound)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
