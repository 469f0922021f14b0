use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::base::IdentifierId;
use crate::change::Change;
use crate::decide::{Context, Decision};
use crate::user::{Credentials, JsonObject, Refusal, SignInUse, SignIns, User, bounded_report};

/// A change of the profile, applied to the top-level members of each object: a value replaces the member, null removes
/// it, and absent members stay as they are.
#[derive(Clone, Default)]
pub struct ProfileChange {
    /// The members of the claims to change.
    pub claims: Map<String, Value>,
    /// The members of the public data to change.
    pub public_data: Map<String, Value>,
    /// The members of the private data to change.
    pub private_data: Map<String, Value>,
}

/// Prints only how many members change, because claims hold names and addresses.
impl fmt::Debug for ProfileChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { claims, public_data, private_data } = self;
        let members = [claims.len(), public_data.len(), private_data.len()];
        f.debug_tuple("ProfileChange").field(&members).finish()
    }
}

impl User {
    /// Changes the profile. If nothing differs, the decision has no events.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] when the holder asks.
    /// * [`Refusal::Json`] when an object becomes too large or too deeply nested, or contains U+0000.
    pub fn change_profile(&self, change: &ProfileChange, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let claims = patched(&self.parts.profile.claims, &change.claims)?;
        let public_data = patched(&self.parts.profile.public_data, &change.public_data)?;
        let private_data = patched(&self.parts.profile.private_data, &change.private_data)?;
        if claims.is_none() && public_data.is_none() && private_data.is_none() {
            return Ok(Decision::nothing(()));
        }
        Ok(Decision::of(context, vec![Change::ProfileChanged { claims, public_data, private_data }], ()))
    }

    /// Records the credentials that the host keeps, in place of those reported before. If nothing differs, the decision
    /// has no events.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] when the holder asks.
    /// * [`Refusal::TooLarge`] above 262,144 bytes of JSON, [`Refusal::Nul`] when it contains U+0000.
    pub fn report_credentials(
        &self,
        credentials: &Arc<Credentials>,
        context: &Context<'_>,
    ) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        if self.parts.credentials == *credentials {
            return Ok(Decision::nothing(()));
        }
        bounded_report(&**credentials)?;
        let credentials = Arc::clone(credentials);
        Ok(Decision::of(context, vec![Change::CredentialsReported { credentials }], ()))
    }

    /// Records the sign-in activity, in place of what was reported before. If nothing differs, the decision has no
    /// events.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] when the holder asks.
    /// * [`Refusal::TooLarge`] above 262,144 bytes of JSON, [`Refusal::Nul`] when it contains U+0000.
    pub fn report_sign_ins(&self, sign_ins: &Arc<SignIns>, context: &Context<'_>) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        if self.parts.sign_ins == *sign_ins {
            return Ok(Decision::nothing(()));
        }
        bounded_report(&**sign_ins)?;
        Ok(Decision::of(context, vec![Change::SignInsReported { sign_ins: Arc::clone(sign_ins) }], ()))
    }

    /// Records how sign-in uses an identifier or the username. If nothing differs, the decision has no events.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] when the holder asks.
    /// * [`Refusal::IdentifierNotFound`] when neither an address nor the username has this id.
    /// * [`Refusal::TooLarge`] above 262,144 bytes of JSON, [`Refusal::Nul`] when it contains U+0000.
    pub fn report_sign_in_use(
        &self,
        id: IdentifierId,
        sign_in: &Arc<SignInUse>,
        context: &Context<'_>,
    ) -> Result<Decision<()>, Refusal> {
        context.administrator()?;
        let username = self.parts.username.as_ref().filter(|entry| entry.id == id).map(|entry| &entry.sign_in);
        let known = match username {
            Some(known) => known,
            None => &self.entry(id)?.sign_in,
        };
        if known.as_ref() == Some(sign_in) {
            return Ok(Decision::nothing(()));
        }
        bounded_report(&**sign_in)?;
        Ok(Decision::of(context, vec![Change::SignInUseReported { id, sign_in: Arc::clone(sign_in) }], ()))
    }
}

fn patched(object: &JsonObject, patch: &Map<String, Value>) -> Result<Option<Arc<JsonObject>>, Refusal> {
    if patch.is_empty() {
        return Ok(None);
    }
    let patched = object.patched(patch)?;
    Ok((patched != *object).then(|| Arc::new(patched)))
}
