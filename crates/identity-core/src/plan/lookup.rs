use crate::address::ClaimKey;
use crate::base::IdentifierId;
use crate::user::User;

/// An entry by which a user is found: an address or a username, whether it is claimed or not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LookupEntry {
    /// The key that a search has to equal or, in a search by prefix, begins.
    pub key: ClaimKey,
    /// The identifier that the key belongs to.
    pub identifier: IdentifierId,
    /// Whether it is verified for this user; always true for a username.
    pub verified: bool,
}

/// The entries that a commit adds, changes and removes. An entry is identified by its user, key and identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LookupChanges {
    /// The entries to write. One that is there already takes on the given verification.
    pub put: Vec<LookupEntry>,
    /// The entries to remove.
    pub remove: Vec<LookupEntry>,
}

impl LookupChanges {
    /// The changes that lead from `before` to `after`; `None` stands for a user that does not exist.
    ///
    /// ```
    /// use identity_core::LookupChanges;
    /// assert_eq!(LookupChanges::between(None, None), LookupChanges::default());
    /// ```
    #[must_use]
    pub fn between(before: Option<&User>, after: Option<&User>) -> Self {
        let old = before.map(User::lookup).unwrap_or_default();
        let new = after.map(User::lookup).unwrap_or_default();
        let stays =
            |gone: &&LookupEntry| new.iter().any(|entry| entry.identifier == gone.identifier && entry.key == gone.key);
        let remove = old.iter().filter(|entry| !stays(entry)).cloned().collect();
        let put = new.into_iter().filter(|entry| !old.contains(entry)).collect();
        Self { put, remove }
    }
}

impl User {
    /// The entries by which this user is found: one for each address and one for the username.
    #[must_use]
    pub fn lookup(&self) -> Vec<LookupEntry> {
        let addresses = self.identifiers().map(|entry| LookupEntry {
            key: entry.address.claim_key(),
            identifier: entry.id,
            verified: entry.is_verified(),
        });
        let username = self.username.iter().map(|entry| LookupEntry {
            key: entry.username.claim_key(),
            identifier: entry.id,
            verified: true,
        });
        addresses.chain(username).collect()
    }
}
