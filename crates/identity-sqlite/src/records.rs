//! The move from the tables of version 2 to records: user by user, in short transactions. A process that is killed loses the
//! last of them, and the next one goes on.

use identity_core::{LookupChanges, UserKey, Version, stored};
use identity_ports::StoreError;
use rusqlite::{Connection, ErrorCode};

use crate::cells::{Owner, Text, one};
use crate::error::{Result, corrupt, store, unread};
use crate::users::{Lines, held};

/// Users in one transaction.
const BATCH: usize = 200;

/// Users after which the log says how far the move is.
const REPORT: u64 = 10_000;

/// Whether a move has begun and is not at its end.
pub(crate) fn is_under_way(connection: &Connection) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'identity_old_users')";
    connection.query_row(sql, [], |row| row.get(0)).map_err(store)
}

/// How far this process is.
#[derive(Default)]
pub(crate) struct Move {
    /// The tenant and the id of the last user.
    place: [String; 2],
    moved: u64,
}

impl Move {
    /// Moves some users, and says whether there are more. The caller holds a write transaction.
    pub(crate) fn go_on(&mut self, connection: &Connection) -> Result<bool> {
        if !is_under_way(connection)? {
            // Another process came first.
            return Ok(false);
        }
        if self.moved == 0 {
            tracing::info!(left = left(connection)?, "moving users to the tables of schema version 3");
        }
        for _ in 0..BATCH {
            let next: Option<(Text<_>, Text<_>, bool)> =
                one(connection, sql!("records_next"), self.place.each_ref(), ("identity_users", ""))?;
            let Some((Text(tenant), Text(user), exists)) = next else {
                // Where users stayed behind, their tables do too.
                if left(connection)? == 0 {
                    connection.execute_batch(include_str!("../migrations/0003_end.sql")).map_err(store)?;
                }
                tracing::info!(moved = self.moved, "all users are moved");
                return Ok(false);
            };
            let owner = Owner { connection, key: &UserKey { tenant, user } };
            match owner.move_rows() {
                Err(StoreError::Corrupt { table, reason, .. }) if exists => {
                    let user = owner.name();
                    tracing::error!(user, table, reason, "the rows of a user are damaged and stay behind");
                    // Its row has a record that nobody reads, and it keeps its claims.
                    owner.execute(sql!("records_set_aside"), owner.place())?;
                    owner.execute(sql!("records_keep_claims"), owner.place())?;
                }
                result => result?,
            }
            if exists {
                self.place = owner.place().map(str::to_owned);
            }
            self.moved += 1;
            if self.moved.is_multiple_of(REPORT) {
                tracing::info!(moved = self.moved, "moving users");
            }
        }
        Ok(true)
    }
}

/// The number of users in the old tables.
fn left(connection: &Connection) -> Result<u64> {
    connection.query_row("SELECT count(*) FROM identity_old_users", [], |row| row.get(0)).map_err(store)
}

impl Owner<'_> {
    /// Moves everything of a user, or what is left of one who was erased: then the statement gives no records. Rows that are
    /// damaged are found before anything is written.
    fn move_rows(self) -> Result<()> {
        type Row = (u64, Option<String>, Option<String>, Lines);
        let (name, place) = (self.name(), self.place());
        let spot = ("identity_identifiers", name.as_str());
        // It was damaged when the move was tried before.
        self.execute(sql!("records_take_up"), place)?;
        let mut statement =
            self.connection.prepare_cached(include_str!("../migrations/0003_user.sql")).map_err(store)?;
        let row =
            statement.query_row(place, |row| Row::try_from(row)).map_err(|error| match error.sqlite_error_code() {
                Some(ErrorCode::Unknown) => corrupt(spot, "a cell does not hold JSON"),
                _ => unread(error, spot),
            });
        let (version, main, details, claims) = row?;
        let read = |(main, details)| {
            let (version, details) = (Version(version), stored::with_checksum(details, self.key, None));
            let main = stored::with_checksum(main, self.key, Some(version));
            let user =
                stored::read(self.key, version, &main, Some(&details)).map_err(|reason| corrupt(spot, reason))?;
            Ok((stored::record(&self.key.tenant, &user, version), user))
        };
        let user = main.zip(details).map(read).transpose()?;
        let record = user.as_ref().map(|(record, user)| (user, record.as_str()));
        let row = self.insert(Version(version), record, &held(claims))?;
        let row = row.ok_or_else(|| self.corrupt("identity_users", "it is in the new table already"))?;
        if let Some((_, user)) = user {
            self.enter(&LookupChanges::between(None, Some(&user)))?;
            self.write_details(row, stored::details(&self.key.tenant, &user).as_deref())?;
        }
        self.execute(sql!("records_keep_claims"), place)?;
        let mut steps = include_str!("../migrations/0003_rows.sql").split(';');
        steps.try_for_each(|step| self.execute(step, [row]).map(drop))
    }
}
