use identity_ports::StoreError;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};

use crate::cells::many;
use crate::error::{Result, damaged, store};
use crate::records::{Move, is_under_way};

/// What leads from a version to the next, from version 1 on. A released migration is never changed.
const MIGRATIONS: [&str; 2] =
    [include_str!("../migrations/0002_delivery.sql"), include_str!("../migrations/0003_begin.sql")];

/// The tables of this program's schema version.
const TABLES: &str = include_str!("../migrations/0003_records.sql");

/// The schema version of this program.
const PROGRAM: u32 = 3;

/// The oldest schema version whose programs can go on with these tables.
const COMPATIBLE_SINCE: u32 = 3;

/// Marks a file as one that belongs to this library alone: `IDNT`.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"IDNT");

/// Creates this library's tables in a database of the host's, or brings them up to date. They are named `identity_*`; the
/// host's own tables, `user_version` and `application_id` are left alone.
///
/// Several processes may call this at once: one of them migrates, and the others wait for it.
///
/// # Errors
/// [`StoreError::Newer`] when a newer version of this library wrote the tables, [`StoreError::NotOurs`] when there is a
/// table `identity_meta` that this library did not make, any other [`StoreError`] when the database fails.
///
/// ```
/// use identity_sqlite::{migrate, rusqlite::Connection};
/// let mut connection = Connection::open_in_memory()?;
/// connection.execute_batch("CREATE TABLE orders (id INTEGER PRIMARY KEY)")?;
/// migrate(&mut connection)?;
/// let users: i64 = connection.query_row("SELECT count(*) FROM identity_users", [], |row| row.get(0))?;
/// assert_eq!(users, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    bring_up_to_date(connection, false)
}

/// Migrates a file that belongs to this library alone, and refuses the database of another program.
pub(crate) fn migrate_file(connection: &mut Connection) -> Result<()> {
    bring_up_to_date(connection, true)
}

/// Migrates a database. One that is `own` has the marks of a file of this library, unless a host has put the tables there.
fn bring_up_to_date(connection: &mut Connection, own: bool) -> Result<()> {
    let found = version(connection)?;
    let marked = if own && is_marked(connection)? { Some(user_version(connection)?) } else { found };
    if let (Some(database), Some(version)) = (marked, found)
        && database > version.max(PROGRAM)
    {
        return Err(StoreError::Newer { database, program: PROGRAM });
    }
    if found.is_some_and(is_current) && marked == found && !is_under_way(connection)? {
        return Ok(());
    }
    moving(connection, |transaction| {
        if own && version(transaction)?.is_none() {
            if pragma(transaction, "SELECT count(*) FROM sqlite_schema")? > 0 {
                return Err(StoreError::NotOurs(
                    "the file is a SQLite database of another program; choose another file, or call `migrate` on a \
                     connection of your own to add the tables to it"
                        .to_owned(),
                ));
            }
            transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(store)?;
        }
        apply(transaction)?;
        if own && is_marked(transaction)? {
            let version = version(transaction)?.unwrap_or(PROGRAM);
            transaction.pragma_update(None, "user_version", version).map_err(store)?;
        }
        Ok(())
    })
}

/// Whether there is nothing to do for a database of this version: a newer one that is refused does not come here.
const fn is_current(version: u32) -> bool {
    version >= PROGRAM
}

/// Brings the tables up to date with `apply`, then moves the users to them. Foreign keys of the host's are neither followed
/// nor rewritten meanwhile.
fn moving(connection: &mut Connection, apply: impl FnOnce(&Transaction<'_>) -> Result<()>) -> Result<()> {
    const SETTINGS: [&str; 2] = ["foreign_keys", "legacy_alter_table"];
    let read = |name| pragma(connection, &format!("PRAGMA {name}"));
    let [keys, alter] = SETTINGS.map(read);
    let before = [keys? != 0, alter? != 0];
    let set = |connection: &Connection, values: [bool; 2]| {
        let mut settings = SETTINGS.into_iter().zip(values);
        settings.try_for_each(|(name, value)| connection.pragma_update(None, name, value)).map_err(store)
    };
    set(connection, [false, true])?;
    let mut state = Move::default();
    let mut moved = write(connection, apply).map(|()| true);
    while let Ok(true) = moved {
        moved = write(connection, |transaction| state.go_on(transaction));
    }
    set(connection, before)?;
    moved.map(drop)
}

fn write<T>(connection: &mut Connection, run: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store)?;
    let result = run(&transaction)?;
    transaction.commit().map_err(store)?;
    Ok(result)
}

/// Refuses a file whose tables and indexes are not as the migrations make them: a damaged schema reads rows wrongly.
pub(crate) fn check_schema(connection: &Connection) -> Result<()> {
    let read = |connection: &Connection| {
        many::<(String, Option<String>)>(connection, sql!("schema"), [], ("sqlite_schema", ""))
    };
    if version(connection)?.is_some_and(|version| version > PROGRAM) {
        // Compatible, and its tables may have more columns.
        return Ok(());
    }
    let model = Connection::open_in_memory().map_err(store)?;
    model.execute_batch(TABLES).map_err(store)?;
    let there = read(connection)?;
    match read(&model)?.into_iter().find(|made| !there.contains(made)) {
        None => Ok(()),
        Some((name, _)) => Err(damaged(format!("{name} is not as this library made it"))),
    }
}

fn apply(connection: &Connection) -> Result<()> {
    let from = version(connection)?;
    if from.is_some_and(is_current) {
        return Ok(());
    }
    if let Some(from) = from {
        let done = usize::try_from(from).unwrap_or(usize::MAX).saturating_sub(1);
        MIGRATIONS.iter().skip(done).try_for_each(|step| connection.execute_batch(step)).map_err(store)?;
    }
    connection.execute_batch(TABLES).map_err(store)?;
    if from.is_some() {
        connection.execute_batch(include_str!("../migrations/0003_budgets.sql")).map_err(store)?;
    }
    connection.execute(sql!("meta_write"), params![PROGRAM, COMPATIBLE_SINCE]).map_err(store)?;
    Ok(())
}

/// The schema version of the tables; `None` when there are none.
fn version(connection: &Connection) -> Result<Option<u32>> {
    let there = "SELECT count(*) FROM sqlite_schema WHERE name = 'identity_meta'";
    if pragma(connection, there)? == 0 {
        return Ok(None);
    }
    let read = connection.query_row(sql!("meta_read"), [], |row| Ok((row.get(0)?, row.get(1)?)));
    let (database, since): (u32, Option<u32>) = read.map_err(|error| match error.sqlite_error_code() {
        // The table has other columns, or other values in them.
        None | Some(ErrorCode::Unknown) => {
            StoreError::NotOurs("its table identity_meta was not made by this library; choose another file".to_owned())
        }
        Some(_) => store(error),
    })?;
    if database > PROGRAM && since.is_none_or(|since| since > PROGRAM) {
        return Err(StoreError::Newer { database, program: PROGRAM });
    }
    Ok(Some(database))
}

/// Whether the file is this library's alone.
pub(crate) fn is_marked(connection: &Connection) -> Result<bool> {
    Ok(pragma(connection, "PRAGMA application_id")? == i64::from(APPLICATION_ID))
}

fn user_version(connection: &Connection) -> Result<u32> {
    Ok(u32::try_from(pragma(connection, "PRAGMA user_version")?).unwrap_or(u32::MAX))
}

fn pragma(connection: &Connection, sql: &str) -> Result<i64> {
    connection.query_row(sql, [], |row| row.get(0)).map_err(store)
}
