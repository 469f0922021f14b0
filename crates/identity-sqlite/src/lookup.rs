//! By which keys users are found, and who holds the claim on a key.

use identity_core::{
    Claim, ClaimChanges, ClaimKey, IdentifierId, LookupChanges, LookupEntry, Strength, TenantId, UserId, UserKey,
};
use identity_ports::{CommitError, Found};
use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::cells::{Owner, Text, many, one};
use crate::error::{Result, corrupt};

impl Owner<'_> {
    /// Removes and adds entries by which the user is found.
    pub(crate) fn enter(self, LookupChanges { put, replaced, remove }: &LookupChanges) -> Result<()> {
        for LookupEntry { key, identifier, verified } in remove.iter().chain(replaced) {
            let ((tenant, kind, text, rule), id) = (place(&self.key.tenant, key), identifier.as_uuid());
            let row = params![tenant, kind, text, rule, verified, self.key.user.as_str(), id];
            if self.execute(sql!("lookup_remove"), row)? == 0 {
                return Err(self.corrupt("identity_lookup", "an entry by which the user was found is missing"));
            }
        }
        for LookupEntry { key, identifier, verified } in put {
            let ((tenant, kind, text, rule), id) = (place(&self.key.tenant, key), identifier.as_uuid());
            let sum = checksum(&self.key.tenant, key, &self.key.user, id, *verified);
            let row = params![tenant, kind, text, rule, verified, self.key.user.as_str(), id, sum];
            self.execute(sql!("lookup_put"), row)?;
        }
        Ok(())
    }

    /// Refuses claims that another user holds, but for one that passes to this user: from unverified to verified.
    pub(crate) fn may_take(self, claims: &[Claim]) -> Result<(), CommitError> {
        for claim in claims {
            let holder = holder(self.connection, &self.key.tenant, &claim.key)?;
            let other = holder.filter(|(user, _)| *user != self.key.user).map(|(_, strength)| strength);
            if other.is_some_and(|held| (held, claim.strength) != (Strength::Unverified, Strength::Verified)) {
                return Err(CommitError::Taken(claim.clone()));
            }
        }
        Ok(())
    }

    /// Releases claims, then takes claims.
    pub(crate) fn claim(self, changes: &ClaimChanges) -> Result<()> {
        changes.release.iter().try_for_each(|key| self.release(key))?;
        for Claim { key, strength } in &changes.take {
            let ((tenant, kind, text, rule), user) = (place(&self.key.tenant, key), self.key.user.as_str());
            self.execute(sql!("users_lose_claim"), (tenant, kind, text, rule, user))?;
            self.execute(sql!("lookup_take"), (tenant, kind, text, rule, user, strength.as_str()))?;
        }
        Ok(())
    }

    /// Releases a claim, if the user holds it.
    pub(crate) fn release(self, key: &ClaimKey) -> Result<()> {
        let (tenant, kind, text, rule) = place(&self.key.tenant, key);
        self.execute(sql!("lookup_release"), (tenant, kind, text, rule, self.key.user.as_str())).map(drop)
    }
}

/// The columns of a key: tenant, kind, text and rule.
fn place<'a>(tenant: &'a TenantId, key: &'a ClaimKey) -> (&'a str, &'static str, &'a str, u8) {
    (tenant.as_str(), key.kind().as_str(), key.as_str(), key.rule())
}

fn checksum(tenant: &TenantId, key: &ClaimKey, user: &UserId, identifier: Uuid, verified: bool) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    for text in [tenant.as_str(), key.kind().as_str(), key.as_str(), user.as_str()] {
        sum.update(text.as_bytes());
        sum.update(&[0]);
    }
    sum.update(&[key.rule(), verified.into()]);
    sum.update(identifier.as_bytes());
    sum.finalize()
}

/// Who holds the claim on a key.
pub(crate) fn holder(connection: &Connection, tenant: &TenantId, key: &ClaimKey) -> Result<Option<(UserId, Strength)>> {
    let spot = ("identity_claims", tenant.as_str());
    let holder: Option<(Text<_>, Text<_>)> = one(connection, sql!("lookup_holder"), place(tenant, key), spot)?;
    Ok(holder.map(|(Text(user), Text(strength))| (user, strength)))
}

/// Finds the users that have these keys. Every entry is compared with its checksum and all of them with the claim, so that a
/// damaged file gives an error and never a wrong user. A key that is found costs as many look-ups as one that is not.
pub(crate) fn find(connection: &Connection, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>> {
    let mut found: Vec<Found> = Vec::new();
    for key in keys {
        let mut entries = entries(connection, tenant, key)?;
        let holder = holder(connection, tenant, key)?;
        // Among a hundred the holder may be the next. A claim may also be on a key that its holder does not have.
        let is_found = |holder: &UserId| entries.len() == 100 || entries.iter().any(|entry| entry.user == *holder);
        let holder = holder.map(|(holder, _)| holder).filter(|holder| !is_found(holder));
        found.append(&mut entries);
        let Some(user) = holder else { continue };
        let owner = Owner { connection, key: &UserKey { tenant: tenant.clone(), user } };
        if owner.load()?.is_none_or(|stored| stored.user.lookup().iter().any(|entry| entry.key == *key)) {
            return Err(owner.corrupt("identity_lookup", "a key of the user, who holds its claim, is missing"));
        }
    }
    Ok(found)
}

/// The entries of a key: at most 100, as the port says, verified ones first, which is the order of the table.
fn entries(connection: &Connection, tenant: &TenantId, key: &ClaimKey) -> Result<Vec<Found>> {
    type Row = (Text<UserId>, Uuid, bool, u32);
    let spot = ("identity_lookup", tenant.as_str());
    let rows: Vec<Row> = many(connection, sql!("lookup_find"), place(tenant, key), spot)?;
    let checked = |(Text(user), identifier, verified, sum): Row| {
        if sum != checksum(tenant, key, &user, identifier, verified) {
            let place = format!("{tenant}/{user}");
            return Err(corrupt(("identity_lookup", &place), "its checksum does not match; it was changed"));
        }
        Ok(Found { key: key.clone(), user, identifier: IdentifierId::from_uuid(identifier), verified })
    };
    rows.into_iter().map(checked).collect()
}
