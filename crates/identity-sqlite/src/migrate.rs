use identity_ports::StoreError;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use crate::error::{damaged, store};
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
pub(crate) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"IDNT");

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
    if version(connection)?.is_some_and(is_current) && !is_under_way(connection)? {
        return Ok(());
    }
    moving(connection, |connection| {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store)?;
        apply(&transaction)?;
        transaction.commit().map_err(store)
    })
}

/// Migrates a file that belongs to this library alone, and refuses the database of another program.
pub(crate) fn migrate_file(connection: &mut Connection) -> Result<(), StoreError> {
    if let (Some(version), true) = (version(connection)?, is_marked(connection)?) {
        let marked = u32::try_from(pragma(connection, "PRAGMA user_version")?).unwrap_or(u32::MAX);
        if marked > version.max(PROGRAM) {
            return Err(StoreError::Newer { database: marked, program: PROGRAM });
        }
        if is_current(version) && marked == version && !is_under_way(connection)? {
            return Ok(());
        }
    }
    moving(connection, |connection| {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store)?;
        let fresh = version(&transaction)?.is_none();
        if fresh {
            let tables = pragma(&transaction, "SELECT count(*) FROM sqlite_schema")?;
            if tables > 0 {
                return Err(StoreError::NotOurs(
                    "the file is a SQLite database of another program; choose another file, or call `migrate` on a \
                     connection of your own to add the tables to it"
                        .to_owned(),
                ));
            }
            transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(store)?;
        }
        apply(&transaction)?;
        if fresh || is_marked(&transaction)? {
            let version = version(&transaction)?.unwrap_or(PROGRAM);
            transaction.pragma_update(None, "user_version", version).map_err(store)?;
        }
        transaction.commit().map_err(store)
    })
}

/// Whether there is nothing to do for a database of this version: a newer one that is refused does not come here.
const fn is_current(version: u32) -> bool {
    version >= PROGRAM
}

/// Brings the tables up to date with `apply`, then moves the users to them. Foreign keys of the host's are neither followed
/// nor rewritten meanwhile.
fn moving(
    connection: &mut Connection,
    apply: impl FnOnce(&mut Connection) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    const SETTINGS: [(&str, bool); 2] = [("foreign_keys", false), ("legacy_alter_table", true)];
    let set = |connection: &Connection, name, value: bool| connection.pragma_update(None, name, value).map_err(store);
    let mut before = Vec::new();
    for (name, value) in SETTINGS {
        before.push((name, pragma(connection, &format!("PRAGMA {name}"))? != 0));
        set(connection, name, value)?;
    }
    let mut moved = apply(connection);
    let mut state = Move::default();
    while let Ok(()) = moved {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store);
        let more = step.and_then(|transaction| {
            let more = state.go_on(&transaction)?;
            transaction.commit().map_err(store)?;
            Ok(more)
        });
        match more {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => moved = Err(error),
        }
    }
    before.into_iter().try_for_each(|(name, value)| set(connection, name, value))?;
    moved
}

/// Refuses a file whose tables and indexes are not as the migrations make them: a damaged schema reads rows wrongly.
pub(crate) fn check_schema(connection: &Connection) -> Result<(), StoreError> {
    const SCHEMA: &str = "SELECT name, sql FROM sqlite_schema WHERE name GLOB 'identity_*' ORDER BY name";
    let read = |connection: &Connection| {
        let mut statement = connection.prepare(SCHEMA)?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)))?;
        rows.collect::<Result<Vec<_>, _>>()
    };
    if version(connection)?.is_some_and(|version| version > PROGRAM) {
        // Compatible, and its tables may have more columns.
        return Ok(());
    }
    let model = Connection::open_in_memory().map_err(store)?;
    model.execute_batch(TABLES).map_err(store)?;
    let there = read(connection).map_err(store)?;
    match read(&model).map_err(store)?.into_iter().find(|made| !there.contains(made)) {
        None => Ok(()),
        Some((name, _)) => Err(damaged(format!("{name} is not as this library made it"))),
    }
}

fn apply(connection: &Connection) -> Result<(), StoreError> {
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
    let sql = "INSERT INTO identity_meta (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2";
    for (name, value) in [("schema", PROGRAM), ("compatible_since", COMPATIBLE_SINCE)] {
        connection.execute(sql, params![name, value]).map_err(store)?;
    }
    Ok(())
}

/// The schema version of the tables; `None` when there are none.
fn version(connection: &Connection) -> Result<Option<u32>, StoreError> {
    let there = "SELECT count(*) FROM sqlite_schema WHERE name = 'identity_meta'";
    if pragma(connection, there)? == 0 {
        return Ok(None);
    }
    let not_ours =
        || StoreError::NotOurs("its table identity_meta was not made by this library; choose another file".to_owned());
    let value = |name: &str| -> Result<Option<u32>, StoreError> {
        let mut statement =
            connection.prepare("SELECT value FROM identity_meta WHERE name = ?1").map_err(|_| not_ours())?;
        let value: Option<i64> = statement.query_row([name], |row| row.get(0)).optional().map_err(store)?;
        Ok(value.and_then(|value| u32::try_from(value).ok()))
    };
    let database = value("schema")?.ok_or_else(not_ours)?;
    if database > PROGRAM && value("compatible_since")?.is_none_or(|since| since > PROGRAM) {
        return Err(StoreError::Newer { database, program: PROGRAM });
    }
    Ok(Some(database))
}

/// Whether the file is this library's alone.
pub(crate) fn is_marked(connection: &Connection) -> Result<bool, StoreError> {
    Ok(pragma(connection, "PRAGMA application_id")? == i64::from(APPLICATION_ID))
}

fn pragma(connection: &Connection, sql: &str) -> Result<i64, StoreError> {
    connection.query_row(sql, [], |row| row.get(0)).map_err(store)
}
