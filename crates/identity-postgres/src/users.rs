//! What is read of users: one statement each.

use std::sync::Arc;

use async_trait::async_trait;
use identity_core::{Claim, ClaimKey, Recorded, TenantId, UserKey, Version, stored};
use identity_ports::{
    Clock, Commit, CommitError, Committed, Directory, DirectoryOrder, DirectoryPage, DirectoryQuery, Found, ListQuery,
    Page, Prefix, Search, StoreError, Stored, UserRepository, behind,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::PostgresStore;
use crate::cells::{Bad, Cells, capped};
use crate::error::name;
use crate::sql::{Sql, Texts};

#[async_trait]
impl UserRepository for PostgresStore {
    fn clock(&self) -> Arc<dyn Clock> {
        self.0.link.clock.clone()
    }

    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        let link = self.link();
        let rows = link.read(&Sql::new(&link.texts.load).with((key.tenant.as_str(), key.user.as_str()))).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        if let Ok(now) = Cells(row).get("now") {
            link.clock.hear(now);
        }
        user(key, Cells(row))
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        // Nobody is found under a text that cannot be kept.
        let places = (0_i64..).zip(keys).filter(|(_, key)| !key.as_str().contains('\0'));
        let places = places.map(|(n, key)| (n, key.kind().as_str(), key.as_str(), i64::from(key.rule())));
        let link = self.link();
        let rows = link.read(&Sql::new(&link.texts.find).with((tenant.as_str(),)).rows(places)).await?;
        let read = |row| found(keys, Cells(row)).map_err(|bad| bad.at("identity_lookup", || tenant.to_string()));
        rows.iter().map(read).collect()
    }

    /// A page of users, in one statement and of one moment.
    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        let link = self.link();
        let Some(sql) = list(&link.texts, tenant, query) else { return Ok(Page { users: Vec::new(), next: None }) };
        let mut users = page(tenant, &link.read(&sql).await?)?;
        let more = users.len() > query.limit;
        users.truncate(query.limit);
        let next = users.last().filter(|_| more).map(|stored| query.order.cursor(&stored.user));
        Ok(Page { users, next })
    }

    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let link = self.link();
        // Each row has an event at least.
        let values = (key.tenant.as_str(), key.user.as_str(), capped(after), capped(limit));
        let mut events: Vec<Recorded> = Vec::new();
        for row in &link.read(&Sql::new(&link.texts.history).with(values)).await? {
            let next = events.last().map(|last| last.number + 1);
            let read = recorded(key, row, |first| next.map_or(first <= after.saturating_add(1), |next| first == next))?;
            events.extend(read.into_iter().filter(|recorded| recorded.number > after));
        }
        events.truncate(limit);
        Ok(events)
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let mail = commit.parts().any(|part| !part.messages.is_empty());
        let job = self.job(self.link().deadline(), commit)?;
        let committed = self.0.committer.submit(job).await;
        committed.inspect(|_| self.0.bell.ring(&self.0.link, mail))
    }
}

#[async_trait]
impl Directory for PostgresStore {
    /// A numbered page of users and how many there are, in one statement and of one moment.
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        let link = self.link();
        let Some(sql) = browse(&link.texts, tenant, query) else {
            return Ok(DirectoryPage { users: Vec::new(), total: 0 });
        };
        let rows = link.read(&sql).await?;
        let missing = || StoreError::failed("the database told no count of users");
        let (total, users) = rows.split_first().ok_or_else(missing)?;
        Ok(DirectoryPage { users: page(tenant, users)?, total: Cells(total).int("version").map_err(|_| missing())? })
    }
}

/// The statement of a page; `None` when nobody is on it, because a text that cannot be kept is searched for.
fn list<'a>(texts: &'a Texts, tenant: &'a TenantId, query: &'a ListQuery) -> Option<Sql<'a>> {
    let (ids, id) = if query.order.by_update() { (&texts.updated, "e.user_id") } else { (&texts.created, "u.id") };
    let (than, way, start) = if query.order.descending() { ("<", "DESC", i64::MAX) } else { (">", "ASC", i64::MIN) };
    let (at, user) = query.after.as_ref().map_or((start, ""), |cursor| (cursor.at.as_micros(), cursor.user.as_str()));
    let prefix = query.prefix.as_ref().map(|_| texts.prefix.replace("{id}", id)).unwrap_or_default();
    let text = texts.list.replace("{ids}", &format!("{ids}{prefix}")).replace("{than}", than).replace("{way}", way);
    let sql = Sql::new(text).with((tenant.as_str(), capped(query.limit.saturating_add(1)), at, user));
    match &query.prefix {
        Some(Prefix { text, .. }) if text.contains('\0') => None,
        Some(Prefix { kind, text }) => Some(sql.with((kind.as_str(), text.as_str(), behind(text)))),
        None => Some(sql),
    }
}

