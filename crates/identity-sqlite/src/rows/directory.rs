use identity_core::{ClaimKind, TenantId, UserId, UserKey};
use identity_ports::{DirectoryOrder, DirectoryPage, DirectoryQuery, Prefix, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::cells::limit;
use crate::error::store;
use crate::rows::list::Range;
use crate::rows::load::load;

/// The expression to sort by. Times and counts of sign-ins are read from the report, so sorting by them reads every user's.
const fn key(order: DirectoryOrder) -> &'static str {
    match order {
        DirectoryOrder::Created => "u.created_at",
        DirectoryOrder::Updated => "u.updated_at",
        DirectoryOrder::LastActivity => "p.sign_ins ->> '$.last_activity'",
        DirectoryOrder::Failures => "COALESCE(p.sign_ins ->> '$.failure_count', 0)",
        DirectoryOrder::Attempts => "COALESCE(p.sign_ins ->> '$.attempts_count', 0)",
        DirectoryOrder::LastAttempt => "p.sign_ins ->> '$.last_attempt'",
        DirectoryOrder::Successes => "COALESCE(p.sign_ins ->> '$.success_count', 0)",
        DirectoryOrder::LastSuccess => "p.sign_ins ->> '$.last_success'",
        DirectoryOrder::BlockUntil => "p.sign_ins ->> '$.block_until'",
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
        let until = Range::of(&Prefix { kind: ClaimKind::Email, text: search.beginning.clone() }).until;
        values.extend([Value::Text(search.id.clone()), Value::Text(search.beginning.clone()), until]);
        let begins = |kind: ClaimKind| {
            format!(
                "UNION SELECT user_id FROM identity_identifiers \
                 WHERE tenant = ?1 AND kind = '{}' AND claim_key >= ?3 AND claim_key < ?4 ",
                kind.as_str()
            )
        };
        let kinds = [ClaimKind::Email, ClaimKind::Phone, ClaimKind::Username].map(begins).concat();
        format!("AND u.id IN (SELECT ?2 {kinds})")
    });
    let count = format!("SELECT count(*) FROM identity_users u WHERE u.tenant = ?1 {among}");
    let mut count = connection.prepare_cached(&count).map_err(store)?;
    let total: i64 = count.query_row(params_from_iter(&values), |row| row.get(0)).map_err(store)?;

    let direction = if query.descending { "DESC" } else { "ASC" };
    let by = key(query.order);
    let report = match query.order {
        DirectoryOrder::Created | DirectoryOrder::Updated => "",
        _ => "LEFT JOIN identity_profiles p ON p.tenant = u.tenant AND p.user_id = u.id",
    };
    let skip = i64::try_from(query.skip).unwrap_or(i64::MAX);
    values.extend([Value::Integer(limit(query.limit)), Value::Integer(skip)]);
    let (most, offset) = (values.len() - 1, values.len());
    let page = format!(
        "SELECT u.id FROM identity_users u {report} WHERE u.tenant = ?1 {among} \
         ORDER BY {by} {direction}, u.id {direction} LIMIT ?{most} OFFSET ?{offset}"
    );
    let mut page = connection.prepare_cached(&page).map_err(store)?;
    let ids = page.query_map(params_from_iter(&values), |row| row.get::<_, String>(0)).map_err(store)?;
    let mut users = Vec::new();
    for id in ids {
        let corrupt = |reason: &str| StoreError::Corrupt {
            table: "identity_users",
            key: tenant.to_string(),
            reason: reason.to_owned(),
        };
        let user = UserId::parse(&id.map_err(store)?).map_err(|_| corrupt("an id is not valid"))?;
        let key = UserKey { tenant: tenant.clone(), user };
        users.push(load(connection, &key)?.ok_or_else(|| corrupt("an index names a user that does not exist"))?);
    }
    Ok(DirectoryPage { users, total: u64::try_from(total).unwrap_or(0) })
}
