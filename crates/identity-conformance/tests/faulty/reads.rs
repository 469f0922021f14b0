use identity_core::{ClaimKey, Recorded, TenantId, User, UserKey};
use identity_ports::{
    Directory, DirectoryPage, DirectoryQuery, Found, ListQuery, Page, Prefix, StoreError, Stored, UserRepository,
};

use super::commits::SHADOW;
use super::{Fault, FaultyStore};

impl FaultyStore {
    pub(super) async fn faulty_find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        let mut found = self.inner.find(tenant, keys).await?;
        match self.fault {
            Fault::UnverifiedFirst => {
                let place = |found: &Found| keys.iter().position(|key| *key == found.key);
                found.sort_by_key(|found| (place(found), found.verified));
            }
            Fault::HundredForAllKeys => found.truncate(100),
            _ => {}
        }
        Ok(found)
    }

    pub(super) async fn faulty_browse(
        &self,
        tenant: &TenantId,
        query: &DirectoryQuery,
    ) -> Result<DirectoryPage, StoreError> {
        match (self.fault, &query.search) {
            (Fault::PagesAreCounted, _) => {
                let page = self.inner.browse(tenant, query).await?;
                Ok(DirectoryPage { total: page.users.len() as u64, ..page })
            }
            (Fault::SearchesAnywhere, Some(search)) => {
                let anywhere = |user: &User| {
                    let mut keys = user.identifiers().map(|entry| entry.address.claim_key());
                    keys.any(|key| key.as_str().contains(&search.beginning))
                };
                let honest = self.inner.browse(tenant, query).await?;
                let every = DirectoryQuery { search: None, limit: 1_000, ..query.clone() };
                let mut users = self.inner.browse(tenant, &every).await?.users;
                users.retain(|stored| honest.users.contains(stored) || anywhere(&stored.user));
                Ok(DirectoryPage { total: users.len() as u64, users })
            }
            _ => self.inner.browse(tenant, query).await,
        }
    }

    pub(super) async fn faulty_list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        match self.fault {
            Fault::PagesByOffset => return self.page_by_offset(tenant, query).await,
            Fault::PrefixesArePatterns if query.prefix.is_some() => {
                let all = self.inner.list(tenant, &ListQuery { prefix: None, limit: 10_000, ..query.clone() }).await?;
                let matching =
                    |stored: &Stored| query.prefix.as_ref().is_some_and(|prefix| matches(&stored.user, prefix));
                let mut users: Vec<Stored> = all.users.into_iter().filter(matching).collect();
                let more = users.len() > query.limit;
                users.truncate(query.limit);
                let next = users.last().filter(|_| more).map(|last| query.order.cursor(&last.user));
                return Ok(Page { users, next });
            }
            _ => {}
        }
        let mut page = self.inner.list(tenant, query).await?;
        page.users.retain(|stored| !stored.user.id().as_str().starts_with(SHADOW));
        if self.fault == Fault::FullPagesPromise && page.users.len() == query.limit {
            page.next = page.users.last().map(|last| query.order.cursor(&last.user));
        }
        Ok(page)
    }

    async fn page_by_offset(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        let all = self.inner.list(tenant, &ListQuery { after: None, limit: 10_000, ..query.clone() }).await?.users;
        let place = |cursor| self.notes.lock().unwrap().offsets.get(&(tenant.clone(), cursor)).copied();
        let from = query.after.clone().and_then(place).unwrap_or(0);
        let more = all.len() > from + query.limit;
        let users: Vec<Stored> = all.into_iter().skip(from).take(query.limit).collect();
        let next = users.last().filter(|_| more).map(|last| query.order.cursor(&last.user));
        if let Some(next) = next.clone() {
            self.notes.lock().unwrap().offsets.insert((tenant.clone(), next), from + query.limit);
        }
        Ok(Page { users, next })
    }

    pub(super) async fn faulty_history(
        &self,
        key: &UserKey,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Recorded>, StoreError> {
        let kept = self.notes.lock().unwrap().events.get(key).cloned();
        match (kept, self.fault) {
            (Some(events), _) => Ok(events),
            (None, Fault::HistoryOverlaps) => self.inner.history(key, after.saturating_sub(1), limit).await,
            (None, _) => self.inner.history(key, after, limit).await,
        }
    }
}

/// `LIKE`, as a careless adapter would use it.
fn matches(user: &User, prefix: &Prefix) -> bool {
    let addresses = user.identifiers().map(|entry| entry.address.claim_key());
    let keys = addresses.chain(user.username().map(|entry| entry.username.claim_key()));
    let pattern: Vec<char> = prefix.text.to_lowercase().chars().chain(['%']).collect();
    let of_kind = keys.filter(|key| key.kind() == prefix.kind);
    let texts = of_kind.map(|key| key.as_str().to_lowercase().chars().collect::<Vec<char>>());
    texts.collect::<Vec<_>>().iter().any(|text| like(text, &pattern))
}

fn like(text: &[char], pattern: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some(('%', rest)), _) => (0..=text.len()).any(|skip| like(&text[skip..], rest)),
        (Some(('_', rest)), Some((_, text))) => like(text, rest),
        (Some((letter, rest)), Some((first, text))) => letter == first && like(text, rest),
        (Some(_), None) => false,
    }
}