/// As [`list`], for a page of a directory. What the host reports is read out of the second record: whoever sorts by it reads every
/// user's.
fn browse<'a>(texts: &'a Texts, tenant: &'a TenantId, query: &'a DirectoryQuery) -> Option<Sql<'a>> {
    // Who has no such number comes before all who have.
    let (way, ids) = if query.descending { ("DESC NULLS LAST", "DESC") } else { ("ASC NULLS FIRST", "ASC") };
    let (by, key) = match query.order {
        DirectoryOrder::Created => ("u.created_at", None),
        DirectoryOrder::Updated => ("u.updated_at", None),
        DirectoryOrder::Reported(key) => ("r.value", Some(key)),
    };
    let (among, first) = if query.search.is_some() { (&*texts.search, 7) } else { ("", 4) };
    let report = key.map(|key| {
        let path: String = (1..=key.path().len()).map(|number| format!(" -> ${first}[{number}]")).collect();
        texts.reported.replace("{path}", &path).replace("{missing}", &format!("${}", first + 1))
    });
    let text = texts.browse.replace("{by}", by).replace("{way}", way).replace("{ids}", ids);
    let text = text.replace("{report}", report.as_deref().unwrap_or_default()).replace("{among}", among);
    let mut sql = Sql::new(text).with((tenant.as_str(), capped(query.limit), capped(query.skip)));
    if let Some(Search { id, beginning }) = &query.search {
        if id.contains('\0') || beginning.contains('\0') {
            return None;
        }
        sql = sql.with((id.as_str(), beginning.as_str(), behind(beginning)));
    }
    Some(match key {
        Some(key) => sql.rows(key.path().iter().map(|name| (*name,))).with((key.missing(),)),
        None => sql,
    })
}

/// The users whom rows of ours name.
fn page(tenant: &TenantId, rows: &[Row]) -> Result<Vec<Stored>, StoreError> {
    let mut users = Vec::with_capacity(rows.len());
    for row in rows {
        let id = Cells(row).name("id").map_err(|bad| bad.at("identity_users", || tenant.to_string()))?;
        users.extend(user(&UserKey { tenant: tenant.clone(), user: id }, Cells(row))?);
    }
    Ok(users)
}

fn user(key: &UserKey, cells: Cells<'_>) -> Result<Option<Stored>, StoreError> {
    let claims = cells.json("claims").map_err(|bad| bad.at("identity_claims", || name(key)));
    let mut claims: Vec<Claim> = claims?;
    claims.sort_unstable();
    let read = || {
        let details = cells.get::<Option<&str>>("details")?;
        let version = match cells.get::<Option<i64>>("version")? {
            Some(_) if !cells.get("erased")? => Version(cells.int("version")?),
            _ if details.is_none() && claims.is_empty() => return Ok(None),
            _ => return Err(Bad::from("it is missing, and other rows of it are there")),
        };
        let user = stored::read(key, version, cells.get("record")?, details)?;
        Ok(Some(Stored { user: Arc::new(user), version, claims }))
    };
    read().map_err(|bad| bad.at("identity_users", || name(key)))
}

fn found(keys: &[ClaimKey], cells: Cells<'_>) -> Result<Found, Bad> {
    let key = keys.get(cells.int::<usize>("n")?).ok_or("a key that was not asked for")?.clone();
    let identifier = cells.get::<Uuid>("identifier")?.into();
    Ok(Found { key, user: cells.name("user_id")?, identifier, verified: cells.get("verified")? })
}

/// The events of one commit, of which the first has to have a number that `follows` what was read before.
pub(crate) fn recorded(key: &UserKey, row: &Row, follows: impl Fn(u64) -> bool) -> Result<Vec<Recorded>, StoreError> {
    let cells = Cells(row);
    let read = || {
        let events = stored::read_events(&key.user, cells.get("record")?)?;
        let first = cells.int::<i64>("number")? - capped(events.len()) + 1;
        match u64::try_from(first) {
            Ok(first) if first > 0 && !events.is_empty() && follows(first) => {
                Ok((first..).zip(events).map(|(number, event)| Recorded { number, event }).collect())
            }
            _ => Err(Bad::from("its events do not follow those of the row before")),
        }
    };
    read().map_err(|bad| {
        bad.at("identity_events", || format!("{}/{}", name(key), cells.get::<i64>("number").unwrap_or_default()))
    })
}
