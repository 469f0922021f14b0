use identity_core::{ClaimKey, Recorded, TenantId, User, UserKey};
use identity_ports::{
    Directory, DirectoryPage, DirectoryQuery, Found, ListOrder, ListQuery, Page, Prefix, StoreError, Stored,
    UserRepository,
};

use super::commits::SHADOW;
use super::{Fault, FaultyStore};

impl FaultyStore {
    pub(super) async fn faulty_load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        let mut stored = self.inner.load(key).await?;
        let late = self.notes.lock().unwrap().late.get(key).cloned();
        if self.fault == Fault::LoadsTear {
            self.pause().await;
        }
        if let Some(stored) = &mut stored {
            if self.fault == Fault::ClaimsAreReversed {
                stored.claims.reverse();
            }
            match (self.fault, late, self.inner.load(key).await?) {
                (Fault::ClaimsComeLater, Some(late), _) => stored.claims = late,
                (Fault::LoadsTear, _, Some(later)) => stored.claims = later.claims,
                _ => {}
            }
        }
        Ok(stored)
    }

    pub(super) async fn faulty_find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        let any_rule = |key: &ClaimKey| ClaimKey::new(key.kind(), key.kind().rule(), key.as_str());
        let folded = |key: &ClaimKey| ClaimKey::new(key.kind(), key.rule(), key.as_str().replace('\u{ff53}', "s"));
        let whole = |key: &ClaimKey| ClaimKey::new(key.kind(), key.rule(), key.as_str().replace('\0', ""));
        let keys: Vec<ClaimKey> = match self.fault {
            Fault::NulsAreIgnored => keys.iter().map(whole).collect(),
            Fault::KeysAreFoundOnce => {
                let new = |(place, key): &(usize, &ClaimKey)| !keys[..*place].contains(key);
                keys.iter().enumerate().filter(new).map(|(_, key)| key.clone()).collect()
            }
            Fault::RulesAreIgnored => keys.iter().map(any_rule).collect(),
            Fault::FindFolds => keys.iter().map(folded).collect(),
            _ => keys.to_vec(),
        };
        let mut found = self.inner.find(tenant, &keys).await?;
        match self.fault {
            Fault::SecondIsDropped | Fault::GoneTakePlaces => {
                found.clear();
                for key in keys {
                    let mut some = self.inner.find(tenant, std::slice::from_ref(&key)).await?;
                    let gone = self.notes.lock().unwrap().gone.get(&key).copied().unwrap_or_default();
                    match self.fault {
                        Fault::GoneTakePlaces => some.truncate(100_usize.saturating_sub(gone)),
                        _ if some.len() == 2 => some.truncate(1),
                        _ => {}
                    }
                    found.extend(some);
                }
            }
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
            (Fault::DirectoryTears, _) => {
                let total = self.inner.browse(tenant, query).await?.total;
                self.pause().await;
                Ok(DirectoryPage { total, ..self.inner.browse(tenant, query).await? })
            }
            (Fault::TotalsAreCapped, _) => {
                let page = self.inner.browse(tenant, query).await?;
                Ok(DirectoryPage { total: page.total.min(1_000), ..page })
            }
            (Fault::NothingHasNoTotal, _) if query.limit == 0 => Ok(DirectoryPage { users: Vec::new(), total: 0 }),
            (Fault::MatchesAreUnordered, Some(_)) => {
                let mut page = self.inner.browse(tenant, query).await?;
                page.users.sort_by_key(|stored| stored.user.lookup().into_iter().next());
                Ok(page)
            }
            (Fault::DirectoryFoldsIds, _) => {
                let every = DirectoryQuery { skip: 0, limit: 1_000, ..query.clone() };
                let mut page = self.inner.browse(tenant, &every).await?;
                page.users
                    .sort_by_key(|stored| (query.order.of(&stored.user), stored.user.id().as_str().to_lowercase()));
                if query.descending {
                    page.users.reverse();
                }
                let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
                page.users = page.users.into_iter().skip(skip).take(query.limit).collect();
                Ok(page)
            }
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
            Fault::EmptyPrefixesFindNobody if query.prefix.as_ref().is_some_and(|prefix| prefix.text.is_empty()) => {
                return Ok(Page { users: Vec::new(), next: None });
            }
            _ => {}
        }
        let mut query = query.clone();
        let wanted = query.order;
        match self.fault {
            Fault::OneTooMany => query.limit += 1,
            Fault::PrefixesByCreation if query.prefix.is_some() => {
                query.order = if wanted.descending() { ListOrder::NewestCreated } else { ListOrder::Created };
            }
            _ => {}
        }
        let mut page = self.inner.list(tenant, &query).await?;
        page.next = page.next.and(page.users.last().map(|last| wanted.cursor(&last.user)));
        let goes_on = if wanted.descending() { Fault::DescendingGoesOn } else { Fault::AscendingGoesOn };
        if self.fault == goes_on {
            let tenants = self.notes.lock().unwrap().tenants.clone();
            let beside = if wanted.descending() {
                tenants.iter().rev().find(|other| *other < tenant)
            } else {
                tenants.iter().find(|other| *other > tenant)
            };
            if let Some(beside) = beside {
                let limit = query.limit.saturating_sub(page.users.len());
                let more = ListQuery { after: None, limit, ..query.clone() };
                page.users.extend(self.inner.list(beside, &more).await?.users);
            }
        }
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
            (None, Fault::HistoryIsCapped) => self.inner.history(key, after, limit.min(1_000)).await,
            (None, Fault::LargeEventsAreLost) => {
                let mut events = self.inner.history(key, after, limit).await?;
                events.retain(|recorded| serde_json::to_string(recorded).unwrap().len() <= 400 << 10);
                Ok(events)
            }
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
