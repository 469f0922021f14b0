//! API keys: several, each with a name that becomes the actor of events.

use std::fmt;
use std::sync::Arc;

use host_kit::{InFlight, Tokens};
use identity::TenantId;

/// The reason that a list of API keys is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The list is empty.
    #[error("there is no API key; set IDENTITY_API_KEY, for example to ops:SECRET,dashboard+read:SECRET")]
    None,
    /// An entry has no secret, or a malformed name; the number counts from 1.
    #[error(
        "entry {0} of IDENTITY_API_KEY is malformed; write SECRET, NAME:SECRET, NAME+read:SECRET or NAME@TENANT:SECRET"
    )]
    Entry(usize),
}

/// The holder of a key and its tenant; `None` for every tenant.
#[derive(Clone)]
struct Owner {
    holder: KeyHolder,
    tenant: Option<TenantId>,
}

/// The holder of a key.
#[derive(Debug, Clone)]
pub struct KeyHolder {
    /// The name of the key.
    pub name: Arc<str>,
    /// Whether the key may change data.
    pub may_write: bool,
    /// What the key has in flight.
    pub in_flight: InFlight,
}

/// The API keys that are accepted.
#[derive(Clone, Debug)]
pub struct ApiKeys(Tokens<Owner>);

impl ApiKeys {
    /// Reads entries separated by commas or white space: `SECRET`, `NAME:SECRET`, `NAME+read:SECRET` for one that may only
    /// read, `NAME@TENANT:SECRET` for one of another tenant than `home`, `NAME@*:SECRET` for one of all. The first colon ends
    /// the name.
    ///
    /// # Errors
    /// [`KeysError`]. It repeats nothing of the text.
    ///
    /// ```
    /// use identity::TenantId;
    /// use monocloud_api::ApiKeys;
    ///
    /// let home = TenantId::default();
    /// let keys = ApiKeys::parse("ops:s3cret, board+read:an0ther", &home)?;
    /// assert!(keys.holder("s3cret", &home).is_some_and(|holder| holder.may_write));
    /// assert!(keys.holder("an0ther", &home).is_some_and(|holder| !holder.may_write));
    /// assert!(keys.holder("s3cret ", &home).is_none());
    /// # Ok::<(), monocloud_api::KeysError>(())
    /// ```
    pub fn parse(text: &str, home: &TenantId) -> Result<Self, KeysError> {
        let entries = Tokens::<Owner>::entries(text).enumerate();
        let keys = entries.map(|(index, entry)| key(entry, home).ok_or(KeysError::Entry(index + 1)));
        let keys = keys.collect::<Result<Tokens<_>, _>>()?;
        if keys.is_empty() { Err(KeysError::None) } else { Ok(Self(keys)) }
    }

    /// The holder of a key in a tenant.
    #[must_use]
    pub fn holder(&self, sent: &str, tenant: &TenantId) -> Option<KeyHolder> {
        let here = |owner: &Owner| owner.tenant.as_ref().is_none_or(|own| own == tenant);
        self.0.holder(sent, here).map(|owner| owner.holder.clone())
    }
}

fn key<'a>(entry: &'a str, home: &TenantId) -> Option<(&'a str, Owner)> {
    let (name, secret) = entry.split_once(':').unwrap_or(("api", entry));
    let (name, may_write) = name.strip_suffix("+read").map_or((name, true), |name| (name, false));
    let (name, tenant) = match name.split_once('@') {
        None => (name, Some(home.clone())),
        Some((name, "*")) => (name, None),
        Some((name, tenant)) => (name, Some(TenantId::parse(tenant).ok()?)),
    };
    let named = !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'));
    let owner = Owner { holder: KeyHolder { name: name.into(), may_write, in_flight: InFlight::default() }, tenant };
    (named && !secret.is_empty()).then_some((secret, owner))
}

/// Prints the name alone.
impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.holder.name.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c64_a_key_is_good_in_its_tenant_alone_and_does_not_print() {
        let home = TenantId::default();
        let shop = TenantId::parse("shop").unwrap();
        let keys = ApiKeys::parse("bare-secret\nclerk@shop:of-shop root@*:of-all", &home).unwrap();
        let name = |sent, tenant| keys.holder(sent, tenant).map(|holder| holder.name.to_string());
        assert_eq!(name("bare-secret", &home).as_deref(), Some("api"));
        assert_eq!(name("bare-secret", &shop), None);
        assert_eq!(name("of-shop", &shop).as_deref(), Some("clerk"));
        assert_eq!(name("of-shop", &home), None);
        assert_eq!(name("of-all", &home).as_deref(), Some("root"));
        assert_eq!(name("of-all", &shop).as_deref(), Some("root"));
        assert_eq!(name("", &home), None);
        assert!(!format!("{keys:?}").contains("secret"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let home = TenantId::default();
        assert_eq!(ApiKeys::parse(" , ", &home).err(), Some(KeysError::None));
        for bad in ["name:", ":secret", "na me:secret,b:", "x@:secret", "+read:secret"] {
            assert!(ApiKeys::parse(bad, &home).is_err(), "{bad}");
        }
    }
}
