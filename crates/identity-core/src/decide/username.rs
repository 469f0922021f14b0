use super::bounded;
use crate::address::Username;
use crate::{Change, Context, Decision, IdentifierId, Refusal, User};

impl User {
    /// Sets the name to sign in with, in place of the one before. Nothing changes when it is the same.
    ///
    /// # Errors
    /// [`Refusal::UsernameIsAddress`] on the holder's road when it reads as an e-mail address or a phone number: it would
    /// squat on somebody's address. [`Refusal::Disabled`].
    pub fn set_username(
        &self,
        username: &Username,
        source: Option<&str>,
        context: &Context<'_>,
    ) -> Result<Decision<IdentifierId>, Refusal> {
        self.open(context)?;
        if username.looks_like_address() && !context.authority.is_administrator() {
            return Err(Refusal::UsernameIsAddress);
        }
        let source = bounded("source", source)?;
        if let Some(entry) = &self.username
            && entry.username == *username
        {
            return Ok(Decision::nothing(entry.id));
        }
        // The entry keeps its id: it is the user's one username that changes.
        let id = self.username.as_ref().map_or_else(|| context.seed.uuid(context.now, 0).into(), |entry| entry.id);
        Ok(Decision::of(context, vec![Change::UsernameSet { id, username: username.clone(), source }], id))
    }

    /// Removes the name to sign in with.
    ///
    /// # Errors
    /// [`Refusal::IdentifierNotFound`] when there is none, [`Refusal::Disabled`].
    pub fn remove_username(&self, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        self.open(context)?;
        let id = self.username.as_ref().map(|entry| entry.id).ok_or(Refusal::IdentifierNotFound)?;
        Ok(Decision::of(context, vec![Change::UsernameRemoved { id }], ()))
    }
}
