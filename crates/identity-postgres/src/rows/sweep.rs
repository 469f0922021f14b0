use identity_core::Timestamp;
use identity_ports::StoreError;

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
    let (tenant, kind, quota) = after.map_or(("", "", ""), |(tenant, kind, quota)| (tenant, kind, quota));
    let sql = Sql::new(&link.texts.sweep).with((tenant, kind, quota, count, (now - KEPT).as_micros()));
    let rows = link.query(&sql).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let text = |name| row.try_get::<_, String>(name).map_err(StoreError::failed);
    let seen: i64 = row.try_get("count").map_err(StoreError::failed)?;
    Ok(if seen < count { None } else { Some((text("tenant")?, text("kind")?, text("quota")?)) })
}
