use identity_core::{ClaimKind, TenantId};
use identity_ports::{ListQuery, Page, Prefix, StoreError};
use tokio_postgres::types::Type;

use crate::cells::limit;
use crate::link::Link;
use crate::rows::load;
use crate::sql::Sql;

/// Up to so many identifiers with the beginning that was asked for are looked up one by one; when there are more, a walk
/// through the users in their order meets them soon enough.
const FEW: i64 = 1_000;

/// A page of users, in one statement and of one moment. A search asks first how many there are about.
pub(crate) async fn list(link: &Link, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
    let none = Page { users: Vec::new(), next: None };
    if query.prefix.as_ref().is_some_and(|prefix| prefix.text.contains('\0')) {
        return Ok(none);
    }
    let few = match &query.prefix {
        Some(prefix) => is_few(link, tenant, prefix).await?,
        None => false,
    };
    let most = query.limit.saturating_add(1);
    let rows = link.read(&select(link, tenant, query, few, most)).await?;
    let mut users = load::page(tenant, &rows)?;
    let more = users.len() > query.limit;
    users.truncate(query.limit);
    let next = users.last().filter(|_| more).map(|stored| query.order.cursor(&stored.user));
    Ok(Page { users, next })
}

fn select<'a>(link: &Link, tenant: &'a TenantId, query: &'a ListQuery, few: bool, most: usize) -> Sql<'a> {
    let tables = &link.tables;
    let by = if query.order.by_update() { "updated_at" } else { "created_at" };
    let (than, direction) = if query.order.descending() { ("<", "DESC") } else { (">", "ASC") };
    let mut sql = Sql::default().with(tenant.as_str(), Type::TEXT).with(limit(most), Type::INT8);
    let mut place = 2;
    let mut behind = String::new();
    if let Some(cursor) = &query.after {
        sql = sql.with(cursor.at.as_micros(), Type::INT8).with(cursor.user.as_str(), Type::TEXT);
        behind = format!(" AND (u.{by}, u.id) {than} ($3, $4)");
        place = 4;
    }
    let mut among = String::new();
    if let Some(prefix) = &query.prefix {
        sql = sql.with(prefix.kind.as_str(), Type::TEXT).with(prefix.text.as_str(), Type::TEXT);
        let (kind, low) = (place + 1, place + 2);
        let mut begins = format!("i.tenant = $1 AND i.kind = ${kind} AND i.claim_key >= ${low}");
        if let Some(until) = until(&prefix.text) {
            sql = sql.with(until, Type::TEXT);
            begins.push_str(&format!(" AND i.claim_key < ${}", place + 3));
        }
        among = if few {
            format!(" AND u.id IN (SELECT i.user_id FROM {tables}identity_identifiers i WHERE {begins})")
        } else {
            // The offset keeps the planner from walking all that begins so, once for every user.
            format!(
                " AND EXISTS (SELECT 1 FROM (SELECT i.tenant, i.kind, i.claim_key FROM {tables}identity_identifiers i \
                 WHERE i.tenant = u.tenant AND i.user_id = u.id OFFSET 0) i WHERE {begins})"
            )
        };
    }
    sql.push(&format!(
        "WITH k AS (SELECT row_number() OVER (ORDER BY u.{by} {direction}, u.id {direction}) AS n, u.tenant, u.id \
         FROM {tables}identity_users u WHERE u.tenant = $1{behind}{among} \
         ORDER BY u.{by} {direction}, u.id {direction} LIMIT $2) {}",
        load::parts(tables)
    ));
    sql
}

async fn is_few(link: &Link, tenant: &TenantId, prefix: &Prefix) -> Result<bool, StoreError> {
    let until = until(&prefix.text);
    let below = if until.is_some() { " AND claim_key < $4" } else { "" };
    let text = format!(
        "SELECT count(*) AS count FROM (SELECT 1 FROM {}identity_identifiers \
         WHERE tenant = $1 AND kind = $2 AND claim_key >= $3{below} LIMIT {}) few",
        link.tables,
        FEW + 1
    );
    let mut sql = Sql::new(text)
        .with(tenant.as_str(), Type::TEXT)
        .with(prefix.kind.as_str(), Type::TEXT)
        .with(prefix.text.as_str(), Type::TEXT);
    if let Some(until) = until {
        sql = sql.with(until, Type::TEXT);
    }
    let rows = link.read(&sql).await?;
    let count: i64 = rows.first().map_or(Ok(0), |row| row.try_get("count")).map_err(StoreError::failed)?;
    Ok(count <= FEW)
}

/// The first text behind all that begin so; none when every text does.
pub(crate) fn until(beginning: &str) -> Option<String> {
    let mut until: Vec<char> = beginning.chars().collect();
    while let Some(last) = until.pop() {
        // The next character; none after the very last one.
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            until.push(next);
            return Some(until.into_iter().collect());
        }
    }
    None
}

/// The kinds of claim keys, in the order in which they are searched.
pub(crate) const KINDS: [ClaimKind; 3] = [ClaimKind::Email, ClaimKind::Phone, ClaimKind::Username];
