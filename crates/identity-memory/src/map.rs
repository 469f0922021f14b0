use std::collections::HashMap;

use foldhash::fast::RandomState;

/// A map with a fast hash function: every commit looks up a tenant, a user, claims and budgets.
pub(crate) type Map<K, V> = HashMap<K, V, RandomState>;
