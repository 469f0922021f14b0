//! API keys: several, each with a name that becomes the actor of events.

use std::fmt;
use std::sync::Arc;

use identity::TenantId;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Why a list of keys is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// There is none.
    #[error("there is no API key; set IDENTITY_API_KEY, for example to ops:SECRET,dashboard+read:SECRET")]
    None,
    /// An entry has no key in it, or its name is none.
    #[error("entry {0} of IDENTITY_API_KEY is none; write SECRET, NAME:SECRET, NAME+read:SECRET or NAME@TENANT:SECRET")]
    Entry(usize),
}

/// One key. It is kept as a digest, and it does not print.
#[derive(Clone)]
struct Key {
    name: Arc<str>,
    /// `None` for every tenant.
    tenant: Option<TenantId>,
    may_write: bool,
    digest: [u8; 32],
}

/// Whose key was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    /// The name of the key.
    pub name: Arc<str>,
    /// Whether it may change anything.
    pub may_write: bool,
}

/// The keys that are good here.
#[derive(Clone)]
pub struct ApiKeys(Vec<Key>);

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
        let entries = text.split([',', ' ', '\t', '\n', '\r']).filter(|entry| !entry.is_empty());
        let keys = entries.enumerate().map(|(index, entry)| key(entry, home).ok_or(KeysError::Entry(index + 1)));
        match keys.collect::<Result<Vec<_>, _>>()? {
            keys if keys.is_empty() => Err(KeysError::None),
            keys => Ok(Self(keys)),
        }
    }

    /// Whose key this is in a tenant. Every key is compared, each in constant time, so that the answer's time tells nothing
    /// (digests have one length, whatever was sent).
    #[must_use]
    pub fn holder(&self, sent: &str, tenant: &TenantId) -> Option<KeyHolder> {
        let digest: [u8; 32] = Sha256::digest(sent.as_bytes()).into();
        let mut holder = None;
        for key in &self.0 {
            let same = bool::from(digest.ct_eq(&key.digest));
            let here = key.tenant.as_ref().is_none_or(|own| own == tenant);
            if same && here {
                holder = Some(KeyHolder { name: Arc::clone(&key.name), may_write: key.may_write });
            }
        }
        holder
    }
}

fn key(entry: &str, home: &TenantId) -> Option<Key> {
    let (name, secret) = entry.split_once(':').unwrap_or(("api", entry));
    let (name, may_write) = name.strip_suffix("+read").map_or((name, true), |name| (name, false));
    let (name, tenant) = match name.split_once('@') {
        None => (name, Some(home.clone())),
        Some((name, "*")) => (name, None),
        Some((name, tenant)) => (name, Some(TenantId::parse(tenant).ok()?)),
    };
    let named = !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'));
    let digest = Sha256::digest(secret.as_bytes()).into();
    (named && !secret.is_empty()).then(|| Key { name: name.into(), tenant, may_write, digest })
}

/// The names alone.
impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.name)).finish()
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
