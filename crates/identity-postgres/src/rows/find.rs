use identity_core::{ClaimKey, TenantId, UserId};
use identity_ports::{Found, StoreError};
use tokio_postgres::types::Type;

use crate::cells::{Bad, Cells};
use crate::link::Link;
use crate::sql::Sql;

/// Where these keys are found; at most 100 places for a key, as the port says.
pub(crate) async fn find(link: &Link, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    // Nobody is found under a text that cannot be kept.
    let places: Vec<(i64, &ClaimKey)> = (0..).zip(keys).filter(|(_, key)| !key.as_str().contains('\0')).collect();
    let sql = Sql::new(&link.texts.find)
        .with(tenant.as_str(), Type::TEXT)
        .with(places.iter().map(|(n, _)| *n).collect::<Vec<_>>(), Type::INT8_ARRAY)
        .with(places.iter().map(|(_, key)| key.kind().as_str()).collect::<Vec<_>>(), Type::TEXT_ARRAY)
        .with(places.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>(), Type::TEXT_ARRAY)
        .with(places.iter().map(|(_, key)| i64::from(key.rule())).collect::<Vec<_>>(), Type::INT8_ARRAY);
    let rows = link.read(&sql).await?;
    let read = |row| place(keys, Cells(row)).map_err(|bad| bad.at("identity_lookup", || tenant.to_string()));
    rows.iter().map(read).collect()
}

fn place(keys: &[ClaimKey], cells: Cells<'_>) -> Result<Found, Bad> {
    let key = keys.get(cells.int::<usize>("n")?).ok_or("a key that was not asked for")?.clone();
    let user = cells.name("user_id", |id| UserId::parse(id).ok())?;
    Ok(Found { key, user, identifier: cells.id("identifier")?, verified: cells.flag("verified")? })
}
