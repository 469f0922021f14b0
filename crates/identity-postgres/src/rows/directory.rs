use identity_core::TenantId;
use identity_ports::{DirectoryOrder, DirectoryPage, DirectoryQuery, StoreError};
use tokio_postgres::types::Type;

use crate::cells::{Cells, limit};
use crate::link::Link;
use crate::rows::list::until;
use crate::rows::load;
use crate::sql::Sql;

/// Times and counts of sign-in are read out of the second record: whoever sorts by them reads every user's.
fn key(order: DirectoryOrder) -> String {
    let report = |name: &str| format!("(replace(p.record, '\\u0000', '\\ufffd')::json -> 's' ->> '{name}')::numeric");
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
    let texts = &link.texts;
    let nobody = DirectoryPage { users: Vec::new(), total: 0 };
    if query.search.as_ref().is_some_and(|search| search.beginning.contains('\0') || search.id.contains('\0')) {
        return Ok(nobody);
    }
    // Who has no such time comes before all who have.
    let way = if query.descending { "DESC NULLS LAST" } else { "ASC NULLS FIRST" };
    let ids = if query.descending { "DESC" } else { "ASC" };
    let report = match query.order {
        DirectoryOrder::Created | DirectoryOrder::Updated => "",
        _ => &texts.signins,
    };
    let among = if query.search.is_some() { &texts.search } else { "" };
    let text = texts.browse.replace("{by}", &key(query.order)).replace("{way}", way).replace("{ids}", ids);
    let skip = i64::try_from(query.skip).unwrap_or(i64::MAX);
    let mut sql = Sql::new(text.replace("{report}", report).replace("{among}", among))
        .with(tenant.as_str(), Type::TEXT)
        .with(limit(query.limit), Type::INT8)
        .with(skip, Type::INT8);
    if let Some(search) = &query.search {
        let (id, beginning) = (search.id.as_str(), search.beginning.as_str());
        sql = sql.with(id, Type::TEXT).with(beginning, Type::TEXT).with(until(beginning), Type::TEXT);
    }
    let rows = link.read(&sql).await?;
    let Some((total, users)) = rows.split_first() else { return Ok(nobody) };
    let total = Cells(total).int("version").map_err(|_| StoreError::failed("the database told no count of users"))?;
    Ok(DirectoryPage { users: load::page(tenant, users)?, total })
}
