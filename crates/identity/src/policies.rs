use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use identity_core::{Policy, TenantId};

type Source = Arc<dyn Fn(&TenantId) -> Arc<Policy> + Send + Sync>;

/// The policy of every tenant. All clones of an [`Identity`](crate::Identity) share one, so that a use case, a report and a
/// delivery worker always apply the same policy to a user.
pub(crate) struct Policies(RwLock<Registered>);

struct Registered {
    own: HashMap<TenantId, Arc<Policy>>,
    /// For tenants without a policy of their own.
    others: Source,
}

impl Policies {
    pub(crate) fn new() -> Self {
        let default = Arc::new(Policy::default());
        Self(RwLock::new(Registered { own: HashMap::new(), others: Arc::new(move |_| Arc::clone(&default)) }))
    }

    pub(crate) fn set(&self, tenant: TenantId, policy: Arc<Policy>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).own.insert(tenant, policy);
    }

    pub(crate) fn set_others(&self, source: Source) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).others = source;
    }

    pub(crate) fn of(&self, tenant: &TenantId) -> Arc<Policy> {
        let registered = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = registered.own.get(tenant) {
            return Arc::clone(own);
        }
        let source = Arc::clone(&registered.others);
        // The function is the host's code, so it runs without the lock.
        drop(registered);
        source(tenant)
    }
}
