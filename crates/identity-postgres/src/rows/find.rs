use identity_core::{ClaimKey, TenantId};
use identity_ports::{Found, StoreError};
use uuid::Uuid;

use crate::cells::{Bad, Cells};
use crate::link::Link;
use crate::sql::Sql;

/// Where these keys are found; at most 100 places for a key, as the port says.
pub(crate) async fn find(link: &Link, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    // Nobody is found under a text that cannot be kept.
    let places = (0_i64..).zip(keys).filter(|(_, key)| !key.as_str().contains('\0'));
    let places = places.map(|(n, key)| (n, key.kind().as_str(), key.as_str(), i64::from(key.rule())));
    let sql = Sql::new(&link.texts.find).with((tenant.as_str(),)).rows(places);
    let rows = link.read(&sql).await?;
    let read = |row| place(keys, Cells(row)).map_err(|bad| bad.at("identity_lookup", || tenant.to_string()));
    rows.iter().map(read).collect()
}

fn place(keys: &[ClaimKey], cells: Cells<'_>) -> Result<Found, Bad> {
    let key = keys.get(cells.int::<usize>("n")?).ok_or("a key that was not asked for")?.clone();
    let user = cells.name("user_id")?;
    let identifier = cells.get::<Uuid>("identifier")?.into();
    Ok(Found { key, user, identifier, verified: cells.get("verified")? })
}
