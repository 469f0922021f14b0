use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use identity_core::{
    Address, Claim, ClaimChanges, ClaimKey, IdentifierId, Recorded, Strength, User, UserId, Username, Version,
};
use identity_ports::{
    Cursor, DirectoryPage, DirectoryQuery, Expected, Found, ListOrder, ListQuery, Page, Prefix, Stored,
};

use crate::map::Map;

/// The maximum number of users that [`People::find`] returns for one key.
const MOST_FOUND: usize = 100;

/// The users of one tenant, and everything by which they are found.
#[derive(Debug, Default)]
pub(crate) struct People {
    rows: Map<UserId, Row>,
    /// The order by creation, in which users never move. The order by change is made when it is requested, because
    /// every commit would move a user in it.
    created: BTreeSet<Cursor>,
    claims: Map<ClaimKey, (UserId, Strength)>,
    places: BTreeMap<ByText, BTreeSet<Place>>,
}

/// A user, or what remains of an erased one.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// `None` when the user was erased.
    pub(crate) user: Option<Arc<User>>,
    /// In the order of their keys.
    pub(crate) claims: Vec<Claim>,
    /// Numbered from 1 without gaps.
    pub(crate) events: Vec<Recorded>,
}

impl Row {
    fn version(&self) -> Version {
        Version(self.events.last().map_or(0, |recorded| recorded.number))
    }

    fn stored(&self) -> Option<Stored> {
        let user = Arc::clone(self.user.as_ref()?);
        Some(Stored { user, version: self.version(), claims: self.claims.clone() })
    }

    fn hold(&mut self, claim: Claim) {
        match self.claims.binary_search_by(|held| held.key.cmp(&claim.key)) {
            Ok(index) => self.claims.iter_mut().skip(index).take(1).for_each(|held| held.strength = claim.strength),
            Err(index) => self.claims.insert(index, claim),
        }
    }

    fn give_up(&mut self, key: &ClaimKey) {
        self.claims.retain(|held| held.key != *key);
    }
}

/// A user with an address or username, in the order in which they are returned: verified ones first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    unverified: bool,
    user: UserId,
    identifier: IdentifierId,
}

/// A claim key in the order of its text within its kind, whichever rule made it, for searches by prefix.
#[derive(Debug, PartialEq, Eq)]
struct ByText(ClaimKey);

impl Ord for ByText {
    fn cmp(&self, other: &Self) -> Ordering {
        let parts = |key: &Self| (key.0.kind(), key.0.rule());
        let kinds = self.0.kind().cmp(&other.0.kind());
        kinds.then_with(|| self.0.as_str().cmp(other.0.as_str())).then_with(|| parts(self).cmp(&parts(other)))
    }
}

impl PartialOrd for ByText {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl People {
    pub(crate) fn load(&self, user: &UserId) -> Option<Stored> {
        self.rows.get(user)?.stored()
    }

    pub(crate) fn history(&self, user: &UserId, after: u64, limit: usize) -> Vec<Recorded> {
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        self.rows.get(user).map(|row| row.events.iter().skip(skip).take(limit).cloned().collect()).unwrap_or_default()
    }

    pub(crate) fn find(&self, keys: &[ClaimKey]) -> Vec<Found> {
        let mut found = Vec::new();
        for key in keys {
            let places = self.places.get(&ByText(key.clone())).into_iter().flatten().take(MOST_FOUND);
            found.extend(places.map(|place| Found {
                key: key.clone(),
                user: place.user.clone(),
                identifier: place.identifier,
                verified: !place.unverified,
            }));
        }
        found
    }

    pub(crate) fn list(&self, query: &ListQuery) -> Page {
        let chosen = match &query.prefix {
            Some(prefix) => Some(self.beginning_with(prefix, query)),
            None if query.order.by_update() => Some(self.users().map(|user| query.order.cursor(user)).collect()),
            None => None,
        };
        let index = chosen.as_ref().unwrap_or(&self.created);
        let after = query.after.as_ref();
        // One more than requested, to see whether this is the last page.
        let most = query.limit.saturating_add(1);
        let mut users: Vec<Stored> = if query.order.descending() {
            let range = index.range((Bound::Unbounded, after.map_or(Bound::Unbounded, Bound::Excluded)));
            range.rev().filter_map(|cursor| self.load(&cursor.user)).take(most).collect()
        } else {
            let range = index.range((after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded));
            range.filter_map(|cursor| self.load(&cursor.user)).take(most).collect()
        };
        let more = users.len() > query.limit;
        users.truncate(query.limit);
        let next = users.last().filter(|_| more).map(|stored| query.order.cursor(&stored.user));
        Page { users, next }
    }

    pub(crate) fn browse(&self, query: &DirectoryQuery) -> DirectoryPage {
        let found = |user: &&User| {
            query.search.as_ref().is_none_or(|search| {
                let name = user.username().map(|entry| entry.username.claim_key());
                let mut keys = user.identifiers().map(|entry| entry.address.claim_key()).chain(name);
                user.id().as_str() == search.id || keys.any(|key| key.as_str().starts_with(&search.beginning))
            })
        };
        let mut users: Vec<_> = self.users().filter(found).map(|user| (query.order.of(user), user.id())).collect();
        users.sort_unstable();
        if query.descending {
            users.reverse();
        }
        let total = users.len() as u64;
        let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
        let page = users.into_iter().skip(skip).take(query.limit).filter_map(|(_, id)| self.load(id));
        DirectoryPage { users: page.collect(), total }
    }

