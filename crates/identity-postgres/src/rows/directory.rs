use identity_core::TenantId;
use identity_ports::{DirectoryOrder, DirectoryPage, DirectoryQuery, StoreError};
use tokio_postgres::types::Type;

use crate::cells::limit;
use crate::link::Link;
use crate::rows::list::{KINDS, until};
use crate::rows::load;
use crate::sql::Sql;

/// Times and counts of sign-in are read out of the report: whoever sorts by them reads every user's.
fn key(order: DirectoryOrder) -> String {
    let report = |name: &str| format!("(p.sign_ins::json ->> '{name}')::numeric");
    match order {
        DirectoryOrder::Created => "u.created_at".to_owned(),
        DirectoryOrder::Updated => "u.updated_at".to_owned(),
        DirectoryOrder::LastActivity => report("last_activity"),
        DirectoryOrder::Failures => format!("coalesce({}, 0)", report("failure_count")),
        DirectoryOrder::Attempts => format!("coalesce({}, 0)", report("attempts_count")),
        DirectoryOrder::LastAttempt => report("last_attempt"),
        DirectoryOrder::Successes => format!("coalesce({}, 0)", report("success_count")),
        DirectoryOrder::LastSuccess => report("last_success"),
        DirectoryOrder::BlockUntil => report("block_until"),
    }
}

/// A numbered page of users and how many there are, in one statement and of one moment.
pub(crate) async fn browse(
    link: &Link,
    tenant: &TenantId,
    query: &DirectoryQuery,
) -> Result<DirectoryPage, StoreError> {
    let tables = &link.tables;
    let skip = i64::try_from(query.skip).unwrap_or(i64::MAX);
    let mut sql =
        Sql::default().with(tenant.as_str(), Type::TEXT).with(limit(query.limit), Type::INT8).with(skip, Type::INT8);
    let mut among = String::new();
    if let Some(search) = &query.search {
        if search.beginning.contains('\0') || search.id.contains('\0') {
            return Ok(DirectoryPage { users: Vec::new(), total: 0 });
        }
        sql = sql.with(search.id.as_str(), Type::TEXT).with(search.beginning.as_str(), Type::TEXT);
        let mut below = "";
        if let Some(until) = until(&search.beginning) {
            sql = sql.with(until, Type::TEXT);
            below = " AND i.claim_key < $6";
        }
        let begins = KINDS.map(|kind| {
            format!(
                " UNION SELECT i.user_id FROM {tables}identity_identifiers i \
                 WHERE i.tenant = $1 AND i.kind = '{}' AND i.claim_key >= $5{below}",
                kind.as_str()
            )
        });
        among = format!(" AND u.id IN (SELECT $4 COLLATE \"C\"{})", begins.concat());
    }
    // Who has no such time comes before all who have.
    let direction = if query.descending { "DESC NULLS LAST" } else { "ASC NULLS FIRST" };
    let ids = if query.descending { "DESC" } else { "ASC" };
    let by = key(query.order);
    let report = match query.order {
        DirectoryOrder::Created | DirectoryOrder::Updated => String::new(),
        _ => format!(" LEFT JOIN {tables}identity_profiles p ON p.tenant = u.tenant AND p.user_id = u.id"),
    };
    sql.push(&format!(
        "WITH k AS (SELECT row_number() OVER (ORDER BY {by} {direction}, u.id {ids}) AS n, u.tenant, u.id \
         FROM {tables}identity_users u{report} WHERE u.tenant = $1{among} \
         ORDER BY {by} {direction}, u.id {ids} LIMIT $2 OFFSET $3) {} \
         UNION ALL SELECT 4, 0, NULL, NULL, NULL, (SELECT count(*) FROM {tables}identity_users u WHERE u.tenant = $1{among}), \
         NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
         NULL, NULL, NULL, NULL, NULL, NULL",
        load::parts(tables)
    ));
    let mut rows = link.read(&sql).await?;
    let place = rows.iter().position(|row| row.try_get::<_, i32>("part").is_ok_and(|part| part == 4));
    let total = place.map(|place| rows.swap_remove(place));
    let total: i64 = total.map_or(Ok(0), |row| row.try_get("position")).map_err(StoreError::failed)?;
    let users = load::page(tenant, &rows)?;
    Ok(DirectoryPage { users, total: u64::try_from(total).unwrap_or(0) })
}
