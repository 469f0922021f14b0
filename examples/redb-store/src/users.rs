//! Users: reading, finding and listing them.

use std::ops::Bound::{Excluded, Included};
use std::sync::Arc;

use async_trait::async_trait;
use identity_core::{Claim, ClaimKey, ClaimKind, Event, Recorded, TenantId, User, UserId, UserKey, Version, stored};
use identity_ports::{
    Commit, CommitError, Committed, Directory, DirectoryPage, DirectoryQuery, Found, ListQuery, Page, StoreError,
    Stored, UserRepository,
};
use serde::{Deserialize, Serialize};

use crate::store::{END, RedbStore, Rows, Texts, corrupt, key, number, time};

#[derive(Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) version: Version,
    /// The main record; `None` for an erased user, whose id must not be used again.
    pub(crate) record: Option<String>,
    /// The claims that the user holds, in the order of their keys.
    pub(crate) claims: Vec<Claim>,
}

fn load(rows: &Rows<impl Texts>, of: &UserKey) -> Result<Option<Stored>, StoreError> {
    let place = key(&of.tenant, &["users", of.user.as_str()]);
    let Some(Row { version, record: Some(record), claims }) = rows.get(&place)? else { return Ok(None) };
    let details: Option<String> = rows.get(&key(&of.tenant, &["details", of.user.as_str()]))?;
    let user = stored::read(of, version, &record, details.as_deref()).map_err(|bad| corrupt(&place, bad))?;
    Ok(Some(Stored { user: Arc::new(user), version, claims }))
}

/// Whether an address or username of the kind, or of any, begins with a text.
fn begins(user: &User, kind: Option<ClaimKind>, text: &str) -> bool {
    let entries = user.lookup().into_iter().map(|entry| entry.key);
    entries.filter(|key| kind.is_none_or(|kind| kind == key.kind())).any(|key| key.as_str().starts_with(text))
}

#[async_trait]
impl UserRepository for RedbStore {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        let key = key.clone();
        self.read(move |rows| load(rows, &key)).await
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        let (tenant, keys) = (tenant.clone(), keys.to_vec());
        let find = move |rows: &Rows<_>| {
            let mut found = Vec::new();
            for wanted in keys {
                let rule = number(wanted.rule().into());
                let entries = rows.below(&key(&tenant, &["lookup", wanted.kind().as_str(), wanted.as_str(), &rule]))?;
                for entry in entries.take(100) {
                    let (user, identifier, verified) = entry?;
                    found.push(Found { key: wanted.clone(), user, identifier, verified });
                }
            }
            Ok(found)
        };
        self.read(find).await
    }

    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        let (tenant, ListQuery { order, after, limit, prefix }) = (tenant.clone(), query.clone());
        let list = move |rows: &Rows<_>| {
            let first = key(&tenant, &["lists", if order.by_update() { "updated" } else { "created" }]);
            let after = after.map(|cursor| format!("{first}\0{}\0{}", time(cursor.at), cursor.user));
            let end = format!("{first}{END}");
            let users: Box<dyn Iterator<Item = Result<UserId, _>>> = if order.descending() {
                Box::new(rows.range(Included(&first), Excluded(after.as_ref().unwrap_or(&end)))?.rev())
            } else {
                Box::new(rows.range(after.as_deref().map_or(Included(&first), Excluded), Excluded(&end))?)
            };
            let mut page = Page { users: Vec::new(), next: None };
            for user in users {
                let stored = load(rows, &UserKey { tenant: tenant.clone(), user: user? })?;
                let begins = |user: &User| prefix.as_ref().is_none_or(|of| begins(user, Some(of.kind), &of.text));
                let Some(stored) = stored.filter(|Stored { user, .. }| begins(user)) else { continue };
                if page.users.len() == limit {
                    page.next = page.users.last().map(|stored: &Stored| order.cursor(&stored.user));
                    break;
                }
                page.users.push(stored);
            }
            Ok(page)
        };
        self.read(list).await
    }

    async fn history(&self, of: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let first = key(&of.tenant, &["events", of.user.as_str()]);
        let history = move |rows: &Rows<_>| {
            let after = format!("{first}\0{}", number(after));
            let events = rows.range(Excluded(&after), Excluded(&format!("{first}{END}")))?.take(limit);
            events.map(|event| event.map(|(number, event): (u64, Event)| Recorded { number, event })).collect()
        };
        self.read(history).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let committed = self.write(move |rows| crate::commit::commit(rows, &commit)).await;
        committed.inspect(|_| self.commits.send_replace(()))
    }
}

#[async_trait]
impl Directory for RedbStore {
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        let (tenant, DirectoryQuery { order, descending, skip, limit, search }) = (tenant.clone(), query.clone());
        let browse = move |rows: &Rows<_>| {
            let mut users = Vec::new();
            for user in rows.below(&key(&tenant, &["lists", "created"]))? {
                users.extend(load(rows, &UserKey { tenant: tenant.clone(), user: user? })?);
            }
            if let Some(search) = search {
                let id = |user: &User| user.id().as_str() == search.id;
                users.retain(|Stored { user, .. }| id(user) || begins(user, None, &search.beginning));
            }
            users.sort_by_cached_key(|Stored { user, .. }| (order.of(user), User::id(user).clone()));
            if descending {
                users.reverse();
            }
            let (total, skip) = (users.len() as u64, usize::try_from(skip).unwrap_or(usize::MAX));
            Ok(DirectoryPage { users: users.into_iter().skip(skip).take(limit).collect(), total })
        };
        self.read(browse).await
    }
}
