use std::collections::HashMap;
use std::hash::Hash;

use foldhash::fast::RandomState;

/// A map with a fast hash function: every commit looks up a tenant, a user, addresses and budgets.
pub(crate) type Map<K, V> = HashMap<K, V, RandomState>;

/// Lists by key, each with room for its items only: most have one item or two. An empty list is not kept.
pub(crate) type Lists<K, V> = Map<K, Box<[V]>>;

/// Adds an item to a list.
pub(crate) fn push<V>(list: &mut Box<[V]>, item: V) {
    let mut items = Vec::from(std::mem::take(list));
    items.reserve_exact(1);
    items.push(item);
    *list = items.into();
}

/// Removes an item from the list of a key.
pub(crate) fn remove<K: Eq + Hash, V: PartialEq>(lists: &mut Lists<K, V>, key: &K, item: &V) {
    let Some(list) = lists.get_mut(key) else { return };
    let mut items = Vec::from(std::mem::take(list));
    items.retain(|other| other != item);
    *list = items.into();
    if list.is_empty() {
        lists.remove(key);
    }
}
