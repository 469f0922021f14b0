//! By which keys users are found, and who holds the claim on a key.

use identity_core::{ClaimChanges, ClaimKey, IdentifierId, LookupEntry, Strength, TenantId, UserId, UserKey};
use identity_ports::{CommitError, Found, StoreError};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::error::{corrupt, name};
use crate::rows::cells::{execute, many, one, parsed};
use crate::rows::users::{Held, load};

const PUT: &str = include_str!("../../sql/lookup_put.sql");

const REMOVE: &str = include_str!("../../sql/lookup_remove.sql");

/// At most 100 for a key, as the port says, verified ones first: the order of the table.
const FIND: &str = include_str!("../../sql/lookup_find.sql");

const TAKE: &str = include_str!("../../sql/lookup_take.sql");

const RETAKE: &str = include_str!("../../sql/lookup_retake.sql");

const RELEASE: &str = include_str!("../../sql/lookup_release.sql");

const HOLDER: &str = include_str!("../../sql/lookup_holder.sql");

/// Removes and adds entries by which a user is found.
pub(crate) fn write(
    connection: &Connection,
    key: &UserKey,
    removed: &[LookupEntry],
    put: &[LookupEntry],
) -> Result<(), StoreError> {
    for entry in removed {
        if row(connection, REMOVE, key, entry, false)? == 0 {
            let reason = "an entry by which the user was found is missing";
            return Err(corrupt("identity_lookup", name(key), reason));
        }
    }
    put.iter().try_for_each(|entry| row(connection, PUT, key, entry, true).map(drop))
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
    let place = params![tenant.as_str(), key.kind().as_str(), key.as_str(), key.rule()];
    one(connection, HOLDER, place, ("identity_claims", &|| tenant.to_string()), read)
}

/// Finds the users that have these keys. Every entry is compared with its checksum and all of them with the claim, so that a
/// damaged file gives an error and never a wrong user. A key that is found costs as many look-ups as one that is not.
pub(crate) fn find(connection: &Connection, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
    let mut found: Vec<Found> = Vec::new();
    for key in keys {
        let mut entries = entries(connection, tenant, key)?;
        let holder = holder(connection, tenant, key)?;
        // Among a hundred the holder may be the next. A claim may also be on a key that its holder does not have.
        let is_found = |holder: &UserId| entries.len() == 100 || entries.iter().any(|entry| entry.user == *holder);
        let holder = holder.map(|(holder, _)| holder).filter(|holder| !is_found(holder));
        found.append(&mut entries);
        let Some(holder) = holder else { continue };
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

/// The entries of a key.
fn entries(connection: &Connection, tenant: &TenantId, key: &ClaimKey) -> Result<Vec<Found>, StoreError> {
    let read = |row: &Row<'_>| {
        let user = parsed(row, 0, |text| UserId::parse(text).ok())?;
        let identifier: Uuid = row.get(1)?;
        let verified = row.get(2)?;
        let sound = row.get::<_, u32>(3)? == checksum(tenant, key, user.as_str(), identifier, verified);
        Ok((sound, Found { key: key.clone(), user, identifier: IdentifierId::from_uuid(identifier), verified }))
    };
    let place = params![tenant.as_str(), key.kind().as_str(), key.as_str(), key.rule()];
    let found = many(connection, FIND, place, ("identity_lookup", &|| tenant.to_string()), read)?.into_iter();
    let checked = |(sound, entry): (bool, Found)| {
        let reason = "its checksum does not match; it was changed";
        sound.then_some(()).ok_or_else(|| corrupt("identity_lookup", format!("{tenant}/{}", entry.user), reason))?;
        Ok(entry)
    };
    found.map(checked).collect()
}
