use identity_core::{ClaimChanges, Strength, UserKey};
use identity_ports::CommitError;
use rusqlite::{Connection, params};

use crate::rows::users::execute;

/// A claim passes to another holder only from unverified to verified; otherwise no row changes.
const TAKE: &str = "INSERT INTO identity_claims (tenant, kind, claim_key, claim_rule, user_id, strength) \
VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET user_id = ?5, strength = ?6 \
WHERE user_id = ?5 OR (strength = 'unverified' AND ?6 = 'verified')";

const RELEASE: &str = "DELETE FROM identity_claims \
WHERE tenant = ?1 AND kind = ?2 AND claim_key = ?3 AND claim_rule = ?4 AND user_id = ?5";

/// Releases claims, then takes claims.
pub(crate) fn write(connection: &Connection, key: &UserKey, changes: &ClaimChanges) -> Result<(), CommitError> {
    let (tenant, user) = (key.tenant.as_str(), key.user.as_str());
    for claim in &changes.release {
        let row = params![tenant, claim.kind().as_str(), claim.as_str(), claim.rule(), user];
        execute(connection, RELEASE, row)?;
    }
    for claim in &changes.take {
        let strength = match claim.strength {
            Strength::Verified => "verified",
            Strength::Unverified => "unverified",
        };
        let key = &claim.key;
        let row = params![tenant, key.kind().as_str(), key.as_str(), key.rule(), user, strength];
        if execute(connection, TAKE, row)? == 0 {
            return Err(CommitError::Taken(claim.clone()));
        }
    }
    Ok(())
}
