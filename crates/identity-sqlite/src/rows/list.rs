//! Lists and directories of a tenant's users.

use identity_core::{ClaimKind, TenantId, UserId, UserKey};
use identity_ports::{DirectoryOrder, DirectoryPage, DirectoryQuery, ListQuery, Page, Prefix, StoreError, Stored};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use crate::error::{corrupt, name, store, unread};
use crate::rows::cells::{limit, many, parsed};
use crate::rows::users::{load, read};

/// Up to this many keys with a prefix are looked up one by one. When there are more, a scan of the users in their order
/// meets them soon enough.
const FEW: i64 = 5_000;

/// The cells that [`row`] reads.
const USER: &str = "SELECT u.id, u.version, u.record, p.record, u.claims FROM";

const PROFILE: &str = "LEFT JOIN identity_profiles AS p ON p.user = u.user";

fn row(row: &Row<'_>, tenant: &TenantId) -> Result<Stored, StoreError> {
    let user = parsed(row, 0, |text| UserId::parse(text).ok());
    let user = user.map_err(|error| unread(error, "identity_users", || tenant.to_string()))?;
    let key = UserKey { tenant: tenant.clone(), user };
    read(row, 1, &key)?.ok_or_else(|| corrupt("identity_users", name(&key), "its record is missing"))
}

/// Reads a page of users. The caller holds a transaction, so that the page is consistent.
pub(crate) fn list(connection: &Connection, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
    let by = if query.order.by_update() { "updated_at" } else { "created_at" };
    let (than, direction) = if query.order.descending() { ("<", "DESC") } else { (">", "ASC") };
    let mut values = vec![Value::Text(tenant.to_string())];
    let mut bind = |value| {
        values.push(value);
        values.len()
    };
    let behind = query.after.as_ref().map_or_else(String::new, |cursor| {
        let at = bind(Value::Integer(cursor.at.as_micros()));
        let user = bind(Value::Text(cursor.user.to_string()));
        format!("AND (u.{by}, u.id) {than} (?{at}, ?{user})")
    });
    let mut from = format!("identity_users AS u INDEXED BY identity_users_{}", by.trim_end_matches("_at"));
    let mut filter = query.prefix.as_ref();
    if let Some(prefix) = filter
        && is_few(connection, tenant, prefix)?
    {
        let kind = bind(Value::Text(prefix.kind.as_str().to_owned()));
        let (low, high) = (bind(Value::Text(prefix.text.clone())), bind(until(&prefix.text)));
        from = format!(
            "(SELECT DISTINCT user_id FROM identity_lookup WHERE tenant = ?1 AND kind = ?{kind} AND key >= ?{low} \
             AND key < ?{high}) AS f CROSS JOIN identity_users AS u ON u.tenant = ?1 AND u.id = f.user_id"
        );
        filter = None;
    }
    let sql = format!(
        "{USER} {from} {PROFILE} WHERE u.tenant = ?1 AND u.created_at IS NOT NULL {behind} \
         ORDER BY u.{by} {direction}, u.id {direction}"
    );
    let mut statement = connection.prepare_cached(&sql).map_err(store)?;
    let mut rows = statement.query(params_from_iter(values)).map_err(store)?;
    let mut page = Page { users: Vec::new(), next: None };
    while let Some(found) = rows.next().map_err(store)? {
        let stored = row(found, tenant)?;
        if filter.is_some_and(|prefix| !begins(&stored, prefix)) {
            continue;
        }
        if page.users.len() == query.limit {
            page.next = page.users.last().map(|stored| query.order.cursor(&stored.user));
            break;
        }
        page.users.push(stored);
    }
    Ok(page)
}

/// Whether a user has a key with this prefix.
fn begins(stored: &Stored, prefix: &Prefix) -> bool {
    let mut entries = stored.user.lookup().into_iter();
    entries.any(|entry| entry.key.kind() == prefix.kind && entry.key.as_str().starts_with(&prefix.text))
}

