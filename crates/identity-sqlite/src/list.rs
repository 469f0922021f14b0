//! Lists and directories of a tenant's users.

use async_trait::async_trait;
use identity_core::{TenantId, UserId, UserKey};
use identity_ports::{
    Directory, DirectoryOrder, DirectoryPage, DirectoryQuery, ListQuery, Page, Prefix, Search, Stored, behind,
};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::SqliteStore;
use crate::cells::{Owner, Text, json, many, one, signed};
use crate::error::{Result, store, unread};

/// Up to this many keys with a prefix are looked up one by one. When there are more, a scan of the users in their order
/// meets them soon enough.
const FEW: i64 = 5_000;

/// Reads a page of users, as they are at one moment.
pub(crate) fn list(connection: &Connection, tenant: &TenantId, query: &ListQuery) -> Result<Page> {
    let _moment = connection.unchecked_transaction().map_err(store)?;
    let by = if query.order.by_update() { "updated" } else { "created" };
    let (than, way) = if query.order.descending() { ("<", "DESC") } else { (">", "ASC") };
    let (at, user) = match &query.after {
        Some(cursor) => (cursor.at.as_micros(), Value::Text(cursor.user.to_string())),
        // Every text comes before every blob.
        None if query.order.descending() => (i64::MAX, Value::Blob(Vec::new())),
        None => (i64::MIN, Value::Text(String::new())),
    };
    let mut values = vec![Value::Text(tenant.to_string()), Value::Integer(at), user];
    let (mut text, mut filter) = (sql!("list"), query.prefix.as_ref());
    if let Some(prefix) = filter
        && is_few(connection, tenant, prefix)?
    {
        values.extend(range(prefix));
        (text, filter) = (sql!("list_few"), None);
    }
    let sql = text.replace("{by}", by).replace("{than}", than).replace("{way}", way);
    let mut statement = connection.prepare_cached(&sql).map_err(store)?;
    let mut rows = statement.query(params_from_iter(values)).map_err(store)?;
    let mut page = Page { users: Vec::new(), next: None };
    while let Some(row) = rows.next().map_err(store)? {
        let user = row.get(0).map_err(|error| unread(error, ("identity_users", tenant.as_str())))?;
        let stored = member(connection, tenant, user)?;
        if filter.is_some_and(|prefix| !prefix.begins(&stored.user)) {
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

/// The user of an id that is in a list.
fn member(connection: &Connection, tenant: &TenantId, Text(user): Text<UserId>) -> Result<Stored> {
    let owner = Owner { connection, key: &UserKey { tenant: tenant.clone(), user } };
    owner.load()?.ok_or_else(|| owner.corrupt("identity_users", "its record is missing"))
}

fn is_few(connection: &Connection, tenant: &TenantId, prefix: &Prefix) -> Result<bool> {
    let range = [Value::Integer(FEW + 1), Value::Text(tenant.to_string())].into_iter().chain(range(prefix));
    let spot = ("identity_lookup", tenant.as_str());
    let count: Option<(i64,)> = one(connection, sql!("list_count"), params_from_iter(range), spot)?;
    Ok(count.is_some_and(|(count,)| count <= FEW))
}

/// The kind, the first of the keys with a prefix, and the first key after them.
fn range(prefix: &Prefix) -> [Value; 3] {
    [prefix.kind.as_str().to_owned(), prefix.text.clone(), behind(&prefix.text)].map(Value::Text)
}

#[async_trait]
impl Directory for SqliteStore {
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage> {
        let way = if query.descending { "DESC" } else { "ASC" };
        let mut values = vec![
            Value::Text(tenant.to_string()),
            Value::Integer(signed(query.limit)),
            Value::Integer(signed(query.skip)),
        ];
        let by = match query.order {
            DirectoryOrder::Created => "u.created_at",
            DirectoryOrder::Updated => "u.updated_at",
            DirectoryOrder::Reported(key) => {
                values.extend([Value::Text(json(&key.path())?), Value::from(key.missing())]);
                sql!("reported")
            }
        };
        let mut among = "";
        if let Some(Search { id, beginning }) = &query.search {
            values.resize(5, Value::Null);
            values.extend([id.clone(), beginning.clone(), behind(beginning)].map(Value::Text));
            among = sql!("directory_search");
        }
        let sql = sql!("directory").replace("{by}", by).replace("{way}", way).replace("{among}", among);
        let tenant = tenant.clone();
        let read = move |connection: &Connection| {
            let _moment = connection.unchecked_transaction().map_err(store)?;
            let spot = ("identity_users", tenant.as_str());
            let rows: Vec<(Text<UserId>, u64)> = many(connection, &sql, params_from_iter(&values), spot)?;
            let total = rows.first().map_or(0, |(_, total)| *total);
            let users = rows.into_iter().skip(1).map(|(user, _)| member(connection, &tenant, user));
            Ok(DirectoryPage { users: users.collect::<Result<_>>()?, total })
        };
        self.read_beside(usize::MAX, read).await
    }
}
