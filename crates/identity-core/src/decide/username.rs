use crate::address::Username;
use crate::base::IdentifierId;
use crate::change::Change;
use crate::decide::{Context, Decision};
use crate::user::{Refusal, User, bounded};

impl User {
    /// Sets the name to sign in with, in place of the present one, whose id it keeps. If the name is the same, the
    /// decision has no events.
    ///
    /// # Errors
    /// * [`Refusal::UsernameIsAddress`] when a holder asks for a name in the form of an e-mail address or a phone
    ///   number, which may belong to somebody else.
    /// * [`Refusal::Disabled`] when the holder of a disabled user asks.
    /// * [`Refusal::TooLarge`] and [`Refusal::Nul`] for a `source` above 800 bytes or with U+0000.
    pub fn set_username(
        &self,
        username: &Username,
        source: Option<&str>,
        context: &Context<'_>,
    ) -> Result<Decision<IdentifierId>, Refusal> {
        self.open(context)?;
        if username.looks_like_address() && !context.actor.is_administrator() {
            return Err(Refusal::UsernameIsAddress);
        }
        let source = bounded("source", source)?;
        if let Some(entry) = &self.parts.username
            && entry.username == *username
        {
            return Ok(Decision::nothing(entry.id));
        }
        // The entry keeps its id, because a user has a single username, which changes.
        let id =
            self.parts.username.as_ref().map_or_else(|| context.seed.uuid(context.now, 0).into(), |entry| entry.id);
        Ok(Decision::of(context, vec![Change::UsernameSet { id, username: username.clone(), source }], id))
    }

    /// Removes the name to sign in with.
    ///
    /// # Errors
    /// * [`Refusal::IdentifierNotFound`] when there is none.
    /// * [`Refusal::Disabled`] when the holder of a disabled user asks.
    pub fn remove_username(&self, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        self.open(context)?;
        let id = self.parts.username.as_ref().map(|entry| entry.id).ok_or(Refusal::IdentifierNotFound)?;
        Ok(Decision::of(context, vec![Change::UsernameRemoved { id }], ()))
    }
}