    fn beginning_with(&self, prefix: &Prefix, query: &ListQuery) -> BTreeSet<Cursor> {
        let from = ByText(ClaimKey::new(prefix.kind, 0, prefix.text.as_str()));
        let keys = self.places.range(from..);
        let keys = keys
            .take_while(|(ByText(key), _)| key.kind() == prefix.kind && key.as_str().starts_with(prefix.text.as_str()));
        let ids: HashSet<&UserId> = keys.flat_map(|(_, places)| places).map(|place| &place.user).collect();
        let users = ids.into_iter().filter_map(|id| self.rows.get(id)?.user.as_ref());
        users.map(|user| query.order.cursor(user)).collect()
    }

    /// Whether the user is in the state that a commit expects.
    pub(crate) fn is_as(&self, user: &UserId, expected: Expected) -> bool {
        match (expected, self.rows.get(user)) {
            (Expected::Absent, row) => row.is_none(),
            (Expected::At(version), Some(row)) => row.user.is_some() && row.version() == version,
            (Expected::At(_), None) => false,
        }
    }

    /// The first claim to take that another user holds and does not lose.
    pub(crate) fn taken<'a>(&self, user: &UserId, changes: &'a ClaimChanges) -> Option<&'a Claim> {
        changes.take.iter().find(|claim| {
            let holder = self.claims.get(&claim.key).filter(|(holder, _)| holder != user);
            holder.is_some_and(|(_, held)| (claim.strength, *held) != (Strength::Verified, Strength::Unverified))
        })
    }

    /// Writes a user after all checks.
    pub(crate) fn write(
        &mut self,
        id: &UserId,
        after: Option<Arc<User>>,
        changes: ClaimChanges,
        events: Vec<Recorded>,
    ) {
        let before = self.rows.get(id).and_then(|row| row.user.clone());
        self.reorder(before.as_deref(), after.as_deref());
        self.place(id, before.as_deref(), after.as_deref());
        self.claim(id, changes);
        // A user that exists is not given a key again.
        let row = match self.rows.get_mut(id) {
            Some(row) => row,
            None => self.rows.entry(id.clone()).or_default(),
        };
        row.events.extend(events);
        row.user = after;
        if row.user.is_none() {
            let strip = |Recorded { number, event }| Recorded { number, event: event.stripped() };
            row.events = std::mem::take(&mut row.events).into_iter().map(strip).collect();
            for claim in std::mem::take(&mut row.claims) {
                self.claims.remove(&claim.key);
            }
        }
    }

    fn users(&self) -> impl Iterator<Item = &User> {
        self.rows.values().filter_map(|row| row.user.as_deref())
    }

    fn reorder(&mut self, before: Option<&User>, after: Option<&User>) {
        // The user is the same; only the time can differ.
        if before.map(User::created_at) != after.map(User::created_at) {
            before.map(|user| self.created.remove(&ListOrder::Created.cursor(user)));
            after.map(|user| self.created.insert(ListOrder::Created.cursor(user)));
        }
    }

    fn place(&mut self, id: &UserId, before: Option<&User>, after: Option<&User>) {
        for mark in before.into_iter().flat_map(marks) {
            if !after.is_some_and(|user| mark.is_in(user)) {
                let key = ByText(mark.name.claim_key());
                if let Some(places) = self.places.get_mut(&key) {
                    places.remove(&mark.place(id));
                    if places.is_empty() {
                        self.places.remove(&key);
                    }
                }
            }
        }
        for mark in after.into_iter().flat_map(marks) {
            if !before.is_some_and(|user| mark.is_in(user)) {
                self.places.entry(ByText(mark.name.claim_key())).or_default().insert(mark.place(id));
            }
        }
    }

    fn claim(&mut self, id: &UserId, changes: ClaimChanges) {
        for key in &changes.release {
            if self.claims.get(key).is_some_and(|(holder, _)| holder == id) {
                self.claims.remove(key);
                if let Some(row) = self.rows.get_mut(id) {
                    row.give_up(key);
                }
            }
        }
        for claim in changes.take {
            let former = self.claims.insert(claim.key.clone(), (id.clone(), claim.strength));
            let former = former.filter(|(holder, _)| holder != id);
            if let Some(row) = former.and_then(|(holder, _)| self.rows.get_mut(&holder)) {
                row.give_up(&claim.key);
            }
            self.rows.entry(id.clone()).or_default().hold(claim);
        }
    }

    /// All users, including what remains of erased ones.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&UserId, &Row)> {
        self.rows.iter()
    }
}

/// An address or username of a user, from which [`People::places`] is filled.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark<'a> {
    id: IdentifierId,
    name: Name<'a>,
    verified: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name<'a> {
    Address(&'a Address),
    Username(&'a Username),
}

impl Name<'_> {
    fn claim_key(self) -> ClaimKey {
        match self {
            Self::Address(address) => address.claim_key(),
            Self::Username(username) => username.claim_key(),
        }
    }
}

impl Mark<'_> {
    fn place(self, user: &UserId) -> Place {
        Place { unverified: !self.verified, user: user.clone(), identifier: self.id }
    }

    fn is_in(self, user: &User) -> bool {
        match user.identifier(self.id) {
            Some(entry) => self.name == Name::Address(&entry.address) && self.verified == entry.is_verified(),
            None => marks(user).any(|mark| mark == self),
        }
    }
}

fn marks(user: &User) -> impl Iterator<Item = Mark<'_>> {
    let addresses = user.identifiers().map(|entry| Mark {
        id: entry.id,
        name: Name::Address(&entry.address),
        verified: entry.is_verified(),
    });
    let username =
        user.username().map(|entry| Mark { id: entry.id, name: Name::Username(&entry.username), verified: true });
    addresses.chain(username)
}
