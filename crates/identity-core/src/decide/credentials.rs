use std::sync::Arc;

use crate::change::Change;
use crate::decide::{Context, Decision};
use crate::user::{Credentials, Refusal, SignIns, User};

impl User {
    /// Removes one passkey from the reported credentials.
    ///
    /// # Errors
    /// * [`Refusal::CredentialNotFound`] when the user has no passkey with this id.
    /// * [`Refusal::AdministratorOnly`] when the holder asks.
    pub fn remove_passkey(&self, passkey_id: &str, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let mut credentials = Credentials::clone(&self.parts.credentials);
        credentials.passkeys.retain(|passkey| passkey.passkey_id != passkey_id);
        if credentials.passkeys.len() == self.parts.credentials.passkeys.len() {
            return Err(Refusal::CredentialNotFound);
        }
        let credentials = Arc::new(credentials);
        Ok(Decision::of(context, vec![Change::CredentialsReported { credentials }], ()))
    }

    /// Removes one identity at an external provider from the reported credentials.
    ///
    /// # Errors
    /// * [`Refusal::CredentialNotFound`] when the user has no such identity at this provider.
    /// * [`Refusal::AdministratorOnly`] when the holder asks.
    pub fn disconnect(
        &self,
        authenticator: &str,
        provider_user_id: &str,
        context: &Context<'_>,
    ) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let mut credentials = Credentials::clone(&self.parts.credentials);
        let meant = |authority: &str, id: &str| authority == authenticator && id == provider_user_id;
        credentials.providers.retain(|known| !meant(&known.authenticator, &known.provider_user_id));
        if credentials.providers.len() == self.parts.credentials.providers.len() {
            return Err(Refusal::CredentialNotFound);
        }
        let credentials = Arc::new(credentials);
        Ok(Decision::of(context, vec![Change::CredentialsReported { credentials }], ()))
    }

    /// Ends a block of sign-in that the host reported, and resets the number of consecutive failures. If there is
    /// neither, the decision has no events.
    ///
    /// # Errors
    /// [`Refusal::AdministratorOnly`] when the holder asks.
    pub fn unblock(&self, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        if self.parts.sign_ins.block_until.is_none() && self.parts.sign_ins.failure_count == 0 {
            return Ok(Decision::nothing(()));
        }
        let sign_ins = SignIns { block_until: None, failure_count: 0, ..SignIns::clone(&self.parts.sign_ins) };
        Ok(Decision::of(context, vec![Change::SignInsReported { sign_ins: Arc::new(sign_ins) }], ()))
    }
}
