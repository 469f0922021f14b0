use identity_ports::StoreError;
use rusqlite::types::FromSql;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};

use crate::cells::{many, one};
use crate::error::{Result, corrupt, damaged, store};
use crate::records::{Move, is_under_way};

/// What leads from a version to the next, from version 1 on. A released migration is never changed.
const MIGRATIONS: [&str; 2] =
    [include_str!("../migrations/0002_delivery.sql"), include_str!("../migrations/0003_begin.sql")];

/// The schema version from which on users are records.
const RECORDS: u32 = 3;

/// The tables of this program's schema version. Those of version 3 are the same; its programs do not know the form of the events.
const TABLES: &str = include_str!("../migrations/0003_records.sql");

/// The schema version of this program.
const PROGRAM: u32 = 4;

/// The oldest schema version whose programs can go on with these tables.
const COMPATIBLE_SINCE: u32 = 4;

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

/// Migrates a database. One that is `own` is a file that belongs to this library alone: that of another program is refused, and
/// it has the marks of this library, unless a host has put the tables there.
pub(crate) fn bring_up_to_date(connection: &mut Connection, own: bool) -> Result<()> {
    // Foreign keys of the host's are neither followed nor rewritten meanwhile.
    let set = |connection: &Connection, (keys, legacy): (i64, i64)| {
        let settings = format!("PRAGMA foreign_keys = {keys}; PRAGMA legacy_alter_table = {legacy}");
        connection.execute_batch(&settings).map_err(store)
    };
    let found = version(connection)?;
    let marked = match found {
        Some(_) if own && is_marked(connection)? => Some(pragma(connection, "PRAGMA user_version")?),
        _ => found,
    };
    if let Some(database) = marked.filter(|_| marked > found.max(Some(PROGRAM))) {
        return Err(StoreError::Newer { database, program: PROGRAM });
    }
    if found >= Some(PROGRAM) && marked == found && !is_under_way(connection)? {
        return Ok(());
    }
    let before = (pragma(connection, "PRAGMA foreign_keys")?, pragma(connection, "PRAGMA legacy_alter_table")?);
    set(connection, (0, 1))?;
    let mut state = Move::default();
    let mut moved = write(connection, |transaction| apply(transaction, own));
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

/// Brings the tables up to date, and says that users may have to be moved to them.
fn apply(connection: &Connection, own: bool) -> Result<bool> {
    let from = version(connection)?;
    if own && from.is_none() {
        if pragma::<i64>(connection, "SELECT count(*) FROM sqlite_schema")? > 0 {
            let reason = "the file is a SQLite database of another program; choose another file, or call `migrate` on a \
                          connection of your own to add the tables to it";
            return Err(StoreError::NotOurs(reason.to_owned()));
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(store)?;
    }
    if from < Some(PROGRAM) {
        if from < Some(RECORDS) {
            let steps =
                from.map_or(&[][..], |from| MIGRATIONS.get(from.saturating_sub(1) as usize..).unwrap_or_default());
            steps.iter().chain([&TABLES]).try_for_each(|step| connection.execute_batch(step)).map_err(store)?;
            if from.is_some() {
                connection.execute_batch(include_str!("../migrations/0003_budgets.sql")).map_err(store)?;
            }
        }
        connection.execute(sql!("meta_write"), params![PROGRAM, COMPATIBLE_SINCE]).map_err(store)?;
    }
    if own && is_marked(connection)? {
        connection.pragma_update(None, "user_version", from.max(Some(PROGRAM))).map_err(store)?;
    }
    Ok(true)
}

/// The schema version of the tables; `None` when there are none.
fn version(connection: &Connection) -> Result<Option<u32>> {
    let there = "SELECT count(*) FROM sqlite_schema WHERE name = 'identity_meta'";
    if pragma::<i64>(connection, there)? == 0 {
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

/// The number by which the feed of the store is known. It is made when a store first opens the database, and copied with it.
pub(crate) fn feed_id(connection: &Connection) -> Result<u64> {
    let spot = ("identity_meta", "feed");
    let run = |sql| one::<(i64,)>(connection, sql, [], spot);
    let id = match run("SELECT value FROM identity_meta WHERE name = 'feed'")? {
        // Another process may make it at the same time.
        None => run(sql!("feed_id"))?,
        there => there,
    };
    id.map(|(id,)| id.cast_unsigned()).ok_or_else(|| corrupt(spot, "it is not there"))
}

/// Whether the file is this library's alone.
pub(crate) fn is_marked(connection: &Connection) -> Result<bool> {
    Ok(pragma::<i32>(connection, "PRAGMA application_id")? == APPLICATION_ID)
}

fn pragma<T: FromSql>(connection: &Connection, sql: &str) -> Result<T> {
    connection.query_row(sql, [], |row| row.get(0)).map_err(store)
}
