//! The row of a user: its record, its version and the claims that it holds.

use std::sync::Arc;

use identity_core::{Claim, ClaimKey, ClaimKind, Strength, User, Version, stored};
use identity_ports::{Commit, CommitError, Expected, Stored};
use rusqlite::params;

use crate::cells::{Json, Owner, json};
use crate::commit::Encoded;
use crate::error::Result;

/// A cell with the claims that a user holds; empty when there are none.
pub(crate) type Lines = Option<Json<Vec<(ClaimKind, u8, String, Strength)>>>;

/// The claims in a cell.
pub(crate) fn held(lines: Lines) -> Vec<Claim> {
    let claim = |(kind, rule, key, strength)| Claim { key: ClaimKey::new(kind, rule, key), strength };
    lines.map(|Json(lines)| lines.into_iter().map(claim).collect()).unwrap_or_default()
}

/// The cell with these claims.
fn cell(claims: &[Claim]) -> Result<Option<String>> {
    let line = |claim: &Claim| (claim.key.kind(), claim.key.rule(), claim.key.as_str().to_owned(), claim.strength);
    let lines: Vec<_> = claims.iter().map(line).collect();
    if lines.is_empty() { Ok(None) } else { json(&lines).map(Some) }
}

/// The row of a user that a commit changes.
pub(crate) struct Place {
    pub(crate) user: i64,
    /// The row of the last commit; `None` for a new user.
    pub(crate) earlier: Option<i64>,
    /// The claims that the user holds.
    pub(crate) held: Vec<Claim>,
}

impl Owner<'_> {
    /// The user.
    pub(crate) fn load(self) -> Result<Option<Stored>> {
        type Row = (u64, Option<String>, Option<String>, Lines);
        let row: Option<Row> = self.one("identity_users", sql!("users_load"), self.place())?;
        let Some((version, Some(record), details, claims)) = row else { return Ok(None) };
        let user = stored::read(self.key, Version(version), &record, details.as_deref());
        let user = user.map_err(|reason| self.corrupt("identity_users", reason))?;
        Ok(Some(Stored { user: Arc::new(user), version: Version(version), claims: held(claims) }))
    }

    /// Finds the row at the expected version; `None` for a new user, who has none. Anything else is a conflict.
    pub(crate) fn expect(self, expected: Expected) -> Result<Option<Place>, CommitError> {
        type Row = (i64, i64, u64, bool, Lines);
        let row: Option<Row> = self.one("identity_users", sql!("users_select"), self.place())?;
        match (row, expected) {
            (None, Expected::Absent) => Ok(None),
            (Some((user, earlier, version, true, lines)), Expected::At(Version(at))) if version == at => {
                Ok(Some(Place { user, earlier: Some(earlier), held: held(lines) }))
            }
            _ => Err(CommitError::Conflict),
        }
    }

    /// Makes the row of a new user.
    pub(crate) fn create(self, commit: &Commit, encoded: &Encoded) -> Result<Place, CommitError> {
        let after = commit.after.as_deref().zip(encoded.record.as_deref());
        let held = after.map(|_| commit.claims.clone().applied_to(Vec::new())).unwrap_or_default();
        let user = self.insert(commit.version(), after, &held)?.ok_or(CommitError::Conflict)?;
        Ok(Place { user, earlier: None, held })
    }

    /// Makes the row of a user with this record, or of one who is erased, and gives its key; `None` when there is one. Its
    /// events have to follow in the next row.
    pub(crate) fn insert(self, version: Version, user: Option<(&User, &str)>, held: &[Claim]) -> Result<Option<i64>> {
        let times = user.map(|(user, _)| (user.created_at().as_micros(), user.updated_at().as_micros()));
        let ([tenant, id], (created_at, updated_at), record) = (self.place(), times.unzip(), user.map(|user| user.1));
        let row = params![tenant, id, version.0, created_at, updated_at, cell(held)?, record];
        Ok((self.execute(sql!("users_insert"), row)? > 0).then(|| self.connection.last_insert_rowid()))
    }

    /// Writes the record of a user who was there before, once its events are in their row.
    pub(crate) fn write(self, commit: &Commit, after: &User, place: &Place, event: i64, record: &str) -> Result<()> {
        let (version, updated_at, held) = (commit.version().0, after.updated_at().as_micros(), cell(&place.held)?);
        self.execute(sql!("users_update"), params![place.user, version, updated_at, event, held, record])?;
        if commit.before.as_ref().is_none_or(|before| before.created_at() != after.created_at()) {
            // Seldom, so that other commits leave the index of it alone.
            let created = "UPDATE identity_users SET created_at = ?2 WHERE user = ?1";
            self.execute(created, params![place.user, after.created_at().as_micros()])?;
        }
        Ok(())
    }

    /// Writes the second record, or removes it.
    pub(crate) fn write_details(self, user: i64, details: Option<&str>) -> Result<()> {
        let written = match details {
            Some(record) => self.execute(sql!("users_write_details"), params![user, record]),
            None => self.execute(sql!("users_delete_details"), [user]),
        };
        written.map(drop)
    }
}
