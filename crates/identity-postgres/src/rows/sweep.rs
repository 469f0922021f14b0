use identity_core::Timestamp;
use identity_ports::StoreError;
use tokio_postgres::types::Type;

use crate::link::Link;
use crate::sql::Sql;

/// For so long an ended window stays: a policy may have made windows longer meanwhile, and a clock may have been wrong.
const KEPT: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);

/// Where the last sweep stopped.
pub(crate) type Place = (String, String, String);

/// Looks at some windows of budgets behind a place, removes those that ended long ago, and gives the place where it stopped;
/// `None` at the end of the table. It goes round the table bit by bit, so that no index has to be kept for it, and passes over
/// rows that somebody draws from at the moment.
pub(crate) async fn sweep(
    link: &Link,
    after: Option<&Place>,
    count: i64,
    now: Timestamp,
) -> Result<Option<Place>, StoreError> {
    let tables = &link.tables;
    let text = format!(
        "WITH seen AS (SELECT w.tenant, w.kind, w.quota, w.ends_at FROM {tables}identity_quotas w \
         WHERE (w.tenant, w.kind, w.quota) > ($1, $2, $3) ORDER BY w.tenant, w.kind, w.quota LIMIT $4 \
         FOR UPDATE SKIP LOCKED), \
         gone AS (DELETE FROM {tables}identity_quotas w USING seen s WHERE s.ends_at < $5 AND w.tenant = s.tenant \
         AND w.kind = s.kind AND w.quota = s.quota AND w.ends_at < $5) \
         SELECT s.tenant, s.kind, s.quota, count(*) OVER () AS count FROM seen s \
         ORDER BY s.tenant DESC, s.kind DESC, s.quota DESC LIMIT 1"
    );
    let (tenant, kind, quota) = after.map_or(("", "", ""), |(tenant, kind, quota)| (tenant, kind, quota));
    let sql = Sql::new(text)
        .with(tenant, Type::TEXT)
        .with(kind, Type::TEXT)
        .with(quota, Type::TEXT)
        .with(count, Type::INT8)
        .with((now - KEPT).as_micros(), Type::INT8);
    let rows = link.query(&sql).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let text = |name| row.try_get::<_, String>(name).map_err(StoreError::failed);
    let seen: i64 = row.try_get("count").map_err(StoreError::failed)?;
    Ok(if seen < count { None } else { Some((text("tenant")?, text("kind")?, text("quota")?)) })
}
