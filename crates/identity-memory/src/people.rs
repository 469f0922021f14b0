use std::sync::Arc;

use async_trait::async_trait;
use identity_core::{
    Claim, ClaimChanges, ClaimKey, Event, LookupChanges, LookupEntry, Recorded, Strength, TenantId, User, UserId,
    UserKey, Version,
};
use identity_ports::{
    Commit, CommitError, Committed, Directory, DirectoryPage, DirectoryQuery, Expected, Found, ListQuery, Page, Search,
    StoreError, Stored, UserRepository,
};

use crate::MemoryStore;
use crate::feed::Entry;
use crate::lists::{Lists, Map, push, remove};

/// The maximum number of users that are found for one key.
const MOST_FOUND: usize = 100;

/// The users of one tenant. Everything is in their rows; the index only leads to them.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) rows: Map<UserId, Row>,
    /// The users who have an address or username, or hold the claim to it.
    index: Lists<ClaimKey, UserId>,
}

/// A user, or what remains of an erased one.
#[derive(Debug)]
pub(crate) struct Row {
    key: Arc<UserKey>,
    /// `None` when the user was erased.
    pub(crate) user: Option<Arc<User>>,
    /// In the order of their keys.
    pub(crate) claims: Box<[Claim]>,
    /// In the order of their numbers, which count from 1.
    pub(crate) events: Vec<Event>,
}

impl Row {
    pub(crate) fn version(&self) -> Version {
        Version(self.events.len() as u64)
    }

    fn stored(&self) -> Option<Stored> {
        let user = Arc::clone(self.user.as_ref()?);
        Some(Stored { user, version: self.version(), claims: self.claims.to_vec() })
    }

    fn claim(&mut self, changes: ClaimChanges) {
        self.claims = changes.applied_to(std::mem::take(&mut self.claims).into()).into();
    }

    /// Appends events, and says what the feed notes of them.
    fn record(&mut self, events: Vec<Recorded>) -> Entry {
        // A list that doubles would be half empty.
        if self.events.capacity() - self.events.len() < events.len() {
            self.events.reserve_exact(events.len() + self.events.len() / 8);
        }
        let number = |events: &Vec<Event>| u32::try_from(events.len()).unwrap_or(u32::MAX);
        let before = number(&self.events);
        self.events.extend(events.into_iter().map(|recorded| recorded.event));
        (Arc::clone(&self.key), before..number(&self.events))
    }

    /// Releases the claims on these keys.
    fn release(&mut self, index: &mut Lists<ClaimKey, UserId>, id: &UserId, keys: Vec<ClaimKey>) {
        if !keys.is_empty() {
            self.claim(ClaimChanges { release: keys.clone(), take: Vec::new() });
            keys.iter().for_each(|key| self.leave(index, id, key));
        }
    }

    /// Leads no longer from this key to the user, unless the user still has the address or username, or holds the claim to it.
    fn leave(&self, index: &mut Lists<ClaimKey, UserId>, id: &UserId, key: &ClaimKey) {
        let has = |user: &Arc<User>| user.lookup().iter().any(|entry| entry.key == *key);
        if !self.claims.iter().any(|claim| claim.key == *key) && !self.user.as_ref().is_some_and(has) {
            remove(index, key, id);
        }
    }
}

impl People {
    fn load(&self, user: &UserId) -> Option<Stored> {
        self.rows.get(user)?.stored()
    }

    /// An order of the chosen users. It is made when it is requested, because every commit would move a user in it.
    fn ordered<K: Ord>(&self, chosen: impl Fn(&User) -> bool, by: impl Fn(&User) -> K, descending: bool) -> Vec<K> {
        let users = self.rows.values().filter_map(|row| row.user.as_deref());
        let mut order: Vec<K> = users.filter(|user| chosen(user)).map(by).collect();
        order.sort_unstable();
        if descending {
            order.reverse();
        }
        order
    }

    /// The state that a commit of this user has to expect; `None` when the user was erased.
    pub(crate) fn state(&self, user: &UserId) -> Option<Expected> {
        let Some(row) = self.rows.get(user) else { return Some(Expected::Absent) };
        row.user.as_ref().map(|_| Expected::At(row.version()))
    }

