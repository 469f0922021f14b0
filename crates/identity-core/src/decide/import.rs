//! The rules for an import beyond those that hold for every user.

use crate::address::{Channel, Username};
use crate::decide::Context;
use crate::policy::By;
use crate::user::{ImportProblem, JsonObject, MAX_IDENTIFIERS, Refusal, User, bounded};

use crate::change::UserRecord;

impl UserRecord {
    /// Checks the length of every list and text, before any address is parsed.
    pub(crate) fn bounded(&self) -> Result<(), Refusal> {
        if self.emails.len().max(self.phones.len()) > MAX_IDENTIFIERS {
            return Err(Refusal::Import(ImportProblem::TooMany));
        }
        let entries = || self.emails.iter().chain(&self.phones);
        let name = self.username.as_ref();
        for source in entries().map(|record| &record.source).chain(name.map(|record| &record.source)) {
            bounded("source", source.as_deref())?;
        }
        for verified in entries().filter_map(|record| record.verified.as_ref()) {
            bounded("verified_source", verified.source.as_deref())?;
        }
        JsonObject::extension(self.extension.as_map().clone()).map(drop).map_err(Refusal::Json)
    }

    /// Fills in every id that is absent.
    pub(crate) fn with_ids(mut self, context: &Context<'_>) -> Self {
        let ids = self.emails.iter_mut().chain(&mut self.phones).map(|record| &mut record.id);
        for (number, id) in (0..).zip(ids.chain(self.username.as_mut().map(|record| &mut record.id))) {
            id.get_or_insert_with(|| context.seed.uuid(context.now, number).into());
        }
        self
    }

    /// Puts the username into its canonical form.
    pub(crate) fn with_username_judged(mut self) -> Result<Self, ImportProblem> {
        if let Some(record) = &mut self.username {
            record.username = Username::parse(record.username.typed()).map_err(ImportProblem::Username)?;
        }
        Ok(self)
    }

    /// Checks the rules for imports beyond those that hold for every user.
    pub(crate) fn judge(&self, user: &User, context: &Context<'_>) -> Result<(), ImportProblem> {
        if self.created_at > self.updated_at || self.updated_at > context.now {
            return Err(ImportProblem::Times);
        }
        let identifiers = user.identifiers().map(|entry| {
            let marks = [entry.verified().map(|verified| verified.at), entry.undeliverable.map(|known| known.at)];
            (entry.added_at, marks.into_iter().flatten().max())
        });
        let username = user.username().map(|entry| (entry.added_at, None));
        if identifiers.chain(username).any(|(added, verified)| added.max(verified.unwrap_or(added)) > context.now) {
            return Err(ImportProblem::Times);
        }
        if !user.ids_differ() {
            return Err(ImportProblem::Twice);
        }
        for (channel, records) in [(Channel::Email, &self.emails), (Channel::Phone, &self.phones)] {
            let book = user.book(channel);
            if records.iter().filter(|record| record.primary).count() > 1 {
                return Err(ImportProblem::Primaries);
            }
            let unverified = book.primary().is_some_and(|primary| !primary.is_verified());
            if unverified && context.policy.primary().unverified() == By::Nobody {
                return Err(ImportProblem::UnverifiedPrimary);
            }
            for (index, entry) in book.entries().iter().enumerate() {
                let restriction = context.policy.restriction().restricts(&entry.address);
                if let Some(restriction) = restriction.filter(|_| !entry.unrestricted) {
                    return Err(ImportProblem::Restricted { channel, index, restriction });
                }
                let key = entry.address.claim_key();
                if book.entries().iter().skip(index + 1).any(|other| other.address.claim_key() == key) {
                    return Err(ImportProblem::Twice);
                }
            }
        }
        Ok(())
    }
}
