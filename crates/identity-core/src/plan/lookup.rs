use crate::address::{Address, ClaimKey, ClaimKind, Username};
use crate::base::{ContestId, IdentifierId};
use crate::user::User;

/// An entry by which a user is found: an address or a username, whether it is claimed or not, or an open contest over an address
/// of this user, who owns it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LookupEntry {
    /// The key that a search has to equal or, in a search by prefix, begins.
    pub key: ClaimKey,
    /// The identifier that the key belongs to.
    pub identifier: IdentifierId,
    /// Whether it is verified for this user; always true for a username and a contest.
    pub verified: bool,
}

/// The entries that a commit adds, changes and removes. An entry is identified by its user, key and identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LookupChanges {
    /// The entries to write. One that is there already takes on the given verification.
    pub put: Vec<LookupEntry>,
    /// Of the entries to write those that are there already, as they are before: for stores whose keys contain the verification.
    pub replaced: Vec<LookupEntry>,
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
        let [had, has] = [before, after].map(|user| user.map(User::marks).unwrap_or_default());
        // Most entries stay as they are, so keys are made of those that differ only.
        let old: Vec<LookupEntry> = had.iter().filter(|mark| !has.contains(mark)).map(Mark::entry).collect();
        let new: Vec<LookupEntry> = has.iter().filter(|mark| !had.contains(mark)).map(Mark::entry).collect();
        let stays =
            |gone: &LookupEntry| new.iter().any(|entry| entry.identifier == gone.identifier && entry.key == gone.key);
        let (replaced, remove) = old.iter().filter(|entry| !new.contains(entry)).cloned().partition(stays);
        let put = new.iter().filter(|entry| !old.contains(entry)).cloned().collect();
        Self { put, replaced, remove }
    }
}

impl User {
    /// The entries by which this user is found: one for each address, one for the username, and one for the open contest over an
    /// address that is verified with this user.
    #[must_use]
    pub fn lookup(&self) -> Vec<LookupEntry> {
        self.marks().iter().map(Mark::entry).collect()
    }

    fn marks(&self) -> Vec<Mark<'_>> {
        let addresses = self.identifiers().map(|entry| Mark {
            name: Name::Address(&entry.address),
            identifier: entry.id,
            verified: entry.is_verified(),
        });
        let username = self.username().map(|entry| Mark {
            name: Name::Username(&entry.username),
            identifier: entry.id,
            verified: true,
        });
        let contest = self.contest().filter(|(_, open)| open.is_of_owner()).map(|(entry, open)| Mark {
            name: Name::Contest(open.id),
            identifier: entry.id,
            verified: true,
        });
        addresses.chain(username).chain(contest).collect()
    }
}

impl ContestId {
    /// The key by which the owner is found who has this contest open.
    #[must_use]
    pub fn key(self) -> ClaimKey {
        ClaimKey::new(ClaimKind::Contest, ClaimKind::Contest.rule(), self.to_string())
    }
}

/// An entry whose key is not made yet.
#[derive(PartialEq, Eq)]
struct Mark<'a> {
    name: Name<'a>,
    identifier: IdentifierId,
    verified: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name<'a> {
    Address(&'a Address),
    Username(&'a Username),
    Contest(ContestId),
}

impl Mark<'_> {
    fn entry(&self) -> LookupEntry {
        let Self { name, identifier, verified } = *self;
        let key = match name {
            Name::Address(address) => address.claim_key(),
            Name::Username(username) => username.claim_key(),
            Name::Contest(id) => id.key(),
        };
        LookupEntry { key, identifier, verified }
    }
}
