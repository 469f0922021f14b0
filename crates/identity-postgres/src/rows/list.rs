use identity_core::TenantId;
use identity_ports::{ListQuery, Page, Prefix, StoreError, behind};

use crate::cells::capped;
use crate::link::Link;
use crate::rows::load;
use crate::sql::Sql;

/// A page of users, in one statement and of one moment.
pub(crate) async fn list(link: &Link, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
    let none = Page { users: Vec::new(), next: None };
    if query.prefix.as_ref().is_some_and(|prefix| prefix.text.contains('\0')) {
        return Ok(none);
    }
    let most = query.limit.saturating_add(1);
    let rows = link.read(&select(link, tenant, query, most)).await?;
    let mut users = load::page(tenant, &rows)?;
    let more = users.len() > query.limit;
    users.truncate(query.limit);
    let next = users.last().filter(|_| more).map(|stored| query.order.cursor(&stored.user));
    Ok(Page { users, next })
}

fn select<'a>(link: &'a Link, tenant: &'a TenantId, query: &'a ListQuery, most: usize) -> Sql<'a> {
    let texts = &link.texts;
    let (ids, id) = if query.order.by_update() { (&texts.updated, "e.user_id") } else { (&texts.created, "u.id") };
    let (than, way, start) = if query.order.descending() { ("<", "DESC", i64::MAX) } else { (">", "ASC", i64::MIN) };
    let (at, user) = query.after.as_ref().map_or((start, ""), |cursor| (cursor.at.as_micros(), cursor.user.as_str()));
    let prefix = query.prefix.as_ref().map(|_| texts.prefix.replace("{id}", id)).unwrap_or_default();
    let text = texts.list.replace("{ids}", &format!("{ids}{prefix}")).replace("{than}", than).replace("{way}", way);
    let sql = Sql::new(text).with((tenant.as_str(), capped(most), at, user));
    match &query.prefix {
        Some(Prefix { kind, text }) => sql.with((kind.as_str(), text.as_str(), behind(text))),
        None => sql,
    }
}
