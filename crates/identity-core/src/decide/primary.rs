use crate::base::IdentifierId;
use crate::change::Change;
use crate::decide::{Context, Decision};
use crate::policy::By;
use crate::user::{Refusal, User};

impl User {
    /// Makes an address the primary one of its kind. If it is primary already, the decision has no events.
    ///
    /// # Errors
    /// * [`Refusal::NotVerified`] when the address is not verified, unless the policy lets administrators choose an
    ///   unverified one and an administrator asks.
    /// * [`Refusal::IdentifierNotFound`] when the user has no such address.
    /// * [`Refusal::Disabled`] when the holder of a disabled user asks.
    pub fn set_primary(&self, id: IdentifierId, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        self.open(context)?;
        let entry = self.entry(id)?;
        let channel = entry.address.channel();
        if self.book(channel).is_primary(id) {
            return Ok(Decision::nothing(()));
        }
        let unverified_may = match context.policy.primary().unverified() {
            By::Nobody => false,
            By::Administrator | By::Anyone => context.actor.is_administrator(),
        };
        if !entry.is_verified() && !unverified_may {
            return Err(Refusal::NotVerified);
        }
        Ok(Decision::of(context, vec![Change::PrimaryChanged { channel, id: Some(id) }], ()))
    }
}