fn is_few(connection: &Connection, tenant: &TenantId, prefix: &Prefix) -> Result<bool, StoreError> {
    const COUNT: &str = include_str!("../../sql/list_count.sql");
    let mut statement = connection.prepare_cached(COUNT).map_err(store)?;
    let range = params![tenant.as_str(), prefix.kind.as_str(), prefix.text, until(&prefix.text), FEW + 1];
    let count: i64 = statement.query_row(range, |row| row.get(0)).map_err(store)?;
    Ok(count <= FEW)
}

/// The first text after all those with a prefix.
fn until(prefix: &str) -> Value {
    let mut until: Vec<char> = prefix.chars().collect();
    while let Some(last) = until.pop() {
        // The next character; none after the very last one.
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            until.push(next);
            return Value::Text(until.into_iter().collect());
        }
    }
    // Every text comes before every blob.
    Value::Blob(Vec::new())
}

/// The expression to sort by. Times and counts of sign-ins are read from the second record, whose form the library documents,
/// so sorting by them reads every user's.
const fn key(order: DirectoryOrder) -> &'static str {
    match order {
        DirectoryOrder::Created => "u.created_at",
        DirectoryOrder::Updated => "u.updated_at",
        DirectoryOrder::LastActivity => "p.record ->> '$.s.last_activity'",
        DirectoryOrder::Failures => "coalesce(p.record ->> '$.s.failure_count', 0)",
        DirectoryOrder::Attempts => "coalesce(p.record ->> '$.s.attempts_count', 0)",
        DirectoryOrder::LastAttempt => "p.record ->> '$.s.last_attempt'",
        DirectoryOrder::Successes => "coalesce(p.record ->> '$.s.success_count', 0)",
        DirectoryOrder::LastSuccess => "p.record ->> '$.s.last_success'",
        DirectoryOrder::BlockUntil => "p.record ->> '$.s.block_until'",
    }
}

/// Reads a numbered page of users. The caller holds a transaction, so that page and count are consistent.
pub(crate) fn browse(
    connection: &Connection,
    tenant: &TenantId,
    query: &DirectoryQuery,
) -> Result<DirectoryPage, StoreError> {
    let mut values = vec![Value::Text(tenant.to_string())];
    let among = query.search.as_ref().map_or_else(String::new, |search| {
        let beginning = search.beginning.clone();
        values.extend([Value::Text(search.id.clone()), Value::Text(beginning), until(&search.beginning)]);
        let begins = |kind: ClaimKind| {
            format!(
                "UNION SELECT user_id FROM identity_lookup WHERE tenant = ?1 AND kind = '{}' AND key >= ?3 AND key < ?4 ",
                kind.as_str()
            )
        };
        let kinds = [ClaimKind::Email, ClaimKind::Phone, ClaimKind::Username].map(begins).concat();
        format!("AND u.id IN (SELECT ?2 {kinds})")
    });
    let of = format!("WHERE u.tenant = ?1 AND u.created_at IS NOT NULL {among}");
    let count = format!("SELECT count(*) FROM identity_users AS u {of}");
    let mut count = connection.prepare_cached(&count).map_err(store)?;
    let total: u64 = count.query_row(params_from_iter(&values), |row| row.get(0)).map_err(store)?;

    let (by, direction) = (key(query.order), if query.descending { "DESC" } else { "ASC" });
    values.extend([Value::Integer(limit(query.limit)), Value::Integer(i64::try_from(query.skip).unwrap_or(i64::MAX))]);
    let (most, offset) = (values.len() - 1, values.len());
    let sql = format!(
        "SELECT u.id FROM identity_users AS u {PROFILE} {of} \
         ORDER BY {by} {direction}, u.id {direction} LIMIT ?{most} OFFSET ?{offset}"
    );
    let read = |row: &Row<'_>| parsed(row, 0, |text| UserId::parse(text).ok());
    let mut users = Vec::new();
    for user in many(connection, &sql, params_from_iter(&values), ("identity_users", &|| tenant.to_string()), read)? {
        users.extend(load(connection, &UserKey { tenant: tenant.clone(), user })?);
    }
    Ok(DirectoryPage { users, total })
}
