use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::change::{Change, Reported};
use crate::decide::{Context, Decision};
use crate::user::{JsonObject, Refusal, User};

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

    /// Changes members of the [extension](User::extension): a value replaces a member, null removes it, and absent
    /// members stay. The outcome is whether anything differed; if nothing does, the decision has no events.
    ///
    /// # Errors
    /// * [`Refusal::AdministratorOnly`] when the holder asks.
    /// * [`Refusal::Json`] when the extension would become too large or too deeply nested, or contain U+0000.
    pub fn report(&self, members: &Map<String, Value>, context: &Context<'_>) -> Result<Decision<bool>, Refusal> {
        context.administrator()?;
        let known = self.parts.extension.as_map();
        let mut members = members.clone();
        members.retain(|name, value| known.get(name).unwrap_or(&Value::Null) != value);
        if members.is_empty() {
            return Ok(Decision::nothing(false));
        }
        JsonObject::extension(self.parts.extension.with(&members))?;
        let members = Arc::new(JsonObject::from_store(members));
        Ok(Decision::of(context, vec![Change::ExtensionReported(Reported { members })], true))
    }
}

fn patched(object: &JsonObject, patch: &Map<String, Value>) -> Result<Option<Arc<JsonObject>>, Refusal> {
    if patch.is_empty() {
        return Ok(None);
    }
    let patched = object.patched(patch)?;
    Ok((patched != *object).then(|| Arc::new(patched)))
}
