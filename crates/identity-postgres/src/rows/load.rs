use std::sync::Arc;

use identity_core::{Claim, ClaimKey, ClaimKind, Strength, TenantId, UserKey, Version, stored};
use identity_ports::{StoreError, Stored};
use tokio_postgres::Row;

use crate::cells::{Bad, Cells};
use crate::error::name;
use crate::link::Link;
use crate::sql::Sql;

/// The user of this key.
pub(crate) async fn load(link: &Link, key: &UserKey) -> Result<Option<Stored>, StoreError> {
    let sql = Sql::new(&link.texts.load).with((key.tenant.as_str(), key.user.as_str()));
    let rows = link.read(&sql).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    if let Ok(now) = Cells(row).get("now") {
        link.clock.hear(now);
    }
    user(key, Cells(row))
}

/// The users whose rows these are, where a query of ours named them.
pub(crate) fn page(tenant: &TenantId, rows: &[Row]) -> Result<Vec<Stored>, StoreError> {
    let mut users = Vec::with_capacity(rows.len());
    for row in rows {
        let id = Cells(row).name("id");
        let key = id.map(|user| UserKey { tenant: tenant.clone(), user });
        let key = key.map_err(|bad| bad.at("identity_users", || tenant.to_string()))?;
        users.extend(user(&key, Cells(row))?);
    }
    Ok(users)
}

fn user(key: &UserKey, cells: Cells<'_>) -> Result<Option<Stored>, StoreError> {
    let mut claims = claims(cells).map_err(|bad| bad.at("identity_claims", || name(key)))?;
    claims.sort_unstable();
    let read = || {
        let details = cells.get::<Option<&str>>("details")?;
        let version = match cells.get::<Option<i64>>("version")? {
            Some(_) if !cells.get("erased")? => Version(cells.int("version")?),
            _ if details.is_none() && claims.is_empty() => return Ok(None),
            _ => return Err(Bad::from("it is missing, and other rows of it are there")),
        };
        let user = stored::read(key, version, cells.get("record")?, details)?;
        Ok(Some(Stored { user: Arc::new(user), version, claims }))
    };
    read().map_err(|bad| bad.at("identity_users", || name(key)))
}

/// The claims of a row: kind, strength, rule and key of each, with spaces between them.
fn claims(cells: Cells<'_>) -> Result<Vec<Claim>, Bad> {
    let claim = |text: &&str| {
        let mut parts = text.splitn(4, ' ');
        let kind = ClaimKind::from_name(parts.next()?)?;
        let strength = match parts.next()? {
            "verified" => Strength::Verified,
            "unverified" => Strength::Unverified,
            _ => return None,
        };
        let rule = parts.next()?.parse().ok()?;
        Some(Claim { key: ClaimKey::new(kind, rule, parts.next()?), strength })
    };
    let read =
        |text| claim(&text).ok_or_else(|| Bad::from("its kind, strength or rule is none that this program knows"));
    cells.get::<Vec<&str>>("claims")?.into_iter().map(read).collect()
}
