//! By which keys users are found, and who holds the claim on a key.

use identity_core::{
    ClaimChanges, ClaimKey, IdentifierId, LookupChanges, LookupEntry, Strength, TenantId, User, UserId, UserKey,
};
use identity_ports::{CommitError, Found, StoreError};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use crate::error::{corrupt, name, store, unread};
use crate::rows::cells::{execute, parsed};
use crate::rows::users::{Held, load};

const PUT: &str = "INSERT INTO identity_lookup (tenant, kind, key, rule, verified, user_id, identifier, checksum) \
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";

const REMOVE: &str = "DELETE FROM identity_lookup WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND rule = ?4 \
AND verified = ?5 AND user_id = ?6 AND identifier = ?7";

/// At most 100 for a key, as the port says, verified ones first: the order of the table.
const FIND: &str = "SELECT user_id, identifier, verified, checksum FROM identity_lookup \
WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND rule = ?4 LIMIT 100";

const TAKE: &str = "INSERT INTO identity_claims (tenant, kind, key, rule, user_id, strength) \
VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";

const RETAKE: &str = "UPDATE identity_claims SET user_id = ?5, strength = ?6 \
WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND rule = ?4";

const RELEASE: &str = "DELETE FROM identity_claims \
WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND rule = ?4 AND user_id = ?5";

const HOLDER: &str = "SELECT user_id, strength FROM identity_claims \
WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND rule = ?4";

/// Changes the entries by which a user is found.
pub(crate) fn write(
    connection: &Connection,
    key: &UserKey,
    before: Option<&User>,
    after: Option<&User>,
) -> Result<(), StoreError> {
    let changes = LookupChanges::between(before, after);
    // Verification is part of the order, so an entry whose verification changes moves.
    let known = before.filter(|_| !changes.put.is_empty()).map(User::lookup).unwrap_or_default();
    let moved = |put: &LookupEntry| known.iter().find(|old| old.key == put.key && old.identifier == put.identifier);
    for entry in changes.remove.iter().chain(changes.put.iter().filter_map(moved)) {
        if row(connection, REMOVE, key, entry, false)? == 0 {
            let reason = "an entry by which the user was found is missing";
            return Err(corrupt("identity_lookup", name(key), reason));
        }
    }
    changes.put.iter().try_for_each(|entry| row(connection, PUT, key, entry, true).map(drop))
}

fn row(
    connection: &Connection,
    sql: &str,
    key: &UserKey,
    LookupEntry { key: claim, identifier, verified }: &LookupEntry,
    sealed: bool,
) -> Result<usize, StoreError> {
    let (tenant, user, id) = (key.tenant.as_str(), key.user.as_str(), identifier.as_uuid());
    let (kind, text, rule) = (claim.kind().as_str(), claim.as_str(), claim.rule());
    if sealed {
        let sum = checksum(&key.tenant, claim, user, id, *verified);
        execute(connection, sql, params![tenant, kind, text, rule, verified, user, id, sum])
    } else {
        execute(connection, sql, params![tenant, kind, text, rule, verified, user, id])
    }
}

fn checksum(tenant: &TenantId, key: &ClaimKey, user: &str, identifier: Uuid, verified: bool) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    for text in [tenant.as_str(), key.kind().as_str(), key.as_str(), user] {
        sum.update(text.as_bytes());
        sum.update(&[0]);
    }
    sum.update(&[key.rule(), verified.into()]);
    sum.update(identifier.as_bytes());
    sum.finalize()
}

/// Releases claims, then takes claims.
pub(crate) fn write_claims(
    connection: &Connection,
    key: &UserKey,
    changes: &ClaimChanges,
    held: &mut Held,
) -> Result<(), CommitError> {
    let (tenant, user) = (key.tenant.as_str(), key.user.as_str());
    for claim in &changes.release {
        release(connection, key, claim)?;
        held.release(claim);
    }
    for claim in &changes.take {
        let strength = strength(claim.strength);
        let taken = &claim.key;
        let row = params![tenant, taken.kind().as_str(), taken.as_str(), taken.rule(), user, strength];
        if execute(connection, TAKE, row)? == 0 {
            let (holder, held) = holder(connection, &key.tenant, taken)?.ok_or(CommitError::Conflict)?;
            if holder != key.user {
                // A claim passes to another holder only from unverified to verified.
                if held == Strength::Verified || claim.strength == Strength::Unverified {
                    return Err(CommitError::Taken(claim.clone()));
                }
                Held::lose(connection, &UserKey { tenant: key.tenant.clone(), user: holder }, taken)?;
            }
            execute(connection, RETAKE, row)?;
        }
        held.take(claim);
    }
    Ok(())
}