    /// The first claim of a part of a commit that another user holds and does not lose or, as the other part, release.
    pub(crate) fn taken<'a>(&self, part: &'a Commit, commit: &Commit) -> Option<&'a Claim> {
        let goes = |holder: &UserId, key: &ClaimKey| {
            let other = commit.parts().find(|other| other.key.user == *holder);
            other.is_some_and(|other| other.after.is_none() || other.claims.release.contains(key))
        };
        part.claims.take.iter().find(|claim| {
            let other = self.other_holder(&part.key.user, &claim.key);
            let held = other.filter(|(holder, _)| !goes(holder, &claim.key)).map(|(_, held)| held);
            held.is_some_and(|held| (claim.strength, held) != (Strength::Verified, Strength::Unverified))
        })
    }

    /// The user other than this one who holds the claim to a key, and its strength.
    fn other_holder(&self, user: &UserId, key: &ClaimKey) -> Option<(&UserId, Strength)> {
        let others = self.index.get(key)?.iter().filter(|other| *other != user);
        let held = |row: &Row| row.claims.iter().find(|claim| claim.key == *key).map(|claim| claim.strength);
        others.filter_map(|other| Some((other, held(self.rows.get(other)?)?))).next()
    }

    /// Releases what a part of a commit loses, before anybody takes it.
    pub(crate) fn release(&mut self, Commit { key, after, claims, .. }: &Commit) {
        let Some(row) = self.rows.get_mut(&key.user) else { return };
        let goes = |held: &&Claim| after.is_none() || claims.release.contains(&held.key);
        let release: Vec<ClaimKey> = row.claims.iter().filter(goes).map(|held| held.key.clone()).collect();
        row.release(&mut self.index, &key.user, release);
    }

    /// Writes a user after all checks.
    pub(crate) fn write(
        &mut self,
        key: UserKey,
        after: Option<Arc<User>>,
        take: Vec<Claim>,
        events: Vec<Recorded>,
    ) -> Entry {
        let id = &key.user.clone();
        for claim in &take {
            let Some((loser, _)) = self.other_holder(id, &claim.key) else { continue };
            let loser = loser.clone();
            if let Some(row) = self.rows.get_mut(&loser) {
                row.release(&mut self.index, &loser, vec![claim.key.clone()]);
            }
        }
        let row = self.rows.entry(id.clone()).or_insert_with(|| Row {
            key: Arc::new(key),
            user: None,
            claims: Box::default(),
            events: Vec::new(),
        });
        let LookupChanges { put, remove, .. } = LookupChanges::between(row.user.as_deref(), after.as_deref());
        let entry = row.record(events);
        row.user = after;
        if row.user.is_none() {
            row.claims = Box::default();
            row.events = std::mem::take(&mut row.events).into_iter().map(Event::stripped).collect();
        } else {
            let gained = put.into_iter().map(|entry| entry.key).chain(take.iter().map(|claim| claim.key.clone()));
            for key in gained {
                let users = self.index.entry(key).or_default();
                if !users.contains(id) {
                    push(users, id.clone());
                }
            }
            if !take.is_empty() {
                row.claim(ClaimChanges { take, release: Vec::new() });
            }
        }
        remove.iter().for_each(|entry| row.leave(&mut self.index, id, &entry.key));
        entry
    }
}

#[async_trait]
impl UserRepository for MemoryStore {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        Ok(self.read()?.people(&key.tenant).load(&key.user))
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        let tables = self.read()?;
        let People { rows, index } = tables.people(tenant);
        let mut found = Vec::new();
        for key in keys {
            let users = index.get(key).into_iter().flatten().filter_map(|id| rows.get(id)?.user.as_ref());
            let places = users.flat_map(|user| user.lookup().into_iter().map(|entry| (user.id(), entry)));
            let mut places: Vec<_> = places.filter(|(_, entry)| entry.key == *key).collect();
            places.sort_unstable_by_key(|(user, entry)| (!entry.verified, *user, entry.identifier));
            found.extend(places.into_iter().take(MOST_FOUND).map(
                |(user, LookupEntry { key, identifier, verified })| Found {
                    key,
                    user: user.clone(),
                    identifier,
                    verified,
                },
            ));
        }
        Ok(found)
    }

    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        let tables = self.read()?;
        let (people, descending) = (tables.people(tenant), query.order.descending());
        let begins = |user: &User| query.prefix.as_ref().is_none_or(|prefix| prefix.begins(user));
        let mut cursors = people.ordered(begins, |user| query.order.cursor(user), descending);
        if let Some(after) = &query.after {
            cursors.retain(|cursor| if descending { cursor < after } else { cursor > after });
        }
        let more = cursors.len() > query.limit;
        cursors.truncate(query.limit);
        let users = cursors.iter().filter_map(|cursor| people.load(&cursor.user)).collect();
        Ok(Page { users, next: cursors.pop().filter(|_| more) })
    }

    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let tables = self.read()?;
        let row = tables.people(&key.tenant).rows.get(&key.user);
        let events = (1..).zip(row.into_iter().flat_map(|row| &row.events));
        let events = events.skip(usize::try_from(after).unwrap_or(usize::MAX)).take(limit);
        Ok(events.map(|(number, event)| Recorded { number, event: event.clone() }).collect())
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let committed = self.write()?.commit(commit);
        // Without a reader of the feed there is nobody to tell.
        committed.inspect(|_| {
            let _ = self.commits.send(());
        })
    }
}

#[async_trait]
impl Directory for MemoryStore {
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        let tables = self.read()?;
        let people = tables.people(tenant);
        let matches = |user: &User| {
            query.search.as_ref().is_none_or(|Search { beginning, id }| {
                user.id().as_str() == id || user.lookup().iter().any(|entry| entry.key.as_str().starts_with(beginning))
            })
        };
        let users = people.ordered(matches, |user| (query.order.of(user), user.id().clone()), query.descending);
        let total = users.len() as u64;
        let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
        let page = users.into_iter().skip(skip).take(query.limit).filter_map(|(_, id)| people.load(&id));
        Ok(DirectoryPage { users: page.collect(), total })
    }
}
