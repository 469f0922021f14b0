//! The intents: what a request does to a user, one file per family. Every function is pure: it takes a user, a request
//! and the context, and returns events or a refusal.

mod addresses;
mod contest;
mod context;
mod delivery;
mod disavow;
mod import;
mod lifecycle;
mod merge;
mod primary;
mod profile;
mod schedule;
mod username;
mod verification;

pub use addresses::{Added, NewAddress, Removed};
pub use contest::{ContestEnd, Rival};
pub use context::{Context, Decision, Funding, Standing};
pub use disavow::Undone;
pub(crate) use disavow::may_be_disavowed;
pub use lifecycle::NewUser;
pub use merge::MergeConflict;
pub use profile::ProfileChange;
pub use verification::{Answer, Confirmation, Issued, Started, Verification};

use crate::address::Channel;
use crate::base::IdentifierId;
use crate::change::{Actor, Change};
use crate::policy::{Election, Succession};
use crate::user::{Identifier, Refusal, User};

impl User {
    fn entry(&self, id: IdentifierId) -> Result<&Identifier, Refusal> {
        self.identifier(id).ok_or(Refusal::IdentifierNotFound)
    }

    /// A disabled user may change nothing as the holder.
    fn open(&self, context: &Context<'_>) -> Result<(), Refusal> {
        match context.actor {
            Actor::Holder if self.parts.disabled => Err(Refusal::Disabled),
            Actor::Holder | Actor::Administrator(_) => Ok(()),
        }
    }

    /// The change that makes `verified` primary, if its kind has no primary address and the policy elects the first.
    fn elect(&self, channel: Channel, verified: IdentifierId, context: &Context<'_>) -> Option<Change> {
        let vacant = self.book(channel).primary().is_none();
        let elected = vacant && context.policy.primary().election() == Election::FirstVerified;
        elected.then_some(Change::PrimaryChanged { channel, id: Some(verified) })
    }

    /// The changes by which an address is removed and, if it is primary, its successor named.
    fn removed(&self, entry: &Identifier, context: &Context<'_>) -> Vec<Change> {
        [Change::Removed { id: entry.id }].into_iter().chain(self.succeed(entry, context)).collect()
    }

    /// The change that names the successor of `gone`, if `gone` is primary.
    fn succeed(&self, gone: &Identifier, context: &Context<'_>) -> Option<Change> {
        let channel = gone.address.channel();
        let book = self.book(channel);
        if !book.is_primary(gone.id) {
            return None;
        }
        Some(Change::PrimaryChanged { channel, id: self.heir(channel, Some(gone.id), context) })
    }

    /// The address that the policy names for the place of a primary one, which is `gone`.
    fn heir(&self, channel: Channel, gone: Option<IdentifierId>, context: &Context<'_>) -> Option<IdentifierId> {
        let others = self.book(channel).verified().filter(|entry| Some(entry.id) != gone);
        match context.policy.primary().succession() {
            Succession::OldestVerified => others
                .min_by_key(|entry| (entry.verified().map(|verified| verified.at), entry.id))
                .map(|entry| entry.id),
            Succession::Nobody => None,
        }
    }
}
