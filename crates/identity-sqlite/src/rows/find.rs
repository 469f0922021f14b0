use identity_core::{ClaimKey, TenantId, UserId};
use identity_ports::{Found, StoreError};
use rusqlite::{Connection, params};

use crate::cells::{Bad, Cells};
use crate::error::store;

/// At most 100 for a key, as the port says, verified ones first: the order of the index. It is read from the index alone,
/// so that an entry without its row is noticed; SQLite itself passes over it.
const FIND: &str = "SELECT user_id, id FROM identity_identifiers INDEXED BY identity_identifiers_found \
WHERE tenant = ?1 AND kind = ?2 AND claim_key = ?3 AND claim_rule = ?4 LIMIT 100";

/// The row that an entry of the index leads to.
const ROW: &str = "SELECT claim_key, claim_rule, verified FROM identity_identifiers \
WHERE tenant = ?1 AND user_id = ?2 AND kind = ?3 AND id = ?4";

/// Who holds the claim on a key.
const HOLDER: &str = "SELECT user_id FROM identity_claims \
WHERE tenant = ?1 AND kind = ?2 AND claim_key = ?3 AND claim_rule = ?4";

/// Whether a user has a key. The plus signs, and a column that the index lacks, keep it to the rows themselves.
const HAS: &str = "SELECT count(added_at) > 0 FROM identity_identifiers \
WHERE tenant = ?1 AND user_id = ?2 AND kind = ?3 AND +claim_key = ?4 AND +claim_rule = ?5";

/// Finds the users that have these keys. The index, the rows and the claims are compared, so that a damaged file gives an
/// error and never a wrong user. A key that is found once costs as many look-ups as one that is not found.
pub(crate) fn find(connection: &Connection, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
    let mut found: Vec<Found> = Vec::new();
    for key in keys {
        let look = Look { connection, tenant, key };
        let mut places = look.places()?;
        if places.is_empty() {
            look.row("", [0; 16])?;
        }
        for place in &mut places {
            let Some(verified) = look.row(place.user.as_str(), place.identifier.as_uuid().into_bytes())? else {
                return look.corrupt(place.user.as_str(), "its key is not the one that the index has");
            };
            place.verified = verified;
        }
        look.claim(&places)?;
        found.append(&mut places);
    }
    Ok(found)
}

/// The look-up of one key.
struct Look<'a> {
    connection: &'a Connection,
    tenant: &'a TenantId,
    key: &'a ClaimKey,
}

impl Look<'_> {
    fn corrupt<T>(&self, user: &str, reason: &str) -> Result<T, StoreError> {
        let key = format!("{}/{user}", self.tenant);
        Err(StoreError::Corrupt { table: "identity_identifiers", key, reason: reason.to_owned() })
    }

    /// The entries of the index.
    fn places(&self) -> Result<Vec<Found>, StoreError> {
        let mut statement = self.connection.prepare_cached(FIND).map_err(store)?;
        let (kind, key) = (self.key.kind().as_str(), self.key.as_str());
        let mut rows = statement.query(params![self.tenant.as_str(), kind, key, self.key.rule()]).map_err(store)?;
        let mut places = Vec::new();
        while let Some(row) = rows.next().map_err(store)? {
            let mut cells = Cells::from(row, 0);
            let mut read = || {
                let user = cells.name(|id| UserId::parse(id).ok())?;
                Ok(Found { key: self.key.clone(), user, identifier: cells.id()?, verified: false })
            };
            places.push(read().map_err(|bad: Bad| bad.at("identity_identifiers", || self.tenant.to_string()))?);
        }
        Ok(places)
    }

    /// Whether the row is verified; `None` when there is none, or one with another key.
    fn row(&self, user: &str, id: [u8; 16]) -> Result<Option<bool>, StoreError> {
        let mut statement = self.connection.prepare_cached(ROW).map_err(store)?;
        let row = params![self.tenant.as_str(), user, self.key.kind().as_str(), id];
        let mut rows = statement.query(row).map_err(store)?;
        let Some(row) = rows.next().map_err(store)? else { return Ok(None) };
        let mut cells = Cells::from(row, 0);
        let mut read = || {
            let same = cells.text()? == self.key.as_str() && cells.int::<u8>()? == self.key.rule();
            Ok(if same { Some(cells.flag()?) } else { None })
        };
        read().map_err(|bad: Bad| bad.at("identity_identifiers", || format!("{}/{user}", self.tenant)))
    }

    /// Checks that the holder of the claim is among those found, unless the holder does not have the key.
    fn claim(&self, places: &[Found]) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(HOLDER).map_err(store)?;
        let (tenant, kind, key) = (self.tenant.as_str(), self.key.kind().as_str(), self.key.as_str());
        let mut rows = statement.query(params![tenant, kind, key, self.key.rule()]).map_err(store)?;
        let Some(row) = rows.next().map_err(store)? else { return Ok(()) };
        let mut cells = Cells::from(row, 0);
        let holder = cells.text().map_err(|bad| bad.at("identity_claims", || tenant.to_owned()))?;
        // Among a hundred the holder may be the next.
        if places.len() == 100 || places.iter().any(|place| place.user.as_str() == holder) {
            return Ok(());
        }
        let mut statement = self.connection.prepare_cached(HAS).map_err(store)?;
        let has = statement.query_row(params![tenant, holder, kind, key, self.key.rule()], |row| row.get::<_, bool>(0));
        if has.map_err(store)? { self.corrupt(holder, "the index leaves out its key") } else { Ok(()) }
    }
}
