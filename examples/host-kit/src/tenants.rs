use std::collections::HashMap;

use identity::TenantId;

/// An entry of the host names that is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the entry {0:?} of IDENTITY_HOSTS is malformed; write host=tenant, for example shop.example.com=shop")]
pub struct TenantNamesError(pub String);

/// The tenants of a host, by the host name that a request was sent to.
///
/// ```
/// use host_kit::TenantNames;
/// use identity::TenantId;
///
/// let one = TenantNames::new(TenantId::default(), &[])?;
/// assert_eq!(one.tenant_of("anything:8080"), Some(&TenantId::default()));
///
/// let two = TenantNames::new(TenantId::default(), &["shop.example.com=shop".into()])?;
/// assert_eq!(two.tenant_of("Shop.Example.com:443").map(TenantId::as_str), Some("shop"));
/// assert_eq!(two.tenant_of("elsewhere.example.com"), None);
/// # Ok::<(), host_kit::TenantNamesError>(())
/// ```
#[derive(Debug, Clone)]
pub struct TenantNames {
    only: TenantId,
    by_host: HashMap<String, TenantId>,
}

impl TenantNames {
    /// One tenant for every name, unless there are entries `host=tenant`: then only those names are served.
    ///
    /// # Errors
    /// [`TenantNamesError`] for an entry of another form.
    pub fn new(only: TenantId, entries: &[String]) -> Result<Self, TenantNamesError> {
        let entry = |entry: &String| {
            let (host, tenant) = entry.split_once('=').ok_or_else(|| TenantNamesError(entry.clone()))?;
            let tenant = TenantId::parse(tenant.trim()).map_err(|_| TenantNamesError(entry.clone()))?;
            match host.trim() {
                "" => Err(TenantNamesError(entry.clone())),
                host => Ok((host.to_ascii_lowercase(), tenant)),
            }
        };
        Ok(Self { only, by_host: entries.iter().map(entry).collect::<Result<_, _>>()? })
    }

    /// The tenant of a host name; a port behind it does not count.
    #[must_use]
    pub fn tenant_of(&self, host: &str) -> Option<&TenantId> {
        if self.by_host.is_empty() {
            return Some(&self.only);
        }
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        self.by_host.get(&name.to_ascii_lowercase())
    }

    /// The tenant that is served when no host names are set; the command line works on it.
    #[must_use]
    pub const fn only(&self) -> &TenantId {
        &self.only
    }

    /// Whether this tenant is served here.
    #[must_use]
    pub fn serves(&self, tenant: &TenantId) -> bool {
        if self.by_host.is_empty() { self.only == *tenant } else { self.by_host.values().any(|known| known == tenant) }
    }
}
