use identity_core::{ClaimKey, TenantId, UserId};
use identity_ports::{Found, StoreError};
use rusqlite::{Connection, params};

use crate::cells::{Bad, Cells};
use crate::error::store;

/// At most 100 for a key, as the port says.
const FIND: &str = "SELECT user_id, id, verified FROM identity_identifiers \
WHERE tenant = ?1 AND kind = ?2 AND claim_key = ?3 AND claim_rule = ?4 ORDER BY verified DESC, user_id, id LIMIT 100";

/// Where these keys are found.
pub(crate) fn find(connection: &Connection, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
    let mut statement = connection.prepare_cached(FIND).map_err(store)?;
    let mut found = Vec::new();
    for key in keys {
        let row = params![tenant.as_str(), key.kind().as_str(), key.as_str(), key.rule()];
        let mut rows = statement.query(row).map_err(store)?;
        while let Some(row) = rows.next().map_err(store)? {
            let read = place(key, &mut Cells::from(row, 0));
            found.push(read.map_err(|bad| bad.at("identity_identifiers", || tenant.to_string()))?);
        }
    }
    Ok(found)
}

fn place(key: &ClaimKey, cells: &mut Cells<'_>) -> Result<Found, Bad> {
    let user = cells.name(|id| UserId::parse(id).ok())?;
    Ok(Found { key: key.clone(), user, identifier: cells.id()?, verified: cells.flag()? })
}
