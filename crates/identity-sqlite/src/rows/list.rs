use identity_core::{TenantId, UserId, UserKey};
use identity_ports::{ListQuery, Page, Prefix, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use crate::cells::limit;
use crate::error::store;
use crate::rows::load::load;

/// Up to this many identifiers with the prefix are looked up one by one. When there are more, a scan of the users in their
/// order meets them soon enough.
const FEW: i64 = 1_000;

/// Reads a page of users. The caller holds a transaction, so that the page is consistent.
pub(crate) fn list(connection: &Connection, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
    let most = query.limit.saturating_add(1);
    let ids = ids(connection, tenant, query, most)?;
    let more = ids.len() > query.limit;
    let mut users = Vec::with_capacity(ids.len().min(query.limit));
    for id in ids.into_iter().take(query.limit) {
        let corrupt = |reason: &str| StoreError::Corrupt {
            table: "identity_users",
            key: tenant.to_string(),
            reason: reason.to_owned(),
        };
        let user = UserId::parse(&id).map_err(|_| corrupt("an id is not valid"))?;
        let key = UserKey { tenant: tenant.clone(), user };
        users.push(load(connection, &key)?.ok_or_else(|| corrupt("an index names a user that does not exist"))?);
    }
    let next = users.last().filter(|_| more).map(|stored| query.order.cursor(&stored.user));
    Ok(Page { users, next })
}

fn ids(connection: &Connection, tenant: &TenantId, query: &ListQuery, most: usize) -> Result<Vec<String>, StoreError> {
    let by = if query.order.by_update() { "updated_at" } else { "created_at" };
    let (than, direction) = if query.order.descending() { ("<", "DESC") } else { (">", "ASC") };
    let index = if query.order.by_update() { "identity_users_updated" } else { "identity_users_created" };
    let mut values = vec![Value::Text(tenant.to_string()), Value::Integer(limit(most))];
    let mut bind = |value| {
        values.push(value);
        values.len()
    };
    let behind = query.after.as_ref().map_or_else(String::new, |cursor| {
        let at = bind(Value::Integer(cursor.at.as_micros()));
        let user = bind(Value::Text(cursor.user.to_string()));
        format!("AND (u.{by}, u.id) {than} (?{at}, ?{user})")
    });
    let mut from = format!("identity_users u INDEXED BY {index}");
    let mut among = String::new();
    if let Some(prefix) = &query.prefix {
        let range = Range::of(prefix);
        let few = range.is_few(connection, tenant, prefix)?;
        let kind = bind(Value::Text(prefix.kind.as_str().to_owned()));
        let low = bind(Value::Text(prefix.text.clone()));
        let high = bind(range.until);
        let begins = |key: &str| format!("i.tenant = ?1 AND i.kind = ?{kind} AND {key} >= ?{low} AND {key} < ?{high}");
        if few {
            from = format!(
                "(SELECT DISTINCT user_id FROM identity_identifiers i WHERE {}) f CROSS JOIN identity_users u",
                begins("i.claim_key")
            );
            among = "AND u.id = f.user_id".to_owned();
        } else {
            // The plus keeps the planner from scanning all keys with the prefix once for every user.
            let begins = begins("+i.claim_key");
            among = format!("AND EXISTS (SELECT 1 FROM identity_identifiers i WHERE i.user_id = u.id AND {begins})");
        }
    }
    let sql = format!(
        "SELECT u.id FROM {from} WHERE u.tenant = ?1 {behind} {among} ORDER BY u.{by} {direction}, u.id {direction} LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql).map_err(store)?;
    let rows = statement.query_map(params_from_iter(values), |row| row.get(0)).map_err(store)?;
    rows.collect::<Result<_, _>>().map_err(store)
}

/// The range of claim keys with a prefix.
pub(crate) struct Range {
    /// The first text after all of them.
    pub(crate) until: Value,
}

impl Range {
    pub(crate) fn of(prefix: &Prefix) -> Self {
        let mut until: Vec<char> = prefix.text.chars().collect();
        while let Some(last) = until.pop() {
            // The next character; none after the very last one.
            if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
                until.push(next);
                return Self { until: Value::Text(until.into_iter().collect()) };
            }
        }
        // Every text comes before every blob.
        Self { until: Value::Blob(Vec::new()) }
    }

    fn is_few(&self, connection: &Connection, tenant: &TenantId, prefix: &Prefix) -> Result<bool, StoreError> {
        const COUNT: &str = "SELECT count(*) FROM (SELECT 1 FROM identity_identifiers \
                             WHERE tenant = ?1 AND kind = ?2 AND claim_key >= ?3 AND claim_key < ?4 LIMIT ?5)";
        let mut statement = connection.prepare_cached(COUNT).map_err(store)?;
        let params = params![tenant.as_str(), prefix.kind.as_str(), prefix.text, self.until, FEW + 1];
        let count: i64 = statement.query_row(params, |row| row.get(0)).map_err(store)?;
        Ok(count <= FEW)
    }
}