/// Releases a claim, if the user holds it.
pub(crate) fn release(connection: &Connection, key: &UserKey, claim: &ClaimKey) -> Result<(), StoreError> {
    let (tenant, user) = (key.tenant.as_str(), key.user.as_str());
    execute(connection, RELEASE, params![tenant, claim.kind().as_str(), claim.as_str(), claim.rule(), user]).map(drop)
}

const fn strength(strength: Strength) -> &'static str {
    match strength {
        Strength::Verified => "verified",
        Strength::Unverified => "unverified",
    }
}

/// Who holds the claim on a key.
pub(crate) fn holder(
    connection: &Connection,
    tenant: &TenantId,
    key: &ClaimKey,
) -> Result<Option<(UserId, Strength)>, StoreError> {
    let read = |row: &Row<'_>| {
        let holder = parsed(row, 0, |text| UserId::parse(text).ok())?;
        let known =
            |text: &str| [Strength::Verified, Strength::Unverified].into_iter().find(|one| strength(*one) == text);
        Ok((holder, parsed(row, 1, known)?))
    };
    let mut statement = connection.prepare_cached(HOLDER).map_err(store)?;
    let holder = statement.query_row(params![tenant.as_str(), key.kind().as_str(), key.as_str(), key.rule()], read);
    holder.optional().map_err(|error| unread(error, "identity_claims", || tenant.to_string()))
}

/// Finds the users that have these keys. Every entry is compared with its checksum and all of them with the claim, so that a
/// damaged file gives an error and never a wrong user. A key that is found costs as many look-ups as one that is not.
pub(crate) fn find(connection: &Connection, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
    let mut found: Vec<Found> = Vec::new();
    for key in keys {
        let first = found.len();
        entries(connection, tenant, key, &mut found)?;
        let entries = found.get(first..).unwrap_or_default();
        let Some((holder, _)) = holder(connection, tenant, key)? else { continue };
        // Among a hundred the holder may be the next. A claim may also be on a key that its holder does not have.
        if entries.len() == 100 || entries.iter().any(|entry| entry.user == holder) {
            continue;
        }
        let holder = UserKey { tenant: tenant.clone(), user: holder };
        let stored = load(connection, &holder)?;
        if stored.is_none_or(|stored| stored.user.lookup().iter().any(|entry| entry.key == *key)) {
            return Err(corrupt(
                "identity_lookup",
                name(&holder),
                "a key of the user, who holds its claim, is missing",
            ));
        }
    }
    Ok(found)
}

fn entries(
    connection: &Connection,
    tenant: &TenantId,
    key: &ClaimKey,
    found: &mut Vec<Found>,
) -> Result<(), StoreError> {
    let read = |row: &Row<'_>| {
        let user = parsed(row, 0, |text| UserId::parse(text).ok())?;
        let identifier: Uuid = row.get(1)?;
        let verified = row.get(2)?;
        let sound = row.get::<_, u32>(3)? == checksum(tenant, key, user.as_str(), identifier, verified);
        Ok((sound, Found { key: key.clone(), user, identifier: IdentifierId::from_uuid(identifier), verified }))
    };
    let mut statement = connection.prepare_cached(FIND).map_err(store)?;
    let mut rows =
        statement.query(params![tenant.as_str(), key.kind().as_str(), key.as_str(), key.rule()]).map_err(store)?;
    while let Some(row) = rows.next().map_err(store)? {
        let (sound, entry) = read(row).map_err(|error| unread(error, "identity_lookup", || tenant.to_string()))?;
        if !sound {
            let reason = "its checksum does not match; it was changed";
            return Err(corrupt("identity_lookup", format!("{tenant}/{}", entry.user), reason));
        }
        found.push(entry);
    }
    Ok(())
}
