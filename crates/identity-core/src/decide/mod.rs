//! What may happen to a user, one file a family. Every function is pure: a user, a request and the context in, events or a
//! refusal out.

mod addresses;
mod credentials;
mod delivery;
mod lifecycle;
mod primary;
mod profile;
mod username;
mod verification;

use std::sync::Arc;

pub use addresses::{Added, NewAddress, Removed};
pub use lifecycle::NewUser;
pub use profile::ProfileChange;
pub(crate) use profile::bounded_report;
pub use verification::{Answer, Confirmation, Issued, Started, Verification};

use crate::address::Channel;
use crate::policy::{Election, Succession};
use crate::{Authority, Change, Context, Identifier, IdentifierId, Refusal, User};

/// The most e-mail addresses, and the most phone numbers, that a user can have.
pub const MAX_IDENTIFIERS: usize = 50;

/// A text of the host's of at most 800 bytes, without U+0000: not every database holds that.
pub(crate) fn bounded(what: &'static str, text: Option<&str>) -> Result<Option<Arc<str>>, Refusal> {
    match text {
        Some(text) if text.len() > 800 => Err(Refusal::TooLarge { what, limit: "800 bytes" }),
        Some(text) if text.contains('\0') => Err(Refusal::Nul { what }),
        text => Ok(text.map(Into::into)),
    }
}

impl User {
    fn entry(&self, id: IdentifierId) -> Result<&Identifier, Refusal> {
        self.identifier(id).ok_or(Refusal::IdentifierNotFound)
    }

    /// A disabled user's own road is closed.
    fn open(&self, context: &Context<'_>) -> Result<(), Refusal> {
        match context.authority {
            Authority::Holder if self.disabled => Err(Refusal::Disabled),
            Authority::Holder | Authority::Administrator(_) => Ok(()),
        }
    }

    /// Who becomes primary once `verified` is: itself, if there is no primary yet.
    fn elect(&self, channel: Channel, verified: IdentifierId, context: &Context<'_>) -> Option<Change> {
        let vacant = self.book(channel).primary().is_none();
        let elected = vacant && context.policy.primary().election() == Election::FirstVerified;
        elected.then_some(Change::PrimaryChanged { channel, id: Some(verified) })
    }

    /// Who follows `gone` as primary, if it is primary.
    fn succeed(&self, gone: &Identifier, context: &Context<'_>) -> Option<Change> {
        let channel = gone.address.channel();
        let book = self.book(channel);
        if !book.is_primary(gone.id) {
            return None;
        }
        let oldest = || {
            let others = book.verified().filter(|entry| entry.id != gone.id);
            others.min_by_key(|entry| (entry.verified().map(|verified| verified.at), entry.id))
        };
        let successor = match context.policy.primary().succession() {
            Succession::OldestVerified => oldest().map(|entry| entry.id),
            Succession::Nobody => None,
        };
        Some(Change::PrimaryChanged { channel, id: successor })
    }
}
