use identity_ports::StoreError;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use crate::error::{damaged, store};

/// The migrations, in their order. A released migration is never changed.
const MIGRATIONS: [&str; 2] =
    [include_str!("../migrations/0001_users.sql"), include_str!("../migrations/0002_delivery.sql")];

/// Marks a file as one that belongs to this library alone: `IDNT`.
pub(crate) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"IDNT");

/// The schema version of this program.
fn program() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

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
    if version(connection)? == Some(program()) {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store)?;
    apply(&transaction)?;
    transaction.commit().map_err(store)
}

/// Migrates a file that belongs to this library alone, and refuses the database of another program.
pub(crate) fn migrate_file(connection: &mut Connection) -> Result<(), StoreError> {
    if let (Some(version), true) = (version(connection)?, is_marked(connection)?) {
        let marked = pragma(connection, "PRAGMA user_version")?;
        newer(u32::try_from(marked).unwrap_or(u32::MAX))?;
        if version == program() && marked == i64::from(version) {
            return Ok(());
        }
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store)?;
    let fresh = version(&transaction)?.is_none();
    if fresh {
        let tables = pragma(&transaction, "SELECT count(*) FROM sqlite_schema")?;
        if tables > 0 {
            return Err(StoreError::NotOurs(
                "the file is a SQLite database of another program; choose another file, or call `migrate` on a connection \
                 of your own to add the tables to it"
                    .to_owned(),
            ));
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(store)?;
    }
    apply(&transaction)?;
    if fresh || is_marked(&transaction)? {
        transaction.pragma_update(None, "user_version", program()).map_err(store)?;
    }
    transaction.commit().map_err(store)
}

/// Refuses a file whose tables and indexes are not as the migrations make them: a damaged schema reads rows wrongly.
pub(crate) fn check_schema(connection: &Connection) -> Result<(), StoreError> {
    const SCHEMA: &str = "SELECT name, sql FROM sqlite_schema WHERE name GLOB 'identity_*' ORDER BY name";
    let read = |connection: &Connection| {
        let mut statement = connection.prepare(SCHEMA)?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)))?;
        rows.collect::<Result<Vec<_>, _>>()
    };
    let model = Connection::open_in_memory().map_err(store)?;
    for step in MIGRATIONS {
        model.execute_batch(step).map_err(store)?;
    }
    let there = read(connection).map_err(store)?;
    match read(&model).map_err(store)?.into_iter().find(|made| !there.contains(made)) {
        None => Ok(()),
        Some((name, _)) => Err(damaged(format!("{name} is not as this library made it"))),
    }
}

fn apply(connection: &Connection) -> Result<(), StoreError> {
    let from = version(connection)?.unwrap_or(0);
    let done = usize::try_from(from).unwrap_or(usize::MAX);
    for step in MIGRATIONS.iter().skip(done) {
        connection.execute_batch(step).map_err(store)?;
    }
    if from < program() {
        connection
            .execute(
                "INSERT INTO identity_meta (name, value) VALUES ('schema', ?1) ON CONFLICT DO UPDATE SET value = ?1",
                [program()],
            )
            .map_err(store)?;
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
    let mut statement =
        connection.prepare("SELECT value FROM identity_meta WHERE name = 'schema'").map_err(|_| not_ours())?;
    let version: Option<i64> = statement.query_row([], |row| row.get(0)).optional().map_err(store)?;
    let version = version.and_then(|version| u32::try_from(version).ok()).ok_or_else(not_ours)?;
    newer(version)?;
    Ok(Some(version))
}

fn newer(database: u32) -> Result<(), StoreError> {
    let program = program();
    if database > program { Err(StoreError::Newer { database, program }) } else { Ok(()) }
}

/// Whether the file is this library's alone.
pub(crate) fn is_marked(connection: &Connection) -> Result<bool, StoreError> {
    Ok(pragma(connection, "PRAGMA application_id")? == i64::from(APPLICATION_ID))
}

fn pragma(connection: &Connection, sql: &str) -> Result<i64, StoreError> {
    connection.query_row(sql, [], |row| row.get(0)).map_err(store)
}
